"""Whole messages of the command line."""

import pytest

from quota_opt.cli import main

MESSAGES = {
    ("run", "worked-example", "--gap", "-1"): (
        "命令写法有误：--gap -1：差距须不小于 0、小于 1，例如 0.001。\n  写法见：quota-opt run --help\n",
        "The command line is not right: --gap -1: a gap is from 0 to below 1, e.g. 0.001.\n"
        "  See: quota-opt run --help\n",
    ),
    ("new", "copy"): (
        "命令写法有误：新建文件夹要写明从哪个案例复制：--from CASE；要空白工作簿请加 --xlsx。\n"
        "  写法见：quota-opt new --help\n",
        "The command line is not right: A new folder needs a case to copy, --from CASE; "
        "for the blank workbook add --xlsx.\n  See: quota-opt new --help\n",
    ),
    ("run", "worked-example", "--out", "taken"): (
        "taken 已存在，不会覆盖。\n  怎么改：换一个名字，或先移走它。\n",
        "taken is there already; nothing is overwritten.\n  Fix: choose another name, or move it away.\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("arguments", MESSAGES, ids=" ".join)
def test_the_message_of_a_refused_command_reads_like_this(arguments, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").touch()
    said = []
    for language in ("zh", "en"):
        assert main([*arguments, "--lang", language]) == 2
        said.append(capfd.readouterr().err)
    assert tuple(said) == MESSAGES[arguments]


# The English of these is the parser's and changes with its version; the Chinese is ours.
PARSER = {
    ("rnu", "zhuji"): "没有名为“rnu”的命令。是否应为“run”？\n  写法见：quota-opt --help",
    ("run", "zhuji", "--gab", "1"): "没有选项 --gab。是否应为 --gap？\n  写法见：quota-opt run --help",
    ("check",): "缺少 CASE。\n  写法见：quota-opt check --help",
    ("check", "a", "b"): "多出了参数 b。\n  写法见：quota-opt check --help",
    ("run", "a", "--profile"): "选项 --profile 后面要写值。\n  写法见：quota-opt --help",
}


@pytest.mark.parametrize("arguments", PARSER, ids=" ".join)
def test_what_the_parser_refuses_is_told_in_chinese(arguments, capfd):
    assert main(["--lang", "zh", *arguments]) == 2
    assert capfd.readouterr().err == f"命令写法有误：{PARSER[arguments]}\n"

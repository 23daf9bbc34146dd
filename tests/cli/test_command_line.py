"""Parsing: global options, language, help, version, and what a wrong command line is answered with."""

import subprocess
import sys
import time

import pytest

from quota_opt.cli.app import command
from quota_opt.cli.session import Session, default_language, language_of

VERBS = [
    "new", "scenarios", "engines", "rules", "dictionary", "schema", "check", "migrate", "run", "verify", "replay",
    "report", "compare", "diff", "pareto", "alternatives", "sweep", "replan", "override", "explain", "ledger",
    "evaluate", "robust", "two-stage", "batch", "serve", "export", "generate", "bench", "store",
]  # fmt: skip


def test_every_verb_of_the_handbook_is_there():
    assert list(command().commands) == VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_name_in_chinese_and_help_in_english(cli, verb):
    call = cli(verb, "--help")
    assert call.code == 0
    words = command().commands[verb].help
    assert any("\u4e00" <= letter <= "\u9fff" for letter in words.split()[0])
    assert words.split()[1].isascii()


def test_no_arguments_show_the_help(cli):
    call = cli()
    assert call.code == 0
    assert "scenarios" in call.out
    assert "Exit codes" in call.out


@pytest.mark.parametrize("arguments", [["--version"], ["engines", "--version"], ["run", "--version"]])
def test_the_version_is_told_before_and_after_a_verb(cli, arguments):
    call = cli(*arguments)
    assert (call.code, call.out.split()[0]) == (0, "quota-opt")


def test_the_version_is_a_document_with_json(cli):
    assert set(cli("--json", "--version").document) == {"version"}


@pytest.mark.parametrize(
    "arguments",
    [["rnu"], ["run"], ["run", "a", "b"], ["--lang", "fr", "engines"], ["check", "a", "--colour"],
     ["run", "a", "--gap", "x"],
     ["run", "a", "--gap", "-1"], ["run", "a", "--gap", "nan"], ["run", "a", "--time-limit", "0"],
     ["run", "a", "--time-limit", "inf"], ["export", "a", "--out", "m.txt"],
     ["export", "a", "--out", "m", "--format", "gms"],
     ["new", "folder"], ["generate", "--firms", "0", "--out", "x"], ["generate"], ["bench", "--size", "moon"]],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_command_line_is_exit_code_2_with_a_hint_and_no_traceback(cli, arguments):
    call = cli(*arguments)
    assert call.code == 2
    assert call.out == ""
    assert "--help" in call.err
    assert "Traceback" not in call.err


def test_a_wrong_command_line_is_answered_in_json_where_json_is_asked_for(cli):
    call = cli("run", "--json")
    assert call.code == 2
    assert call.document["error"]["kind"] == "usage"
    assert call.document["findings"] == []
    assert call.err == ""


def test_a_wrong_command_line_is_answered_in_the_language_asked_for(cli):
    assert "命令写法有误" in cli("run", "--lang", "zh").err
    assert "命令写法有误" in cli("--lang=zh", "run").err


@pytest.mark.parametrize(
    ("name", "language"),
    [("zh_CN.UTF-8", "zh"), ("zh-Hant", "zh"), ("Chinese (Simplified)_China", "zh"), ("en_US", "en"), ("C", "en"),
     ("de_DE", "en"), ("", None), (None, None)],
)  # fmt: skip
def test_chinese_locales_mean_chinese_and_all_others_english(name, language):
    assert language_of(name) == language


def test_the_environment_decides_the_language_in_a_fixed_order(monkeypatch):
    monkeypatch.delenv("QUOTA_OPT_LANG")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert default_language() == "zh"
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert default_language() == "en"
    monkeypatch.setenv("QUOTA_OPT_LANG", "zh")
    assert default_language() == "zh"


def test_words_after_a_double_dash_are_no_options():
    assert not Session.early(["check", "--", "--json"]).json


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_and_version_load_nothing_heavy(arguments):
    script = (
        "import sys; from quota_opt.cli import main; main(sys.argv[1:]); "
        "heavy = {'numpy', 'pandas', 'scipy', 'highspy', 'ortools', 'networkx'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.bench
def test_help_comes_within_0_4_seconds():
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "quota_opt", "--help"], check=True, capture_output=True)
    assert time.perf_counter() - began < 0.4

"""The terminal: short enough for one screen, right at 80 columns, in both languages."""

from types import SimpleNamespace

import pytest
from rich.cells import cell_len
from rich.console import Console

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.report.text import engines_view, findings_view, scenarios_view, summary_view
from quota_opt.report.wrapping import Paragraph


def lines_of(view, width=80):
    console = Console(width=width, record=True, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    console.print(view)
    return console.export_text().splitlines()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_summary_fits_one_screen_and_no_line_is_too_wide(plan, language, width):
    lines = lines_of(summary_view(plan, language, "results/zhuji"), width)
    assert len(lines) <= 60 if width >= 80 else True
    assert max(cell_len(line) for line in lines) <= width


def test_the_summary_answers_first(plan):
    text = "\n".join(lines_of(summary_view(plan, "zh", "results/zhuji")))
    wanted = [
        "合成数据",
        "已证明最优",
        "腾出用能",
        "✓ 目标 ≥ 30,000",
        "强链补链",
        "各项规则的状态",
        "未安排及理由",
        "results/zhuji",
    ]
    where = [text.index(word) for word in wanted]
    assert where == sorted(where)


def test_markup_in_names_is_text(plan):
    text = "\n".join(lines_of(summary_view(plan, "zh")))
    assert "[bold" not in text and "</script>" not in text.split("未安排及理由")[0]


def test_findings_are_grouped_three_lines_each():
    findings = [
        Finding(
            Level.ERROR,
            "unknown-place",
            Text("没有区域“店囗镇”。", "There is no place 店囗镇."),
            Where(file="案例.xlsx", sheet="企业", cell="E18"),
            Text("改为“店口镇”。", "Write 店口镇."),
            "店囗镇",
        ),
        Finding(
            Level.WARNING,
            "blank",
            Text("缺碳排放。", "No carbon."),
            Where(file="案例.xlsx", sheet="企业", cell="F3"),
            Text("补上。", "Fill in."),
            "",
        ),
        Finding(
            Level.ERROR,
            "unknown-key",
            Text("没有 retentoin。", "No retentoin."),
            Where(path="rules.retentoin"),
            Text("改为 retention。", "Write retention."),
            None,
        ),
    ]
    lines = [line.strip() for line in lines_of(findings_view(findings, "zh"))]
    assert lines[0] == "案例.xlsx 企业  错误 1 · 警告 1"
    assert lines[1:4] == ["错误 没有区域“店囗镇”。", "位置 案例.xlsx 企业!E18", "怎么改 改为“店口镇”。"]
    assert lines[-1] == "共 3 条：错误 2 · 警告 1"
    assert "没有发现问题。" in lines_of(findings_view([], "zh"))[0]


def test_engines_say_why_they_do_not_run():
    states = [
        SimpleNamespace(
            profile="auto",
            engine="highs",
            solver="HIGHS",
            version="1.14.0",
            ok=True,
            reason=None,
            description=Text("缺省", "default"),
        ),
        SimpleNamespace(
            profile="scip",
            engine="mathopt",
            solver="SCIP",
            version="",
            ok=False,
            reason=Text("未安装 ortools", "ortools is not installed"),
            description=Text("另一引擎", "another"),
        ),
    ]
    text = "\n".join(lines_of(engines_view(states, "en")))
    assert "✓ runs here" in text and "✗ ortools is not installed" in text


def test_cases_show_whether_their_data_are_synthetic():
    info = SimpleNamespace(
        name="zhuji",
        title=Text("诸暨", "Zhuji"),
        first_year=2021,
        last_year=2023,
        data="synthetic",
        variants=("strict-access",),
        documents=(),
    )
    text = "\n".join(lines_of(scenarios_view([info], "zh")))
    assert "合成数据" in text and "2021–2023" in text and "strict-access" in text


@pytest.mark.parametrize("width", [10, 17, 40])
def test_paragraphs_keep_every_character_and_break_well(width):
    text = "关停 79 家、提升 27 家，腾出用能 5.31 万吨标准煤（差距 0.008%）；averyveryverylongidentifier_00001 完。"
    lines = lines_of(Paragraph(text), width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert max(cell_len(line) for line in lines) <= width
    assert not any(line[0] in "，。；）、%" for line in lines if line)

"""Reports of plans that were really solved, from the worked example whose numbers are known by hand."""

import zipfile

import openpyxl
import pytest

import quota_opt as qo
from quota_opt.report import sentences
from quota_opt.report.content import gather
from quota_opt.report.figures import all_figures
from quota_opt.report.html import render
from quota_opt.report.text import summary_of
from quota_opt.report.xlsx import write


@pytest.fixture(scope="module")
def worked():
    return gather(qo.solve(qo.read("worked-example")))


def test_the_answer_states_the_numbers_worked_out_by_hand(worked):
    page = render(worked, "zh")
    assert "关停 2 家，腾出用能 1,500 吨标准煤；安排 3 个项目使用 1,200 吨标准煤，末年净增加值 2,000 万元" in page
    assert "按 0.52 准入，1 个项目不予准入；若收紧到 0.49，已安排的 1 个项目" in page


def test_the_binding_clause_and_its_price_are_those_of_the_case(worked):
    assert [line.name for line in worked.rules if line.binding and line.name != "pool"] == ["admission", "retention"]
    retention = next(line for line in worked.rules if line.name == "retention")
    assert retention.price == pytest.approx(2.0)


def test_the_ledger_agrees_with_the_pools(worked):
    assert worked.ledger_difference == pytest.approx(0.0, abs=1e-6)


def test_the_flow_carries_all_that_is_freed(worked):
    assert worked.flows["amount"].sum() == pytest.approx(1_500)
    links = all_figures(worked, "zh")["flow"].option["series"][0]["links"]
    ends = {link["target"] for link in links} - {link["source"] for link in links}
    assert sum(link["value"] for link in links if link["target"] in ends) == pytest.approx(1_500)


def test_the_waterfall_is_two_thousand(worked):
    *_, (_, net) = all_figures(worked, "en")["waterfall"].table.rows
    assert net == pytest.approx(2_000)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_papers_of_a_real_plan_are_written(worked, language, tmp_path):
    assert len(render(worked, language)) > 1_000_000
    book = openpyxl.load_workbook(write(worked, tmp_path / "report.xlsx", language))
    assert len(book.sheetnames) == 11
    assert summary_of(worked, language) is not None


def test_a_written_result_has_its_reports(tmp_path):
    folder = qo.solve(qo.read("worked-example")).write(tmp_path / "out")
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert zipfile.is_zipfile(folder / "report.xlsx")


def test_a_plan_with_settings_changed_beside_its_scenario_says_so_where_it_says_what_it_is():
    changed = qo.read("worked-example", overrides={"rules.retention.keep": 0.7})
    identity = sentences.identity(gather(qo.solve(changed)))
    assert identity.zh.startswith("基准方案 · 改动 1 处设置 · ")
    assert identity.en.startswith("base case · 1 setting changed · ")

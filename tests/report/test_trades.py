"""Trades on paper: A must buy 300 tce at 1; 250 of the 300 that B leaves of F's 500 are sold at 0.5, less a fifth."""

import io

import openpyxl
import pytest
from against_brute import case_of
from rich.console import Console

import quota_opt as qo
from quota_opt.report.content import gather
from quota_opt.report.figures import all_figures
from quota_opt.report.html import render
from quota_opt.report.text import summary_of
from quota_opt.report.trading import trades
from quota_opt.report.xlsx import write


@pytest.fixture(scope="module")
def traded():
    rule = {"buy_price": 1.0, "sell_price": 0.5, "max_sell_share": 0.5, "levy": 0.2}
    settings, tables = case_of(
        "C county -\nN town C\nM town C",
        firms="firm place\nF N",
        actions="firm action frees_energy_tce value_added_lost\nF close 500 10",
        projects="project place energy_tce value_added\nA M 300 900\nB N 200 900",
        rules={"trading": rule, "admission": {"limits": [{"value": 0.3, "action": "buy"}]}},
    )
    return gather(qo.solve(qo.Scenario.from_tables(settings, **tables), profile="exact"))


def test_the_table_has_what_each_place_buys_and_sells_and_its_money(traded):
    table = trades(traded)
    rows = [[column.cell(value, "zh") for column, value in zip(table.columns, row, strict=True)] for row in table.rows]
    assert [row[1:] for row in rows] == [
        ["2024", "M", "300.0", "300.0", "A", "–", "–"],
        ["2024", "N", "–", "–", "", "250.0", "100.0"],
    ]


def test_the_pools_and_the_ledger_agree_with_what_is_bought_and_sold(traded):
    assert traded.ledger_difference == pytest.approx(0.0, abs=1e-6)


def test_the_flow_shows_what_is_bought_and_sold(traded):
    links = all_figures(traded, "zh")["flow"].option["series"][0]["links"]
    assert sum(link["value"] for link in links if link["source"] == "购入") == pytest.approx(300.0)
    assert sum(link["value"] for link in links if link["target"] == "卖出") == pytest.approx(250.0)


@pytest.mark.parametrize(("language", "word"), [("zh", "用能权交易"), ("en", "Quota trades")])
def test_every_paper_has_the_table_where_there_are_trades(traded, language, word, tmp_path):
    assert f'<h3 id="trades">{word}</h3>' in render(traded, language)
    assert word in openpyxl.load_workbook(write(traded, tmp_path / "report.xlsx", language)).sheetnames
    console = Console(file=io.StringIO(), width=160)
    console.print(summary_of(traded, language))
    assert {"zh": "购入用能 300 吨标准煤，支出 300 万元", "en": "300 tce"}[language] in console.file.getvalue()


def test_no_paper_has_it_where_there_are_none(tmp_path):
    worked = gather(qo.solve(qo.read("worked-example")))
    assert 'id="trades"' not in render(worked, "zh")
    assert "用能权交易" not in openpyxl.load_workbook(write(worked, tmp_path / "report.xlsx", "zh")).sheetnames

"""A county made from the data dictionary alone, as a folder and as a Chinese workbook: no code is needed for it.

Two years, no target, no limit on energy per value added; admission by revenue per mu, from a column of the county's
own; a grid factor, a resource (cod) and a measure of its own. Worked out by hand:

    F1 closed frees 1,000 tce, 550 t of CO2 (as stated) and 30 t of cod, and loses 400.

              tce   CO2 at 0.6   cod   revenue per mu   value added   revenue
        P1    400   240          10    60               900           6,000
        P2    500   360          10    60               800           3,600
        P3    300   60           5     20  (< 50: out)  700           1,000
        P4    100   60           25    60               300           600
        P5    100   60           15    60               150           600

    P1 + P2 emit 600 > 550; P4 fits beside neither P1 nor P2 nor P5 (cod 35, 35, 40 > 30). What is left is P1 + P5
    (cod 25): 900 + 150 - 400 = 650, and 0.1 x 6,600 of revenue: 1,310. P2 + P5 gives 550 + 420 = 970.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

import quota_opt as qo
from quota_opt.errors import Level
from quota_opt.report.dictionary import dictionary_page
from quota_opt.report.library import rule_page

EXAMPLE = Path(__file__).parents[2] / "examples" / "new-county"

SETTINGS = """
[scenario]
name = "xinxian"
first_year = 2026
last_year = 2027
data = "synthetic"
resources = ["energy", "carbon", "cod"]

[objective]
maximise = { value_added_final = 1.0, revenue = 0.1 }

[measures.revenue]
unit = "10k yuan"
projects = "revenue"

[factors]
grid_kgco2_per_kwh = 0.6

[actions.close]

[rules.admission]
limits = [{ value = 50.0, criterion = { amount = "revenue", per = "land_mu", at_least = true } }]
"""
TABLES = {
    "places": "place,level,parent\ncounty,county,\neast,town,county\nwest,town,county\n",
    "firms": "firm,place,energy_tce,carbon_t,cod,value_added\nF1,east,1000,550,30,400\n",
    "projects": """project,place,energy_tce,electricity_mwh,uses_cod,value_added,revenue,land_mu
P1,east,400,400,10,900,6000,100
P2,west,500,600,10,800,3600,60
P3,east,300,100,5,700,1000,50
P4,west,100,100,25,300,600,10
P5,west,100,100,15,150,600,10
""",
}
# The same in the county's own words and units: 0.1 万吨标准煤 is 1,000 tce, 40 万千瓦时 400 MWh, 0.04 亿元 400 万元.
SHEETS: dict[str, list[list[Any]]] = {
    "设置": [
        ["路径", "值"],
        ["scenario.name", "xinxian"],
        ["scenario.first_year", 2026],
        ["scenario.last_year", 2027],
        ["scenario.data", "synthetic"],
        ["scenario.resources", '["energy", "carbon", "cod"]'],
        ["objective.maximise.value_added_final", 1],
        ["objective.maximise.revenue", 0.1],
        ["measures.revenue.unit", "10k yuan"],
        ["measures.revenue.projects", "revenue"],
        ["factors.grid_kgco2_per_kwh", 0.6],
        ["actions.close.lag", 0],
        [
            "rules.admission.limits",
            '[{ value = 50.0, criterion = { amount = "revenue", per = "land_mu", at_least = true } }]',
        ],
    ],
    "区域": [["区域", "层级", "上级区域"], ["county", "县", None], ["east", "镇街", "county"],
             ["west", "镇街", "county"]],
    "企业": [["企业", "所在镇街", "综合能耗(万吨标准煤)", "碳排放(吨二氧化碳)", "cod", "工业增加值(亿元)"],
             ["F1", "east", 0.1, 550, 30, 0.04]],
    "项目": [
        ["项目编号", "建设地点", "综合能耗(吨标煤)", "用电量(万千瓦时)", "需用cod", "增加值(万元)", "revenue",
         "用地面积(亩)"],
        ["P1", "east", 400, 40, 10, 900, 6000, 100],
        ["P2", "west", 500, 60, 10, 800, 3600, 60],
        ["P3", "east", 300, 10, 5, 700, 1000, 50],
        ["P4", "west", 100, 10, 25, 300, 600, 10],
        ["P5", "west", 100, 10, 15, 150, 600, 10],
    ],
}  # fmt: skip


def as_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "xinxian"
    folder.mkdir()
    (folder / "scenario.toml").write_text(SETTINGS, encoding="utf-8")
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def as_workbook(tmp_path: Path) -> Path:
    path = tmp_path / "新县.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in SHEETS.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    return path


def as_example(tmp_path: Path) -> Path:
    return EXAMPLE


@pytest.mark.parametrize("made", [as_folder, as_workbook, as_example], ids=["folder", "Chinese workbook", "example"])
def test_the_new_county_solves_to_the_answer_worked_out_by_hand(made: Any, tmp_path: Path) -> None:
    case = made(tmp_path)
    assert not [finding for finding in qo.check(case) if finding.level is Level.ERROR]
    plan = qo.solve(case)
    assert plan.status == "OPTIMAL"
    assert plan.objective == pytest.approx(650 + 660)
    assert set(plan.actions["firm"]) == {"F1"}
    assert set(plan.awards["project"]) == {"P1", "P5"}
    assert plan.measures["revenue"] == pytest.approx(6600)
    assert plan.measures["cod_freed"] == pytest.approx(30) and plan.measures["cod_used"] == pytest.approx(25)
    assert plan.measures["carbon_used"] == pytest.approx(240 + 60)
    reasons = plan.reasons.set_index("id")
    assert reasons.loc["P3", "verdict"] == "rejected" and reasons.loc["P3", "rule"] == "admission"
    assert reasons.loc["P2", "verdict"] == "not_awarded"
    assert qo.verify(plan.write(tmp_path / "out")).ok


def test_folder_and_workbook_hold_the_same_figures(tmp_path: Path) -> None:
    folder, workbook = qo.read(as_folder(tmp_path)), qo.read(as_workbook(tmp_path))
    for table in ("places", "firms", "projects"):
        assert folder.tables[table].equals(workbook.tables[table])


def test_the_grid_factor_is_the_county_s_own(tmp_path: Path) -> None:
    # At the built-in factor of 0.4974 P1 and P2 emit 497 t and fit in 550: 1,700 - 400 = 1,300, and 960 of revenue.
    folder = as_folder(tmp_path)
    text = SETTINGS.replace("grid_kgco2_per_kwh = 0.6", "")
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    plan = qo.solve(folder)
    assert set(plan.awards["project"]) == {"P1", "P2"}
    assert plan.objective == pytest.approx(1300 + 960)


def test_without_the_admission_line_the_project_with_little_revenue_comes_in(tmp_path: Path) -> None:
    # P1, P3 and P5 use 800 tce, 360 t and just 30 of cod: 1,750 - 400 = 1,350, and 760 of revenue.
    plan = qo.solve(qo.read(as_folder(tmp_path)).with_(**{"rules.admission.enabled": False}))
    assert set(plan.awards["project"]) == {"P1", "P3", "P5"}
    assert plan.objective == pytest.approx(1350 + 760)


def test_everything_the_county_writes_is_in_the_dictionary() -> None:
    settings = dictionary_page("settings", "zh") + rule_page("admission", "zh") + dictionary_page("factors", "zh")
    for word in ("scenario.resources", "measures.<name>.projects", "measures.<name>.unit", "objective.maximise",
                 "grid_kgco2_per_kwh", "actions.<kind>.lag", "limits[].value", "limits[].criterion.amount",
                 "limits[].criterion.per", "limits[].criterion.at_least"):  # fmt: skip
        assert f"`{word}`" in settings, word
    for table, text in TABLES.items():
        page = dictionary_page(table, "zh")
        for column in text.split("\n")[0].split(","):
            assert f"`{column}`" in page, column
        for heading in SHEETS[{"places": "区域", "firms": "企业", "projects": "项目"}[table]][0]:
            name = re.sub(r"\(.*\)", "", str(heading))
            assert name in page, name

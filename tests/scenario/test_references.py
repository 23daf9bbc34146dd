from __future__ import annotations

from typing import Any

import pytest

from quota_opt.errors import Level
from quota_opt.scenario import read

# what is wrong, file, its content, the code, the line, the column
TREE = "place,level,parent\n"
FAULTS = [
    ("a firm twice", "firms", "firm,place\nF1,N1\nF1,N2\n", "repeated-identifier", 3, "firm"),
    ("a place unknown", "firms", "firm,place\nF1,N9\n", "unknown-place", 2, "place"),
    ("an action of nobody", "actions", "firm,action\nF9,close\n", "unknown-firm", 2, "firm"),
    ("the same action twice", "actions", "firm,action\nF1,close\nF1,close\n", "repeated-identifier", 3, "firm"),
    ("an action unknown", "actions", "firm,action\nF1,explode\n", "unknown-choice", 2, "action"),
    ("a requirement unknown", "projects", "project,place,requires\nP1,N1,P9\n", "unknown-project", 2, "requires"),
    ("a project excluding itself", "projects", "project,place,excludes\nP1,N1,P1\n", "refers-to-itself", 2, "excludes"),
    ("years crossed", "projects", "project,place,earliest,latest\nP1,N1,2026,2024\n", "years-crossed", 2, "latest"),
    ("a window after the end", "projects", "project,place,earliest\nP1,N1,2030\n", "outside-horizon", 2, "earliest"),
    ("a target after the end", "targets", "measure,sense,value,year\ntax,>=,1,2030\n", "outside-horizon", 2, "year"),
    ("a resource undeclared", "quotas", "place,year,resource,amount\nC,*,coal,1\n", "unknown-resource", 2, "resource"),
    ("a year that is none", "quotas", "place,resource,year,amount\nC,energy,24,1\n", "out-of-range", 2, "year"),
    ("a negative quota", "quotas", "place,resource,year,amount\nC,energy,*,-1\n", "out-of-range", 2, "amount"),
    ("negative energy", "projects", "project,place,energy_tce\nP1,N1,-5\n", "out-of-range", 2, "energy_tce"),
    ("a share above one", "projects", "project,place,min_share\nP1,N1,1.5\n", "out-of-range", 2, "min_share"),
    ("half a year of lag", "actions", "firm,action,lag\nF1,close,0.5\n", "out-of-range", 2, "lag"),
    ("a ramp that is no numbers", "projects", "project,place,ramp\nP1,N1,half;1\n", "bad-value", 2, "ramp"),
    ("a formula for a name", "firms", "firm,place\n=F1,N1\n", "unsafe-identifier", 2, "firm"),
    ("a row of totals", "firms", "firm,place\nF1,N1\n合计,N1\n", "summary-row", 3, "firm"),
    ("a blank identifier", "firms", "firm,place\n,N1\n", "missing-value", 2, "firm"),
    ("a parent unknown", "places", TREE + "C,county,X\nN1,town,C\nN2,town,C\n", "unknown-place", 2, "parent"),
    ("towns above the county", "places", TREE + "C,county,N1\nN1,town,\nN2,town,C\n", "level-order", 2, "parent"),
    ("a circle", "places", "place,level,parent\nC,county,N1\nN1,town,C\nN2,town,C\n", "circular-places", 2, "parent"),
    ("a stage upstream of nothing", "chains", "chain,stage,needs\nx,a,\nx,b,c\n", "unknown-stage", 3, "needs"),
    ("not a yes or no", "firms", "firm,place,above_scale\nF1,N1,perhaps\n", "unknown-choice", 2, "above_scale"),
    ("a soft target", "targets", "measure,sense,value,kind\ntax,>=,1,soft\n", "penalty-assumed", 2, "kind"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "content", "code", "line", "column"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_what_does_not_hold_together_is_found_where_it_stands(
    case: Any, findings_of: Any, file: str, content: str, code: str, line: int, column: str
) -> None:
    (found,) = findings_of(case(**{file: content}))
    assert (found.code, found.where.file, found.where.row, found.where.column) == (code, f"{file}.csv", line, column)


def test_negative_amounts_are_fine_where_they_mean_something(case: Any) -> None:
    scenario = read(
        case(
            projects="project,place,value_added\nP1,N1,-20\n",
            actions="firm,action,frees_energy_tce\nF1,relocate,-3\n",
        )
    )
    assert scenario.projects["value_added"].tolist() == [-20.0]
    assert scenario.actions["frees_energy_tce"].tolist() == [-3.0]


def test_groups_of_variants_may_be_required_and_excluded(case: Any) -> None:
    projects = "project,place,variant_of,requires\nP1,N1,G,\nP2,N1,G,\nP3,N1,,G\n"
    assert read(case(projects=projects)).projects["requires"].tolist() == [(), (), ("G",)]


def test_a_window_outside_the_horizon_does_not_block(case: Any) -> None:
    scenario = read(case(projects="project,place,latest\nP1,N1,2020\n"))
    assert [(f.code, f.level) for f in scenario.findings] == [("outside-horizon", Level.WARNING)]


def test_every_datum_knows_where_it_came_from(case: Any) -> None:
    scenario = read(case(firms="firm,place,综合能耗(tce)\n\nF1,N1,5\n"))
    where = scenario.where("firms", 0, "energy_tce")
    assert (where.file, where.row, where.column) == ("firms.csv", 3, "综合能耗(tce)")
    assert scenario.where("firms", None, "energy_tce").row == 1
    assert scenario.where("firms", 0, "tax").column is None
    assert scenario.where("quotas", 0).file == "quotas.csv"

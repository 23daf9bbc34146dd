"""Targets "as ordered by the level above": enforced once the number is there, said to be missing until then.

F1 and F2 free 100 tce each by closing, at a loss of 10 and 20; nothing asks for quota, so nobody closes unasked.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from small import FINAL, case

import quota_opt as qo
from quota_opt.errors import InputError
from quota_opt.report.text import summary_view


def aiming(*targets: dict[str, Any]) -> qo.Scenario:
    actions = [
        {"firm": "F1", "action": "close", "frees_energy_tce": 100, "value_added_lost": 10},
        {"firm": "F2", "action": "close", "frees_energy_tce": 100, "value_added_lost": 20},
    ]
    firms = [{"firm": "F1", "place": "N1"}, {"firm": "F2", "place": "N2"}]
    return case(objective=FINAL, firms=firms, actions=actions, targets=list(targets))


FREED = {"measure": "energy_freed", "sense": ">=", "clause": "FH 二", "ordered": True}
CLOSED = {"measure": "firms_closed", "sense": ">=", "value": 1, "ordered": None}


def test_a_number_that_is_still_to_be_ordered_is_a_warning_and_bounds_nothing() -> None:
    waiting = aiming({**FREED, "value": None}, CLOSED)
    (finding,) = [f for f in qo.check(waiting) if f.code == "ordered-number-missing"]
    assert (finding.level, finding.where.column) == ("warning", "value")
    assert finding.what.zh == "目标 energy_freed（FH 二）按上级下达，尚无数值，暂不计算"
    assert "(FH 二) is as ordered by the level above; the number is missing" in finding.what.en
    plan = qo.solve(waiting, profile="exact")
    assert plan.objective == -10.0  # the other target alone closes one firm
    (audit,) = [one for one in plan.audit if one.rule == "targets"]
    assert audit.figures["measure"].tolist() == ["firms_closed"]


def test_once_the_number_is_there_it_holds() -> None:
    ordered = aiming({**FREED, "value": 150}, CLOSED)
    assert "ordered-number-missing" not in {f.code for f in qo.check(ordered)}
    assert qo.solve(ordered, profile="exact").objective == -30.0


@pytest.mark.parametrize("said", [None, False])
def test_a_blank_value_that_nobody_has_to_order_stays_an_error(said: bool | None) -> None:
    with pytest.raises(InputError) as caught:
        aiming({**FREED, "value": None, "ordered": said}, CLOSED)
    assert [f.code for f in caught.value.findings] == ["missing-value"]


def test_a_soft_target_without_its_number_costs_nothing_and_adds_no_stage() -> None:
    soft = {**FREED, "value": None, "kind": "soft", "penalty": 5.0}
    plan = qo.solve(aiming(soft), profile="exact")
    assert plan.objective == 0.0
    assert qo.verify(plan).ok


def test_run_json_reports_and_the_summary_say_which_number_is_missing(tmp_path: Path) -> None:
    plan = qo.solve(aiming({**FREED, "value": None}, CLOSED), profile="exact")
    folder = plan.write(tmp_path / "plan")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert "ordered-number-missing" in {finding["code"] for finding in record["findings"]}
    assert "按上级下达，尚无数值" in (folder / "report.html").read_text(encoding="utf-8")
    shown = io.StringIO()
    Console(file=shown, width=160).print(summary_view(plan, "zh"))
    assert "目标 energy_freed（FH 二）按上级下达，尚无数值" in shown.getvalue()
    assert qo.verify(folder).ok


def test_the_column_reads_in_chinese(tmp_path: Path) -> None:
    folder = Path(qo.new(tmp_path / "case", "worked-example"))
    rows = "成效指标,方向,目标值,按上级下达,出处\ncarbon_freed,不低于,,是,FH 二\nenergy_freed,不低于,200,,FH 二\n"
    (folder / "targets.csv").write_text(rows, encoding="utf-8")
    settings = folder / "scenario.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('resources = ["energy"]', 'resources = ["energy", "carbon"]'), encoding="utf-8")
    codes = {f.code for f in qo.check(str(folder)) if f.where.file and f.where.file.startswith("targets")}
    assert codes == {"ordered-number-missing"}

"""A new rule is one new file: read, built, audited, reported and put into the blank workbook with no other change."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import quota_opt

RULE = '''
"""Pause: no project starts in the named years."""

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from quota_opt.errors import Text
from quota_opt.model.case import Case
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Bar, Rule, RuleAudit
from quota_opt.rules._shared import audited
from quota_opt.scenario import RuleParameters


class PauseParameters(RuleParameters):
    years: tuple[int, ...] = Field(description="years without starts", json_schema_extra={"zh": "不开工的年份"})


class Pause(Rule[PauseParameters]):
    name: ClassVar[str] = "pause"
    title: ClassVar[Text] = Text("暂停开工", "pause")
    Parameters: ClassVar[type[RuleParameters]] = PauseParameters

    def bars(self, case: Case) -> list[Bar]:
        rows = np.arange(len(case.projects))
        years = np.tile(np.isin(case.years, self.parameters.years), (len(rows), 1))
        text = Text("暂停开工", "starts are paused")
        return [Bar("project", rows, years, "rejected", [text] * len(rows), [""] * len(rows))]

    def audit(self, outcome: Outcome) -> RuleAudit:
        year = outcome.case.years[outcome.award_year]
        broken = np.isin(year, self.parameters.years).astype(float)
        return audited(self, "projects", pd.DataFrame({"year": year, "figure": broken, "upper": 0.0}))
'''

SCRIPT = """
import json, sys
import quota_opt as qo
from quota_opt.scenario import write_workbook
case = qo.read("worked-example").with_(**{"rules.pause": {"years": [2024], "clause": "X 一"}})
plan = qo.solve(case)
folder = plan.write(sys.argv[1] + "/out")
write_workbook(__import__("pathlib").Path(sys.argv[1]) / "case.xlsx", case)
print(json.dumps({
    "years": plan.awards["year"].tolist(),
    "ok": qo.verify(folder).ok,
    "audited": [entry.rule for entry in plan.audit],
    "again": qo.read(sys.argv[1] + "/case.xlsx").rules["pause"].years,
    "report": "暂停开工" in (folder / "report.html").read_text(encoding="utf-8"),
}))
"""


def test_a_rule_file_is_all_a_rule_needs(tmp_path: Path) -> None:
    package = Path(quota_opt.__file__).parent
    shutil.copytree(package, tmp_path / "quota_opt", ignore=shutil.ignore_patterns("__pycache__"))
    for kind in ("scenarios", "solvers"):
        shutil.copytree(package.parent / kind, tmp_path / kind)
    (tmp_path / "quota_opt" / "rules" / "pause.py").write_text(RULE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=False,
        capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["years"] == [2025, 2025, 2025]
    assert said["ok"]
    assert "pause" in said["audited"]
    assert said["again"] == [2024]
    assert said["report"]

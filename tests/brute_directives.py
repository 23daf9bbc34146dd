"""The oracle's reading of directives: what they demand, as linear conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brute_case import BruteCase, Linear, Row


def directive_rows(case: BruteCase) -> list[Row]:
    """Awards and actions that must be or must not be, bounds on measures, changes to a reference."""
    rows = []
    for one in _given(case).get("projects", []):
        awards = [a for a in case.awards[one["project"]] if a.year == one.get("year", a.year)]
        start = Linear(awards=dict.fromkeys(awards, (1.0, 0.0)))
        rows.append(Row("directives", start, "==", float(one.get("award", True))))
        if "share" in one:
            size = Linear(awards=dict.fromkeys(awards, (0.0, 1.0)))
            rows.append(Row("directives", size, "==", one["share"]))
    for one in _given(case).get("firms", []):
        kind = one["action"]
        choices = [c for c in case.choices[one["firm"]] if kind in (c.kind, "any", "keep")]
        done = Linear(choices={c: 1.0 for c in choices if c.year == one.get("year", c.year)})
        rows.append(Row("directives", done, "==", float(kind != "keep")))
    for one in _given(case).get("measures", []):
        if one["measure"] == "objective":
            raise NotImplementedError("the oracle bounds measures, not the objective")
        rows.append(Row("directives", case.measure(one["measure"]), one["sense"], one["value"]))
    reference = _given(case).get("reference")
    return rows if reference is None else [*rows, _changes(case, reference)]


def _given(case: BruteCase) -> Mapping[str, Any]:
    given: Mapping[str, Any] = case.rules.get("directives", {})
    return given


def _changes(case: BruteCase, reference: Mapping[str, Any]) -> Row:
    """What is decided otherwise: 1 for each listed one, less 1 where it is as listed, and 1 for each other one."""
    projects = {one["project"]: one for one in reference.get("projects", [])}
    firms = {one["firm"]: one for one in reference.get("firms", [])}
    if any("share" in one for one in projects.values()):
        raise NotImplementedError("the oracle knows no changes of shares")
    value = Linear(float(len(projects) + len(firms)))
    for award in case.every_award():
        listed = projects.get(award.project)
        as_listed = listed is not None and listed["year"] == award.year
        value.awards[award] = (-1.0 if as_listed else float(listed is None), 0.0)
    for choice in case.every_choice():
        before = firms.get(choice.firm)
        as_before = before is not None and (before["action"], before["year"]) == (choice.kind, choice.year)
        value.choices[choice] = -1.0 if as_before else float(before is None)
    return Row("directives", value, "<=", float(reference["most_changes"]))

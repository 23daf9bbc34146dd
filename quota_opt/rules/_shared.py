"""What several rules share: audits as tables of limits and figures, checks of place names, numbers in words."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.model.case import Case
from quota_opt.model.places import PlaceTree
from quota_opt.model.rule import Rule, RuleAudit

ABSOLUTE_TOLERANCE = 1e-6
RELATIVE_TOLERANCE = 1e-9


def tolerance(scale: Any) -> Any:
    """How far a row may be off before it counts as broken: 1e-6 of its unit, and rounding of large figures."""
    return ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * np.abs(scale)


def amount(value: float) -> str:
    """A figure in a sentence: thousands separated, at most two decimals; a plan edited by hand may hold none."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "-∞"
    rounded = round(float(value), 2) + 0.0
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.2f}"


def audited(
    rule: Rule[Any],
    unit: str,
    figures: pd.DataFrame,
    sentence: Callable[[Any], Text] | None = None,
) -> RuleAudit:
    """An audit from one row per limit: columns `figure`, `lower` and/or `upper`, and whatever names the row.

    Adds `excess` (how far broken, 0 if not) and `slack`. The sentence is asked for the three tightest rows.
    """
    table = figures.reset_index(drop=True)
    figure = table["figure"].to_numpy(dtype=float)
    lower = table["lower"].to_numpy(dtype=float) if "lower" in table else np.full(len(table), -np.inf)
    upper = table["upper"].to_numpy(dtype=float) if "upper" in table else np.full(len(table), np.inf)
    scale = np.maximum(
        np.where(np.isfinite(lower), np.abs(lower), 0.0), np.where(np.isfinite(upper), np.abs(upper), 0.0)
    )
    allowed = tolerance(np.maximum(scale, np.abs(figure)))
    slack = np.minimum(figure - lower, upper - figure)
    excess = np.maximum(-slack, 0.0)
    excess[excess <= allowed] = 0.0
    table["excess"], table["slack"] = excess, np.maximum(slack, 0.0)
    tight = slack <= np.maximum(allowed, 1e-6 * np.maximum(scale, 1.0))
    order = np.argsort(np.where(excess > 0, -excess, slack), kind="stable")[:3]
    texts = tuple(sentence(table.iloc[int(i)]) for i in order if tight[i]) if sentence is not None else ()
    return RuleAudit(
        rule=rule.name,
        ok=bool((excess == 0.0).all()),
        worst_excess=float(excess.max(initial=0.0)),
        unit=unit,
        clause=rule.clause,
        binding=bool(tight.any()),
        figures=table,
        texts=texts,
    )


def check_places(rule: Rule[Any], places: Iterable[str], tree: PlaceTree, path: str) -> list[Finding]:
    """A finding for each place name a rule gives that the case does not have."""
    found = []
    for i, name in enumerate(places):
        if name not in tree.code:
            near = difflib.get_close_matches(name, list(tree.names), n=1, cutoff=0.0)
            hint = near[0] if near else "-"
            found.append(
                Finding(
                    Level.ERROR,
                    "unknown-place",
                    Text(
                        f"规则 {rule.name} 写到的区域“{name}”不存在。",
                        f"Rule {rule.name} names the place {name!r}, which is not there.",
                    ),
                    Where(path=f"rules.{rule.name}.{path}.{i}", rule=rule.name, clause=rule.clause),
                    Text(
                        f"改为区域表里有的区域（最接近的是 {hint}）。",
                        f"Name a place of the places table (the nearest is {hint}).",
                    ),
                    name,
                )
            )
    return found


def check_place(rule: Rule[Any], place: str | None, tree: PlaceTree, path: str) -> list[Finding]:
    """The same for a parameter that names one place, or none."""
    found = check_places(rule, [place] if place is not None else [], tree, path)
    return [replace(one, where=replace(one.where, path=f"rules.{rule.name}.{path}")) for one in found]


def check_choices(
    rule: Rule[Any],
    values: Iterable[str],
    known: Sequence[str],
    path: str,
    what: Text,
    level: Level = Level.ERROR,
) -> list[Finding]:
    """A finding for each value that is not one of the known ones."""
    found = []
    for value in values:
        if value not in known:
            near = difflib.get_close_matches(value, known, n=1, cutoff=0.0)
            hint = near[0] if near else "-"
            found.append(
                Finding(
                    level,
                    "unknown-choice",
                    Text(
                        f"规则 {rule.name}：没有“{value}”这一{what.zh}。",
                        f"Rule {rule.name}: there is no {what.en} {value!r}.",
                    ),
                    Where(path=f"rules.{rule.name}.{path}", rule=rule.name, clause=rule.clause),
                    Text(
                        f"可用：{'、'.join(known)}；最接近的是 {hint}。",
                        f"Use one of {', '.join(known)}; the nearest is {hint}.",
                    ),
                    value,
                )
            )
    return found


def start_years(years: NDArray[np.int64], hit: NDArray[np.bool_]) -> Text:
    """The years of starting of which something holds, in words; nothing where it holds of all."""
    if hit.all() or not hit.any():
        return Text("", "")
    runs: list[list[int]] = []
    for year in years[hit].tolist():
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    spans = [f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    return Text(f"（{'、'.join(spans)} 年开工）", f" (for a start in {', '.join(spans)})")


def kept_out(case: Case, out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(P,): projects that may start in no year of their window, given the years (P, T) in which they may not."""
    barred: NDArray[np.bool_] = np.asarray(np.all(out | ~case.start_window, axis=1) & np.any(out, axis=1), dtype=bool)
    return barred


def inside(case: Case, places: Sequence[str] | None) -> NDArray[np.bool_]:
    """True for the named places and all below; all places where none is named (unknown names are findings)."""
    if not places:
        return np.ones(case.places.size, dtype=bool)
    return case.places.within([name for name in places if name in case.places.code])


def note(
    rule: Rule[Any], code: str, what: Text, fix: Text, *, level: Level = Level.INFO, seen: str | None = None
) -> Finding:
    """A report of a rule that changes nothing in the model."""
    return Finding(level, code, what, Where(rule=rule.name, clause=rule.clause), fix, seen)

"""One headline per rule: its state in the plan with clause, figures and unit, in the words of the catalogues.

The figures are those of one row of the rule's audit: the one most broken, else the dearest, else the tightest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from quota_opt.errors import Text
from quota_opt.messages import catalogue, message, places, table
from quota_opt.model.case import Case
from quota_opt.model.measures import measure_words
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import RuleAudit, State
from quota_opt.rules._shared import amount
from quota_opt.scenario import rule_title
from quota_opt.scenario.standing import clause_words, standings

ALWAYS = ("choice", "pool")
"""What holds in every plan and comes from no clause."""
NAMES_SHOWN = 3
WORTHLESS = 1e-9
TIGHT = 1e-6
"""Slack, as a fraction of the figure, up to which a row has no room to spare."""
_WHAT = ("measure", "category", "sector", "what", "project", "firm")
"""Columns of an audit that name what a row is about, besides place and year."""


def with_headline(
    outcome: Outcome, entry: RuleAudit, dearest: Mapping[str, object] | None = None, unit: str = "objective"
) -> RuleAudit:
    """The audit with state, clauses and headline; `dearest` labels the row its price is of, `unit` the objective's."""
    case = outcome.case
    rule = case.rule(entry.rule)
    passed = rule.overrides(outcome) if rule is not None else ()
    bent = outcome.bent(entry.rule)
    state = _state(entry, passed or bent)
    row = _row(entry.figures, dearest if entry.ok and entry.binding else None)
    clauses = _clauses(entry)
    base = rule.clause if rule is not None else None
    clause = (str(row.get("clause") or "") if row is not None else "") or base or next(iter(clauses), None)
    figures = _figures(case, entry, row, clause, passed)
    parts = [_key(entry.rule, state)] if passed or state != "overriding" else []
    if state == "overriding" and entry.binding:
        parts.insert(0, _key(entry.rule, "binding"))
    if state == "slack" and row is None and "slack" in places(parts[0], "zh"):
        parts = ["rule.idle"]
    texts = [message(part, **figures) for part in parts]
    if bent:
        texts.append(message("rule.bent", **{**figures, **_named(bent)}))
    if entry.binding and entry.ok and entry.price is not None:
        texts.append(price_words(entry, unit))
    return replace(
        entry,
        state=state,
        clause=base or clause,
        clauses=clauses or ((clause,) if clause else ()),
        overrides=(*passed, *bent),
        headline=Text("".join(text.zh for text in texts), " ".join(text.en for text in texts)),
    )


def off_headline(scenario: Any, rule: str) -> Text:
    """What the case says of a rule that is switched off, or that it does not have."""
    given = scenario.settings.rules.get(rule)
    clause = _clause_words(scenario, rule, given.clause if given else None)
    return message(_key(rule, "off"), clause=clause, title=rule_title(rule))


def price_words(entry: RuleAudit, unit: str) -> Text:
    """What relaxing a rule by one unit is worth, or that it is worth nothing."""
    assert entry.price is not None
    of = _unit(entry.price_unit or entry.unit)
    if entry.price <= WORTHLESS:
        return message("price.nothing", unit=of)
    plain = unit.removesuffix(" eq")
    weighed = Text("（按目标权重折算）", " (by the objective's weights)") if plain != unit else Text("", "")
    name, figure = table("unit").get(plain, Text(plain, plain)), _price(entry.price)
    worth = Text(f"{figure} {name.zh}{weighed.zh}", f"{figure} {name.en}{weighed.en}")
    return message("price.known", unit=of, price=worth)


def objective_unit(settings: Any, units: Mapping[str, str], last_stage: str | None) -> str:
    """What one unit of the objective is, and so what prices are in.

    Money where value added (or money alone) is maximised with weight 1: other weights then convert into money. Of a
    lexicographic objective, the unit of its last stage. Otherwise units of the objective, which have no name.
    """
    objective = getattr(settings, "objective", None)
    if objective is None:
        return "10k yuan"
    if getattr(objective, "order", None):
        last = last_stage or objective.order[-1].measure
        return units.get(str(last), "objective").removesuffix("/yr")
    weights = {**(objective.maximise or {}), **(objective.minimise or {})}
    found = {units.get(name, "").removesuffix("/yr") for name, weight in weights.items() if weight}
    if not weights:
        return "10k yuan"
    if len(found) == 1 and all(abs(weight - 1.0) <= 1e-12 for weight in weights.values()):
        return found.pop() or "objective"
    lead = next((n for n in ("value_added", "value_added_final") if weights.get(n) == 1.0), None)
    if lead is None:
        return "objective"
    return "10k yuan" if found == {"10k yuan"} else "10k yuan eq"


def _key(rule: str, state: str) -> str:
    """The entry of a state; a rule without sentences of its own, such as one just added, has the general ones."""
    own = f"rule.{rule}.{state}"
    return own if own in catalogue("zh") else f"rule.any.{state}"


def _state(entry: RuleAudit, passed: tuple[str, ...]) -> State:
    if not entry.ok:
        return "broken"
    if passed:
        return "overriding"
    return "binding" if entry.binding else "slack"


def _row(figures: pd.DataFrame, dearest: Mapping[str, object] | None) -> pd.Series | None:
    """The row to speak of: the most broken, else the one of `dearest` if it has no room to spare, else the tightest."""
    if not len(figures) or "slack" not in figures:
        return None
    excess = figures["excess"].to_numpy(dtype=float)
    if excess.max() > 0:
        return figures.iloc[int(excess.argmax())]
    slack = figures["slack"].to_numpy(dtype=float)
    if dearest:
        # A price is that of the relaxation: its row may have room to spare in the plan, and then it is not what bites.
        same = slack <= TIGHT * np.maximum(1.0, np.abs(figures["figure"].to_numpy(dtype=float)))
        for key, value in dearest.items():
            if key in figures:
                same &= figures[key].astype(str).to_numpy() == str(value)
        if same.any():
            slack = np.where(same, slack, np.inf)
    tightest = int(slack.argmin())
    return figures.iloc[tightest] if np.isfinite(slack[tightest]) else None


def _clauses(entry: RuleAudit) -> tuple[str, ...]:
    """The clauses of the rows that bind or are broken, where rows have their own."""
    figures = entry.figures
    if "clause" not in figures or "slack" not in figures or not (entry.binding or not entry.ok):
        return ()
    scale = np.maximum(1.0, np.abs(figures["figure"].to_numpy(dtype=float)))
    tight = figures["slack"].to_numpy(dtype=float) <= TIGHT * scale
    return tuple(dict.fromkeys(str(value) for value in figures.loc[tight, "clause"] if value))


def _figures(
    case: Case, entry: RuleAudit, row: pd.Series | None, clause: str | None, passed: tuple[str, ...]
) -> dict[str, object]:
    """What a sentence may name; where there is no row, its figures are 0 and its limit is not there."""
    cells = {} if row is None else {str(key): value for key, value in row.items()}
    given: dict[str, Any] = {key: value for key, value in cells.items() if not pd.isna(value)}
    figure = float(given.get("figure", 0.0))
    unit = str(given.get("unit") or "") or (
        case.unit(str(given["resource"])) if given.get("resource") in case.resources else entry.unit
    )
    return {
        "clause": _clause_words(case.scenario, entry.rule, clause),
        "title": rule_title(entry.rule),
        "at": _at(case, given),
        "what": _what(case, given),
        "figure": amount(figure),
        "limit": _limit(figure, given),
        "slack": amount(float(given.get("slack", 0.0))),
        "excess": amount(entry.worst_excess if not entry.ok else 0.0),
        "unit": _unit(unit),
        "count": f"{len(entry.figures):,}",
        "broken": f"{int((entry.figures['excess'] > 0).sum()) if 'excess' in entry.figures else 0:,}",
        "barred": f"{_barred(case, entry.rule):,}",
        **_named(passed),
    }


def _named(passed: tuple[str, ...]) -> dict[str, object]:
    """How many passed, and the first of them by name."""
    categories, measures = table("category"), table("measure")
    names = [categories.get(name, measures.get(name, Text(name, name))) for name in dict.fromkeys(passed)]
    shown, more = names[:NAMES_SHOWN], " …" if len(names) > NAMES_SHOWN else ""
    return {
        "passed": f"{len(names):,}",
        "names": Text("、".join(n.zh for n in shown), ", ".join(n.en for n in shown) + more),
    }


def _clause_words(scenario: Any, rule: str, clause: str | None) -> Text:
    if rule in ALWAYS:
        return message("clause.always")
    return clause_words(clause, standings(scenario)) if clause else message("clause.none")


def _at(case: Case, given: Mapping[str, Any]) -> Text:
    place, year = str(given.get("place") or ""), given.get("year")
    known = year is not None and not pd.isna(year)
    if place and known:
        return message("at.both", place=case.place_title(place), year=int(year))  # type: ignore[arg-type]
    if place:
        return message("at.place", place=case.place_title(place))
    return message("at.year", year=int(year)) if known else message("at.whole")  # type: ignore[arg-type]


def _what(case: Case, given: Mapping[str, Any]) -> Text:
    """What the row is about, in words where the catalogue has them."""
    key = next((key for key in _WHAT if given.get(key)), None)
    if key is None:
        return table("resource").get(str(given.get("resource", "")), Text("", ""))
    name = str(given[key])
    if key == "measure":
        return measure_words(case, name)
    return table(key).get(name, Text(name, name)) if key in ("category", "what") else Text(name, name)


def _limit(figure: float, given: Mapping[str, Any]) -> str:
    """The side of the row that is nearer."""
    sides = [float(given[side]) for side in ("lower", "upper") if side in given and np.isfinite(float(given[side]))]
    return amount(min(sides, key=lambda side: abs(side - figure))) if sides else "–"


def _unit(unit: str) -> Text:
    return table("unit").get(unit, Text(unit, unit) if unit not in ("-", "mixed", "1") else Text("", ""))


def _price(value: float) -> str:
    return amount(value) if value >= 1 else f"{value:.3g}"


def _barred(case: Case, rule: str) -> int:
    """How many firms or projects a rule takes out in some year."""
    firm = case.actions["firm_code"].to_numpy()
    found = set()
    for owner, bar in case.bars:
        if owner.name == rule:
            hit = bar.rows[bar.forbidden.any(axis=1)]
            found |= set((firm[hit] if bar.kind == "action" else hit).tolist())
    return len(found)

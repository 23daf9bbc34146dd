"""The oracle's reading of who is concerned: screened firms, two-high projects, suppliers; from cells alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from brute_cells import Record, is_yes, listed, number, text

if TYPE_CHECKING:
    from brute_case import BruteCase

TESTS: dict[str, Callable[[float, float], bool]] = {
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "==": lambda a, b: a == b,
}
# figure: (column on top, column below); energy is that of the declared basis
FIGURES = {
    "tax_per_mu": ("tax", "land_mu"),
    "value_added_per_mu": ("value_added", "land_mu"),
    "energy_per_mu": ("energy", "land_mu"),
    "carbon_per_mu": ("carbon_t", "land_mu"),
    "energy_intensity": ("energy", "value_added"),
    "carbon_intensity": ("carbon_t", "value_added"),
    "tax_per_value_added": ("tax", "value_added"),
}


def column(case: BruteCase, record: Record, name: str) -> float:
    """A numeric cell, NaN where it is blank; `energy` is on the declared basis."""
    if name == "energy":
        return case.amount(record, "energy")
    return number(record, name, math.nan)


def figure(case: BruteCase, firm: Record, measure: str) -> float:
    """What a condition looks at; NaN where there is nothing to divide by."""
    if measure not in FIGURES:
        return column(case, firm, measure)
    top, base = (column(case, firm, name) for name in FIGURES[measure])
    return top / base if base > 0 else math.nan


def in_scope(firm: Record, scope: Mapping[str, Any]) -> bool:
    """Whether a firm is looked at at all: above scale (if asked), or with so much land."""
    if not scope.get("above_scale") and scope.get("or_land_mu") is None:
        return True
    large = bool(scope.get("above_scale")) and is_yes(firm, "above_scale")
    return large or (scope.get("or_land_mu") is not None and number(firm, "land_mu") >= scope["or_land_mu"])


def meets(case: BruteCase, firm: Record, condition: Mapping[str, Any]) -> bool:
    """Whether a firm meets one condition, and is one the condition is about."""
    about = condition.get("scope") or {}
    if "above_scale" in about and is_yes(firm, "above_scale") != about["above_scale"]:
        return False
    if number(firm, "land_mu") < about.get("least_land_mu", 0.0):
        return False
    if firm["place"] not in case.below_any(about.get("places")):
        return False
    if "sectors" in about and text(firm, "sector") not in about["sectors"]:
        return False
    if "tags" in about and not set(about["tags"]) & set(listed(firm, "tags")):
        return False
    return _meets(case, firm, condition)


def _meets(case: BruteCase, firm: Record, condition: Mapping[str, Any]) -> bool:
    twice = condition.get("years", 1) == 2
    if "all_of" in condition:
        return all(meets(case, firm, inner) for inner in condition["all_of"])
    if "grade" in condition:
        wanted = condition["grade"]
        wanted = [wanted] if isinstance(wanted, str) else wanted
        grades = [text(firm, "grade"), text(firm, "grade_previous")]
        return all(grade in wanted for grade in (grades if twice else grades[:1]))
    if "violation" in condition:
        return (number(firm, "violations") > 0) == condition["violation"]
    if "flag" in condition:
        return is_yes(firm, condition["flag"])
    if "tag" in condition:
        return condition["tag"] in listed(firm, "tags")
    if "places" in condition:
        return firm["place"] in case.below_any(condition["places"])
    years = [0, 1] if twice else [0]
    pairs = [(_of_year(case, firm, condition["measure"], year), _line(case, firm, condition, year)) for year in years]
    if condition.get("over") == "mean":
        pairs = [(fmean(value for value, _ in pairs), fmean(line for _, line in pairs))]
    return all(TESTS[_side(condition)](value, line) for value, line in pairs)


def _side(condition: Mapping[str, Any]) -> str:
    mean = condition.get("sector_mean")
    if mean is None:
        return str(condition.get("op", "<="))
    return (">" if "above" in mean else "<") + ("=" if mean.get("inclusive") else "")


def _of_year(case: BruteCase, firm: Record, measure: str, year: int) -> float:
    """A firm's figure of this year (0) or of the previous one (1), which is told of tax per mu alone."""
    return number(firm, f"{measure}_previous", math.nan) if year else figure(case, firm, measure)


def _line(case: BruteCase, firm: Record, condition: Mapping[str, Any], year: int) -> float:
    mean = condition.get("sector_mean")
    if mean is None:
        value = condition["value"]
        return float(value.get(text(firm, "sector"), math.nan)) if isinstance(value, Mapping) else float(value)
    sector, measure = text(firm, "sector"), condition["measure"]
    published = mean.get("published", {})
    if sector in published:
        average = float(published[sector])
    else:
        weighted = mean.get("weighted", True) and measure in FIGURES
        average = _mean(case, sector, measure, year, weighted) if sector else math.nan
    for share in ("below", "above"):
        if share in mean:
            return float(mean[share]) * average
    return average - (mean["points"] / 100.0 if "points" in mean else mean["less"])


def _mean(case: BruteCase, sector: str, measure: str, year: int, weighted: bool) -> float:
    """The sector's mean: total over total, this year's base for both years; or the plain mean of its firms' figures."""
    firms = [firm for firm in case.rows("firms") if text(firm, "sector") == sector]
    values = [_of_year(case, firm, measure, year) for firm in firms]
    weights = [column(case, firm, FIGURES[measure][1]) if weighted else 1.0 for firm in firms]
    known = [(value, w) for value, w in zip(values, weights, strict=True) if not math.isnan(value) and w > 0]
    total = sum(w for _, w in known)
    return sum(value * w for value, w in known) / total if total > 0 else math.nan


def listed_firm(case: BruteCase, firm: Record) -> bool:
    """Whether the firm is on the inefficient list; every firm is where the rule is off."""
    rule = case.rules.get("listing")
    if rule is None:
        return True
    return in_scope(firm, rule.get("scope") or {}) and any(meets(case, firm, each) for each in rule["any_of"])


def to_be_cleared(case: BruteCase, firm: Record) -> bool:
    """Whether the firm is beyond the line of `clearance`."""
    rule = case.rules["clearance"]
    line = {key: rule[key] for key in ("measure", "op", "value") if key in rule}
    return (
        in_scope(firm, rule.get("scope") or {})
        and firm["place"] in case.below_any(rule.get("places"))
        and meets(case, firm, line)
    )


# Projects


# criterion: (amount, base, whether the limit is a most)
CRITERIA = {
    "energy_intensity": ("energy", "value_added", True),
    "carbon_intensity": ("carbon_t", "value_added", True),
    "tax_per_mu": ("tax", "land_mu", False),
    "value_added_per_mu": ("value_added", "land_mu", False),
    "investment_per_mu": ("investment", "land_mu", False),
}


def criterion(limit: Mapping[str, Any]) -> tuple[str, str, bool]:
    """Columns above and below the line of an admission limit, and whether it is a most."""
    named = limit.get("criterion", "energy_intensity")
    if isinstance(named, str):
        return CRITERIA[named]
    return named["amount"], named["per"], not named.get("at_least", False)


def in_force(limit: Mapping[str, Any], year: int) -> bool:
    """Whether an admission limit is in force in a year."""
    return bool(limit.get("from_year", year) <= year <= limit.get("to_year", year))


def sides(case: BruteCase, project: Record, limit: Mapping[str, Any], year: int) -> tuple[float, float]:
    """(amount, base) of a project at full size in a year, blank cells being 0; energy as intensity counts it."""
    top, base, _ = criterion(limit)
    if limit.get("criterion", "energy_intensity") == "energy_intensity":
        counted = case.amount(project, "energy") * case.counted(project, new=True)[True][year]
        return counted, number(project, "value_added")
    cells = [case.amount(project, "energy") if name == "energy" else number(project, name) for name in (top, base)]
    return cells[0], cells[1]


def fails(case: BruteCase, project: Record, limit: Mapping[str, Any], year: int) -> bool:
    """Whether a project that starts in a year is beyond an admission limit by itself."""
    top, base = sides(case, project, limit, year)
    if not criterion(limit)[2]:
        return top < limit["value"] * base * (1 - 1e-9)
    # A project that uses nothing of what is limited passes, whatever it adds.
    intensity = isinstance(limit.get("criterion", "energy_intensity"), str)
    return (top > 0 or not intensity) and top > limit["value"] * base * (1 + 1e-9)


def kept_out(case: BruteCase, project: Record, year: int) -> bool:
    """Whether `two_high` keeps the project out: of a size that is not accepted, or above a control that rejects."""
    rule = case.rules.get("two_high")
    if rule is None or project["place"] not in case.below_any(rule.get("places")):
        return False
    tags = set(listed(project, "tags"))
    if not tags & set(rule.get("tags", ["two_high"])) and text(project, "sector") not in rule.get("sectors", []):
        return False
    if tags & set(rule.get("except_tags", [])):
        return False
    size = number(project, "energy_tce")
    if rule.get("basis", "equivalent") == "equivalent":
        size = number(project, "energy_equivalent_tce", size)
    energy = case.amount(project, "energy") * case.counted(project, new=True)[True][year]
    value_added = number(project, "value_added")
    too_intense = energy > 0 and energy > rule.get("control", math.inf) * value_added
    return size >= rule.get("reject_above", math.inf) or (bool(rule.get("reject")) and too_intense)


# Chains


def chains(case: BruteCase) -> dict[str, list[str]]:
    """The stages of each chain, each as `chain:stage`."""
    found: dict[str, list[str]] = {}
    for row in case.rows("chains"):
        found.setdefault(row["chain"], []).append(f"{row['chain']}:{row['stage']}")
    return found


def chain_weight(case: BruteCase, chain: str) -> float:
    """The mean weight of the chain's stages."""
    return fmean(number(row, "weight", 1.0) for row in case.rows("chains") if row["chain"] == chain)


def supplies(record: Record, stage: str) -> bool:
    """Whether a firm or project names the stage (`chain:stage`), with its chain or without."""
    names = listed(record, "stages")
    return stage in names or stage.partition(":")[2] in names


def suppliers(records: Sequence[Record], stage: str) -> list[Record]:
    """The firms or projects that supply a stage."""
    return [record for record in records if supplies(record, stage)]

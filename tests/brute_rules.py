"""The oracle's rules: each as linear conditions on what is done and started, written from the rules' documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brute_case import Award, BruteCase, Linear, Row, Supply, weighted
from brute_cells import Record, number, text
from brute_directives import directive_rows
from brute_screening import chain_weight, chains, criterion, in_force, sides, suppliers, to_be_cleared


def rule_rows(case: BruteCase) -> list[Row]:
    """Every condition that is linear in what is done and started, hard and soft."""
    made = (_pools, _admission, _shares, _targets, _budget, _jobs, _caps, _treatments, _slow_approval, _decline)
    return [row for make in (*made, _chains, _floors, directive_rows) for row in make(case)]


def _pools(case: BruteCase) -> list[Row]:
    """Within each tree no year uses more than there is; who may pass it to whom is `flows_exist`."""
    roots = [place for place, parent in case.parent.items() if parent is None]
    return [
        Row("pool", case.measure(f"{resource}_idle", year, case.below(root)), ">=", 0.0)
        for root in roots
        for resource in case.resources
        for year in case.years
    ]


def _admission(case: BruteCase) -> list[Row]:
    """Limits on means of what is awarded, and on sets of projects paired with closures."""
    rows = []
    for limit in case.rules.get("admission", {}).get("limits", []):
        if limit.get("scope", "project") == "portfolio" and limit.get("action", "reject") == "reject":
            concerned = [p for p in case.rows("projects") if case.concerns(limit, p)]
            for year in case.years:
                value = Linear(awards=_beyond(case, limit, concerned, year))
                if in_force(limit, year):
                    rows.append(Row("admission", value, "<=" if criterion(limit)[2] else ">=", 0.0))
        if limit.get("scope") == "set" and limit.get("action", "reject") == "reject":
            rows += _set(case, limit)
    return rows


def _beyond(
    case: BruteCase, limit: Mapping[str, Any], projects: list[Record], year: int
) -> dict[Award, tuple[float, float]]:
    """amount - value * base, as the year counts it, of projects that have started by then."""
    found: dict[Award, tuple[float, float]] = {}
    for project in projects:
        amount, base = sides(case, project, limit, year)
        for award in case.awards[project["project"]]:
            if award.year <= year:
                found[award] = 0.0, amount - limit["value"] * base
    return found


def _set(case: BruteCase, limit: Mapping[str, Any]) -> list[Row]:
    """Each year in which a project of the set has started: theirs less the firms' is within the limit."""
    names = {member for name in limit["projects"] for member in case.members(name)}
    projects = [project for project in case.rows("projects") if project["project"] in names]
    resource = {"energy": "energy", "carbon_t": "carbon"}[criterion(limit)[0]]
    rows = []
    for year in case.years:
        if not in_force(limit, year):
            continue
        value = Linear(awards=_beyond(case, limit, projects, year))
        for firm in limit.get("firms", []):
            for choice in case.choices[firm]:
                if choice.year <= year:
                    relief = choice.freed(resource, year, dense=True)
                    value.choices[choice] = limit["value"] * choice.value_added_lost - relief
        rows.append(Row("admission", value, "<=", 0.0, only_with=frozenset(value.awards)))
    return rows


def _shares(case: BruteCase) -> list[Row]:
    rule = case.rules.get("priority", {})
    rows: list[Row] = []
    for category, least in rule.get("min_shares", {}).items() if rule.get("form") == "shares" else []:
        value = Linear()
        for awards in case.awards.values():
            for award in awards:
                value.awards[award] = 0.0, award.energy * (float(award.category == category) - least)
        rows.append(Row("priority", value, ">=", 0.0))
    return rows


def _targets(case: BruteCase) -> list[Row]:
    rows = []
    for target in case.rows("targets") if case.targets_enforced else []:
        place = case.below(target["place"]) if target.get("place") else None
        penalty = float(target["penalty"]) if target.get("kind") == "soft" else None
        annual = target.get("span") == "annual"
        years = [int(target["year"])] if target.get("year") else case.years if annual else [case.last]
        for year in years:
            value = case.measure(target["measure"], year, place)
            if annual:  # what the year alone adds
                value = weighted([(value, 1.0), (case.measure(target["measure"], year - 1, place), -1.0)])
            rows.append(Row("targets", value, target["sense"], float(target["value"]), penalty))
    return rows


def _budget(case: BruteCase) -> list[Row]:
    rule = case.rules.get("budget")
    if rule is None:
        return []
    rows: list[Row] = []
    money = {int(year): float(amount) for year, amount in rule["by_year"].items()}
    here = case.below_any(rule.get("places"))
    for year in case.years:
        counted = range(case.first, year + 1) if rule.get("carry_over", True) else [year]
        value = Linear()
        for choices in case.choices.values():
            for choice in choices:
                if choice.place in here and choice.year in counted:
                    value.choices[choice] = choice.cost
        rows.append(Row("budget", value, "<=", sum(money.get(each, 0.0) for each in counted)))
    return rows


def _jobs(case: BruteCase) -> list[Row]:
    rule = case.rules.get("jobs")
    rows: list[Row] = []
    for place, level in case.level.items() if rule else []:
        if rule is None or level != rule.get("per", "county"):
            continue
        here = case.below(place)
        limits = [float(rule["max_lost"])] if "max_lost" in rule else []
        if "max_lost_share" in rule:
            there = sum(float(firm.get("jobs") or 0.0) for firm in case.rows("firms") if firm["place"] in here)
            limits.append(rule["max_lost_share"] * there)
        for year in case.years:
            value = Linear()
            for choices in case.choices.values():
                for choice in choices:
                    if choice.place in here and choice.year == year:
                        value.choices[choice] = choice.jobs_lost
            for awards in case.awards.values() if rule.get("net", False) else []:
                for award in awards:
                    if award.place in here and award.year == year:
                        value.awards[award] = 0.0, -award.jobs
            rows.extend(Row("jobs", value, "<=", limit) for limit in limits)
    return rows


def _caps(case: BruteCase) -> list[Row]:
    rows = []
    for cap in case.rules.get("caps", {}).get("caps", []):
        here = case.below_any([cap["place"]] if cap.get("place") else None)
        for year in case.years if cap.get("year") is None else [cap["year"]]:
            value = Linear()
            for award in case.every_award():
                if award.place in here and cap.get("sector") in (None, text(award.record, "sector")):
                    value.awards[award] = 0.0, award.use(cap.get("resource", "energy"), year)
            rows.append(Row("caps", value, "<=", cap["amount"]))
    return rows


def _treatments(case: BruteCase) -> list[Row]:
    """Firms that must be treated by a year (clearance), or exactly once by the end (one_treatment)."""
    rows = []
    for name, rule in case.rules.items():
        if name not in ("clearance", "one_treatment"):
            continue
        kinds = rule.get("kinds")
        by = rule.get("by", case.last) if name == "clearance" else case.last
        for firm in case.rows("firms") if by <= case.last else []:
            if name == "clearance":
                bound = to_be_cleared(case, firm)
            else:
                bound = firm["place"] in case.below_any(rule.get("places")) and case.on_the_list(firm)
            counted = [c for c in case.choices[firm["firm"]] if (kinds is None or c.kind in kinds) and c.year <= by]
            if bound and not counted and not rule.get("allow_untreatable"):
                raise NotImplementedError("that nothing can treat a firm is an error of the input, which is not tried")
            if not bound or not counted:
                continue
            value = Linear(choices=dict.fromkeys(counted, 1.0))
            rows.append(Row(name, value, ">=" if name == "clearance" else "==", 1.0))
    return rows


def _slow_approval(case: BruteCase) -> list[Row]:
    rule = case.rules.get("slow_approval")
    rows: list[Row] = []
    for year in case.years if rule else []:
        if rule is None or not rule.get("from", case.first) <= year <= rule.get("to", case.last):
            continue
        value = Linear()
        for award in case.every_award():
            slowed = text(award.record, "sector") in rule["sectors"]
            if award.year == year and slowed and award.place in case.below_any(rule.get("places")):
                value.awards[award] = 0.0, award.energy
        rows.append(Row("slow_approval", value, "<=", rule.get("max_per_year", 0.0)))
    return rows


def _decline(case: BruteCase) -> list[Row]:
    """E0 - freed + used <= (1 - decline) * E0 / V0 * (V0 + net value added), all in the year it is measured in."""
    rule = case.rules.get("intensity_decline")
    if rule is None:
        return []
    here = case.below(rule["place"]) if rule.get("place") else set(case.parent)
    firms = [firm for firm in case.rows("firms") if firm["place"] in here]
    year = rule.get("by", case.last)
    counted = [case.amount(firm, "energy") * case.counted(firm, new=False)[True][year] for firm in firms]
    energy = rule.get("base_energy") or sum(counted)
    worth = rule.get("base_value_added") or sum(number(firm, "value_added") for firm in firms)
    allowed = (1 - rule["decline"]) * energy / worth
    change = Linear(
        0.0,
        {choice: -choice.freed("energy", year, dense=True) for choice in case.every_choice() if choice.place in here},
        {award: (0.0, award.use("energy", year, dense=True)) for award in case.every_award() if award.place in here},
    )
    value = weighted(
        [
            (Linear(energy - allowed * worth), 1.0),
            (change, 1.0),
            (case.measure("value_added_final", year, here), -allowed),
        ]
    )
    return [Row("intensity_decline", value, "<=", 0.0)]


def _chains(case: BruteCase) -> list[Row]:
    """Stages that keep a supplier, chains that must be complete, so many of a set of projects."""
    rule = case.rules.get("chain")
    if rule is None:
        return []
    rows = []
    stages = [stage for members in chains(case).values() for stage in members]
    for stage in stages if rule.get("protect_last_supplier", True) else []:
        if suppliers(case.rows("firms"), stage):
            rows += [Row("chain", Supply(case, (stage,), year).counted(stage), ">=", 1.0) for year in case.years]
    for chain in rule.get("require", []):
        rows += [Row("chain", Supply(case, (s,), case.last).counted(s), ">=", 1.0) for s in chains(case)[chain]]
    for some in rule.get("k_of_n", []):
        names = {member for name in some["projects"] for member in case.members(name)}
        value = Linear(awards={award: (1.0, 0.0) for award in case.every_award() if award.project in names})
        rows.append(Row("chain", value, ">=", some.get("at_least", 0)))
        if some.get("at_most") is not None:
            rows.append(Row("chain", value, "<=", some["at_most"]))
    return rows


def chain_points(case: BruteCase) -> list[tuple[Linear, float]]:
    """What the objective gains by complete chains, and loses by stages that have lost their last supplier."""
    rule = case.rules.get("chain", {})
    found: list[tuple[Linear, float]] = []
    for chain, members in chains(case).items():
        points = rule.get("complete_points", 0.0) * chain_weight(case, chain)
        found.append((Linear(wholes=[(Supply(case, tuple(members), case.last), points)]), 1.0))
        for stage in members:
            cost = rule.get("last_supplier_cost", 0.0)
            if cost and suppliers(case.rows("firms"), stage):
                left = (Supply(case, (stage,), case.last), cost)
                found.append((Linear(-cost, wholes=[left]), 1.0))
    return found


def compared_places(case: BruteCase) -> list[str]:
    """The places whose ratios fairness compares; towns take zones in."""
    level = case.rules["fairness"].get("level", "town")
    levels = ("town", "zone") if level == "town" else (level,)
    return [place for place, own in case.level.items() if own in levels]


def ratios(case: BruteCase) -> list[tuple[Linear, Linear]]:
    """(energy used, energy freed) of each place compared, in each year that counts."""
    rule = case.rules["fairness"]
    years = case.years if rule.get("each_year") else [case.last]
    return [
        (case.measure("energy_used", year, case.below(place)), case.measure("energy_freed", year, case.below(place)))
        for place in compared_places(case)
        for year in years
    ]


def _floors(case: BruteCase) -> list[Row]:
    least = case.rules.get("fairness", {}).get("min_ratio")
    if least is None:
        return []
    return [Row("fairness", weighted([(used, 1.0), (freed, -least)]), ">=", 0.0) for used, freed in ratios(case)]


def bonuses(case: BruteCase) -> list[dict[str, float]]:
    """Per pool with rated places: the weights of net outflows whose sum, in energy of a year, may not exceed 0."""
    bonus = case.rules.get("fairness", {}).get("bonus")
    if bonus is None:
        return []
    compared = [place for place in compared_places(case) if case.parent[place] is not None]
    rating = {row["place"]: text(row, "rating") for row in case.rows("places")}
    rated = [place for place in compared if rating[place] == bonus.get("rating", "优秀")]
    return [
        {p: 1.0 if p in rated else bonus["share"] for p in compared if case.parent[p] == pool}
        for pool in {case.parent[place] for place in rated}
    ]

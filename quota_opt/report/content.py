"""Everything a report says, gathered once from a plan; the only module of the reports that knows what a Plan is.

`gather(plan)` turns tables and settings into plain frames and small values with the names people read. Nothing here
depends on a language: words are `Text`, user text stays as typed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from quota_opt.errors import Finding, Text
from quota_opt.messages import message
from quota_opt.plan.clauses import ClauseLine, ReadingLine, clause_lines, reading_lines
from quota_opt.plan.directed import Directed, directed
from quota_opt.plan.headlines import objective_unit
from quota_opt.plan.whole import method, whole_of
from quota_opt.report import words
from quota_opt.report.flows import energy_flows, ledger_with_kinds
from quota_opt.report.intensity import counted_intensity, even_factor
from quota_opt.report.target_lines import target_lines
from quota_opt.scenario.accounting import electricity_factor
from quota_opt.scenario.standing import Standing, clause_words, standings

RESOURCE_UNITS = {"energy": "tce", "carbon": "tCO2", "land": "mu"}


@dataclass(frozen=True)
class Document:
    """A policy document that clauses point to."""

    id: str
    title: str
    standing: Standing
    valid_to: str


@dataclass(frozen=True)
class Headline:
    """One of the four numbers of page one: its value, the target set on it, and whether it is met."""

    name: str
    title: Text
    value: float
    unit: str
    sense: str | None = None
    target: float | None = None
    ok: bool | None = None


@dataclass(frozen=True)
class RuleLine:
    """One rule as re-checked: whether it holds, whether it binds, what one more unit of it is worth."""

    name: str
    title: Text
    ok: bool
    worst_excess: float
    unit: str
    clause: str
    binding: bool
    texts: tuple[Text, ...]
    price: float | None
    state: str
    headline: Text

    @property
    def state_words(self) -> Text:
        """顶格 / 有余量 / 突破 / 让行."""
        return message(f"state.{self.state}")


@dataclass(frozen=True)
class Content:
    """What a report says. Frames have the columns of `Plan` plus the names people read (`place_name`, `title` …)."""

    title: Text
    case: str
    variant: str
    variant_title: Text | None
    years: tuple[int, ...]
    price_year: int | None
    basis: str
    data: str
    run: str
    resources: tuple[str, ...]
    status: str
    objective: float
    objective_unit: str
    bound: float
    gap: float
    measures: Mapping[str, float]
    units: Mapping[str, str]
    measure_titles: Mapping[str, Text]
    main_measure: str
    headlines: tuple[Headline, ...]
    places: pd.DataFrame
    projects: pd.DataFrame
    awards: pd.DataFrame
    actions: pd.DataFrame
    reasons: pd.DataFrame
    targets: pd.DataFrame
    balances: pd.DataFrame
    prices: pd.DataFrame
    ledger: pd.DataFrame
    flows: pd.DataFrame
    trades: pd.DataFrame
    budget: pd.DataFrame
    rules: tuple[RuleLine, ...]
    documents: tuple[Document, ...]
    clauses: tuple[ClauseLine, ...]
    readings: tuple[ReadingLine, ...]
    limits: tuple[float, ...]
    electricity_factor: float
    findings: tuple[Finding, ...]
    engine: Mapping[str, str]
    profile: Mapping[str, Any]
    seconds: Mapping[str, float]
    certificate: Mapping[str, Any]
    overrides: Mapping[str, Any]
    hashes: Mapping[str, str]
    directives: tuple[Directed, ...] = ()
    receipt: Mapping[str, Any] | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    rounding: Text | None = None
    drawn: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Its figures by language, see `report.drawn`."""

    @property
    def first_year(self) -> int:
        """First year of the plan."""
        return self.years[0]

    @property
    def last_year(self) -> int:
        """Last year of the plan."""
        return self.years[-1]

    @property
    def main_resource(self) -> str:
        """The resource that figures show: energy, or the first there is."""
        return "energy" if "energy" in self.resources or not self.resources else self.resources[0]

    def resource_unit(self, resource: str) -> str:
        """Unit of a resource's amounts."""
        return RESOURCE_UNITS.get(resource, resource)

    @cached_property
    def proven(self) -> bool:
        """Whether the plan is proven within the gap asked for."""
        return self.status == "OPTIMAL"

    @cached_property
    def all_rules_hold(self) -> bool:
        """Whether every re-checked rule holds."""
        return all(line.ok for line in self.rules)

    @cached_property
    def targets_met(self) -> int:
        """How many targets the plan reaches."""
        return sum(1 for ok in self.targets["ok"] if ok is not None and bool(ok))

    @cached_property
    def ledger_difference(self) -> float:
        """Largest difference between what the ledger carries and what the pools hold, over years and resources."""
        if self.ledger.empty or self.balances.empty:
            return 0.0
        carried = self.ledger.groupby(["resource", "year"])["amount"].sum()
        held = self.balances.groupby(["resource", "year"])[["initial", "freed", "bought"]].sum().sum(axis=1)
        drawn = self.ledger[self.ledger["to_kind"] == "firm"].groupby(["resource", "year"])["amount"].sum()
        both = carried.sub(drawn, fill_value=0.0).sub(held, fill_value=0.0)
        return float(both.abs().max()) if len(both) else 0.0

    @cached_property
    def _place_names(self) -> dict[str, str]:
        return dict(zip(self.places["place"], self.places["title"], strict=True))

    def place_name(self, place: str) -> str:
        """The name people know a place by."""
        return self._place_names.get(place, place)

    def clause_words(self, clause: str) -> Text:
        """A clause with the standing of its document where that is not simply issued: ZJ 四(四)〔征求意见稿〕."""
        return clause_words(clause, {document.id: document.standing for document in self.documents})

    def measure_name(self, name: str) -> Text:
        """The words for a measure of this case."""
        return words.measure_name(name, self.measure_titles)

    @cached_property
    def main_price(self) -> pd.Series | None:
        """The dearest price of the main resource: place, year, price, unit and range."""
        priced = self.prices[(self.prices["resource"] == self.main_resource) & (self.prices["price"] > 1e-9)]
        if priced.empty:
            return None
        ordered = priced.sort_values(["price", "year", "place"], ascending=[False, True, True], kind="stable")
        return ordered.iloc[0]


def gather(plan: Any) -> Content:
    """Collect what the reports say about a plan."""
    scenario = plan.scenario
    settings = scenario.settings
    head = settings.scenario
    years = tuple(int(year) for year in scenario.years)
    places = _places(scenario.places)
    names = dict(zip(places["place"], places["title"], strict=True))
    measures = {name: float(value) for name, value in plan.measures.items()}
    main_measure = _main_measure(settings, measures)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(scenario.files.items())}
    reasons = _reasons(plan.reasons, scenario, names)
    last = (plan.certificate.get("stages") or [{}])[-1].get("name")
    unit = objective_unit(settings, dict(plan.measure_units), last)
    awards = _awards(plan.awards, names, reasons, _growth(scenario, years, main_measure))
    actions = _actions(plan.actions, names, reasons, scenario, _growth(scenario, years, main_measure))
    rounded = whole_of(plan)
    if rounded is not None:
        awards["whole_tce"] = awards["project"].map(rounded.latest("award"))
        actions["whole_tce"] = actions["firm"].map(rounded.latest("freed"))
    ledger = ledger_with_kinds(plan.ledger, set(scenario.projects["project"]))
    targets = target_lines(scenario, plan, measures, names)
    return Content(
        title=_title(head.title, scenario.name),
        case=str(scenario.name),
        variant=str(scenario.variant or ""),
        variant_title=_variant_title(settings, scenario.variant),
        years=years,
        price_year=getattr(head, "price_year", None),
        basis=str(scenario.energy_basis),
        data=str(head.data),
        run=_run_number(hashes, scenario, plan),
        resources=tuple(scenario.resources),
        status=str(plan.status),
        objective=float(plan.objective),
        objective_unit=unit,
        bound=float(plan.bound),
        gap=float(plan.gap),
        measures=measures,
        units=dict(plan.measure_units),
        measure_titles=_measure_titles(settings),
        main_measure=main_measure,
        headlines=_headlines(measures, dict(plan.measure_units), targets, main_measure, tuple(scenario.resources)),
        places=places,
        projects=_projects(plan, reasons, names),
        awards=awards,
        actions=actions,
        reasons=reasons,
        targets=targets,
        balances=plan.balances.assign(place_name=_named(plan.balances, "place", names)),
        prices=_prices(plan.prices, names, unit),
        ledger=ledger,
        flows=energy_flows(ledger, scenario, years[-1]),
        trades=plan.trades,
        budget=_budget(scenario, plan.actions, years),
        rules=tuple(_rule_line(audit) for audit in plan.audit),
        documents=_documents(scenario),
        clauses=clause_lines(scenario, plan.audit),
        readings=reading_lines(scenario),
        limits=_limits(scenario),
        electricity_factor=electricity_factor(scenario),
        findings=tuple(plan.findings),
        engine={"name": plan.engine.name, "solver": plan.engine.solver, "version": plan.engine.version},
        profile=dict(plan.profile),
        seconds=dict(plan.seconds),
        certificate=dict(plan.certificate),
        overrides=dict(scenario.overrides),
        hashes=hashes,
        directives=directed(plan.outcome, plan.audit),
        receipt=plan.receipt,
        sizes={"firms": len(scenario.firms), "projects": len(scenario.projects), "places": len(places)},
        rounding=None if rounded is None else method(rounded),
    )


def plain_text(value: Any) -> Text:
    """A title of the settings, whatever shape it has: a Text, a {zh, en} table or one string for both."""
    if isinstance(value, Text):
        return value
    if isinstance(value, Mapping):
        zh, en = value.get("zh"), value.get("en")
    elif isinstance(value, str):
        zh = en = value
    else:
        zh, en = getattr(value, "zh", None), getattr(value, "en", None)
    return Text(str(zh or en or ""), str(en or zh or ""))


def _title(value: Any, name: str) -> Text:
    found = plain_text(value)
    return Text(found.zh or name, found.en or name)


def _variant_title(settings: Any, variant: str | None) -> Text | None:
    chosen = settings.variants.get(variant) if variant else None
    return _title(getattr(chosen, "title", None), str(variant)) if chosen is not None else None


def _measure_titles(settings: Any) -> dict[str, Text]:
    found = {name: plain_text(getattr(own, "title", None)) for name, own in settings.measures.items()}
    return {name: Text(text.zh or name, text.en or name) for name, text in found.items()}


def _run_number(hashes: Mapping[str, str], scenario: Any, plan: Any) -> str:
    """Eight digits that name inputs, variant, overrides and the way of solving: the same run, the same number."""
    parts = [*(f"{name}={digest}" for name, digest in hashes.items()), str(scenario.variant or "")]
    parts += [f"{path}={scenario.overrides[path]!r}" for path in sorted(scenario.overrides)]
    parts += [plan.engine.name, plan.engine.solver, plan.engine.version, f"{float(plan.objective):.9g}"]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest().upper()
    return f"{digest[:4]}-{digest[4:8]}"


def _main_measure(settings: Any, measures: Mapping[str, float]) -> str:
    """Net value added as the case sees it: of the last year where only that is maximised, else the present value."""
    objective = getattr(settings, "objective", None)
    named: Iterable[str] = ()
    if objective is not None:
        named = {
            *(getattr(objective, "maximise", None) or {}),
            *(str(getattr(stage, "measure", "")) for stage in getattr(objective, "order", None) or ()),
        }
    if "value_added_final" in named and "value_added" not in named:
        return "value_added_final"
    return "value_added" if "value_added" in measures else "value_added_final"


def _prices(table: pd.DataFrame, names: Mapping[str, str], objective_unit: str) -> pd.DataFrame:
    """The prices with the places' names, and their unit in words the reports know (`10k yuan/tce`)."""
    unit = [str(value).replace("objective per ", f"{objective_unit}/") for value in table["unit"]]
    price = table["price"].astype(float)
    return table.assign(price=price, unit=unit, place_name=_named(table, "place", names))


def _growth(scenario: Any, years: Sequence[int], main_measure: str) -> dict[int, float]:
    """What one unit a year from each start year on adds to the main measure."""
    if main_measure == "value_added_final":
        return dict.fromkeys(years, 1.0)
    weight = [(1.0 + float(scenario.discount_rate)) ** -(year - years[0]) for year in years]
    return {year: float(sum(weight[k:])) for k, year in enumerate(years)}


def _places(table: pd.DataFrame) -> pd.DataFrame:
    title = np.where(table["name"].astype(str).str.len() > 0, table["name"], table["place"])
    return pd.DataFrame(
        {
            "place": table["place"].astype(object),
            "level": table["level"].astype(object),
            "parent": table["parent"].astype(object),
            "title": pd.Series(title, index=table.index, dtype=object),
        }
    ).reset_index(drop=True)


def _named(table: pd.DataFrame, column: str, names: Mapping[str, str]) -> list[str]:
    return [names.get(value, value) for value in table[column]]


def _strings(table: pd.DataFrame, column: str) -> pd.Series:
    if column not in table:
        return pd.Series([""] * len(table), index=table.index, dtype=object)
    return table[column].where(table[column].notna(), "").astype(str).astype(object)


def _titles(table: pd.DataFrame, key: str) -> dict[str, str]:
    return {
        str(identifier): str(name) if isinstance(name, str) and name else str(identifier)
        for identifier, name in zip(table[key], table["name"], strict=True)
    }


def _reasons(table: pd.DataFrame, scenario: Any, names: Mapping[str, str]) -> pd.DataFrame:
    reasons = table.copy()
    for column in ("kind", "id", "verdict", "rule", "clause", "figure", "text", "text_en"):
        reasons[column] = _strings(reasons, column)
    titles = {
        **{("firm", k): v for k, v in _titles(scenario.firms, "firm").items()},
        **{("project", k): v for k, v in _titles(scenario.projects, "project").items()},
    }
    where = {
        **{("firm", k): p for k, p in zip(scenario.firms["firm"], scenario.firms["place"], strict=True)},
        **{("project", k): p for k, p in zip(scenario.projects["project"], scenario.projects["place"], strict=True)},
    }
    keys = list(zip(reasons["kind"], reasons["id"], strict=True))
    reasons["title"] = [titles.get(key, key[1]) for key in keys]
    reasons["place"] = [where.get(key, "") for key in keys]
    reasons["place_name"] = [names.get(place, place) for place in reasons["place"]]
    return reasons


def _with_reasons(table: pd.DataFrame, reasons: pd.DataFrame, kind: str, key: str) -> pd.DataFrame:
    own = reasons[reasons["kind"] == kind].drop_duplicates("id").set_index("id")[["text", "text_en", "clause"]]
    joined = table.merge(own.add_prefix("reason_"), how="left", left_on=key, right_index=True, sort=False)
    for column in ("reason_text", "reason_text_en", "reason_clause"):
        joined[column] = _strings(joined, column)
    return joined


def _title_column(table: pd.DataFrame, key: str) -> pd.Series:
    name = _strings(table, "name")
    return name.where(name.str.len() > 0, table[key].astype(str)).astype(object)


def _awards(
    table: pd.DataFrame, names: Mapping[str, str], reasons: pd.DataFrame, growth: Mapping[int, float]
) -> pd.DataFrame:
    awards = table.assign(title=_title_column(table, "project"), place_name=_named(table, "place", names))
    awards["worth"] = [
        growth.get(int(y), 0.0) * float(v) for y, v in zip(awards["year"], awards["value_added"], strict=True)
    ]
    return _with_reasons(awards, reasons, "project", "project").reset_index(drop=True)


def _actions(
    table: pd.DataFrame, names: Mapping[str, str], reasons: pd.DataFrame, scenario: Any, growth: Mapping[int, float]
) -> pd.DataFrame:
    actions = table.assign(title=_title_column(table, "firm"), place_name=_named(table, "place", names))
    if "sector" not in actions:
        sectors = dict(zip(scenario.firms["firm"], scenario.firms["sector"], strict=True))
        actions["sector"] = [sectors.get(firm, "") for firm in actions["firm"]]
    lost = actions["value_added_lost"]
    actions["worth"] = [-growth.get(int(y), 0.0) * float(v) for y, v in zip(actions["year"], lost, strict=True)]
    return _with_reasons(actions, reasons, "firm", "firm").reset_index(drop=True)


def _projects(plan: Any, reasons: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Every project with its verdict, energy on the declared basis, intensity, and break-even factor."""
    table = plan.scenario.projects
    if "energy" not in table:
        from quota_opt.scenario.accounting import accounted

        table = accounted(plan.scenario).projects
    verdict = reasons[reasons["kind"] == "project"].drop_duplicates("id").set_index("id")
    frame = pd.DataFrame(
        {
            "project": table["project"].astype(object),
            "title": _title_column(table, "project"),
            "place": table["place"].astype(object),
            "place_name": _named(table, "place", names),
            "category": table["category"].astype(object),
            "energy": table["energy"].fillna(0.0).to_numpy(dtype=float),
            "value_added": table["value_added"].fillna(0.0).to_numpy(dtype=float),
            "intensity": counted_intensity(plan, table),
            "even_factor": even_factor(plan, table, _limits(plan.scenario)),
        }
    )
    for column in ("verdict", "rule", "clause", "figure", "text", "text_en"):
        frame[column] = [str(value) for value in verdict[column].reindex(frame["project"]).fillna("")]
    return frame.reset_index(drop=True)


def _headlines(
    measures: Mapping[str, float],
    units: Mapping[str, str],
    targets: pd.DataFrame,
    main_measure: str,
    resources: tuple[str, ...],
) -> tuple[Headline, ...]:
    """The four numbers of page one, with the strictest whole-area target of the last year on each."""
    resource = "energy" if "energy" in resources or not resources else resources[0]
    made = []
    for name in (f"{resource}_freed", f"{resource}_used", main_measure, "public_cost"):
        value = measures.get(name, 0.0)
        own = targets[(targets["measure"] == name) & (targets["place"] == "") & (targets["span"] != "annual")]
        own = own[own["year"] == own["year"].max()] if len(own) else own
        row = None if own.empty else own.sort_values("target", ascending=own.iloc[0]["sense"] != ">=").iloc[0]
        made.append(
            Headline(
                name=name,
                title=words.measure_name(name),
                value=value,
                unit=units.get(name, ""),
                sense=None if row is None else str(row["sense"]),
                target=None if row is None else float(row["target"]),
                ok=None if row is None or row["ok"] is None else bool(row["ok"]),
            )
        )
    return tuple(made)


def _budget(scenario: Any, actions: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """Cost of actions by year and the fund available by then; empty without a budget rule and without cost."""
    spent = actions.groupby("year")["cost"].sum() if len(actions) else pd.Series(dtype=float)
    rule = scenario.rules.get("budget")
    fund = {int(year): float(money) for year, money in (getattr(rule, "by_year", None) or {}).items()}
    carry = bool(getattr(rule, "carry_over", True))
    rows, left = [], 0.0
    for year in years:
        cost = float(spent.get(year, 0.0))
        left = fund.get(year, 0.0) + (left if carry else 0.0)
        rows.append({"year": year, "spent": cost, "available": left if rule is not None else math.nan})
        left -= cost
    frame = pd.DataFrame(rows, columns=["year", "spent", "available"])
    return frame if rule is not None or frame["spent"].abs().sum() > 0 else frame.iloc[:0]


def _limits(scenario: Any) -> tuple[float, ...]:
    """The limits on energy intensity that reject a project; other criteria have other units."""
    rule = scenario.rules.get("admission")
    found = {
        float(limit.value)
        for limit in getattr(rule, "limits", ()) or ()
        if getattr(limit, "criterion", "energy_intensity") == "energy_intensity"
        and getattr(limit, "action", "reject") == "reject"
        and getattr(limit, "scope", "project") == "project"
        and limit.value > 0
    }
    return tuple(sorted(found))


def _rule_line(audit: Any) -> RuleLine:
    """The audit of a rule. A rule over several resources has rows in several units: its price then has no unit."""
    several = "resource" in audit.figures and audit.figures["resource"].nunique() > 1
    return RuleLine(
        name=audit.rule,
        title=words.listed(words.RULES, audit.rule),
        ok=bool(audit.ok),
        worst_excess=float(audit.worst_excess),
        unit=audit.unit,
        clause=audit.clause or "",
        binding=bool(audit.binding),
        texts=tuple(audit.texts),
        price=None if several else getattr(audit, "price", None),
        state=audit.state,
        headline=audit.headline,
    )


def _documents(scenario: Any) -> tuple[Document, ...]:
    of = standings(scenario)
    return tuple(
        Document(str(d.id), str(d.title), of[d.id], "" if d.valid_to is None else str(d.valid_to))
        for d in scenario.settings.documents
    )

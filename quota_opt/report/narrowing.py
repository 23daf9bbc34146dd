"""A part of what a report says: one place with all below it, one year, one category of projects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from quota_opt.errors import Text
from quota_opt.report import words
from quota_opt.report.content import Content
from quota_opt.report.flows import energy_flows, steps
from quota_opt.report.numbers import counted, running

if TYPE_CHECKING:
    from quota_opt.scenario import Scenario


@dataclass(frozen=True)
class Part:
    """What is looked at; None is everything.

    A year is awards and actions that begin in it, and pools, flows and prices as they stand in it. A category is of
    projects, and of what the ledger gives them; actions have none.
    """

    place: str | None = None
    year: int | None = None
    category: str | None = None

    @property
    def whole(self) -> bool:
        """Whether it is everything."""
        return self == Part()


def narrowed(content: Content, scenario: Scenario, part: Part) -> Content:
    """What a report says of one part of its plan; sentences, measures and names remain those of the whole plan."""
    if part.whole:
        return content
    within = None if part.place is None else below(content, part.place)
    awards = _rows(content.awards, within, part.year, part.category)
    projects = _rows(content.projects, within, None, part.category)
    if part.year is not None:
        others = set(content.awards["project"]) - set(awards["project"])
        projects = projects[~projects["project"].isin(others)]
    ledger = _ledger(content, within, part)
    years = content.years if part.year is None else (part.year,)
    budget = content.budget if within is None else content.budget.iloc[:0]
    return replace(
        content,
        years=years,
        projects=projects.reset_index(drop=True),
        awards=awards.reset_index(drop=True),
        actions=_rows(content.actions, within, part.year).reset_index(drop=True),
        reasons=_rows(content.reasons, within),
        targets=_rows(content.targets, within, part.year),
        balances=_rows(content.balances, within, part.year),
        prices=_rows(content.prices, within, part.year),
        ledger=ledger,
        flows=energy_flows(ledger, scenario, years[-1]),
        trades=_rows(content.trades, within, part.year),
        budget=_rows(budget, None, part.year),
    )


def part_answer(content: Content, part: Part) -> Text:
    """One sentence on a part of a plan; `content` is narrowed to it."""
    resource, unit = content.main_resource, content.resource_unit(content.main_resource)
    named = words.resource_name(resource)
    pools = content.balances[
        (content.balances["resource"] == resource) & (content.balances["year"] == content.last_year)
    ]
    parts: list[Text] = []
    if part.category is None and len(pools):
        freed, used, idle = (running(float(pools[key].sum()), unit) for key in ("freed", "used", "idle"))
        parts.append(
            Text(
                f"{content.last_year} 年腾出{named.zh} {freed.zh}，使用 {used.zh}，结余 {idle.zh}",
                f"in {content.last_year} {freed.en} of {named.en} freed, {used.en} used, {idle.en} idle",
            )
        )
    if part.category is None:
        parts.append(Text(f"整治企业 {len(content.actions)} 家", f"{counted(len(content.actions), 'firm')} treated"))
    gained = running(float(content.awards["value_added"].sum()), "10k yuan")
    out = int(content.projects["verdict"].isin(["not_awarded", "rejected"]).sum())
    parts.append(
        Text(
            f"安排项目 {len(content.awards)} 个，年增加值 {gained.zh}",
            f"{counted(len(content.awards), 'project')} awarded, {gained.en} of value added a year",
        )
    )
    if part.year is None:
        parts.append(Text(f"未安排 {out} 个", f"{counted(out, 'project')} left out"))
    en = "; ".join(each.en for each in parts)
    return Text(f"{'；'.join(each.zh for each in parts)}。", f"{en[:1].upper()}{en[1:]}.")


def below(content: Content, place: str) -> frozenset[str]:
    """A place and all places below it."""
    children: dict[str, list[str]] = {}
    for name, parent in zip(content.places["place"], content.places["parent"].fillna(""), strict=True):
        children.setdefault(parent, []).append(name)
    found, waiting = {place}, [place]
    while waiting:
        more = [child for child in children.get(waiting.pop(), []) if child not in found]
        found.update(more)
        waiting += more
    return frozenset(found)


def _rows(
    table: pd.DataFrame, within: frozenset[str] | None, year: int | None = None, category: str | None = None
) -> pd.DataFrame:
    if within is not None:
        table = table[table["place"].isin(within)]
    if year is not None:
        table = table[table["year"] == year]
    if category is not None:
        table = table[table["category"] == category]
    return table


def _ledger(content: Content, within: frozenset[str] | None, part: Part) -> pd.DataFrame:
    """Entries that go through a pool of the places, in that year, to projects of that category."""
    ledger = _rows(content.ledger, None, part.year)
    if within is not None:
        through = {path for path in ledger["pool_path"].unique() if not within.isdisjoint(steps(path))}
        ledger = ledger[ledger["pool_path"].isin(through)]
    if part.category is not None:
        mine = set(content.projects["project"][content.projects["category"] == part.category])
        ledger = ledger[(ledger["to_kind"] == "project") & ledger["to"].isin(mine)]
    return ledger

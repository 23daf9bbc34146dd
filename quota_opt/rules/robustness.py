"""Robust margin: each protected pool keeps enough back for the worst few of the firms and projects below it.

    idle[n, r, s]  >=  max { Σ_{i in S} dev[i, r, s] :  S firms and projects at n and below,  |S| <= gamma }

    as rows:   used + out + sold − freed − in − bought + gamma · z + Σ_i p[i]  <=  initial
               z + p[i]  >=  Σ_{decisions of i} dev · decision,     z, p >= 0        every n of `level`, r, year s

============  ==================================================================  ====  ============
symbol        meaning                                                             unit  source
============  ==================================================================  ====  ============
idle          what is left in the pool of n itself (`used … bought` as in its     r     decision
              balance)
dev           how much less a firm's action frees, or more an award needs, at     r     parameters
              the worst: shares `frees_less` by kind and `needs_more` by
              category; all of it in the first `late` years of an action's effect
gamma         how many deviate at once; a fraction of one more counts by its part  -    parameters
z, p          price of one more deviation, and what each takes beyond it          r     decision
============  ==================================================================  ====  ============

What it guarantees: whichever firms and projects below n deviate, `gamma` of them at most and each by its worst at most,
every award is still served. What is missing at a place is sent down to it, or not taken up from it, out of what n has
kept back; what n exchanges with its own parent and what is bought and sold stay as planned. `keep` of retention still
holds, as a place then sends up less by all that is missing, and its limit falls by a part of that. A share `pool` that
must go up is not protected: the place concerned sends up less.

`gamma = 0` asks for nothing, `gamma = "all"` for everything at its worst at once. Without `level` the places with none
above hold the margin, for the whole case. (Bertsimas and Sim, The price of robustness, 2004.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from quota_opt.errors import Finding, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.model.terms import Terms, joined
from quota_opt.rules._shared import amount, audited, check_choices
from quota_opt.scenario import RuleParameters, refused, resource_words, unit_words
from quota_opt.scenario.strict import MOST_YEARS, ActionKind
from quota_opt.scenario.uncertainty import ProjectCategory

UpToAll = Annotated[float, Field(ge=0.0, le=1.0)]
LEAST = 1e-9


class RobustnessParameters(RuleParameters):
    """How many deviate at once, by how much each, and which pools hold the margin."""

    gamma: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | Literal["all"] = Field(
        description='how many firms and projects deviate at once; "all" for every one',
        json_schema_extra={"zh": "同时出现偏差的企业和项目数；all 为全部", "unit": "个"},
    )
    frees_less: dict[ActionKind, UpToAll] = Field(
        default_factory=dict,
        description="share by which an action of a kind frees less at the worst, e.g. { close = 0.3 }",
        json_schema_extra={"zh": "各类措施最差时少腾出的比例，如 { close = 0.3 }", "unit": "比例"},
    )
    needs_more: dict[ProjectCategory, Annotated[float, Field(ge=0.0, allow_inf_nan=False)]] = Field(
        default_factory=dict,
        description="share by which a project of a category needs more at the worst, e.g. { chain = 0.1 }",
        json_schema_extra={"zh": "各类项目最差时多用的比例，如 { chain = 0.1 }", "unit": "比例"},
    )
    late: dict[ActionKind, Annotated[int, Field(ge=0, le=MOST_YEARS)]] = Field(
        default_factory=dict,
        description="years by which an action of a kind comes late at the worst, e.g. { close = 1 }",
        json_schema_extra={"zh": "各类措施最差时推迟的年数，如 { close = 1 }", "unit": "年"},
    )
    level: str | None = Field(
        default=None,
        description="level of the places whose pools hold the margin (default: those with none above)",
        json_schema_extra={"zh": "由哪一级区域留余量；不写为没有上级的区域"},
    )
    resources: tuple[str, ...] | None = Field(
        default=None,
        description="resources protected (default all)",
        json_schema_extra={"zh": "留余量的资源；不写为全部"},
    )

    @model_validator(mode="after")
    def _deviates(self) -> RobustnessParameters:
        if not (self.frees_less or self.needs_more or self.late):
            raise refused(
                Text("须写 frees_less、needs_more 或 late", "needs frees_less, needs_more or late"),
                Text("写明最差会偏多少；没有默认值。", "Say how far things deviate at the worst; there is no default."),
            )
        return self


@dataclass(frozen=True)
class _Deviations:
    """One per member, place that holds the margin, year and column: numbers of equal length, amounts above 0."""

    member: IntArray
    place: IntArray
    year: IntArray
    column: IntArray
    amount: FloatArray

    def of(self, rows: NDArray[np.bool_]) -> _Deviations:
        return _Deviations(self.member[rows], self.place[rows], self.year[rows], self.column[rows], self.amount[rows])


class Robustness(Rule[RobustnessParameters]):
    """The margin kept back against deviations."""

    name: ClassVar[str] = "robustness"
    title: ClassVar[Text] = Text("稳健余量", "robust margin")
    Parameters: ClassVar[type[RuleParameters]] = RobustnessParameters

    def check(self, case: Case) -> list[Finding]:
        """A level no place has, and unknown resources."""
        found = check_choices(
            self, self.parameters.resources or (), case.resources, "resources", Text("资源", "resource")
        )
        if self.parameters.level is not None:
            levels = sorted({*case.places.levels.astype(str)})
            what = Text("区域级别", "level of places")
            found += check_choices(self, [self.parameters.level], levels, "level", what)
        return found

    def rows(self, build: Build) -> None:
        """The balance with the margin, and one row per firm or project that may be among the worst."""
        case, gamma = build.case, self._gamma(np.inf)
        if gamma == 0.0:
            return
        bound = self._bound(case)
        for r in self._resources(case):
            found = self._deviations(build, r, bound)
            if not len(found.amount):
                continue
            kept, at = self._margins(build, r, found, gamma)
            balance = joined(build.freed(r, -1.0), build.used(r), build.net_up(r), -build.net_down(r))
            if case.market is not None:
                balance = joined(balance, -build.bought(r), build.sold(r))
            info = RowInfo(self.name, self.clause, case.unit(case.resources[r]))
            build.place_year_rows(
                info, joined(balance.at(bound), kept), at, upper=case.initial[r], labels={"resource": r}
            )

    def _deviations(self, build: Build, r: int, bound: NDArray[np.bool_]) -> _Deviations:
        """Every column that can deviate, in every year it counts, at every place above it that holds the margin."""
        case = build.case
        parts = []
        acts, awards = build.acts, build.shares
        groups, _ = case.groups
        firm = case.actions["firm_code"].to_numpy(dtype=np.int64)
        lag = case.actions["lag"].to_numpy(dtype=np.int64)
        for s in range(case.horizon):
            age = s - acts.year.astype(np.int64) - lag[acts.row]
            short = self._frees_less(case, r, s, acts.row.astype(np.int64), age)
            more = self._needs_more(case, r, s, awards.row.astype(np.int64), awards.year.astype(np.int64))
            for column, amounts, member, table, row in (
                (acts.column, short, firm, case.actions, acts.row),
                (awards.column, more, groups + len(case.firms), case.projects, awards.row),
            ):
                live = np.flatnonzero(amounts > 0.0)
                place = table["place_code"].to_numpy(dtype=np.int64)[row[live]]
                entry, above = case.places.spread(place, bound)
                live = live[entry]
                parts.append((member[row[live]], above, np.full(len(live), s), column[live], amounts[live]))
        return _Deviations(*(np.concatenate([part[i] for part in parts]) for i in range(5)))

    def _margins(self, build: Build, r: int, found: _Deviations, gamma: float) -> tuple[Terms, NDArray[np.bool_]]:
        """What the margin adds to the balances, and at which places and years there is one."""
        case = build.case
        rows = np.zeros((case.places.size, case.horizon), dtype=bool)
        rows[found.place, found.year] = True
        size = case.horizon * case.places.size
        spot = found.place * case.horizon + found.year
        key, first, member = np.unique(found.member * size + spot, return_index=True, return_inverse=True)
        count = np.bincount(key % size, minlength=size)
        everyone = gamma >= count[spot]  # then all deviate at once, and there is no choosing
        whole = found.of(everyone)
        parts = [Terms.of(case, whole.column, whole.place, whole.year, whole.amount)]
        chosen = np.flatnonzero(count[key % size] > gamma)
        if len(chosen):
            most = np.zeros(len(key))
            np.maximum.at(most, member, found.amount)
            place, year = found.place[first[chosen]], found.year[first[chosen]]
            spots, of = np.unique(spot[first[chosen]], return_inverse=True)
            top = np.zeros(len(spots))
            np.maximum.at(top, of, most[chosen])
            where, when = np.divmod(spots, case.horizon)
            labels = {"resource": np.full(len(spots), r), "year": case.years[when]}
            z = build.model.add_columns("margin", {"place": where, **labels}, upper=top, categories=build.categories())
            who, names = found.member[first[chosen]], self._names(case)
            p = build.model.add_columns(
                "margin_of",
                {"place": place, "resource": np.full(len(chosen), r), "member": who, "year": case.years[year]},
                upper=most[chosen],
                categories={**build.categories(), "member": names},
            )
            parts += [
                Terms.of(case, z, where, when, np.full(len(z), gamma)),
                Terms.of(case, p, place, year, np.ones(len(p))),
            ]
            number = np.full(len(key), -1)
            number[chosen] = np.arange(len(chosen))
            linked = number[member] >= 0
            line = np.arange(len(chosen))
            build.add_rows(
                RowInfo(self.name, self.clause, case.unit(case.resources[r]), elastic=False),
                {"place": place, "resource": np.full(len(chosen), r), "member": who, "year": case.years[year]},
                {"member": names},
                entries=(
                    np.concatenate([number[member[linked]], line, line]),
                    np.concatenate([found.column[linked], z[of], p]),
                    np.concatenate([found.amount[linked], -np.ones(len(z[of])), -np.ones(len(p))]),
                ),
                upper=0.0,
            )
        return joined(*parts), rows

    def audit(self, outcome: Outcome) -> RuleAudit:
        """What each pool that holds a margin has left, against the worst deviations of what is done below it."""
        case, gamma = outcome.case, self._gamma(np.inf)
        held = np.flatnonzero(self._bound(case)).tolist()
        act_place = case.actions["place_code"].to_numpy()[outcome.action_row]
        award_place = case.projects["place_code"].to_numpy()[outcome.award_row]
        lag = case.actions["lag"].to_numpy(dtype=np.int64)[outcome.action_row]
        who = [
            *case.actions["firm"].to_numpy(dtype=object)[outcome.action_row],
            *case.projects["project"].to_numpy(dtype=object)[outcome.award_row],
        ]
        lines = []
        for r in self._resources(case):
            for s in range(case.horizon):
                short = self._frees_less(case, r, s, outcome.action_row, s - outcome.action_year - lag)
                more = self._needs_more(case, r, s, outcome.award_row, outcome.award_year) * outcome.award_share
                for n in held:
                    below = case.places.within([case.places.names[n]])
                    worst = np.concatenate([short * below[act_place], more * below[award_place]])
                    order = np.argsort(-worst, kind="stable")
                    weight = np.clip(gamma - np.arange(len(worst)), 0.0, 1.0)
                    margin = float((worst[order] * weight).sum())
                    counted = order[(weight > 0.0) & (worst[order] > LEAST)]
                    named = {"resource": case.resources[r], "place": case.places.names[n], "year": case.years[s]}
                    among = ";".join(str(who[i]) for i in counted[:5])
                    lines.append({**named, "figure": float(outcome.idle[r, n, s]), "lower": margin, "worst": among})
        figures = pd.DataFrame(lines, columns=["resource", "place", "year", "figure", "lower", "worst"])
        figures = figures[figures["lower"] > LEAST]

        def sentence(row: Any) -> Text:
            unit, what = unit_words(case.unit(row.resource)), resource_words(row.resource)
            place, year = case.place_title(row.place), int(row.year)
            return Text(
                f"{place} {year} 年留有{what.zh}余量 {amount(row.figure)} {unit.zh}，"
                f"最差偏差（{row.worst.replace(';', '、')}）须 {amount(row.lower)}。",
                f"{place} keeps {amount(row.figure)} {unit.en} of {what.en} back in {year}; the worst deviations "
                f"({row.worst.replace(';', ', ')}) take {amount(row.lower)}.",
            )

        units = {case.unit(case.resources[r]) for r in self._resources(case)}
        return audited(self, units.pop() if len(units) == 1 else "-", figures, sentence)

    def _frees_less(self, case: Case, r: int, s: int, row: IntArray, age: IntArray) -> FloatArray:
        """What actions `age` years into their effect lack at the worst; nothing before, and of what takes quota."""
        kind = case.actions["action"].to_numpy(dtype=object)[row]
        share = np.array([self.parameters.frees_less.get(k, 0.0) for k in kind], dtype=float)
        late = np.array([self.parameters.late.get(k, 0) for k in kind], dtype=float)
        free = np.maximum(case.standing_free(r, s)[row], 0.0)
        lacks: FloatArray = np.where(age < 0, 0.0, np.where(age < late, free, share * free))
        return lacks

    def _needs_more(self, case: Case, r: int, s: int, row: IntArray, year: IntArray) -> FloatArray:
        """What whole awards of projects started in `year` need beyond what is stated, at the worst."""
        category = case.projects["category"].to_numpy(dtype=object)[row]
        share = np.array([self.parameters.needs_more.get(c, 0.0) for c in category], dtype=float)
        more: FloatArray = share * case.standing_need(r, s)[row, year]
        return more

    def _gamma(self, everyone: float) -> float:
        return everyone if self.parameters.gamma == "all" else float(self.parameters.gamma)

    def _names(self, case: Case) -> NDArray[np.object_]:
        """The firms, then the projects or groups of variants, by their number."""
        return np.array([*case.firms["firm"], *case.groups[1]], dtype=object)

    def _bound(self, case: Case) -> NDArray[np.bool_]:
        """(N,): the places whose pools hold the margin."""
        level = self.parameters.level
        bound: NDArray[np.bool_] = case.places.parent < 0 if level is None else case.places.levels.astype(str) == level
        return bound

    def _resources(self, case: Case) -> list[int]:
        wanted = self.parameters.resources
        return [r for r, name in enumerate(case.resources) if wanted is None or name in wanted]

"""Chains: no stage loses its last supplier; chains that are complete count, or are required.

    supply[j, s]  =  Σ_{firms at j} (1 − Σ_{closures up to s} act)  +  Σ_{projects at j} Σ_{starts up to s} start
    supply[j, s]  >=  1             every stage j that firms supply today, every year s       protect_last_supplier
    supply[j, last]  >=  1          every stage j of a chain in `require`
    at_least  <=  Σ_{projects of the set} Σ_t start  <=  at_most                              k_of_n
    Σ_{t ≤ s} start[p, t]  <=  Σ_{actions on f, t+lag ≤ s} act     every firm f a project p waits for, year s      after
    complete[c, s]  =  1 if supply[j, s] >= 1 for every stage j of c, else 0
    objective  +=  complete_points · weight[c] · complete[c, last]  −  last_supplier_cost · (stages that lost supply)

==============  ==========================================================================  ======  ==================
symbol          meaning                                                                     unit    source
==============  ==========================================================================  ======  ==================
firms at j      firms whose `stages` name j; they supply it until they are closed           -       firms.csv
projects at j   projects whose `stages` name j; they supply it from their start, any share  -       projects.csv
weight[c]       mean weight of the chain's stages                                           -       chains.csv
act, start      a closure, a start                                                          -       decision
==============  ==========================================================================  ======  ==================

A stage is named `stage` (of every chain that has it) or `chain:stage`. A firm that is upgraded, relocated, merged or
rebuilt goes on supplying. The measure `chains_completed` may stand in objectives and targets where this rule is on.
What is complete is tied to the decisions from both sides: no plan can count a chain wrongly, in either sense.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.measures import chains_column
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, check_choices, note
from quota_opt.rules._waiting import After, add_waiting, check_waiting, waiting_figures, waiting_sentence
from quota_opt.scenario import RuleParameters, refused

UNIT = "suppliers"
MEASURE = "chains_completed"


class SomeOf(BaseModel):
    """Of these projects (or groups of variants), at least and at most so many start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    projects: tuple[str, ...] = Field(min_length=1, description="projects, or groups of variants")
    at_least: int = Field(default=0, ge=0, description="fewest that start by the last year")
    at_most: int | None = Field(default=None, ge=0, description="most that start; blank: all")

    @model_validator(mode="after")
    def _possible(self) -> SomeOf:
        most = len(set(self.projects)) if self.at_most is None else self.at_most
        if self.at_least > min(most, len(set(self.projects))):
            raise refused(
                Text("at_least 大于 at_most 或项目数", "at_least is above at_most or the number of projects"),
                Text("改小 at_least，或多写几个项目。", "Lower at_least, or name more projects."),
            )
        return self


class ChainParameters(RuleParameters):
    """What chains are protected, rewarded and required."""

    protect_last_supplier: bool = Field(
        default=True, description="whether a stage that firms supply today must keep a supplier in every year"
    )
    last_supplier_cost: float = Field(
        default=0.0,
        ge=0.0,
        allow_inf_nan=False,
        description="objective units off per stage without a supplier by the last year, where that is not forbidden",
    )
    complete_points: float = Field(
        default=0.0, ge=0.0, allow_inf_nan=False, description="objective units per chain complete in the last year"
    )
    require: tuple[str, ...] = Field(default=(), description="chains that must be complete by the last year")
    k_of_n: tuple[SomeOf, ...] = Field(
        default=(), description='sets of projects, e.g. [{ projects = ["P1", "P2"], at_least = 1, at_most = 1 }]'
    )

    after: tuple[After, ...] = Field(
        default=(), description='projects that wait, e.g. [{ project = "P1", firms = ["F1"], actions = ["close"] }]'
    )

    @model_validator(mode="after")
    def _forbidden_or_dear(self) -> ChainParameters:
        if self.protect_last_supplier and self.last_supplier_cost > 0:
            raise refused(
                Text("最后供应方已不得关停，不能再计代价", "the last supplier may not go, so its loss has no cost"),
                Text(
                    "写 protect_last_supplier = false，或去掉代价。", "Set protect_last_supplier = false, or drop it."
                ),
            )
        return self


@dataclass(frozen=True)
class Supply:
    """What decisions change in the supply of stages: stage, firm (sign −1) or project (+1), column, year position."""

    stage: IntArray
    supplier: IntArray
    column: IntArray
    year: IntArray
    sign: FloatArray

    def upto(self, year: int) -> Supply:
        """What has been decided by a year."""
        on = self.year <= year
        return Supply(self.stage[on], self.supplier[on], self.column[on], self.year[on], self.sign[on])


class Chain(Rule[ChainParameters]):
    """Stages that keep a supplier, chains that become whole."""

    name: ClassVar[str] = "chain"
    title: ClassVar[Text] = Text("产业链", "industrial chains")
    order: ClassVar[int] = 40  # targets may count this rule's columns
    Parameters: ClassVar[type[RuleParameters]] = ChainParameters

    def check(self, case: Case) -> list[Finding]:
        """No chains, stages that need one another in a circle, names that are none, and settings without a form."""
        chains = case.chains
        if not chains.size and not self.parameters.k_of_n and not self.parameters.after:
            what = Text("启用了产业链规则，但没有产业链表。", "The rule chain is on, but there is no table of chains.")
            fix = Text("请加上 chains.csv（工作表“产业链”）。", "Add chains.csv (the sheet 产业链).")
            return [note(self, "no-chains", what, fix, level=Level.ERROR)]
        found = check_choices(self, self.parameters.require, list(chains.names), "require", Text("产业链", "chain"))
        known = [*case.projects["project"], *case.groups[1]]
        for i, some in enumerate(self.parameters.k_of_n):
            what = Text("项目或方案组", "project or group")
            found += check_choices(self, some.projects, known, f"k_of_n.{i}.projects", what)
        for circle in chains.cycles():
            around = " → ".join(str(chains.titles[stage]) for stage in (*circle, circle[0]))
            found.append(
                Finding(
                    Level.ERROR,
                    "chain-cycle",
                    Text(f"环节互为上游：{around}。", f"Stages need one another in a circle: {around}."),
                    case.scenario.where("chains", circle[0], "needs"),
                    Text("去掉其中一处上游环节。", "Take one of the needs out."),
                    around,
                )
            )
        if chains.unknown:
            listed = "、".join(chains.unknown)
            found.append(
                note(
                    self,
                    "unknown-stage",
                    Text(
                        f"没有产业链有这些环节：{listed}。", f"No chain has these stages: {', '.join(chains.unknown)}."
                    ),
                    Text("改正供应环节，或在产业链表中补上。", "Correct the stages, or add them to the chains."),
                    level=Level.WARNING,
                    seen=listed,
                )
            )
        found += check_waiting(self, case, self.parameters.after)
        return [*found, *self._small_suppliers(case), *self._without_form(case)]

    def notes(self, case: Case) -> list[Finding]:
        """Chains with a stage that nobody supplies today, upstream first, and the projects that could."""
        chains, found = case.chains, []
        missing = ~chains.firms.any(axis=1)
        names = case.projects["project"].to_numpy(dtype=object)
        for code, chain in enumerate(chains.names):
            gaps = chains.downstream_order(missing & (chains.chain == code))
            if not gaps:
                continue
            could = {stage: "、".join(names[chains.projects[stage] & case.start_allowed.any(axis=1)]) for stage in gaps}
            zh = "；".join(
                f"{chains.stages[j]}（{f'可由 {could[j]} 补上' if could[j] else '无项目可补'}）" for j in gaps
            )
            en = "; ".join(
                f"{chains.stages[j]} ({f'{could[j]} could' if could[j] else 'no project could'})" for j in gaps
            )
            found.append(
                note(
                    self,
                    "chain-gap",
                    Text(f"产业链“{chain}”现缺：{zh}。", f"The chain {chain} lacks today: {en}."),
                    Text("可安排补链项目。", "Projects may complete it."),
                    seen=str(len(gaps)),
                )
            )
        return found

    def rows(self, build: Build) -> None:
        """Last suppliers, required chains, sets of projects, projects that wait; columns of complete chains."""
        supply = _supply(build)
        last = build.case.horizon - 1
        if self.parameters.protect_last_supplier:
            today = build.case.chains.firms.sum(axis=1) > 0
            self._supplied(build, supply, today, range(build.case.horizon))
        if self.parameters.require:
            self._supplied(build, supply, self._required(build.case), [last])
        self._some_of(build)
        add_waiting(build, self, self.parameters.after)
        for year in self._counted(build.case):
            self._complete(build, supply.upto(year), year)

    def worth(self, outcome: Outcome) -> float:
        """Points of complete chains less the cost of stages left without a supplier, in the last year."""
        chains = outcome.case.chains
        points = self.parameters.complete_points * float((outcome.chains_complete[:, -1] * chains.weights).sum())
        lost = chains.firms.any(axis=1) & (outcome.chain_supply[:, -1] < 0.5)
        return points - self.parameters.last_supplier_cost * float(lost.sum())

    def overrides(self, outcome: Outcome) -> tuple[str, ...]:
        """Listed firms that stay open as the last supplier of a protected stage."""
        case, chains = outcome.case, outcome.case.chains
        if case.listing is None or not self.parameters.protect_last_supplier:
            return ()
        closes = case.actions["action"].to_numpy(dtype=object)[outcome.action_row] == "close"
        still = np.ones(len(case.firms), dtype=bool)
        still[case.actions["firm_code"].to_numpy()[outcome.action_row[closes]]] = False
        alone = outcome.chain_supply[:, -1] < 1.5
        last = (chains.firms & alone[:, None] & (still & case.listing.listed)[None, :]).any(axis=0)
        return tuple(map(str, case.firms["firm"].to_numpy()[last]))

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Suppliers of each protected or required stage, projects of each set; complete chains are listed."""
        case, chains = outcome.case, outcome.case.chains
        parts = []
        for held, years, aspect in (
            (chains.firms.any(axis=1) & self.parameters.protect_last_supplier, slice(None), "last_supplier"),
            (self._required(case), slice(-1, None), "require"),
        ):
            stage = np.flatnonzero(held)
            when = case.years[years]
            parts.append(
                pd.DataFrame(
                    {
                        "aspect": aspect,
                        "what": np.repeat(chains.titles[stage], len(when)),
                        "year": np.tile(when, len(stage)),
                        "figure": outcome.chain_supply[stage][:, years].ravel(),
                        "lower": 1.0,
                        "upper": np.inf,
                    }
                )
            )
        for some in self.parameters.k_of_n:
            started = np.isin(outcome.award_row, _members(case, some)).sum()
            most = np.inf if some.at_most is None else float(some.at_most)
            what = "、".join(some.projects)
            row = {"aspect": "k_of_n", "what": what, "year": case.years[-1], "figure": float(started)}
            parts.append(pd.DataFrame([{**row, "lower": float(some.at_least), "upper": most}]))
        parts.append(waiting_figures(outcome, self.parameters.after))
        complete = outcome.chains_complete[:, -1].astype(float)
        free = {"aspect": "complete", "what": chains.names, "year": case.years[-1], "figure": complete}
        parts.append(pd.DataFrame({**free, "lower": -np.inf, "upper": np.inf}))
        filled = [part for part in parts if len(part)] or [pd.DataFrame({"figure": [], "lower": []})]
        figures = pd.concat(filled, ignore_index=True)

        def sentence(row: Any) -> Text:
            if row.aspect == "after":
                return waiting_sentence(row)
            if row.aspect == "k_of_n":
                bounds = Text("", "")
                if row.lower > 0:
                    bounds = Text(f"，至少 {amount(row.lower)} 个", f", at least {amount(row.lower)}")
                if np.isfinite(row.upper):
                    most = Text(f"，至多 {amount(row.upper)} 个", f", at most {amount(row.upper)}")
                    bounds = Text(bounds.zh + most.zh, bounds.en + most.en)
                return Text(
                    f"{row.what} 中开工 {amount(row.figure)} 个{bounds.zh}。",
                    f"Of {row.what.replace('、', ', ')}, {amount(row.figure)} start{bounds.en}.",
                )
            if row.figure < 1:
                return Text(
                    f"环节 {row.what} 在 {int(row.year)} 年没有供应方。",
                    f"The stage {row.what} has no supplier in {int(row.year)}.",
                )
            return Text(
                f"环节 {row.what} 在 {int(row.year)} 年只剩 {amount(row.figure)} 个供应方。",
                f"The stage {row.what} has {amount(row.figure)} supplier left in {int(row.year)}.",
            )

        return audited(self, UNIT, figures, sentence)

    def _small_suppliers(self, case: Case) -> list[Finding]:
        """Divisible projects that would supply a stage at no size at all."""
        empty = case.projects["divisible"].to_numpy(dtype=bool) & (
            case.projects["min_share"].to_numpy(dtype=float) <= 0
        )
        names = case.projects["project"].to_numpy(dtype=object)[case.chains.projects.any(axis=0) & empty]
        if not len(names):
            return []
        listed = "、".join(names)
        what = Text(
            f"可分项目 {listed} 没有最小份额，份额再小也算供应环节。",
            f"{', '.join(names)} may be as small as can be and still counts as a supplier.",
        )
        fix = Text("请写明最小份额。", "Give a min_share.")
        return [note(self, "supplier-without-size", what, fix, level=Level.WARNING, seen=listed)]

    def _without_form(self, case: Case) -> list[Finding]:
        """Points in a lexicographic objective; a target for the chains of one place."""
        found = []
        priced = self.parameters.complete_points > 0 or self.parameters.last_supplier_cost > 0
        if priced and case.scenario.settings.objective.form == "lexicographic":
            what = Text("按次序优化时没有可加减的分值。", "A lexicographic objective has no points to add to.")
            fix = Text(f"在次序中写 {MEASURE}，或改用加权目标。", f"Put {MEASURE} in its order, or use weights.")
            found.append(note(self, "points-without-form", what, fix, level=Level.ERROR))
        targets = case.scenario.targets
        for i in np.flatnonzero(targets["measure"].astype(str).str.contains(MEASURE) & (targets["place"] != "")):
            found.append(
                Finding(
                    Level.ERROR,
                    "target-without-form",
                    Text(
                        "产业链不分区域，不能作单个区域的目标。", "Chains belong to no place; one place has no target."
                    ),
                    case.scenario.where("targets", int(i), "place"),
                    Text("去掉区域。", "Leave the place out."),
                    str(targets["place"].iloc[i]),
                )
            )
        return found

    def _required(self, case: Case) -> NDArray[np.bool_]:
        """(S,): stages of the chains that must be complete."""
        named: NDArray[np.bool_] = np.isin(case.chains.names.astype(str), self.parameters.require)
        return named[case.chains.chain]

    def _counted(self, case: Case) -> list[int]:
        """Year positions in which complete chains matter: for points, the objective or a target."""
        objective = case.scenario.settings.objective
        named = {*objective.maximise, *objective.minimise, *(item.measure for item in objective.order)}
        if case.scenario.targets["measure"].astype(str).str.contains(MEASURE).any():
            return list(range(case.horizon))
        priced = self.parameters.complete_points > 0 or self.parameters.last_supplier_cost > 0
        return [case.horizon - 1] if priced or MEASURE in named else []

    def _supplied(self, build: Build, supply: Supply, held: NDArray[np.bool_], years: Any) -> None:
        """A row for each held stage and year in which every supplier of today could be gone."""
        case = build.case
        firms = case.chains.firms.sum(axis=1)
        stages, when, parts = [], [], []
        first = 0
        for s in years:
            by_then = supply.upto(s)
            closed = by_then.sign < 0
            leaving = np.zeros(case.chains.firms.shape, dtype=bool)
            leaving[by_then.stage[closed], by_then.supplier[closed]] = True
            stage = np.flatnonzero(held & (leaving.sum(axis=1) >= firms))
            number = np.full(case.chains.size, -1)
            number[stage] = first + np.arange(len(stage))
            row = number[by_then.stage]
            parts.append((row[row >= 0], by_then.column[row >= 0], by_then.sign[row >= 0]))
            stages.append(stage)
            when.append(np.full(len(stage), case.years[s]))
            first += len(stage)
        stage = np.concatenate(stages)
        if len(stage):
            build.add_rows(
                RowInfo(self.name, self.clause, UNIT),
                {"stage": stage, "year": np.concatenate(when)},
                {"stage": case.chains.titles},
                entries=tuple(np.concatenate([part[i] for part in parts]) for i in range(3)),
                lower=1.0 - firms[stage],
            )

    def _some_of(self, build: Build) -> None:
        for i, some in enumerate(self.parameters.k_of_n):
            columns = build.start[_members(build.case, some)]
            columns = columns[columns >= 0]
            build.add_rows(
                RowInfo(self.name, self.clause, "projects"),
                {"set": [i + 1]},
                entries=(np.zeros(len(columns), dtype=int), columns, np.ones(len(columns))),
                lower=float(some.at_least) if some.at_least else -np.inf,
                upper=np.inf if some.at_most is None else float(some.at_most),
            )

    def _complete(self, build: Build, supply: Supply, s: int) -> None:
        """Columns that are 1 exactly where a stage is served, a chain complete, a stage lost; and what they earn."""
        case, chains = build.case, build.case.chains
        link = RowInfo(self.name, self.clause, UNIT, elastic=False)
        year, stages = case.years[s], np.arange(chains.size)
        names = {"stage": chains.titles, "chain": chains.names}
        by_stage: dict[str, ArrayLike] = {"stage": stages, "year": np.full(chains.size, year)}
        served = build.model.add_columns("served", by_stage, upper=1.0, categories=names)
        # Not served without a supplier: served <= firms + supply.
        entries = (
            np.concatenate([stages, supply.stage]),
            np.concatenate([served, supply.column]),
            np.concatenate([np.ones(chains.size), -supply.sign]),
        )
        build.add_rows(link, by_stage, names, entries=entries, upper=chains.firms.sum(axis=1))
        # Served by each supplier: served >= 1 - closure, served >= start.
        for member, sign in ((chains.firms, -1.0), (chains.projects, 1.0)):
            stage, supplier = np.nonzero(member)
            number = np.full(member.shape, -1, dtype=np.int64)
            number[stage, supplier] = np.arange(len(stage))
            mine = supply.sign == sign
            entries = (
                np.append(np.arange(len(stage)), number[supply.stage[mine], supply.supplier[mine]]),
                np.append(served[stage], supply.column[mine]),
                np.append(np.ones(len(stage)), -supply.sign[mine]),
            )
            pairs: dict[str, ArrayLike] = {"stage": stage, "year": np.full(len(stage), year)}
            build.add_rows(link, pairs, names, entries=entries, lower=1.0 if sign < 0 else 0.0)
        complete = self._whole(build, served, year, names)
        build.own[chains_column(int(year))] = complete
        if s == case.horizon - 1:
            if self.parameters.complete_points > 0:
                gains = -self.parameters.complete_points * chains.weights
                build.penalties += list(zip(complete.tolist(), gains.tolist(), strict=True))
            self._lost(build, served, year, names)

    def _whole(self, build: Build, served: IntArray, year: int, names: dict[str, NDArray[np.object_]]) -> IntArray:
        chains = build.case.chains
        link = RowInfo(self.name, self.clause, UNIT, elastic=False)
        number, stages = len(chains.names), np.arange(chains.size)
        by_chain: dict[str, ArrayLike] = {"chain": np.arange(number), "year": np.full(number, year)}
        complete = build.model.add_columns("complete", by_chain, upper=1.0, categories=names)
        ones = np.ones(chains.size)
        build.add_rows(
            link,
            {"stage": stages, "year": np.full(chains.size, year)},
            names,
            entries=(np.tile(stages, 2), np.concatenate([complete[chains.chain], served]), np.append(ones, -ones)),
            upper=0.0,
        )
        build.add_rows(
            link,
            by_chain,
            names,
            entries=(
                np.append(np.arange(number), chains.chain),
                np.append(complete, served),
                np.append(np.ones(number), -ones),
            ),
            lower=1.0 - np.bincount(chains.chain, minlength=number),
        )
        return complete

    def _lost(self, build: Build, served: IntArray, year: int, names: dict[str, NDArray[np.object_]]) -> None:
        """Columns that are 1 where a stage of today has no supplier left, each at its cost."""
        stage = np.flatnonzero(build.case.chains.firms.any(axis=1))
        if not self.parameters.last_supplier_cost > 0 or not len(stage):
            return
        labels: dict[str, ArrayLike] = {"stage": stage, "year": np.full(len(stage), year)}
        lost = build.model.add_columns("lost", labels, upper=1.0, categories=names)
        row, ones = np.arange(len(stage)), np.ones(2 * len(stage))
        link = RowInfo(self.name, self.clause, UNIT, elastic=False)
        entries = (np.tile(row, 2), np.append(lost, served[stage]), ones)
        build.add_rows(link, labels, names, entries=entries, lower=1.0, upper=1.0)
        build.penalties += [(int(column), self.parameters.last_supplier_cost) for column in lost]


def _members(case: Case, some: SomeOf) -> IntArray:
    """The projects of a set, each once."""
    return np.unique(np.concatenate([case.members(name) for name in some.projects]))


def _supply(build: Build) -> Supply:
    """Closures of suppliers and starts of projects, with the stages each concerns."""
    case, chains = build.case, build.case.chains
    closes = (case.actions["action"].to_numpy(dtype=object) == "close").astype(bool)
    parts = []
    for grid, rows, owner, member, sign in (
        (build.act, closes, case.actions["firm_code"].to_numpy(dtype=np.int64), chains.firms, -1.0),
        (build.start, np.ones(len(case.projects), dtype=bool), np.arange(len(case.projects)), chains.projects, 1.0),
    ):
        row, year = np.nonzero((grid >= 0) & (rows & member[:, owner].any(axis=0))[:, None])
        stage, decision = np.nonzero(member[:, owner[row]])
        row, year = row[decision], year[decision]
        parts.append((stage, owner[row], grid[row, year], year, np.full(len(stage), sign)))
    return Supply(*(np.concatenate([part[i] for part in parts]) for i in range(5)))

"""Retention: part of what a town frees stays there, part goes to the pool above.

    out[n, r, s] + sold[n, r, s] + other[n, r, s]  <=  (1 − keep) · freed[n, r, s] + initial[n, r, s]
    out[n, r, s]  >=  pool · freed[n, r, s]                              for every place n at `levels`, year s

============  ==============================================================  ====  ============
symbol        meaning                                                         unit  source
============  ==============================================================  ====  ============
out           net flow of the place to its parent                             r     decision
freed         what actions in the place (and below) make available that year  r     decision
initial       quota the place (and below) holds without any action            r     quotas.csv
sold          what is sold in the place (and below): it leaves, too           r     decision
other         what projects outside `categories` use there beyond what is     r     decision
              bought there; 0 without `categories`
keep, pool    shares; `by_place` puts another keep for a place                -     parameters
============  ==============================================================  ====  ============

With `categories` the part that stays is for projects of these categories alone: others share what may leave, what is
held, what is bought and what comes in (a negative `out`). A place named in `by_place` is bound whatever its level.

With `pool` above 0 a place that frees nothing may receive nothing net: its outflow may not fall below 0.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.model.terms import joined
from quota_opt.rules._shared import amount, audited, check_choices, check_places, note
from quota_opt.scenario import RuleParameters, refused, unit_words
from quota_opt.scenario.schema import table_named


class Held(NamedTuple):
    """What retention asks of each place: `places` (N,) bound, `keep` (N,), `pool`, `others` (P,), `resources`.

    `others` are the projects that may not use what stays; `shared`: whether `categories` sets them apart.
    """

    places: NDArray[np.bool_]
    keep: FloatArray
    pool: float
    others: NDArray[np.bool_]
    shared: bool
    resources: tuple[int, ...]


class RetentionParameters(RuleParameters):
    """Shares of what a place frees, the places bound, and who may use what stays."""

    keep: float = Field(default=0.0, ge=0.0, le=1.0, description="share of what is freed that stays")
    pool: float = Field(default=0.0, ge=0.0, le=1.0, description="share of what is freed that goes up")
    levels: tuple[str, ...] = Field(default=("town", "zone"), description="levels of the places bound")
    resources: tuple[str, ...] | None = Field(default=None, description="resources bound (default all)")
    by_place: dict[str, Annotated[float, Field(ge=0.0, le=1.0)]] = Field(
        default_factory=dict, description="`keep` of single places, in place of the common one"
    )
    categories: tuple[str, ...] | None = Field(
        default=None, description="categories of projects that may use what stays (default all)"
    )

    @model_validator(mode="after")
    def _shares_fit(self) -> RetentionParameters:
        if max(self.keep, *self.by_place.values(), 0.0) + self.pool > 1.0 + 1e-12:
            raise refused(Text("keep 与 pool 之和不得超过 1", "keep + pool may not exceed 1"))
        return self


class Retention(Rule[RetentionParameters]):
    """What towns keep of what they free."""

    name: ClassVar[str] = "retention"
    title: ClassVar[Text] = Text("镇街留用", "retention in towns")
    Parameters: ClassVar[type[RuleParameters]] = RetentionParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown resources, places and categories; a place with nothing above it."""
        named, own = self.parameters.resources or (), self.parameters.by_place
        found = check_choices(self, named, case.resources, "resources", Text("资源", "resource"))
        found += check_places(self, own, case.places, "by_place")
        known = [choice.value for choice in table_named("projects").column("category").choices]
        what = Text("项目类别", "category of projects")
        found += check_choices(self, self.parameters.categories or (), known, "categories", what)
        for name in own:
            if name in case.places.code and case.places.parent[case.places.code[name]] < 0:
                found.append(
                    note(
                        self,
                        "place-without-parent",
                        Text(f"“{name}”没有上级，谈不上留用。", f"{name!r} has no place above; nothing can leave it."),
                        Text("从 by_place 中删去。", "Take it out of by_place."),
                        level=Level.ERROR,
                        seen=name,
                    )
                )
        return found

    def rows(self, build: Build) -> None:
        """Both shares, for each resource, place and year."""
        case = build.case
        bound = self._bound(case)
        keep, pool = self._keep(case), self.parameters.pool
        others = build.share[self._others(case)]
        others = others[others >= 0]
        for r in self._resources(case):
            rows = np.broadcast_to(bound[:, None], (case.places.size, case.horizon))
            freed = build.over_subtree(build.freed(r), bound)
            out = build.net_up(r).at(bound)
            info = RowInfo(self.name, self.clause, case.unit(case.resources[r]))
            most = joined(freed.times(-(1.0 - keep)), out)
            if case.market is not None:
                most = joined(most, build.over_subtree(build.sold(r), bound))
            if len(others):
                used = build.used(r)
                other = used.where(np.isin(used.column, others))
                most = joined(most, build.over_subtree(other, bound))
            if case.market is not None and self.parameters.categories is not None:
                most = joined(most, -build.over_subtree(build.bought(r), bound))
            held = case.places.subtree_sum(case.initial[r])
            build.place_year_rows(info, most, rows, upper=held, labels={"resource": r})
            if pool > 0:
                least = joined(freed.times(-pool), out)
                build.place_year_rows(info, least, rows, lower=0.0, labels={"resource": r})

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Net outflow (and what other projects use) against the shares of what was freed."""
        case = outcome.case
        bound = np.flatnonzero(self._bound(case))
        keep, pool = self._keep(case)[bound, None], self.parameters.pool
        parts = []
        for r in self._resources(case):
            freed = case.places.subtree_sum(outcome.freed[r])[bound]
            held = case.places.subtree_sum(case.initial[r])[bound]
            other = case.places.subtree_sum(self._used_by_others(outcome, r))[bound]
            if self.parameters.categories is not None:
                other = other - case.places.subtree_sum(outcome.bought[r])[bound]
            out, sold = outcome.net_up[r, bound], case.places.subtree_sum(outcome.sold[r])[bound]
            named = {
                "resource": case.resources[r],
                "place": np.repeat(case.places.names[bound], case.horizon),
                "year": np.tile(case.years, len(bound)),
                "freed": freed.ravel(),
                "out": out.ravel(),
                "other": other.ravel(),
                "sold": sold.ravel(),
            }
            upper = ((1.0 - keep) * freed + held).ravel()
            lower = (pool * freed).ravel() if pool > 0 else -np.inf
            most = {"figure": (out + sold + other).ravel(), "upper": upper, "lower": -np.inf}
            least = {"figure": out.ravel(), "upper": np.inf, "lower": lower}
            if self.parameters.categories is None and case.market is None:
                parts.append(pd.DataFrame({**named, **least, "upper": upper}))
                continue
            parts.append(pd.DataFrame({**named, **most}))
            if pool > 0:
                parts.append(pd.DataFrame({**named, **least}))
        figures = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"figure": [], "upper": []})
        figures = figures[(figures.get("freed", 0.0) != 0.0) | (figures["figure"] != 0.0)]

        def sentence(row: Any) -> Text:
            unit, place = unit_words(case.unit(row.resource)), case.place_title(row.place)
            sold = Text(f"，卖出 {amount(row.sold)}", f", sells {amount(row.sold)}") if row.sold > 0 else Text("", "")
            freed = Text(
                f"{place} {row.year} 年腾出 {amount(row.freed)} {unit.zh}，外调 {amount(row.out)}{sold.zh}",
                f"{place} frees {amount(row.freed)} {unit.en} in {row.year}, sends out {amount(row.out)}{sold.en}",
            )
            if np.isinf(row.upper):
                return Text(
                    f"{freed.zh}，至少上调 {amount(row.lower)}。", f"{freed.en}, must send {amount(row.lower)}."
                )
            if self.parameters.categories is None:
                return Text(f"{freed.zh}，上限 {amount(row.upper)}。", f"{freed.en}, may send {amount(row.upper)}.")
            return Text(
                f"{freed.zh}，其他类别项目使用 {amount(row.other)}，两项合计上限 {amount(row.upper)}。",
                f"{freed.en}, gives {amount(row.other)} to projects of other categories, "
                f"may do {amount(row.upper)} of both.",
            )

        return audited(self, "tce", figures, sentence)

    def held(self, case: Case) -> Held:
        """What it asks of each place, as arrays."""
        shared = self.parameters.categories is not None
        others, resources = self._others(case), tuple(self._resources(case))
        return Held(self._bound(case), self._keep(case), self.parameters.pool, others, shared, resources)

    def _keep(self, case: Case) -> FloatArray:
        """(N,): the share that stays in each place."""
        keep = np.full(case.places.size, self.parameters.keep)
        for name, share in self.parameters.by_place.items():
            if name in case.places.code:
                keep[case.places.code[name]] = share
        return keep

    def _others(self, case: Case) -> NDArray[np.bool_]:
        """(P,): projects that may not use what stays."""
        wanted = self.parameters.categories
        if wanted is None:
            return np.zeros(len(case.projects), dtype=bool)
        outside: NDArray[np.bool_] = ~case.projects["category"].isin(list(wanted)).to_numpy(dtype=bool)
        return outside

    def _used_by_others(self, outcome: Outcome, r: int) -> FloatArray:
        """(N, T): what projects of other categories take at each place."""
        case = outcome.case
        others = self._others(case)[outcome.award_row]
        place = case.projects["place_code"].to_numpy()[outcome.award_row[others]]
        used = np.zeros((case.places.size, case.horizon))
        for t in range(case.horizon):
            np.add.at(used[:, t], place, outcome.award_use(r, t)[others])
        return used

    def _bound(self, case: Case) -> NDArray[np.bool_]:
        level = np.isin(case.places.levels.astype(str), list(self.parameters.levels))
        level |= np.isin(case.places.names.astype(str), list(self.parameters.by_place))
        bound: NDArray[np.bool_] = level & (case.places.parent >= 0)
        return bound

    def _resources(self, case: Case) -> list[int]:
        wanted = self.parameters.resources
        return [r for r, name in enumerate(case.resources) if wanted is None or name in wanted]

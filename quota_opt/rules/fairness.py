"""Fairness: each town uses at least a share of what it frees; or the smallest such share is made as large as can be.

    used[n, s]  >=  min_ratio · freed[n, s]                    every place n of the level, last year or every year s

    maximise z  with  used[n, s]  >=  Σ_a free[a] · w[a, s]    maximise_smallest, before the case's own objective
                      w[a, s]  =  z · done[a, s],   0 <= z <= 1

    received by rated places  >=  share · sent up by the others of the same pool                          bonus

==============  ===========================================================================  ======  ==============
symbol          meaning                                                                      unit    source
==============  ===========================================================================  ======  ==============
used            energy that pools in the place (and below) give up to awards                 tce/yr  decision
freed           energy that actions in the place (and below) make available                  tce/yr  decision
free[a]         what action a makes available                                                tce/yr  actions.csv
done[a, s]      1 if action a is done and effective by year s                                -       decision
z               smallest ratio of used to freed; ratios above 1 count as 1                   -       decision
==============  ===========================================================================  ======  ==============

The product z · done is exact, not approximated: done is 0 or 1, so that  z − (1 − done) <= w <= min(z, done), w >= 0
leaves w no other value; of the two sides, the one that can bind is written: the left where an action makes energy
available, the right where it takes some. A place that frees nothing (or less) has no ratio; a plan that frees nothing
anywhere has z = 1, so `maximise_smallest` says something where targets demand that quota be freed, or with a
`tolerance`. Above 1 a ratio counts as 1. The bonus holds every year, for each pool with places of the rating.
Level `town` takes zones in, as the measure `smallest_town_ratio` does.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray, IntArray
from quota_opt.model.measures import coefficients
from quota_opt.model.objective import Stage
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.model.terms import Terms, joined
from quota_opt.rules._shared import amount, audited, check_choices, note
from quota_opt.scenario import RuleParameters, refused

RATIO = "smallest ratio"
LEAST = 1e-9


class Bonus(BaseModel):
    """The share of what other places send up that places of a rating receive together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rating: str = Field(default="优秀", description="rating of the places that receive it, as in places.csv")
    share: float = Field(ge=0.0, le=1.0, description="least share of what the other places send up, net")


class FairnessParameters(RuleParameters):
    """A floor, the largest smallest ratio, or a bonus; any of them together."""

    min_ratio: float | None = Field(
        default=None, ge=0.0, allow_inf_nan=False, description="least ratio of energy used to energy freed"
    )
    maximise_smallest: bool = Field(
        default=False, description="whether the smallest ratio is maximised before the case's own objective"
    )
    tolerance: float = Field(
        default=0.0, ge=0.0, le=1.0, description="share of the largest smallest ratio that the objective may give up"
    )
    level: str = Field(default="town", description="level of the places compared; town takes zones in")
    each_year: bool = Field(default=False, description="whether it holds in every year, not the last alone")
    bonus: Bonus | None = Field(default=None, description='e.g. { rating = "优秀", share = 0.2 }')

    @model_validator(mode="after")
    def _says_something(self) -> FairnessParameters:
        if self.min_ratio is None and not self.maximise_smallest and self.bonus is None:
            raise refused(
                Text(
                    "须写 min_ratio、maximise_smallest 或 bonus",
                    "needs min_ratio, maximise_smallest or bonus",
                )
            )
        return self


class Fairness(Rule[FairnessParameters]):
    """What each town gets to use of what it frees."""

    name: ClassVar[str] = "fairness"
    title: ClassVar[Text] = Text("镇街公平", "fairness between towns")
    Parameters: ClassVar[type[RuleParameters]] = FairnessParameters

    def check(self, case: Case) -> list[Finding]:
        """A level no place has, no energy to share, a rating no place has."""
        levels = sorted({*case.places.levels.astype(str)})
        found = []
        if not self._bound(case).any():
            what = Text("区域级别", "level of places")
            found += check_choices(self, [self.parameters.level], levels, "level", what)
        if case.energy < 0:
            what = Text("镇街公平按能耗计，但本案例没有能耗。", "Fairness is about energy; the case has none.")
            fix = Text('在 resources 中加上 "energy"。', 'Add "energy" to resources.')
            found.append(note(self, "no-energy", what, fix, level=Level.ERROR))
        bonus = self.parameters.bonus
        if bonus is not None and not self._rated(case).any():
            known = sorted({*case.scenario.places["rating"]} - {""})
            if known:
                what = Text("考核等次", "rating of places")
                found += check_choices(self, [bonus.rating], known, "bonus.rating", what, Level.WARNING)
            else:
                what = Text("区域表没有考核等次，奖励不起作用。", "No place has a rating; the bonus does nothing.")
                fix = Text("在区域表中填写 rating。", "Fill in the rating of places.")
                found.append(note(self, "no-rating", what, fix, level=Level.WARNING))
        return found

    def rows(self, build: Build) -> None:
        """Floors, the rows of the smallest ratio, and what rated places receive."""
        case = build.case
        bound = self._bound(case)
        years = np.zeros(case.horizon, dtype=bool)
        years[self._years(case)] = True
        rows = bound[:, None] & years
        used = build.over_subtree(build.used(case.energy), bound)
        info = RowInfo(self.name, self.clause, "tce")
        if self.parameters.min_ratio is not None:
            freed = build.over_subtree(build.freed(case.energy), bound)
            least = freed.times(-self.parameters.min_ratio)
            build.place_year_rows(info, joined(least, used), rows, lower=0.0)
        if self.parameters.maximise_smallest:
            ratio = build.model.add_columns("smallest_ratio", {"number": [1]}, upper=1.0)
            build.own[RATIO] = ratio
            parts = [_products(build, int(ratio[0]), s) for s in np.flatnonzero(years).tolist()]
            freed = build.over_subtree(joined(*parts), bound)
            build.place_year_rows(
                RowInfo(self.name, self.clause, "tce", elastic=False), joined(used, -freed), rows, lower=0.0
            )
        if self.parameters.bonus is not None:
            self._bonus(build, self.parameters.bonus)

    def stages(self, case: Case) -> list[Stage]:
        """The smallest ratio, before the case's own objective."""
        if not self.parameters.maximise_smallest:
            return []
        nothing = coefficients(case, "projects_started") * 0.0
        whole = type(nothing)(nothing.actions, nothing.shares, nothing.starts, own={RATIO: 1.0})
        return [Stage("fairness", whole, 1.0, self.parameters.tolerance)]

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Used against the share of freed, place by place; the bonus pool by pool."""
        case = outcome.case
        bound, years = np.flatnonzero(self._bound(case)), self._years(case)
        freed = case.places.subtree_sum(outcome.freed[case.energy])[bound][:, years]
        used = case.places.subtree_sum(outcome.used[case.energy])[bound][:, years]
        floor = self.parameters.min_ratio
        table = pd.DataFrame(
            {
                "aspect": "floor",
                "place": np.repeat(case.places.names[bound], len(years)),
                "year": np.tile(case.years[years], len(bound)),
                "freed": freed.ravel(),
                "figure": used.ravel(),
                "lower": -np.inf if floor is None else floor * freed.ravel(),
            }
        )
        table["ratio"] = np.where(
            table["freed"] > LEAST, table["figure"] / table["freed"].where(table["freed"] > LEAST), np.nan
        )
        figures = table[(table["freed"] > LEAST) | (table["figure"] < table["lower"])]
        if self.parameters.bonus is not None:
            figures = pd.concat([figures, self._bonus_figures(outcome, self.parameters.bonus)], ignore_index=True)

        def sentence(row: Any) -> Text:
            place, year = case.place_title(row.place), int(row.year)
            if row.aspect == "bonus":
                return Text(
                    f"{place} {year} 年评优镇街共获统筹 {amount(row.figure)} 吨标准煤，应不少于 {amount(row.lower)}。",
                    f"{place}: rated places receive {amount(row.figure)} tce in {year}, at least {amount(row.lower)}.",
                )
            return Text(
                f"{place} {year} 年腾出 {amount(row.freed)} 吨标准煤，使用 {amount(row.figure)}，"
                f"应不少于 {amount(row.lower)}。",
                f"{place} frees {amount(row.freed)} tce by {year} and uses {amount(row.figure)}, "
                f"at least {amount(row.lower)}.",
            )

        return audited(self, "tce", figures, sentence)

    def _years(self, case: Case) -> IntArray:
        """Positions of the years it holds in."""
        return np.arange(case.horizon) if self.parameters.each_year else np.array([case.horizon - 1])

    def _bound(self, case: Case) -> NDArray[np.bool_]:
        wanted = ("town", "zone") if self.parameters.level == "town" else (self.parameters.level,)
        bound: NDArray[np.bool_] = np.isin(case.places.levels.astype(str), wanted)
        return bound

    def _rated(self, case: Case) -> NDArray[np.bool_]:
        """(N,): places of the level that are rated as the bonus asks."""
        bonus = self.parameters.bonus
        rating = dict(zip(case.scenario.places["place"], case.scenario.places["rating"], strict=True))
        named = np.array([bonus is not None and rating[name] == bonus.rating for name in case.places.names], dtype=bool)
        return named & self._bound(case) & (case.places.parent >= 0)

    def _weights(self, case: Case, bonus: Bonus) -> FloatArray:
        """(N,): −1 for rated places, −share for the others beside them, 0 elsewhere: received − share · sent up."""
        rated = self._rated(case)
        pools = np.unique(case.places.parent[rated])
        beside = self._bound(case) & np.isin(case.places.parent, pools) & (case.places.parent >= 0)
        weights: FloatArray = np.where(rated, -1.0, np.where(beside, -bonus.share, 0.0))
        return weights

    def _bonus(self, build: Build, bonus: Bonus) -> None:
        case = build.case
        weights = self._weights(case, bonus)
        place, year = np.nonzero(build.move[case.energy] >= 0)
        columns = build.move[case.energy][place, year]
        terms = Terms.of(case, columns, case.places.parent[place], year, weights[place])
        pools = np.zeros(case.places.size, dtype=bool)
        pools[np.unique(case.places.parent[self._rated(case)])] = True
        rows = np.broadcast_to(pools[:, None], (case.places.size, case.horizon))
        build.place_year_rows(RowInfo(self.name, self.clause, "tce"), terms, rows, lower=0.0)

    def _bonus_figures(self, outcome: Outcome, bonus: Bonus) -> pd.DataFrame:
        case = outcome.case
        rated = self._rated(case)
        others = (self._weights(case, bonus) != 0.0) & ~rated
        pools = np.unique(case.places.parent[rated])
        parts = []
        for pool in pools:
            here = case.places.parent == pool
            net = outcome.net_up[case.energy]
            sent = net[here & others].sum(axis=0)
            parts.append(
                pd.DataFrame(
                    {
                        "aspect": "bonus",
                        "place": case.places.names[pool],
                        "year": case.years,
                        "freed": np.nan,
                        "figure": -net[here & rated].sum(axis=0),
                        "lower": bonus.share * sent,
                        "ratio": np.nan,
                    }
                )
            )
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _products(build: Build, ratio: int, s: int) -> Terms:
    """What actions make available in a year, each times the ratio: terms in columns that are z · done."""
    case = build.case
    effective = np.arange(case.horizon)[None, :] + case.actions["lag"].to_numpy()[:, None] <= s
    live = (build.act >= 0) & effective
    free = case.standing_free(case.energy, s)
    actions = np.flatnonzero(live.any(axis=1) & (free != 0.0))
    firms = case.firms["firm"].to_numpy(dtype=object)
    labels: dict[str, ArrayLike] = {
        "firm": case.actions["firm_code"].to_numpy()[actions],
        "number": actions,
        "year": np.full(len(actions), case.years[s]),
    }
    product = build.model.add_columns("ratio_freed", labels, upper=1.0, categories={"firm": firms})
    gives = free[actions] > 0.0
    row, year = np.nonzero(live[actions])
    done = build.act[actions[row], year]
    link = RowInfo("fairness", None, "ratio", elastic=False)
    for chosen, sign_z, sign_done, lower, upper in (
        (gives, -1.0, -1.0, -1.0, np.inf),  # w >= z + done - 1
        (~gives, -1.0, 0.0, -np.inf, 0.0),  # w <= z
        (~gives, 0.0, -1.0, -np.inf, 0.0),  # w <= done
    ):
        which = np.flatnonzero(chosen)
        if not len(which):
            continue
        number = np.full(len(actions), -1, dtype=np.int64)
        number[which] = np.arange(len(which))
        mine = chosen[row]
        entries = (
            np.concatenate([number[which], number[which], number[row[mine]]]),
            np.concatenate([product[which], np.full(len(which), ratio), done[mine]]),
            np.concatenate([np.ones(len(which)), np.full(len(which), sign_z), np.full(int(mine.sum()), sign_done)]),
        )
        own: dict[str, ArrayLike] = {key: np.asarray(values)[which] for key, values in labels.items()}
        build.add_rows(link, own, {"firm": firms}, entries=entries, lower=lower, upper=upper)
    place = case.actions["place_code"].to_numpy()[actions]
    return Terms.of(case, product, place, np.full(len(actions), s), free[actions])

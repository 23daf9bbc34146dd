"""Trading: quota is bought and sold at the prices of each year, and closures are paid for going early.

    pool balance:   … + bought[n, r, s] − sold[n, r, s]
    bought[n, r, s]  =  Σ_{s − lasts < u <= s}  buy[n, r, u] + Σ_{projects at n} buy_for[p, u]      sold = sell[n, r, s]
    Σ_n buy[n, r, u] + Σ_p buy_for[p, u]  <=  max_buy[u]                                    every resource r, year u
    Σ_{m in n and below} sell[m, r, s]  <=  max_sell_share · (freed + held)[n and below, r, s]            every place n
    Σ_{s − lasts < u <= s} buy_for[p, u]  >=  owed[p, s],    buy_for[p, u]  <=  owed[p, u]        projects that must buy

    purchase_cost  =  Σ d(u) · price[u] · buy            price of buy_for by the band of the project's intensity
    sale_income    =  Σ d(s) · (1 − levy) · sell_price[s] · sell
    exit_payments  =  Σ_closures d(t) · exit_payment[t] · energy made available
    trading_cost   =  purchase_cost − sale_income + exit_payments

==============  ====================================================================  ==============  ============
symbol          meaning                                                               unit            source
==============  ====================================================================  ==============  ============
buy, sell       what is bought and sold at a place in a year                          r               decision
buy_for         what a project must buy for itself, at its place                      tce             decision
owed            buy_share · need · ramp · share of a started project, as counted      tce             decision
                that year (`admission`, `accounting`)
freed           what actions make available (those that take quota aside)             r               decision
held            quota held without any action (debts aside)                           r               quotas.csv
price           buy_price of the year, or of the highest band the project is above    10k yuan per r  parameters
d(t)            worth in the first year of money of year t                            -               discount_rate
==============  ====================================================================  ==============  ============

Prices are one number or by year; in a year without a price there is no trade on that side. `{ energy = …, carbon = … }`
sets them apart by resource. A trade is of a yearly right and stands in its year alone; `lasts` lets purchases stand
longer. Where no `max_buy` is given, a place buys no more than all projects together would use. What may be sold is new
quota of the area, not what was bought or came in from elsewhere: `max_sell_share` is 1 unless the case says less.

A weighted objective that names none of the four measures loses `weight` times the net cost; a lexicographic one counts
what it names and nothing else. A sale counts as leaving a town (`retention`). Where selling a purchase on would earn
money, the prices are an error.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case, FloatArray
from quota_opt.model.market import Market, obligation, standing
from quota_opt.model.objective import names_money
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.model.terms import joined
from quota_opt.rules._prices import ByResource, ByYear, by_resource, by_year, named_resources, years_named
from quota_opt.rules._shared import amount, audited, check_choices, check_places, inside, note
from quota_opt.scenario import RuleParameters, refused, resource_words, unit_words

LEAST = 1e-9


class Band(BaseModel):
    """What projects above an energy intensity pay for what they must buy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    above: float = Field(ge=0.0, allow_inf_nan=False, description="energy intensity, tce per 10k yuan of value added")
    price: ByYear = Field(description="10k yuan per tce, one number or by year")


class TradingParameters(RuleParameters):
    """Prices, limits, and how the money counts."""

    buy_price: ByResource | None = Field(default=None, description="10k yuan per unit bought, one number or by year")
    sell_price: ByResource | None = Field(default=None, description="10k yuan per unit sold, one number or by year")
    resources: tuple[str, ...] = Field(default=("energy",), description="resources that are traded")
    places: tuple[str, ...] | None = Field(default=None, description="these places and all below (default all)")
    max_buy: ByResource | None = Field(default=None, description="most bought in a year over all places")
    max_sell_share: float = Field(default=1.0, ge=0.0, le=1.0, description="share of a place's new quota that may go")
    lasts: int = Field(default=1, ge=1, le=60, description="years a purchase stands")
    bands: tuple[Band, ...] = Field(default=(), description="prices by the energy intensity of who must buy")
    exit_payment: ByYear | None = Field(default=None, description="10k yuan per tce that a closure makes available")
    levy: float = Field(default=0.0, ge=0.0, le=1.0, description="share of sales that goes to the level above")
    weight: float = Field(
        default=1.0, ge=0.0, allow_inf_nan=False, description="weight of the net cost where no money is named"
    )

    @model_validator(mode="after")
    def _opens_a_side(self) -> TradingParameters:
        if self.buy_price is None and self.sell_price is None and self.exit_payment is None:
            raise refused(
                Text("须写 buy_price 或 sell_price", "needs buy_price or sell_price"),
                Text(
                    "写明每单位的价格（万元）；没有默认价格。",
                    "Write a price in 10k yuan per unit; there is no default.",
                ),
            )
        if self.buy_price is None and (self.bands or self.max_buy is not None):
            raise refused(
                Text("bands 和 max_buy 只在写了 buy_price 时有意义", "bands and max_buy need a buy_price"),
                Text("写上 buy_price，或删去它们。", "Write a buy_price, or take them out."),
            )
        return self


class Trading(Rule[TradingParameters]):
    """The market for quota."""

    name: ClassVar[str] = "trading"
    title: ClassVar[Text] = Text("用能权交易", "quota trading")
    Parameters: ClassVar[type[RuleParameters]] = TradingParameters

    def market(self, case: Case) -> Market:
        """Prices and limits as arrays."""
        given = self.parameters
        shut = np.full((len(case.resources), case.horizon), np.nan)
        buy, sell = (
            shut.copy() if price is None else by_resource(price, case, given.resources, np.nan)
            for price in (given.buy_price, given.sell_price)
        )
        most = np.full_like(shut, np.inf)
        if given.max_buy is not None:
            # A resource or year without a figure: none may be bought, as a fund without money pays nothing.
            most = np.nan_to_num(by_resource(given.max_buy, case, given.resources, 0.0), nan=np.inf)
        return Market(
            buy_price=buy,
            sell_price=sell,
            project_price=self._project_price(case, buy),
            places=inside(case, given.places),
            most=most,
            exit_payment=by_year(given.exit_payment, case, 0.0),
            lasts=given.lasts,
            levy=given.levy,
            weight=given.weight,
        )

    def check(self, case: Case) -> list[Finding]:
        """Unknown names, land, prices that make money of nothing, years without trade, how the money counts."""
        given = self.parameters
        what = Text("资源", "resource")
        found = check_choices(self, given.resources, case.resources, "resources", what)
        found += check_places(self, given.places or (), case.places, "places")
        for name in ("buy_price", "sell_price", "max_buy"):
            found += check_choices(self, named_resources(getattr(given, name)), given.resources, name, what)
        if "land" in given.resources:
            words = Text(
                "土地是存量，不是逐年的权利，不能在此交易。", "Land is a stock, not a yearly right: not traded here."
            )
            fix = Text("从 resources 中删去 land。", "Take land out of resources.")
            found.append(note(self, "land-is-not-traded", words, fix, level=Level.ERROR, seen="land"))
        if case.market is None:
            return found
        return [*found, *self._years(case), *self._money_for_nothing(case, case.market), *self._counts(case)]

    def _years(self, case: Case) -> list[Finding]:
        """Years of the horizon without a price, and prices of other years."""
        found = []
        horizon = {str(year) for year in case.years}
        for name, side in (("buy_price", Text("购入", "purchase")), ("sell_price", Text("卖出", "sale"))):
            named = years_named(getattr(self.parameters, name))
            if named and (silent := sorted(horizon - named)):
                years = "、".join(silent)
                what = Text(
                    f"{years} 年没有写{side.zh}价，当年不能{side.zh}。",
                    f"No {side.en} in {', '.join(silent)}: no price.",
                )
                fix = Text(f"如需交易，请在 {name} 中写上这些年份。", f"To trade then, write these years into {name}.")
                found.append(note(self, "years-without-trade", what, fix, seen=years))
            if outside := sorted(named - horizon):
                years = "、".join(outside)
                what = Text(
                    f"{side.zh}价的年份 {years} 不在规划期内。",
                    f"The {side.en} prices of {', '.join(outside)} are of no year planned.",
                )
                fix = Text(f"从 {name} 中删去。", f"Take them out of {name}.")
                found.append(note(self, "price-outside-horizon", what, fix, level=Level.WARNING, seen=years))
        return found

    def _money_for_nothing(self, case: Case, market: Market) -> list[Finding]:
        """An error where what is bought in a year sells for more, in its year or (where it lasts) over its years."""
        earned = np.nan_to_num(market.sell_price) * (1.0 - market.levy) * case.discount
        paid = market.buy_price * case.discount
        found = []
        for r, resource in enumerate(case.resources):
            for t, year in enumerate(case.years):
                worth = float(earned[r, t : t + market.lasts].sum())
                if worth > paid[r, t] + 1e-12:
                    words = resource_words(resource)
                    what = Text(
                        f"{year} 年{words.zh}购入价 {market.buy_price[r, t]:g} "
                        f"低于卖出所得 {worth / case.discount[t]:g}，转手即可获利。",
                        f"In {year} {words.en} costs {market.buy_price[r, t]:g} and sells for "
                        f"{worth / case.discount[t]:g}: money for nothing.",
                    )
                    fix = Text(
                        "卖出价（扣除上缴后）不得高于购入价。",
                        "Let sales, after the levy, earn no more than purchases cost.",
                    )
                    found.append(note(self, "money-for-nothing", what, fix, level=Level.ERROR, seen=str(year)))
        return found

    def _counts(self, case: Case) -> list[Finding]:
        """How the money counts in the objective."""
        if names_money(case):
            return []
        weighted = case.scenario.settings.objective.form == "weighted"
        if weighted and self.parameters.weight > 0:
            what = Text(
                f"目标没有写交易收支，按权数 {self.parameters.weight:g} 从目标中扣除交易净支出。",
                f"The objective names no money of trade: the net cost is taken off, weight {self.parameters.weight:g}.",
            )
            fix = Text(
                "如需另定，请在目标中写 trading_cost 等指标，或改 weight。",
                "To have it otherwise, name trading_cost or set weight.",
            )
            return [note(self, "trading-cost-counted", what, fix, seen=f"{self.parameters.weight:g}")]
        what = Text(
            "目标不计交易收支：购入等于不要钱，卖出没有收益。",
            "The objective counts no money of trade: purchases are free to it.",
        )
        fix = Text(
            "在目标中写 trading_cost，或用 max_buy 限量。",
            "Name trading_cost in the objective, or bound it with max_buy.",
        )
        return [note(self, "trading-cost-not-counted", what, fix, level=Level.WARNING)]

    def rows(self, build: Build) -> None:
        """What all places buy a year, what areas sell of their new quota, what projects must buy."""
        case = build.case
        if case.market is None:
            return
        self._most_bought(build, case.market)
        self._most_sold(build, case.market)
        self._obligations(build, case.market)

    def _most_bought(self, build: Build, market: Market) -> None:
        case = build.case
        for r, resource in enumerate(case.resources):
            bound = np.flatnonzero(np.isfinite(market.most[r]) & (build.trade.buy[r] >= 0).any(axis=0))
            if not len(bound):
                continue
            rows, columns = [], []
            for k, t in enumerate(bound.tolist()):
                own = build.trade.project[:, t] if r == case.energy else np.zeros(0, dtype=np.int64)
                live = np.concatenate([build.trade.buy[r, :, t], own])
                live = live[live >= 0]
                rows.append(np.full(len(live), k))
                columns.append(live)
            column = np.concatenate(columns)
            build.add_rows(
                RowInfo(self.name, self.clause, case.unit(resource)),
                {"resource": np.full(len(bound), r), "year": case.years[bound]},
                entries=(np.concatenate(rows), column, np.ones(len(column))),
                upper=market.most[r, bound],
            )

    def _most_sold(self, build: Build, market: Market) -> None:
        case, share = build.case, self.parameters.max_sell_share
        concerned = case.places.subtree_sum(market.places.astype(float)) > 0
        for r, resource in enumerate(case.resources):
            years = np.isfinite(market.sell_price[r])
            if not years.any():
                continue
            freed = build.freed(r)
            freed = freed.where(freed.coefficient > 0).times(-share)
            build.place_year_rows(
                RowInfo(self.name, self.clause, case.unit(resource)),
                build.over_subtree(joined(freed, build.sold(r)), concerned),
                concerned[:, None] & years,
                upper=share * case.places.subtree_sum(np.maximum(case.initial[r], 0.0)),
                labels={"resource": r},
            )

    def _obligations(self, build: Build, market: Market) -> None:
        """One row per project that must buy and year; two where purchases last and need not come each year."""
        case = build.case
        names = {"project": case.projects["project"].to_numpy(dtype=object)}
        info = RowInfo(self.name, self.clause, "tce")
        owing = np.flatnonzero((case.must_buy > 0).any(axis=1))
        if not len(owing):
            return
        columns = build.trade.project
        for s in range(case.horizon):
            owed = obligation(case, s)
            row, t = np.nonzero((build.share[owing] >= 0) & (owed[owing] > 0.0))
            debts = (row, build.share[owing[row], t], -owed[owing[row], t])
            labels: dict[str, ArrayLike] = {"project": owing, "year": np.full(len(owing), case.years[s])}
            alone = market.lasts == 1
            for first, lower, upper in (
                (max(0, s - market.lasts + 1), 0.0, 0.0 if alone else np.inf),
                (s, -np.inf, 0.0),
            ):
                project, year = np.nonzero(columns[owing, first : s + 1] >= 0)
                bought = columns[owing[project], first + year]
                build.add_rows(
                    info,
                    labels,
                    names,
                    entries=(
                        np.concatenate([project, debts[0]]),
                        np.concatenate([bought, debts[1]]),
                        np.concatenate([np.ones(len(bought)), debts[2]]),
                    ),
                    lower=lower,
                    upper=upper,
                )
                if alone:
                    break

    def overrides(self, outcome: Outcome) -> tuple[str, ...]:
        """Awards above a limit of admission that start because they buy what they must."""
        case = outcome.case
        passed = outcome.award_row[case.must_buy[outcome.award_row, outcome.award_year] > 0.0]
        return tuple(map(str, case.projects["project"].to_numpy()[passed]))

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Purchases against their limit, sales against the new quota of each area, obligations project by project."""
        case, market, trades = outcome.case, outcome.case.market, outcome.trades
        if market is None or trades is None:
            return audited(self, "-", pd.DataFrame({"figure": [], "upper": []}))
        parts = [*self._bought(case, market, trades), *self._sold(outcome, market), self._owed(outcome, market)]
        figures = pd.concat([part for part in parts if len(part)] or [pd.DataFrame({"figure": []})], ignore_index=True)

        def sentence(row: Any) -> Text:
            unit, what = unit_words(case.unit(row.resource)), resource_words(row.resource)
            year = int(row.year)
            if row.aspect == "bought":
                return Text(
                    f"{year} 年购入{what.zh} {amount(row.figure)} {unit.zh}，上限 {amount(row.upper)}。",
                    f"{amount(row.figure)} {unit.en} of {what.en} is bought in {year}, at most {amount(row.upper)}.",
                )
            if row.aspect == "sold":
                place = case.place_title(row.place)
                return Text(
                    f"{place} {year} 年卖出{what.zh} {amount(row.figure)} {unit.zh}，"
                    f"新增指标中最多可卖 {amount(row.upper)}。",
                    f"{place} sells {amount(row.figure)} {unit.en} of {what.en} in {year}, "
                    f"at most {amount(row.upper)} of what is new there.",
                )
            return Text(
                f"{row.project} {year} 年名下购入 {amount(row.figure)} 吨标准煤，须购 {amount(row.owed)}。",
                f"{row.project} holds {amount(row.figure)} tce bought for it in {year}, must buy {amount(row.owed)}.",
            )

        units = {case.unit(case.resources[r]) for r in np.flatnonzero(market.resources())}
        return audited(self, units.pop() if len(units) == 1 else "-", figures, sentence)

    def _bought(self, case: Case, market: Market, trades: Any) -> list[pd.DataFrame]:
        parts = []
        for r, resource in enumerate(case.resources):
            bought = trades.buy[r].sum(axis=0)
            if r == case.energy:
                bought = bought + trades.project.sum(axis=0)
            upper = np.where(np.isfinite(market.buy_price[r]), market.most[r], np.inf)
            closed = np.isnan(market.buy_price[r]) & (trades.buy[r].sum(axis=0) > 0.0)
            upper = np.where(closed, 0.0, upper)
            told = (bought > 0.0) & np.isfinite(upper)
            of = {"aspect": "bought", "resource": resource, "year": case.years[told]}
            parts.append(pd.DataFrame({**of, "figure": bought[told], "upper": upper[told], "lower": -np.inf}))
        return parts

    def _sold(self, outcome: Outcome, market: Market) -> list[pd.DataFrame]:
        case, parts = outcome.case, []
        lag = case.actions["lag"].to_numpy()[outcome.action_row]
        place = case.actions["place_code"].to_numpy()[outcome.action_row]
        for r, resource in enumerate(case.resources):
            new = np.maximum(case.initial[r], 0.0)
            for s in range(case.horizon):
                gained = np.maximum(case.standing_free(r, s)[outcome.action_row], 0.0)
                on = outcome.action_year + lag <= s
                np.add.at(new[:, s], place[on], gained[on])
            open_ = np.isfinite(market.sell_price[r])[None, :] & np.ones((case.places.size, 1), dtype=bool)
            sold = case.places.subtree_sum(outcome.sold[r])
            most = np.where(open_, self.parameters.max_sell_share * case.places.subtree_sum(new), 0.0)
            n, t = np.nonzero(sold > 0.0)
            of = {"aspect": "sold", "resource": resource, "place": case.places.names[n], "year": case.years[t]}
            parts.append(pd.DataFrame({**of, "figure": sold[n, t], "upper": most[n, t], "lower": -np.inf}))
        return parts

    def _owed(self, outcome: Outcome, market: Market) -> pd.DataFrame:
        """Each project that must buy or has something bought for it: what stands against what it owes."""
        case = outcome.case
        assert outcome.trades is not None
        owed = np.zeros((len(case.projects), case.horizon))
        row, year = outcome.award_row, outcome.award_year
        for s in range(case.horizon):
            owed[row, s] = obligation(case, s)[row, year] * outcome.award_share
        bought = outcome.trades.project
        stands = standing(bought, market.lasts)
        p, t = np.nonzero((owed > 0.0) | (bought > 0.0))
        of = {"aspect": "owed", "resource": "energy", "year": case.years[t], "owed": owed[p, t]}
        named = {**of, "project": case.projects["project"].to_numpy(dtype=object)[p]}
        enough = pd.DataFrame({**named, "figure": stands[p, t], "lower": owed[p, t], "upper": np.inf})
        no_more = pd.DataFrame({**named, "figure": bought[p, t], "lower": -np.inf, "upper": owed[p, t]})
        return pd.concat([enough, no_more], ignore_index=True)

    def _project_price(self, case: Case, buy: FloatArray) -> FloatArray:
        """(P, T): the price of the highest band whose line a project's intensity is above, else the common price."""
        price = np.full((len(case.projects), case.horizon), np.nan)
        if case.energy < 0:
            return price
        price[:] = buy[case.energy]
        base = case.projects["value_added"].to_numpy(dtype=float)
        bands = sorted(self.parameters.bands, key=lambda band: band.above)
        for t in range(case.horizon):
            with np.errstate(divide="ignore", invalid="ignore"):
                intensity = np.where(base > 0, case.intensity_energy(t) / base, np.inf)
            for band in bands:
                above: NDArray[np.bool_] = intensity > band.above * (1.0 + LEAST)
                price[above, t] = by_year(band.price, case, np.nan)[t]
        return price

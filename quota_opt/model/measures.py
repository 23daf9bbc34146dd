"""Measures: linear quantities of a plan. Objectives, targets and comparisons speak of nothing else.

A measure is a coefficient per action and year, per award's share and year, and per start and year, plus a constant:

    value = constant + sum(actions[a, t]) + sum(shares[p, t] * share) + sum(starts[p, t])

over the actions done and the awards made. Contract §1 defines each; the two that are not linear
(`smallest_town_ratio`, `chains_completed`) are computed from a finished plan, in `outcome.py`. A rule that brings
columns of its own makes such a measure linear in them (`own`): `chains_completed` where the rule `chain` is on. Where a
market is open, trades count too (`trades`), and there are measures of its money and of what is bought and sold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from quota_opt.errors import Text
from quota_opt.messages import table
from quota_opt.model.case import Case, FloatArray
from quota_opt.model.market import ENDS, MONEY, Market, Sides, blank


@dataclass(frozen=True)
class Coefficients:
    """One measure as coefficients: `actions` (A, T), `shares` (P, T), `starts` (P, T), `constant`.

    `own` weighs quantities that a rule brings columns for, by the name it gives them in `Build.own`; `trades` weighs
    what is bought and sold (None: not at all).
    """

    actions: FloatArray
    shares: FloatArray
    starts: FloatArray
    constant: float = 0.0
    own: Mapping[str, float] = field(default_factory=dict)
    trades: Sides | None = None

    def __add__(self, other: Coefficients) -> Coefficients:
        names = dict.fromkeys((*self.own, *other.own))
        return Coefficients(
            self.actions + other.actions,
            self.shares + other.shares,
            self.starts + other.starts,
            self.constant + other.constant,
            {name: self.own.get(name, 0.0) + other.own.get(name, 0.0) for name in names},
            self.trades.plus(other.trades) if self.trades and other.trades else self.trades or other.trades,
        )

    def __mul__(self, factor: float) -> Coefficients:
        return Coefficients(
            self.actions * factor,
            self.shares * factor,
            self.starts * factor,
            self.constant * factor,
            {name: weight * factor for name, weight in self.own.items()},
            self.trades.times(factor) if self.trades else None,
        )


@dataclass(frozen=True)
class View:
    """Where and when a measure is taken: the year (position) it runs to, and the places that count (True)."""

    last: int
    inside: NDArray[np.bool_]
    whole: bool


NONLINEAR = ("chains_completed", "smallest_town_ratio")


def nonlinear(case: Case) -> tuple[str, ...]:
    """The measures that are computed on finished plans only, so that no objective or target may name them."""
    return tuple(name for name in NONLINEAR if name != "chains_completed" or case.rule("chain") is None)


def chains_column(year: int) -> str:
    """What `Build.own` calls the columns of the chains complete in a year."""
    return f"chains_completed {year}"


def known_measures(case: Case) -> list[str]:
    """Every measure of the case: built in, by resource, and the user's own."""
    market = () if case.market is None else (*MONEY, *_market_amounts(case, case.market))
    return [*_FORMULAS, *_resource_measures(case), *market, *NONLINEAR, *case.scenario.settings.measures]


def measure_unit(case: Case, name: str) -> str:
    """The unit of a measure, as written in results."""
    if name in case.scenario.settings.measures:
        return case.scenario.settings.measures[name].unit
    if name in _UNITS:
        return _UNITS[name]
    for resource in case.resources:
        if name.startswith(f"{resource}_"):
            unit = case.unit(resource)
            return unit if resource == "land" else f"{unit}/yr"
    raise KeyError(name)


def measure_title(case: Case, name: str) -> Text | None:
    """The title a case gives its own measure, if any."""
    own = case.scenario.settings.measures.get(name)
    title = getattr(own, "title", None)
    return Text(title.zh or name, title.en or name) if title is not None else None


def measure_words(case: Case, name: str) -> Text:
    """What people call a measure, or a sum of measures; a name nobody has given words stays as written."""
    own = measure_title(case, name)
    if own is not None:
        return own
    parts = [table("measure").get(part.strip(), Text(part.strip(), part.strip())) for part in name.split("+")]
    return Text(" + ".join(part.zh for part in parts), " + ".join(part.en for part in parts))


def coefficients(
    case: Case, name: str, *, year: int | None = None, inside: NDArray[np.bool_] | None = None
) -> Coefficients:
    """The coefficients of a measure up to `year` (default: the last) over the places `inside` (default: all).

    Raises KeyError for an unknown name, ValueError for a measure that has no linear form there.
    """
    last = case.horizon - 1 if year is None else int(np.searchsorted(case.years, year))
    everywhere = np.ones(case.places.size, dtype=bool)
    view = View(last, everywhere if inside is None else inside, inside is None or bool(inside.all()))
    if name in case.scenario.settings.measures:
        made = _user_measure(case, name)
    elif name in _FORMULAS:
        made = _FORMULAS[name](case, view)
    elif name in _resource_measures(case):
        resource, _, what = name.rpartition("_")
        made = _resource_measure(case, case.resources.index(resource), what, view)
    elif case.market is not None and name in MONEY:
        made = _money(case, case.market, name)
    elif case.market is not None and name in _market_amounts(case, case.market):
        resource, _, what = name.rpartition("_")
        made = replace(_blank(case), trades=_amounts(case, case.market, case.resources.index(resource), what, view))
    elif name == "chains_completed" and name not in nonlinear(case):
        made = replace(_blank(case), own={chains_column(int(case.years[last])): 1.0})
    elif name in NONLINEAR:
        raise ValueError(f"{name} is not a linear measure")
    else:
        raise KeyError(name)
    return _seen(case, made, view)


def _seen(case: Case, made: Coefficients, view: View) -> Coefficients:
    """Only what happens by the year and inside the places counts."""
    if view.whole and view.last == case.horizon - 1:
        return made
    happened = np.arange(case.horizon) <= view.last
    act = start = happened
    if not view.whole:
        act = view.inside[case.actions["place_code"].to_numpy()][:, None] & happened
        start = view.inside[case.projects["place_code"].to_numpy()][:, None] & happened
    trades = made.trades
    if trades is not None:
        grid = view.inside[:, None] & happened
        trades = Sides(trades.buy * grid, trades.sell * grid, trades.project * start)
    return Coefficients(made.actions * act, made.shares * start, made.starts * start, made.constant, made.own, trades)


def _blank(case: Case) -> Coefficients:
    actions, projects, years = len(case.actions), len(case.projects), case.horizon
    return Coefficients(np.zeros((actions, years)), np.zeros((projects, years)), np.zeros((projects, years)))


def _of(case: Case, *, actions: FloatArray | None = None, shares: FloatArray | None = None) -> Coefficients:
    """Per-row amounts (one entry per action or project) or full (row, year) arrays as coefficients."""
    blank = _blank(case)

    def full(values: FloatArray | None, like: FloatArray) -> FloatArray:
        if values is None:
            return like
        return np.broadcast_to(values if values.ndim == 2 else values[:, None], like.shape).copy()

    return Coefficients(full(actions, blank.actions), full(shares, blank.shares), blank.starts)


def _yearly(
    case: Case, column: str, view: View, *, final: bool, gained: bool = True, lost: bool = True
) -> Coefficients:
    """A yearly quantity: present value from the year of effect on, or of the view's year alone."""
    weight = case.discount.copy()
    if final:
        weight = np.zeros(case.horizon)
        weight[view.last] = 1.0
    weight[view.last + 1 :] = 0.0
    from_year = weight[::-1].cumsum()[::-1]
    loss = case.actions[f"{column}_lost"].to_numpy(dtype=float)[:, None] * from_year
    gain = case.projects[column].to_numpy(dtype=float)[:, None] * from_year
    return _of(case, actions=-loss if lost else None, shares=gain if gained else None)


def _lost_final(case: Case, view: View) -> Coefficients:
    return _yearly(case, "value_added", view, final=True, gained=False) * -1.0


def _count(case: Case, *kinds: str) -> Coefficients:
    chosen = case.actions["action"]
    hit = chosen.isin(list(kinds)) if kinds else chosen.notna()
    return _of(case, actions=np.asarray(hit, dtype=np.float64))


def _starts(case: Case) -> Coefficients:
    blank = _blank(case)
    return Coefficients(blank.actions, blank.shares, np.ones_like(blank.starts))


def _column(case: Case, table: str, column: str) -> FloatArray:
    frame = case.projects if table == "projects" else case.actions
    return frame[column].fillna(0.0).to_numpy(dtype=float)


def _points(case: Case) -> Coefficients:
    rule = case.rule("priority")
    weights = dict(rule.parameters.weights) if rule is not None else {}
    weight = np.array([float(weights.get(c, 1.0)) for c in case.projects["category"]], dtype=float)
    return _of(case, shares=weight * case.base_energy)


def _jobs(case: Case, *, created: float, lost: float) -> Coefficients:
    return _of(
        case,
        actions=lost * _column(case, "actions", "jobs_lost"),
        shares=created * _column(case, "projects", "jobs"),
    )


_FORMULAS: dict[str, Callable[[Case, View], Coefficients]] = {
    "value_added": lambda case, view: _yearly(case, "value_added", view, final=False),
    "value_added_final": lambda case, view: _yearly(case, "value_added", view, final=True),
    "value_added_gained_final": lambda case, view: _yearly(case, "value_added", view, final=True, lost=False),
    "value_added_lost_final": _lost_final,
    "tax": lambda case, view: _yearly(case, "tax", view, final=False),
    "tax_final": lambda case, view: _yearly(case, "tax", view, final=True),
    "firms_closed": lambda case, view: _count(case, "close"),
    "firms_upgraded": lambda case, view: _count(case, "upgrade"),
    "firms_treated": lambda case, view: _count(case),
    "projects_started": lambda case, view: _starts(case),
    "investment": lambda case, view: _of(case, shares=_column(case, "projects", "investment")),
    "jobs_created": lambda case, view: _jobs(case, created=1.0, lost=0.0),
    "jobs_lost": lambda case, view: _jobs(case, created=0.0, lost=1.0),
    "jobs_net": lambda case, view: _jobs(case, created=1.0, lost=-1.0),
    "public_cost": lambda case, view: _of(case, actions=_column(case, "actions", "cost")[:, None] * case.discount),
    "priority_points": lambda case, view: _points(case),
}

_OF_A_YEAR = ("value_added", "tax")
"""Beginnings of the names of formulas that weigh what happens by the year they are asked about."""


def timeless(case: Case, name: str) -> bool:
    """Whether a measure weighs what happens alike, whatever year it is asked for: up to a year, it is a part of all."""
    own = name in case.scenario.settings.measures or (case.market is not None and name in MONEY)
    return own or (name in _FORMULAS and not name.startswith(_OF_A_YEAR))


_UNITS = {
    **dict.fromkeys(
        ("value_added", "tax", "investment", "public_cost", *MONEY),
        "10k yuan",
    ),
    **dict.fromkeys(
        ("value_added_final", "value_added_gained_final", "value_added_lost_final", "tax_final"),
        "10k yuan/yr",
    ),
    **dict.fromkeys(("firms_closed", "firms_upgraded", "firms_treated"), "firms"),
    "projects_started": "projects",
    **dict.fromkeys(("jobs_created", "jobs_lost", "jobs_net"), "jobs"),
    "priority_points": "points",
    "chains_completed": "chains",
    "smallest_town_ratio": "ratio",
}


def _resource_measures(case: Case) -> list[str]:
    return [f"{resource}_{what}" for resource in case.resources for what in ("freed", "used", "idle", "net")]


def _resource_measure(case: Case, r: int, what: str, view: View) -> Coefficients:
    """Freed, used, idle or net (used − freed) of a resource in the view's year."""
    if what == "freed":
        effective = np.arange(case.horizon)[None, :] + case.actions["lag"].to_numpy()[:, None] <= view.last
        return _of(case, actions=case.standing_free(r, view.last)[:, None] * effective)
    if what == "used":
        return _of(case, shares=case.standing_need(r, view.last))
    freed, used = _resource_measure(case, r, "freed", view), _resource_measure(case, r, "used", view)
    if what == "net":
        return used + freed * -1.0
    if not view.whole:
        raise ValueError("idle quota of one place depends on transfers; it has no form by decisions alone")
    idle = freed + used * -1.0
    trades = None
    if case.market is not None:
        bought, sold = (_amounts(case, case.market, r, end, view) for end in ENDS)
        trades = bought.plus(sold.times(-1.0))
    held = float(case.initial[r, :, view.last].sum())
    return Coefficients(idle.actions, idle.shares, idle.starts, held, trades=trades)


def _market_amounts(case: Case, market: Market) -> list[str]:
    """Measures of what is bought and sold of each traded resource."""
    return [f"{case.resources[r]}_{end}" for r in np.flatnonzero(market.resources()) for end in ENDS]


def _amounts(case: Case, market: Market, r: int, end: str, view: View) -> Sides:
    """What has been bought and still stands, or is sold, of a resource in the view's year."""
    weights, age = blank(case), view.last - np.arange(case.horizon)
    if end == "sold":
        weights.sell[r] = age == 0
        return weights
    stands = (age >= 0) & (age < market.lasts)
    weights.buy[r] = stands
    if r == case.energy:
        weights.project[:] = stands
    return weights


def _money(case: Case, market: Market, name: str) -> Coefficients:
    """Present value of what purchases cost, sales bring after the levy, and closures are paid for going early."""
    if name == "trading_cost":
        cost, income, exits = (_money(case, market, part) for part in MONEY[:3])
        return cost + income * -1.0 + exits
    if name == "exit_payments":
        closes = case.actions["action"].to_numpy(dtype=object) == "close"
        if case.energy < 0:
            return _blank(case)
        freed = np.stack([case.standing_free(case.energy, t) for t in range(case.horizon)], axis=1)
        paid = np.maximum(freed, 0.0) * closes[:, None].astype(float)
        return _of(case, actions=paid * (market.exit_payment * case.discount))
    weights = blank(case)
    if name == "sale_income":
        weights.sell[:] = ((1.0 - market.levy) * np.nan_to_num(market.sell_price) * case.discount)[:, None, :]
    else:
        weights.buy[:] = (np.nan_to_num(market.buy_price) * case.discount)[:, None, :]
        weights.project[:] = np.nan_to_num(market.project_price) * case.discount
    return replace(_blank(case), trades=weights)


def _user_measure(case: Case, name: str) -> Coefficients:
    """The user's sums of columns of projects and actions, as stated: undiscounted, once."""
    own = case.scenario.settings.measures[name]
    return _of(
        case,
        actions=_column(case, "actions", own.actions) if own.actions else None,
        shares=_column(case, "projects", own.projects) if own.projects else None,
    )

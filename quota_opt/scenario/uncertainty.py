"""`[uncertainty]`: how actions may come late or free less, how projects may need more, start late or drop out.

Nothing here has a distribution by default: what is not written is certain. Factors are times what the case states, so
that 1 means "as stated".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from quota_opt.errors import Text
from quota_opt.scenario.strict import MOST_YEARS, ActionKind, NonNegative, Share, Strict, refused

ProjectCategory = Literal["strategic", "chain", "upgrade", "other"]
SPREAD = 3.0
"""Standard deviations from the mean to the ends of a normal distribution that names none."""
_NEEDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "uniform": (("low", "high"), ()),
    "triangular": (("low", "mode", "high"), ()),
    "normal": (("mean", "sd"), ("low", "high")),
    "discrete": (("values", "probabilities"), ()),
}
"""What each distribution must be given, and what else it may be."""


class Distribution(Strict):
    """One distribution of a factor: `uniform`, `triangular`, `normal` (cut off at its ends) or `discrete`."""

    distribution: Literal["uniform", "triangular", "normal", "discrete"]
    low: NonNegative | None = None
    mode: NonNegative | None = None
    high: NonNegative | None = None
    mean: NonNegative | None = None
    sd: NonNegative | None = None
    values: tuple[NonNegative, ...] = ()
    probabilities: tuple[Share, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Distribution:
        must, may = _NEEDS[self.distribution]
        given = {
            name for name in type(self).model_fields if name != "distribution" and getattr(self, name) not in (None, ())
        }
        missing = [name for name in must if name not in given]
        extra = sorted(given - {*must, *may})
        if missing or extra:
            named = missing[0] if missing else extra[0]
            words = Text("缺少", "lacks") if missing else Text("不用", "does not take")
            raise refused(
                Text(
                    f"{self.distribution} 分布{words.zh} {named}",
                    f"a {self.distribution} distribution {words.en} {named}",
                ),
                Text(f"{self.distribution} 写 {'、'.join(must)}。", f"Give {', '.join(must)}."),
            )
        if self.distribution == "discrete":
            self._listed()
        elif not self._ordered():
            raise refused(
                Text(
                    "须 low < high，mode、mean 在其间，sd 大于 0",
                    "needs low < high, mode or mean between them, sd above 0",
                ),
                Text("请按从小到大写。", "Write them in ascending order."),
            )
        return self

    def _ordered(self) -> bool:
        low, high = self.ends
        middle = next((value for value in (self.mode, self.mean) if value is not None), low)
        return low < high and low <= middle <= high and (self.sd is None or self.sd > 0)

    def _listed(self) -> None:
        if len(self.values) != len(self.probabilities) or abs(sum(self.probabilities) - 1.0) > 1e-6:
            raise refused(
                Text(
                    "values 与 probabilities 须一一对应，概率之和为 1",
                    "values and probabilities must pair, and sum to 1",
                ),
                Text(
                    "例如 values = [0.5, 1.0]，probabilities = [0.2, 0.8]。", "For example [0.5, 1.0] and [0.2, 0.8]."
                ),
            )

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest value there can be."""
        if self.distribution == "discrete":
            possible = [v for v, p in zip(self.values, self.probabilities, strict=True) if p > 0]
            return min(possible), max(possible)
        mean, reach = self.mean or 0.0, SPREAD * (self.sd or 0.0)
        low = max(mean - reach, 0.0) if self.low is None else self.low
        return low, mean + reach if self.high is None else self.high


class Lateness(Strict):
    """`probability` of coming `years` later than planned."""

    probability: Share
    years: int = Field(default=1, ge=1, le=MOST_YEARS)


class UncertainAction(Strict):
    """`[uncertainty.actions.<kind>]`: `slip`, and `delivery`: what is freed, times what the case states."""

    clause: str | None = None
    source: str | None = None
    slip: Lateness | None = None
    delivery: Distribution | None = None


class UncertainProject(Strict):
    """`[uncertainty.projects.<category>]`: `need` times what the case states, `drop_out` probability, `delay`."""

    clause: str | None = None
    source: str | None = None
    need: Distribution | None = None
    drop_out: Share = 0.0
    delay: Lateness | None = None


class Recourse(Strict):
    """`[uncertainty.recourse]`: what a unit short in a year costs, and how much the tail of that cost weighs."""

    clause: str | None = None
    source: str | None = None
    shortfall_cost: NonNegative | dict[str, NonNegative]
    alpha: float = Field(default=0.95, gt=0, lt=1)
    weight: NonNegative = 0.0

    def cost_of(self, resource: str) -> float:
        """Cost of a unit of a resource short in a year; 0 for one that is not named."""
        cost = self.shortfall_cost
        return cost.get(resource, 0.0) if isinstance(cost, dict) else cost


class Uncertainty(Strict):
    """`[uncertainty]`: samples and seed, what is common to a place, and the distributions by kind and category."""

    clause: str | None = None
    source: str | None = None
    samples: int = Field(default=1000, ge=1)
    seed: int = Field(default=0, ge=0)
    correlation: Share = 0.0
    actions: dict[ActionKind, UncertainAction] = Field(default_factory=dict)
    projects: dict[ProjectCategory, UncertainProject] = Field(default_factory=dict)
    recourse: Recourse | None = None

    @property
    def certain(self) -> bool:
        """Whether nothing is said of any action or project, so that every sample is the plan itself."""
        return not any(action.slip or action.delivery for action in self.actions.values()) and not any(
            project.need or project.drop_out or project.delay for project in self.projects.values()
        )

"""How firms are screened: figures against lines, sector means, grades, violations, tags, places; alone or combined.

A condition is met by a firm when its figure, of this year or of two, is on the named side of the line:

    figure  op  value                               a line, the same for all or by sector
    figure  op  column                              another figure or column of the firm: over its own energy limit
    figure  <   below · mean(sector)                below = 0.9: under 90 % of the mean; 0.1: under a tenth of it
    figure  >   above · mean(sector)
    figure  <   mean(sector) − points / 100         percentage points; only for figures that are shares
    figure  <   mean(sector) − less                 in the unit of the figure

==============  =======================================================================  ============
symbol          meaning                                                                  source
==============  =======================================================================  ============
figure          tax_per_mu and the like (top ÷ base), or a numeric column as stated      firms.csv
mean(sector)    Σ top ÷ Σ base over the sector's firms (or the mean of their figures),   firms.csv
                or the figure published for the sector                                   parameters
==============  =======================================================================  ============

`years = 2` asks it of this year and the previous one (`over = "each"`), or of the mean of both (`over = "mean"`; the
sector's mean is then that of both years too). The previous year's sector mean is weighted with this year's land.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quota_opt.errors import Text
from quota_opt.model.case import Case, FloatArray
from quota_opt.rules._shared import amount, inside
from quota_opt.scenario import refused
from quota_opt.scenario.schema import table_named

Operator = Literal["<=", "<", ">=", ">", "=="]
# figure: (column above the line, column below it, words)
FIGURES: dict[str, tuple[str, str, Text]] = {
    "tax_per_mu": ("tax", "land_mu", Text("亩均税收（万元/亩）", "tax per mu (10k yuan)")),
    "value_added_per_mu": ("value_added", "land_mu", Text("亩均增加值（万元/亩）", "value added per mu (10k yuan)")),
    "energy_per_mu": ("energy", "land_mu", Text("亩均能耗（吨标准煤/亩）", "energy per mu (tce)")),
    "carbon_per_mu": ("carbon_t", "land_mu", Text("亩均碳排放（吨/亩）", "carbon per mu (t)")),
    "energy_intensity": ("energy", "value_added", Text("能耗强度（吨标准煤/万元）", "energy intensity (tce/10k yuan)")),
    "carbon_intensity": ("carbon_t", "value_added", Text("碳排放强度（吨/万元）", "carbon intensity (t/10k yuan)")),
    "tax_per_value_added": ("tax", "value_added", Text("税收占增加值之比", "tax as a share of value added")),
}
SHARES = ("tax_per_value_added",)
PREVIOUS = {"tax_per_mu": "tax_per_mu_previous"}


class SectorMean(BaseModel):
    """A line drawn from the mean of the firm's sector."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    below: float | None = Field(default=None, gt=0.0, description="under this share of the mean")
    above: float | None = Field(default=None, gt=0.0, description="over this multiple of the mean")
    points: float | None = Field(default=None, gt=0.0, description="this many percentage points under the mean")
    less: float | None = Field(default=None, gt=0.0, description="this much under the mean, in the figure's unit")
    inclusive: bool = Field(default=False, description="whether a figure exactly on the line meets it")
    weighted: bool = Field(default=True, description="sum over sum; false: the plain mean of the firms' figures")
    published: dict[str, float] = Field(default_factory=dict, description="means by sector, in place of computed ones")

    @model_validator(mode="after")
    def _one_reading(self) -> SectorMean:
        if sum(given is not None for given in (self.below, self.above, self.points, self.less)) != 1:
            raise refused(
                Text(
                    "行业平均的读法须且只能写一种：below、above、points 或 less",
                    "give exactly one reading of the sector mean: below, above, points or less",
                )
            )
        return self

    @property
    def op(self) -> Operator:
        """The side of the line that is met."""
        side: Operator = ">" if self.above is not None else "<"
        return (">=" if side == ">" else "<=") if self.inclusive else side

    def line(self, mean: FloatArray) -> FloatArray:
        """The line, from the mean of each firm's sector."""
        if self.points is not None or self.less is not None:
            return mean - (self.points / 100.0 if self.points is not None else self.less or 0.0)
        return mean * (self.below if self.below is not None else self.above or 0.0)

    @property
    def words(self) -> Text:
        """The line in words."""
        if self.points is not None:
            return Text(
                f"低于行业平均 {self.points:g} 个百分点", f"{self.points:g} percentage points under the sector mean"
            )
        if self.less is not None:
            return Text(f"低于行业平均 {self.less:g}", f"{self.less:g} under the sector mean")
        side, share = (
            (Text("低于", "under"), self.below) if self.below is not None else (Text("高于", "over"), self.above)
        )
        return Text(
            f"{side.zh}行业平均的 {100 * (share or 0):g}%", f"{side.en} {100 * (share or 0):g} % of the sector mean"
        )


class ConditionScope(BaseModel):
    """Firms a single condition is about; all that is given must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    above_scale: bool | None = Field(default=None, description="true: above scale only; false: below scale only")
    least_land_mu: float | None = Field(default=None, ge=0.0, description="land of at least this many mu")
    places: tuple[str, ...] | None = Field(default=None, description="these places and all below")
    sectors: tuple[str, ...] | None = Field(default=None, description="these sectors")
    tags: tuple[str, ...] | None = Field(default=None, description="firms with one of these tags")


class Condition(BaseModel):
    """One way onto the list: a figure, a grade, a violation, a tag, a place, or several of these together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: str | None = Field(default=None, description="figure or numeric column of firms")
    op: Operator = Field(default="<=", description="how the figure compares with `value`")
    value: float | dict[str, float] | None = Field(default=None, description="the line, or a line for each sector")
    column: str | None = Field(default=None, description="figure or numeric column of the firm that is the line")
    sector_mean: SectorMean | None = Field(default=None, description="a line from the mean of the sector")
    grade: str | tuple[str, ...] | None = Field(default=None, description="a grade, or any of several")
    violation: bool | None = Field(default=None, description="whether there are violations on record")
    flag: str | None = Field(default=None, description="a yes/no column of firms that says yes")
    tag: str | None = Field(default=None, description="a tag of the firm, such as energy-limit")
    places: tuple[str, ...] | None = Field(default=None, description="location: these places and all below")
    all_of: tuple[Condition, ...] | None = Field(default=None, description="conditions that must all be met")
    years: Literal[1, 2] = Field(default=1, description="2: the previous year counts too")
    over: Literal["each", "mean"] = Field(default="each", description="two years: met in each, or by their mean")
    scope: ConditionScope | None = Field(default=None, description="firms this condition is about (default all)")

    @model_validator(mode="after")
    def _one_form(self) -> Condition:
        forms = (self.measure, self.grade, self.violation, self.flag, self.tag, self.places, self.all_of)
        if sum(form is not None for form in forms) != 1:
            raise refused(
                Text(
                    "measure、grade、violation、flag、tag、places、all_of 须且只能写一个",
                    "give exactly one of measure, grade, violation, flag, tag, places, all_of",
                )
            )
        lines = sum(line is not None for line in (self.value, self.column, self.sector_mean))
        if lines != (self.measure is not None):
            raise refused(
                Text(
                    "measure 须配 value、column 或 sector_mean（只写一个），反之亦然",
                    "a measure needs a value, a column or a sector_mean (one of them), and these a measure",
                )
            )
        if self.column is not None and self.years == 2:
            raise refused(
                Text("与另一列比较（column）只看当年", "held against a column, a figure is of this year only")
            )
        if self.sector_mean is not None and "op" in self.model_fields_set:
            raise refused(Text("写了 sector_mean 就不写 op", "with sector_mean there is no op"))
        if self.sector_mean is not None and self.sector_mean.points is not None and self.measure not in SHARES:
            known = ", ".join(SHARES)
            raise refused(
                Text(
                    f"百分点只适用于比率（{known}）；其他指标请用 below 或 less",
                    f"percentage points are for shares only ({known}); use below or less for other figures",
                )
            )
        if self.years == 2 and self.grade is None and self.measure not in PREVIOUS:
            known = ", ".join(PREVIOUS)
            raise refused(
                Text(f"连续两年只适用于 {known} 和 grade", f"two years are known for {known} and grades only")
            )
        if self.over == "mean" and (self.years == 1 or self.measure is None):
            raise refused(
                Text("over = 'mean' 须配 measure 和 years = 2", "over = 'mean' needs a measure and years = 2")
            )
        if self.all_of is not None and not self.all_of:
            raise refused(Text("all_of 不能为空", "all_of may not be empty"))
        return self

    def parts(self) -> list[Condition]:
        """The condition itself and all within it."""
        return [self, *(part for inner in self.all_of or () for part in inner.parts())]


class Scope(BaseModel):
    """Which firms are screened at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    above_scale: bool = Field(default=False, description="above scale")
    or_land_mu: float | None = Field(default=None, description="or with land of at least this many mu")


def in_scope(firms: pd.DataFrame, scope: Scope) -> NDArray[np.bool_]:
    """(F,): whether a firm is screened at all."""
    if not scope.above_scale and scope.or_land_mu is None:
        return np.ones(len(firms), dtype=bool)
    within = np.zeros(len(firms), dtype=bool)
    if scope.above_scale:
        within |= firms["above_scale"].to_numpy(dtype=bool)
    if scope.or_land_mu is not None:
        within |= _numbers(firms, "land_mu", 0.0) >= scope.or_land_mu
    return within


def measures_known(case: Case) -> list[str]:
    """Figures and numeric columns that a condition may name."""
    return [*FIGURES, *(c for c in case.firms.columns if pd.api.types.is_float_dtype(case.firms[c]))]


def flags_known(case: Case) -> list[str]:
    """Yes/no columns of firms."""
    return [c for c in case.firms.columns if pd.api.types.is_bool_dtype(case.firms[c])]


def met(case: Case, condition: Condition) -> NDArray[np.bool_]:
    """(F,): whether each firm meets the condition (and is one it is about)."""
    return _met(case, condition) & _about(case, condition.scope)


def _met(case: Case, condition: Condition) -> NDArray[np.bool_]:
    firms = case.firms
    if condition.all_of is not None:
        every = [met(case, inner) for inner in condition.all_of]
        together: NDArray[np.bool_] = np.logical_and.reduce(every)
        return together
    if condition.grade is not None:
        wanted = list(_grades(condition.grade))
        graded = firms["grade"].isin(wanted).to_numpy(dtype=bool)
        if condition.years == 2:
            graded = graded & firms["grade_previous"].isin(wanted).to_numpy(dtype=bool)
        return graded
    if condition.violation is not None:
        agrees: NDArray[np.bool_] = _violates(firms["violations"]) == condition.violation
        return agrees
    if condition.flag is not None:
        flagged = condition.flag in firms
        return firms[condition.flag].to_numpy(dtype=bool) if flagged else np.zeros(len(firms), dtype=bool)
    if condition.tag is not None:
        return _tagged(firms, (condition.tag,))
    if condition.places is not None:
        return _located(case, condition.places)
    op = _operator(condition)
    reached = np.ones(len(firms), dtype=bool)
    for figures, lines in _sides(firms, condition):
        reached &= compared(figures, op, lines)
    return reached


def figure(firms: pd.DataFrame, measure: str) -> FloatArray:
    """(F,): the figure of each firm; NaN where it has none (no land, no value added)."""
    if measure in FIGURES:
        top, base, _ = FIGURES[measure]
        return _ratio(_numbers(firms, top), _numbers(firms, base))
    return _numbers(firms, measure) if measure in firms else np.full(len(firms), np.nan)


def compared(figures: FloatArray, op: Operator, line: FloatArray | float) -> NDArray[np.bool_]:
    """Which figures are on the named side of the line; none where either is missing."""
    compare: dict[str, Callable[..., Any]] = {
        "<=": np.less_equal,
        "<": np.less,
        ">=": np.greater_equal,
        ">": np.greater,
        "==": np.equal,
    }
    with np.errstate(invalid="ignore"):
        on: NDArray[np.bool_] = compare[op](figures, line)
    known: NDArray[np.bool_] = ~np.isnan(figures) & ~np.isnan(np.asarray(line, dtype=float))
    return on & known


def _operator(condition: Condition) -> Operator:
    return condition.op if condition.sector_mean is None else condition.sector_mean.op


def _sides(firms: pd.DataFrame, condition: Condition) -> list[tuple[FloatArray, FloatArray]]:
    """(figures, lines) of each year asked for, or of the mean of both."""
    assert condition.measure is not None
    figures = [figure(firms, condition.measure)]
    if condition.years == 2:
        figures.append(_numbers(firms, PREVIOUS[condition.measure]))
    if condition.sector_mean is None:
        if condition.column is not None:
            same = figure(firms, condition.column)
        elif isinstance(condition.value, dict):
            same = _by_sector(firms, condition.value)
        else:
            same = np.full(len(firms), condition.value, dtype=float)
        lines = [same] * len(figures)
    else:
        means: list[FloatArray] = [
            _mean_of_sector(firms, condition, year, values) for year, values in enumerate(figures)
        ]
        if condition.over == "mean":
            means = [_mean_of(means) for _ in means]
        lines = [condition.sector_mean.line(mean) for mean in means]
    if condition.over == "mean":
        return [(_mean_of(figures), lines[0])]
    return list(zip(figures, lines, strict=True))


def _mean_of(years: list[FloatArray]) -> FloatArray:
    mean: FloatArray = np.mean(np.array(years), axis=0)
    return mean


def _mean_of_sector(firms: pd.DataFrame, condition: Condition, year: int, figures: FloatArray) -> FloatArray:
    """(F,): the mean of the firm's sector; NaN where the firm has no sector or the sector no figure."""
    assert condition.measure is not None and condition.sector_mean is not None
    counted = ~np.isnan(figures)
    weight: FloatArray = np.ones(len(firms))
    if condition.sector_mean.weighted and condition.measure in FIGURES:
        # The mean weighted with the base is total over total; the previous year's base is not known.
        weight = _numbers(firms, FIGURES[condition.measure][1], 0.0)
        counted = counted & (weight > 0) if year else counted
    sector = firms["sector"].to_numpy(dtype=object)
    frame = pd.DataFrame({"sector": sector, "sum": figures * weight, "weight": weight})[counted]
    sums = frame.groupby("sector")[["sum", "weight"]].sum()
    means = dict(zip(sums.index, _ratio(sums["sum"].to_numpy(), sums["weight"].to_numpy()), strict=True))
    means.pop("", None)
    return _by_sector(firms, {**means, **condition.sector_mean.published})


def _by_sector(firms: pd.DataFrame, values: dict[str, float]) -> FloatArray:
    return np.array([values.get(sector, np.nan) for sector in firms["sector"]], dtype=float)


def _ratio(top: FloatArray, base: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(base > 0, top / base, np.nan)


def _numbers(firms: pd.DataFrame, column: str, blank: float = np.nan) -> FloatArray:
    return firms[column].fillna(blank).to_numpy(dtype=float)


def _grades(grade: str | tuple[str, ...]) -> tuple[str, ...]:
    return (grade,) if isinstance(grade, str) else grade


def _tagged(firms: pd.DataFrame, tags: Sequence[str]) -> NDArray[np.bool_]:
    wanted = set(tags)
    return np.array([not wanted.isdisjoint(own) for own in firms["tags"]], dtype=bool)


def _located(case: Case, places: Sequence[str]) -> NDArray[np.bool_]:
    here: NDArray[np.bool_] = inside(case, places)[case.firms["place_code"].to_numpy()]
    return here


def _about(case: Case, scope: ConditionScope | None) -> NDArray[np.bool_]:
    firms = case.firms
    about = np.ones(len(firms), dtype=bool)
    if scope is None:
        return about
    if scope.above_scale is not None:
        about &= firms["above_scale"].to_numpy(dtype=bool) == scope.above_scale
    if scope.least_land_mu is not None:
        about &= _numbers(firms, "land_mu", 0.0) >= scope.least_land_mu
    if scope.places is not None:
        about &= _located(case, scope.places)
    if scope.sectors is not None:
        about &= firms["sector"].isin(list(scope.sectors)).to_numpy(dtype=bool)
    if scope.tags is not None:
        about &= _tagged(firms, scope.tags)
    return about


def _violates(column: pd.Series[Any]) -> NDArray[np.bool_]:
    """A count above zero, or any entry in a list or text."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.fillna(0).to_numpy(dtype=float) > 0
    return column.map(lambda entry: len(entry) > 0 and entry not in ("0", "无", "否")).to_numpy(dtype=bool)


@dataclass(frozen=True)
class ConditionWords:
    """What puts a firm on the list, in words, made for one firm at a time: few of them are ever read."""

    case: Case
    condition: Condition

    def __call__(self, row: int) -> Text:
        """The words for the firm in `row`, which meets the condition."""
        condition = self.condition
        if condition.all_of is not None:
            together = [part(row) for part in self._parts]
            return Text("，且".join(t.zh for t in together), " and ".join(t.en for t in together))
        years = Text("连续两年", " two years running") if condition.years == 2 else Text("", "")
        if condition.grade is not None:
            grades = _grades(condition.grade)
            zh, en = "或".join(grades), " or ".join(grades)
            return Text(f"亩均评价{years.zh}为 {zh} 类", f"graded {en}{years.en}")
        if condition.violation is not None:
            if not condition.violation:
                return Text("无违法违规记录", "no violation on record")
            return Text("有违法违规记录", "a violation on record")
        if condition.flag is not None or condition.tag is not None:
            mark = condition.flag or condition.tag
            return Text(f"标记为“{mark}”", f"marked {mark}")
        if condition.places is not None:
            titles = "、".join(self.case.place_title(name) for name in condition.places)
            return Text(f"位于{titles}", f"located in {titles.replace('、', ', ')}")
        return self._figure(row)

    @cached_property
    def _parts(self) -> list[ConditionWords]:
        return [ConditionWords(self.case, inner) for inner in self.condition.all_of or ()]

    @cached_property
    def _sides(self) -> tuple[FloatArray, FloatArray]:
        return _sides(self.case.firms, self.condition)[0]

    def _figure(self, row: int) -> Text:
        condition = self.condition
        assert condition.measure is not None
        title = FIGURES[condition.measure][2] if condition.measure in FIGURES else _column_title(condition.measure)
        mean = Text("两年平均", ", mean of two years,") if condition.over == "mean" else Text("", "")
        op, reading = _operator(condition), condition.sector_mean
        basis = Text("", "") if reading is None else Text(f"，{reading.words.zh}", f", {reading.words.en}")
        if condition.column is not None:
            against = FIGURES[condition.column][2] if condition.column in FIGURES else _column_title(condition.column)
            basis = Text(f"，{against.zh}", f", {against.en}")
        own, line = (float(side[row]) for side in self._sides)
        return Text(
            f"{title.zh}{mean.zh} {_shown(own)}（{op} {_line_shown(line, reading)}{basis.zh}）",
            f"{title.en}{mean.en} {_shown(own)} ({op} {_line_shown(line, reading)}{basis.en})",
        )


def _shown(value: float) -> str:
    return amount(value) if abs(value) >= 1.0 or value == 0.0 else f"{value:.3g}"


def _line_shown(line: float, reading: SectorMean | None) -> str:
    return f"{line:g}" if reading is None else _shown(line)


def _column_title(name: str) -> Text:
    """A column of firms in words: its heading in Chinese, its name in English."""
    known = {column.name: column.zh for column in table_named("firms").columns}
    return Text(known.get(name, name), name)

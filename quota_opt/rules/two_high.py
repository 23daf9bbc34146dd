"""Two-high: large high-energy, high-emission firms and projects are listed and reviewed, and the largest kept out.

A firm or project is two-high when it has one of the `tags` or is of one of the `sectors`. Its size is its energy on
`basis` (review thresholds are set at equivalent value, electricity at 0.1229 kgce/kWh).

    over a threshold    energy >= tce, and built in the threshold's years     reported, firms and projects
    review level        the last of `levels` with energy >= tce (or electricity >= mwh)     reported, projects
    reject_above        energy >= reject_above                                the project cannot start
    control             declared energy > control · value added               reported; with `reject` it cannot start

For the control, energy is what counts in intensity in the year of the start (rule `accounting`); sizes are gross.

=============  ================================================================  ============  ========================
symbol         meaning                                                           unit          source
=============  ================================================================  ============  ========================
energy         on `basis`; on the declared basis where the other is not known    tce/yr        firms.csv, projects.csv
built          built_year of a firm (blank: any threshold may be its own);       year          firms.csv, projects.csv
               a project is built when it can first start
control        intensity the local energy control allows, on the declared basis  tce/10k yuan  parameters
reject_above   size from which no project is accepted                            tce/yr        parameters
=============  ================================================================  ============  ========================

The word 以上 includes the number, so each size reads "at least". Projects with one of `except_tags` are let through and
the override is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.case import Case, FloatArray
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Bar, Rule, RuleAudit
from quota_opt.rules._shared import amount, audited, check_choices, check_places, inside, kept_out, note, start_years
from quota_opt.scenario import RuleParameters, refused

RELATIVE = 1e-9
SHOWN = 10
LEVELS = {
    "none": Text("无需单独节能审查", "No energy review of its own"),
    "town": Text("由镇街节能审查", "Energy review by the town"),
    "county": Text("由县级节能审查", "Energy review by the county"),
    "city": Text("由市级节能审查", "Energy review by the city"),
    "province": Text("由省级节能审查", "Energy review by the province"),
}
BASES = {
    "equivalent": (Text("当量值", "equivalent value"), "energy_equivalent_tce"),
    "equal_value": (Text("等价值", "equal value"), "energy_tce"),
}


class Threshold(BaseModel):
    """From which size on, and built when, a firm or project is reviewed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tce: float = Field(ge=0.0, allow_inf_nan=False, description="size from which it holds, tce a year")
    built_from: int | None = Field(default=None, description="first year of building it is about; blank: any")
    built_before: int | None = Field(default=None, description="year of building it ends before; blank: any")
    applies_to: Literal["two_high", "all"] = Field(default="two_high", description="two-high ones only, or all")

    @model_validator(mode="after")
    def _some_year(self) -> Threshold:
        if self.built_from is not None and self.built_before is not None and self.built_before <= self.built_from:
            raise refused(
                Text("built_before 须晚于 built_from", "built_before must come after built_from"),
                Text("请检查这两个年份。", "See to the two years."),
            )
        return self


class ReviewLevel(BaseModel):
    """Who reviews projects from this size on: of energy, or (either is enough) of electricity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Literal["none", "town", "county", "city", "province"] = Field(description="who reviews it")
    tce: float = Field(ge=0.0, allow_inf_nan=False, description="size from which it holds, tce a year")
    mwh: float | None = Field(default=None, ge=0.0, description="electricity from which it holds too, MWh a year")


class TwoHighParameters(RuleParameters):
    """Who is two-high, on which basis, what is reported and what is kept out."""

    thresholds: tuple[Threshold, ...] = Field(
        default=(Threshold(tce=1000.0, built_from=2018), Threshold(tce=5000.0, built_before=2018)),
        description="sizes reported, e.g. [{ tce = 1000.0, built_from = 2018 }, { tce = 5000.0, built_before = 2018 }]",
    )
    basis: Literal["equivalent", "equal_value"] = Field(default="equivalent", description="basis the sizes are on")
    tags: tuple[str, ...] = Field(default=("two_high",), description="tags that make a firm or project two-high")
    sectors: tuple[str, ...] | None = Field(default=None, description="sectors that are two-high besides")
    places: tuple[str, ...] | None = Field(default=None, description="places, with all below them; blank: everywhere")
    levels: tuple[ReviewLevel, ...] = Field(
        default=(),
        description='who reviews, e.g. [{ level = "county", tce = 1000.0 }, { level = "province", tce = 5000.0 }]',
    )
    reject_above: float | None = Field(
        default=None, gt=0.0, allow_inf_nan=False, description="size from which no project may start, tce a year"
    )
    control: float | None = Field(
        default=None, ge=0.0, allow_inf_nan=False, description="local control of energy per value added, tce/10k yuan"
    )
    reject: bool = Field(default=False, description="whether projects above the control may not start")
    except_tags: tuple[str, ...] = Field(default=(), description="tags that let a project through all the same")

    @model_validator(mode="after")
    def _possible(self) -> TwoHighParameters:
        if self.reject and self.control is None:
            raise refused(
                Text(
                    "reject = true 须同时写 control（强度控制线）", "reject = true needs control, the intensity allowed"
                ),
                Text("写上 control，或删去 reject。", "Write control, or leave reject out."),
            )
        if len({level.tce for level in self.levels}) < len(self.levels):
            raise refused(
                Text("levels 中有两级的 tce 相同", "two of the levels start at the same tce"),
                Text("每一级写不同的 tce。", "Give each level a tce of its own."),
            )
        return self


class Line(NamedTuple):
    """Projects that are over a line in each year of starting (P, T), and what to say of each."""

    over: NDArray[np.bool_]
    words: Callable[[int], Text]
    figures: Callable[[int], str]


class TwoHigh(Rule[TwoHighParameters]):
    """Review of two-high firms and projects."""

    name: ClassVar[str] = "two_high"
    title: ClassVar[Text] = Text("两高项目", "two-high projects")
    order: ClassVar[int] = 35
    Parameters: ClassVar[type[RuleParameters]] = TwoHighParameters

    def check(self, case: Case) -> list[Finding]:
        """Unknown places and sectors; nothing that is two-high."""
        found = check_places(self, self.parameters.places or (), case.places, "places")
        sectors = sorted(set(case.projects["sector"]) | set(case.firms["sector"]))
        # One policy may serve many counties, and not every county has every sector it names.
        what = Text("行业", "sector")
        found += check_choices(self, self.parameters.sectors or (), sectors, "sectors", what, Level.WARNING)
        anyone = any(threshold.applies_to == "all" for threshold in self.parameters.thresholds)
        tables = (case.firms, case.projects)
        if not anyone and any(map(len, tables)) and not any(self._concerned(case, table).any() for table in tables):
            tags = ", ".join(self.parameters.tags)
            found.append(
                note(
                    self,
                    "nothing-two-high",
                    Text("没有企业或项目属于两高。", "No firm or project is two-high."),
                    Text(
                        f"在标签列写上 {tags}，或在 rules.two_high.sectors 中写明行业。",
                        f"Write {tags} into the tags, or name sectors in rules.two_high.sectors.",
                    ),
                    level=Level.WARNING,
                    seen=tags,
                )
            )
        return found

    def bars(self, case: Case) -> list[Bar]:
        """Two-high projects of a size that is not accepted, or above the control where that rejects."""
        excepted = self._excepted(case)
        bars = []
        for over, words, figures in self._lines(case, rejecting=True):
            rows = np.flatnonzero(over.any(axis=1) & ~excepted)
            bars.append(
                Bar(
                    "project",
                    rows,
                    over[rows],
                    "rejected",
                    [words(i) for i in rows.tolist()],
                    [figures(i) for i in rows.tolist()],
                )
            )
        return bars

    def notes(self, case: Case) -> list[Finding]:
        """Firms and projects over a threshold, who reviews projects, what is above the control or let through."""
        found = [*self._over_thresholds(case), *self._reviews(case), *self._basis_assumed(case)]
        excepted = self._excepted(case)
        fix = Text("无需修改；请在方案中说明理由。", "Nothing to mend; give the reason in the papers.")
        for rejecting in (True, False):
            for over, words, figures in self._lines(case, rejecting=rejecting):
                hit = over.any(axis=1)
                for i in np.flatnonzero(hit & excepted if rejecting else hit).tolist():
                    name, said = case.projects["project"].iloc[i], words(i)
                    end = Text("，按例外标签放行", ", let through by its tag")
                    if not rejecting:
                        end = Text("（仅提示）", " (reported only)")
                    found.append(
                        note(
                            self,
                            "two-high-override" if rejecting else "two-high-report",
                            Text(f"{name}：{said.zh}{end.zh}。", f"{name}: {said.en}{end.en}."),
                            fix,
                            seen=figures(i),
                        )
                    )
        return found

    def overrides(self, outcome: Outcome) -> tuple[str, ...]:
        """Awards over a line that keeps projects out, let through by a tag."""
        case = outcome.case
        over = np.zeros_like(case.start_window)
        for line, _, _ in self._lines(case, rejecting=True):
            over |= line & self._excepted(case)[:, None]
        passed = outcome.award_row[over[outcome.award_row, outcome.award_year]]
        return tuple(map(str, case.projects["project"].to_numpy()[passed]))

    def audit(self, outcome: Outcome) -> RuleAudit:
        """Awards to projects that are kept out."""
        case = outcome.case
        excepted = self._excepted(case)
        parts, out = [], np.zeros_like(case.start_window)
        for over, words, figures in self._lines(case, rejecting=True):
            held = over & ~excepted[:, None] & ~case.bent_starts
            out |= held
            awarded = np.flatnonzero(held[outcome.award_row, outcome.award_year])
            rows = outcome.award_row[awarded]
            parts.append(
                pd.DataFrame(
                    {
                        "project": case.projects["project"].to_numpy()[rows],
                        "year": case.years[outcome.award_year[awarded]],
                        "limit": [figures(i) for i in rows],
                        "reason": [words(i).zh for i in rows],
                        "reason_en": [words(i).en for i in rows],
                        "figure": 1.0,
                        "upper": 0.0,
                    }
                )
            )
        table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"figure": [], "upper": []})

        def sentence(row: Any) -> Text:
            return Text(
                f"{row.project} 不予受理却被安排：{row.reason}。",
                f"{row.project} is awarded, though it is not accepted: {row.reason_en}.",
            )

        made = audited(self, "projects", table, sentence)
        if not made.ok:
            return made
        count = int(kept_out(case, out).sum())
        words_ = Text(
            f"{count} 个两高项目不予受理。",
            f"{count} two-high project{' is' if count == 1 else 's are'} not accepted.",
        )
        return RuleAudit(
            self.name, True, 0.0, "projects", self.clause, count > 0, made.figures, (words_,) if count else ()
        )

    def _lines(self, case: Case, *, rejecting: bool) -> Iterator[Line]:
        """Lines that keep projects out, or those that are only reported."""
        here = self._concerned(case, case.projects)
        basis = BASES[self.parameters.basis][0]
        above, control = self.parameters.reject_above, self.parameters.control
        if above is not None and rejecting:
            size = self._size(case.projects)

            def large(i: int) -> Text:
                return Text(
                    f"两高项目用能 {amount(size[i])} 吨标准煤（{basis.zh}），达到 {amount(above)} 吨标准煤",
                    f"two-high, {amount(size[i])} tce ({basis.en}), at least {amount(above)} tce",
                )

            def sizes(i: int) -> str:
                return f"{amount(size[i])} / {amount(above)}"

            large_ones = here & (size >= above * (1.0 - RELATIVE))
            yield Line(np.repeat(large_ones[:, None], case.horizon, axis=1), large, sizes)
        if control is not None and rejecting == self.parameters.reject:
            worth = case.projects["value_added"].to_numpy(dtype=float)
            energy = np.column_stack([case.intensity_energy(t) for t in range(case.horizon)])
            with np.errstate(divide="ignore", invalid="ignore"):
                intensity = np.where(worth[:, None] > 0, energy / worth[:, None], np.inf)
            over = (energy > 0) & (energy - control * worth[:, None] > RELATIVE * np.maximum(energy, 1.0))
            over &= here[:, None]

            def intense(i: int) -> Text:
                worst = float(intensity[i].max())
                shown, when = f"{worst:.4g}" if np.isfinite(worst) else "∞", start_years(case.years, over[i])
                return Text(
                    f"两高项目能耗强度 {shown} 高于控制线 {control:g}（吨标准煤/万元）{when.zh}",
                    f"two-high, energy intensity {shown} is above the control of {control:g} tce/10k yuan{when.en}",
                )

            def intensities(i: int) -> str:
                return f"{intensity[i].max():.4g} / {control:g}"

            yield Line(over, intense, intensities)

    def _over_thresholds(self, case: Case) -> list[Finding]:
        """One note per threshold: existing firms and new projects that are over it."""
        found = []
        basis = BASES[self.parameters.basis][0]
        for threshold in self.parameters.thresholds:
            listed: list[tuple[str, float]] = []
            undated = 0
            for table, key, built in (
                (case.firms, "firm", case.firms["built_year"].to_numpy(dtype=float)),
                (case.projects, "project", self._first_start(case)),
            ):
                size = self._size(table)
                hit = self._concerned(case, table, everyone=threshold.applies_to == "all")
                hit = hit & (size >= threshold.tce * (1.0 - RELATIVE)) & (size > 0)
                if threshold.built_from is not None:
                    hit &= ~(built < threshold.built_from)
                if threshold.built_before is not None:
                    hit &= ~(built >= threshold.built_before)
                dated = threshold.built_from is not None or threshold.built_before is not None
                undated += int((hit & np.isnan(built)).sum()) if dated else 0
                listed += list(zip(table[key].to_numpy()[hit].tolist(), size[hit].tolist(), strict=True))
            if not listed:
                continue
            since = Text("", "")
            if threshold.built_from is not None:
                since = Text(f"{threshold.built_from} 年起建成、", f"built since {threshold.built_from}, ")
            if threshold.built_before is not None:
                before = Text(f"{threshold.built_before} 年前建成、", f"built before {threshold.built_before}, ")
                since = Text(since.zh + before.zh, since.en + before.en)
            some = _some(listed)
            unknown = Text("", "")
            if undated:
                unknown = Text(
                    f"（其中 {undated} 家投产年份不明，从严计入）",
                    f" ({undated} of them of unknown year, counted to be safe)",
                )
            found.append(
                note(
                    self,
                    "two-high-threshold",
                    Text(
                        f"{since.zh}年用能 {amount(threshold.tce)} 吨标准煤（{basis.zh}）以上的"
                        f"{'用能单位' if threshold.applies_to == 'all' else '两高企业和项目'}"
                        f" {len(listed)} 个{unknown.zh}：{some.zh}。",
                        f"{len(listed)} {'' if threshold.applies_to == 'all' else 'two-high '}firms and projects, "
                        f"{since.en}of {amount(threshold.tce)} tce ({basis.en}) or more{unknown.en}: {some.en}.",
                    ),
                    Text("请逐个评估。", "Each is to be reviewed."),
                    seen=str(len(listed)),
                )
            )
        return found

    def _reviews(self, case: Case) -> list[Finding]:
        """One note per level of review: the two-high projects it is for."""
        levels = sorted(self.parameters.levels, key=lambda level: level.tce)
        if not levels:
            return []
        size, mwh = self._size(case.projects), case.projects["electricity_mwh"].fillna(0.0).to_numpy(dtype=float)
        number = np.full(len(case.projects), -1)
        for k, level in enumerate(levels):
            reached = size >= level.tce * (1.0 - RELATIVE)
            if level.mwh is not None:
                reached = reached | (mwh >= level.mwh)
            number[reached] = k
        here = self._concerned(case, case.projects)
        names = case.projects["project"].to_numpy(dtype=object)
        found = []
        for k, level in enumerate(levels):
            hit = here & (number == k)
            if not hit.any():
                continue
            words = LEVELS[level.level]
            some = _some(list(zip(names[hit].tolist(), size[hit].tolist(), strict=True)))
            found.append(
                note(
                    self,
                    "two-high-review",
                    Text(f"{words.zh}：{some.zh}。", f"{words.en}: {some.en}."),
                    Text("按审批权限办理。", "Take each to the level that may decide."),
                    seen=str(int(hit.sum())),
                )
            )
        return found

    def _basis_assumed(self, case: Case) -> list[Finding]:
        """Two-high firms and projects of which energy on the rule's basis is not known."""
        basis, column = BASES[self.parameters.basis]
        lacking = [
            name
            for table, key in ((case.firms, "firm"), (case.projects, "project"))
            for name in table[key][
                self._concerned(case, table) & table[column].isna().to_numpy() & (table["energy"] > 0).to_numpy()
            ]
        ]
        if not lacking:
            return []
        shown = [str(name) for name in lacking[:SHOWN]]
        return [
            note(
                self,
                "two-high-basis",
                Text(
                    f"{len(lacking)} 个两高企业或项目没有{basis.zh}能耗，门槛按申报口径的数判断：{'、'.join(shown)}"
                    f"{' 等' if len(lacking) > SHOWN else ''}。",
                    f"{len(lacking)} two-high firms or projects give no energy at {basis.en}; the figure on the "
                    f"declared basis is held against the thresholds: {', '.join(shown)}"
                    f"{' …' if len(lacking) > SHOWN else ''}.",
                ),
                Text("请填写该口径的能耗，或分品种能源。", "Fill in energy on that basis, or electricity and fuels."),
                level=Level.WARNING,
                seen=str(len(lacking)),
            )
        ]

    def _size(self, table: pd.DataFrame) -> FloatArray:
        """Energy on the rule's basis, on the declared one where that is not known."""
        stated = table[BASES[self.parameters.basis][1]].to_numpy(dtype=float)
        size: FloatArray = np.where(np.isnan(stated), table["energy"].to_numpy(dtype=float), stated)
        return size

    def _concerned(self, case: Case, table: pd.DataFrame, *, everyone: bool = False) -> NDArray[np.bool_]:
        """Rows of firms or projects that are two-high (or all), at the places."""
        here: NDArray[np.bool_] = inside(case, self.parameters.places)[table["place_code"].to_numpy()]
        if everyone:
            return here
        sectors = table["sector"].isin(list(self.parameters.sectors or ())).to_numpy()
        return here & (_tagged(table, self.parameters.tags) | sectors)

    def _excepted(self, case: Case) -> NDArray[np.bool_]:
        return _tagged(case.projects, self.parameters.except_tags)

    def _first_start(self, case: Case) -> FloatArray:
        """(P,): the year each project can first start."""
        earliest = case.projects["earliest"].to_numpy(dtype=float)
        first: FloatArray = np.fmax(earliest, float(case.years[0]))
        return first


def _tagged(table: pd.DataFrame, tags: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.array([not set(tags).isdisjoint(own) for own in table["tags"]], dtype=bool)


def _some(listed: list[tuple[str, float]]) -> Text:
    """The first of a list of names with sizes."""
    shown, more = listed[:SHOWN], len(listed) > SHOWN
    zh = "、".join(f"{name} {amount(size)} 吨标准煤" for name, size in shown)
    en = ", ".join(f"{name} {amount(size)} tce" for name, size in shown)
    return Text(zh + (" 等" if more else ""), en + (" …" if more else ""))

"""What is different between two answers of the what-if screen, and how that is said in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quota_opt.errors import Text
from quota_opt.report.comparison_tables import MAIN
from quota_opt.report.numbers import clean, counted, figure, fitting_digits, running, short
from quota_opt.report.values import AUTO, Cell, Column, Table, table_of
from quota_opt.report.words import WORDS, parameter_name, unit_name
from quota_opt.scenario import rule_title
from quota_opt.scenario.paths import split_path
from quota_opt.web.desk.answers import Answer, Decision, Measured
from quota_opt.web.desk.sliders import Lock, Position, Slider

SEEN = 1e-6
"""Relative size below which a difference is none."""
NAMED = 3
"""Projects that a sentence names."""
LEADS = ("value_added", "value_added_final", "energy_used", "projects_started")


@dataclass(frozen=True)
class Moved:
    """A project or firm that both answers decide on, but otherwise: another year, share or action."""

    before: Decision
    after: Decision


@dataclass(frozen=True)
class Changed:
    """What came in, what dropped out and what moved, from one answer to another, the largest first."""

    entered: tuple[Decision, ...]
    left: tuple[Decision, ...]
    moved: tuple[Moved, ...]
    firms_entered: tuple[Decision, ...]
    firms_left: tuple[Decision, ...]
    firms_moved: tuple[Moved, ...]

    @property
    def nothing(self) -> bool:
        """Whether every decision is the same."""
        return not any(vars(self).values())


def changed(before: Answer, after: Answer) -> Changed:
    """The decisions that differ."""
    return Changed(*_parts(before.awards, after.awards), *_parts(before.firms, after.firms))


def _parts(
    before: Mapping[str, Decision], after: Mapping[str, Decision]
) -> tuple[tuple[Decision, ...], tuple[Decision, ...], tuple[Moved, ...]]:
    def by_size(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
        return tuple(sorted(decisions, key=lambda each: (-each.figures.get("value_added", 0.0), each.id)))

    moved = tuple(
        Moved(before[key], after[key])
        for key in before
        if key in after
        and (
            (before[key].year, before[key].how) != (after[key].year, after[key].how)
            or abs(before[key].share - after[key].share) > 1e-4
        )
    )
    entered = by_size([after[key] for key in after if key not in before])
    return entered, by_size([before[key] for key in before if key not in after]), moved


def lead(answer: Answer) -> Measured | None:
    """The measure that a sentence names first."""
    known = {each.name: each for each in answer.measures}
    return next((known[name] for name in LEADS if name in known and abs(known[name].value) > 1e-9), None)


def same(one: float, other: float) -> bool:
    """Whether two figures differ by nothing anyone would see."""
    return abs(one - other) <= SEEN * max(1.0, abs(one), abs(other))


def answer_words(answer: Answer, base: Answer | None, position: Text | None) -> Text:
    """The answer in one sentence or two; `position` says what was moved, None where nothing was."""
    if not answer.planned:
        return _no_plan(answer, position)
    if base is None or not base.planned or position is None:
        return _standing(answer)
    first = lead(base)
    reached = None if first is None else answer.measure(first.name)
    parts_zh, parts_en = [], []
    if first is not None and reached is not None:
        now, difference = running(reached, first.unit.removesuffix("/yr")), reached - first.value
        more = running(abs(difference), first.unit.removesuffix("/yr"))
        if same(reached, first.value):
            parts_zh.append(f"{first.title.zh} {now.zh}，与基准方案相同")
            parts_en.append(f"{first.title.en} {now.en}, the same as the baseline")
        else:
            parts_zh.append(f"{first.title.zh} {now.zh}，比基准方案{'多' if difference > 0 else '少'} {more.zh}")
            parts_en.append(
                f"{first.title.en} {now.en}, {more.en} {'more' if difference > 0 else 'less'} than the baseline"
            )
    found = changed(base, answer)
    parts_zh.append(f"安排 {len(answer.awards)} 个项目{_names_zh(found)}")
    parts_en.append(f"{counted(len(answer.awards), 'project')} awarded{_names_en(found)}")
    return Text(f"{position.zh}：{'；'.join(parts_zh)}。", f"{position.en}: {'; '.join(parts_en)}.")


def _standing(answer: Answer) -> Text:
    """What a plan comes to, without another beside it."""
    first = lead(answer)
    count = len(answer.awards)
    zh, en = f"安排 {count} 个项目", f"{counted(count, 'project')} awarded"
    freed = next((each for each in answer.measures if each.name == "energy_freed"), None)
    if freed is not None and freed.value > 0:
        words = running(freed.value, "tce")
        zh, en = f"每年腾出用能 {words.zh}，{zh}", f"{words.en} a year of energy freed, {en}"
    if first is not None:
        words = running(first.value, first.unit.removesuffix("/yr"))
        zh, en = f"{zh}，{first.title.zh} {words.zh}", f"{en}, {first.title.en} {words.en}"
    return Text(f"基准方案：{zh}。", f"Baseline: {en}.")


def _names_zh(found: Changed) -> str:
    parts = []
    for word, decisions in (("落选", found.left), ("新入选", found.entered)):
        if decisions:
            named = "、".join(each.id for each in decisions[:NAMED])
            more = " 等" if len(decisions) > NAMED else ""
            parts.append(f"{word} {len(decisions)} 个（{named}{more}）")
    if not parts:
        return "，入选项目不变" if not found.moved else f"，入选项目不变，{len(found.moved)} 个改期或改份额"
    return "，" + "，".join(parts)


def _names_en(found: Changed) -> str:
    parts = []
    for word, decisions in (("out", found.left), ("in", found.entered)):
        if decisions:
            named = ", ".join(each.id for each in decisions[:NAMED])
            more = " …" if len(decisions) > NAMED else ""
            parts.append(f"{len(decisions)} {word} ({named}{more})")
    if not parts:
        return ", the same ones" if not found.moved else f", the same ones, {len(found.moved)} at another time or share"
    return ", " + ", ".join(parts)


def _no_plan(answer: Answer, position: Text | None) -> Text:
    at_zh, at_en = ("", "") if position is None else (f"{position.zh}：", f"{position.en}: ")
    if answer.status == "INFEASIBLE":
        count = len(answer.conflicts)
        return Text(
            f"{at_zh}没有可行方案，这 {count} 条不能同时满足。" if count else f"{at_zh}没有可行方案。",
            f"{at_en}no plan; these {count} cannot all be met." if count else f"{at_en}no plan satisfies the rules.",
        )
    if answer.status == "NO_SOLUTION_FOUND":
        return Text(
            f"{at_zh}几秒内还没有找到方案，正在后台继续求解。",
            f"{at_en}no plan was found within seconds; it is solved further in the background.",
        )
    reason = answer.reason or Text("求解没有完成。", "The solve did not end.")
    return Text(f"{at_zh}{reason.zh}", f"{at_en}{reason.en}")


def position_words(sliders: Sequence[Slider], position: Position) -> Text | None:
    """What was moved, from what to what; None where all is as the case says."""
    zh, en = [], []
    for slider in sliders:
        on, value = position.on.get(slider.key, slider.on), position.values.get(slider.key, slider.base)
        if slider.switch and on != slider.on:
            at = f" {_shown(slider, value)}" if on else ""
            zh.append(f"{slider.title.zh}{'启用' + at if on else '停用'}")
            en.append(f"{slider.title.en} {'on' + at if on else 'off'}")
        elif on and not same(value, slider.base):
            change = f"{_shown(slider, slider.base)} → {_shown(slider, value)}"
            money = Text(" 万元", " ×10k yuan") if slider.unit.zh == "万元" else Text("", "")
            zh.append(f"{slider.title.zh} {change}{money.zh}")
            en.append(f"{slider.title.en} {change}{money.en}")
    for project, lock in position.locks.items():
        words = LOCK_WORDS[lock]
        zh.append(f"{project} {words.zh}")
        en.append(f"{project} {words.en}")
    for path, setting in position.more.items():
        said = setting_words(path, setting)
        zh.append(said.zh)
        en.append(said.en)
    if not zh:
        return None
    joined = ", ".join(en)
    return Text("，".join(zh), joined[:1].upper() + joined[1:])


def setting_words(path: str, value: Any) -> Text:
    """A setting by its path, in the words there are for it, and what it is set to."""
    keys = split_path(path)
    rule = rule_title(keys[1]) if len(keys) > 2 and keys[0] == "rules" else Text(path, path)
    if keys[-1] == "enabled":
        return Text(f"{rule.zh}{'启用' if value else '停用'}", f"{rule.en} {'on' if value else 'off'}")
    name = parameter_name(path) or parameter_name(".".join(keys[:-1])) or Text(f"{rule.zh} {path}", path)
    year = keys[-1] if keys[-1].isdecimal() and len(keys[-1]) == 4 else ""
    return Text(
        f"{name.zh}{f' {year} 年' if year else ''} = {value:,g}", f"{name.en}{f' {year}' if year else ''} = {value:,g}"
    )


LOCK_WORDS: dict[Lock, Text] = {
    "in": WORDS["force_in"],
    "out": WORDS["force_out"],
    "bend": Text("必须安排（突破条款）", "force in, bending a clause"),
}


def _shown(slider: Slider, value: float) -> str:
    exact = short(value) if abs(value) < 100 else figure(value, slider.digits)
    return f"{exact}%" if slider.unit.zh == "%" else exact


def measures_table(answer: Answer, base: Answer | None) -> Table:
    """The main measures: value, and difference from the baseline."""
    before = {} if base is None else {each.name: each.value for each in base.measures}
    columns = [
        Column("measure", WORDS["measure"]),
        Column("unit", Text("单位", "unit")),
        Column("value", WORDS["value"], "number", digits=AUTO),
        *([Column("difference", Text("比基准", "from baseline"), "number")] if base is not None else []),
    ]
    rows: list[tuple[Cell, ...]] = []
    strong = set()
    for each in answer.measures:
        if each.name not in MAIN and each.name in _ONLY_FOR_CHARTS:
            continue
        was = before.get(each.name)
        if abs(each.value) < 1e-9 and abs(was or 0.0) < 1e-9:
            continue
        said = difference_words(each.value, was)
        if said not in ("", "0"):
            strong.add((len(rows), 3))
        row = (each.title, unit_name(each.unit), clean(each.value))
        rows.append(row if base is None else (*row, said))
    made = table_of("measures", WORDS["measures_table"], columns, rows)
    return Table(made.key, made.title, made.columns, made.rows, strong=frozenset(strong))


_ONLY_FOR_CHARTS = ("carbon_freed", "carbon_used")
_IN_CHART = (
    "value_added", "value_added_final", "tax", "projects_started", "firms_treated", "energy_freed", "energy_used",
    "carbon_freed", "carbon_used", "investment", "jobs_created", "jobs_lost", "public_cost",
)  # fmt: skip
"""Measures that a change in per cent says something of: net ones pass through zero."""


def difference_words(value: float, was: float | None) -> str:
    """A signed difference; nothing without something to compare with."""
    if was is None:
        return ""
    if same(value, was):
        return "0"
    change = value - was
    said = figure(change, 0 if same(change, round(change)) or not value else fitting_digits(value))
    said = said.rstrip("0").rstrip(".") if "." in said else said
    if not any(letter in "123456789" for letter in said):
        said = short(change)
    return ("+" if value > was else "") + said


def shares_table(answer: Answer, base: Answer) -> Table:
    """By how many per cent each main measure differs, for a chart; what was nothing before is left out."""
    before = {each.name: each.value for each in base.measures}
    rows: list[tuple[Cell, ...]] = []
    for each in answer.measures:
        was = before.get(each.name, 0.0)
        share = round(100.0 * (each.value - was) / abs(was), 2) if each.name in _IN_CHART and abs(was) > 1e-9 else 0.0
        if share:
            rows.append((each.title, share))
    title = Text("成效指标比基准方案变化（%）", "Change of the measures from the baseline, in %")
    columns = (Column("measure", WORDS["measure"]), Column("share", WORDS["difference"], "number", digits=2))
    return table_of("what_if_shares", title, columns, rows)

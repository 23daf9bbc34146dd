"""What the what-if screen shows of an answer: state, sentence, measures, what came in and what dropped out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nicegui.element import Element

from quota_opt.errors import Text
from quota_opt.report.comparison_figures import bars
from quota_opt.report.numbers import figure, gap
from quota_opt.report.words import RULES, STATUSES, VERDICTS, WORDS, listed
from quota_opt.web.desk.answers import PROVEN, Answer, Decision, Reason, Repair, Repairs
from quota_opt.web.desk.changed import (
    LOCK_WORDS,
    Changed,
    Moved,
    changed,
    difference_words,
    measures_table,
    shares_table,
)
from quota_opt.web.desk.sliders import Lock
from quota_opt.web.page import kit
from quota_opt.web.page.figures import figure as draw_figure
from quota_opt.web.page.rows import rows
from quota_opt.web.page.view import View

LISTED = 12
"""Projects of a list that are shown at first."""
_HEADS = (
    Text("项目", "Project"), Text("镇街", "Town"), Text("类别", "Category"), Text("年份", "Year"),
    Text("用能（吨标准煤）", "Energy (tce)"), Text("碳排放（吨）", "Carbon (t)"),
    Text("年增加值（万元）", "Value added (10k yuan)"), Text("投资（万元）", "Investment (10k yuan)"),
    Text("岗位", "Jobs"),
)  # fmt: skip
_FIGURES = ("energy", "carbon", "value_added", "investment", "jobs")
_FIRM_HEADS = (
    Text("企业", "Firm"), Text("镇街", "Town"), Text("措施", "Action"), Text("年份", "Year"),
    Text("腾出用能（吨标准煤）", "Energy freed (tce)"), Text("碳排放（吨）", "Carbon (t)"),
    Text("年增加值（万元）", "Value added (10k yuan)"), Text("支出（万元）", "Cost (10k yuan)"), Text("岗位", "Jobs"),
)  # fmt: skip
_FIRM_FIGURES = ("energy", "carbon", "value_added", "cost", "jobs")


def badge(view: View, answer: Answer, *, proving: bool) -> None:
    """The state of an answer: a trial with its gap, proven, at a limit, or none."""
    if not answer.planned:
        kit.badge(view.say(listed(STATUSES, answer.status)), "bad")
        return
    told = gap(answer.gap) if answer.gap is not None else "∞"
    if answer.stage == PROVEN:
        good = answer.status == "OPTIMAL"
        words = listed(STATUSES, answer.status)
        kit.badge(view.say(Text(f"{words.zh}（差距 {told}）", f"{words.en} (gap {told})")), "good" if good else "warn")
        return
    kit.badge(view.say(Text(f"试算值（差距 {told}）", f"what-if (gap {told})")), "warn")
    if proving:
        kit.words(view.say(Text("正在后台证明……", "being proven in the background …")), "qo-note")


def measures(view: View, answer: Answer, base: Answer | None) -> None:
    """The main measures: value, and difference from the baseline."""
    rows(view, measures_table(answer, base))


def chart(view: View, answer: Answer, base: Answer) -> None:
    """By how many per cent each measure differs."""
    shares = shares_table(answer, base)
    if not shares.rows:
        kit.note(view.say(Text("各项指标都与基准方案相同。", "Every measure is the same as in the baseline.")))
        return
    largest = max(shares.rows, key=lambda row: abs(float(row[1])))  # type: ignore[arg-type]
    name, share = largest[0], float(largest[1])  # type: ignore[arg-type]
    assert isinstance(name, Text)
    said = figure(abs(share), 1)
    title = Text(
        f"变化最大的是{name.zh}：{'增' if share > 0 else '减'} {said}%",
        f"{name.en} changes most: {'up' if share > 0 else 'down'} {said}%",
    )
    draw_figure(view, bars("what_if_shares", view.say(title), shares, "%", view.language))


@dataclass(frozen=True)
class Lists:
    """Draws the lists of what came in and dropped out; `opened` is called with the project that was clicked."""

    view: View
    opened: Callable[[str], None]

    def show(self, answer: Answer, base: Answer) -> None:
        """All that differs, projects first."""
        found = changed(base, answer)
        say = self.view.say
        if found.nothing:
            kit.note(say(Text("项目和企业的安排与基准方案完全相同。", "Every project and firm is decided as before.")))
            return
        self._projects(Text("落选", "Dropped out"), found.left, answer)
        self._projects(Text("新入选", "Came in"), found.entered, answer)
        self._moved(found.moved)
        self._firms(found)

    def _projects(self, title: Text, decisions: Sequence[Decision], answer: Answer) -> None:
        if not decisions:
            return
        say = self.view.say
        kit.heading(f"{say(title)}{say(Text('项目', ''))} {len(decisions)}", 3)
        with kit.part("div", "qo-scroll").props("tabindex=0 role=region") as frame:
            frame._props["aria-label"] = say(title)
            with kit.part("table", "qo-table"):
                self._head(_HEADS)
                with kit.part("tbody"):
                    for each in decisions[:LISTED]:
                        self._row(each, _FIGURES, answer.reasons.get(each.id))
                if len(decisions) > 1:
                    self._total(decisions, _FIGURES)
        self._cut(len(decisions))

    def _head(self, titles: Sequence[Text]) -> None:
        with kit.part("thead"), kit.part("tr"):
            for place, title in enumerate(titles):
                kit.words(self.view.say(title), "qo-n" if place > 2 else "", "th").props("scope=col")

    def _row(self, each: Decision, figures: Sequence[str], reason: Reason | None, *, link: bool = True) -> None:
        say = self.view.say
        with kit.part("tr"):
            with kit.part("td"):
                if link:
                    button = kit.words(f"{each.id} {each.name}", "qo-open", "button")
                    button.on("click", lambda: self.opened(each.id))
                else:
                    kit.words(f"{each.id} {each.name}")
            kit.words(each.place, "qo-short", "td")
            kit.words(say(each.how), "qo-short", "td")
            kit.words(str(each.year), "qo-n", "td")
            for name in figures:
                kit.words(figure(each.figures.get(name)), "qo-n", "td")
        if reason is not None and reason.verdict != "awarded":
            with kit.part("tr", "qo-why-row"):
                kit.words(say(reason.text), "qo-why", "td").props(f"colspan={4 + len(figures)}")

    def _total(self, decisions: Sequence[Decision], figures: Sequence[str]) -> None:
        with kit.part("tfoot"), kit.part("tr"):
            kit.words(self.view.say(WORDS["total"]), "", "td")
            for _ in range(3):
                kit.words("", "", "td")
            for name in figures:
                kit.words(figure(sum(each.figures.get(name, 0.0) for each in decisions)), "qo-n", "td")

    def _cut(self, count: int) -> None:
        if count > LISTED:
            text = Text(f"共 {count} 个，此处为前 {LISTED} 个。", f"{count} in all; the first {LISTED} are shown.")
            kit.note(self.view.say(text))

    def _moved(self, moved: Sequence[Moved]) -> None:
        if not moved:
            return
        say = self.view.say
        with kit.part("details", "qo-details"):
            kit.words(
                say(Text(f"改期或改份额的项目 {len(moved)}", f"At another time or share: {len(moved)}")), "", "summary"
            )
            with kit.part("ul", "qo-list"):
                for each in moved[:50]:
                    kit.words(
                        f"{each.after.id} {each.after.name}：{_when(each.before)} → {_when(each.after)}", "", "li"
                    )

    def _firms(self, found: Changed) -> None:
        count = len(found.firms_entered) + len(found.firms_left) + len(found.firms_moved)
        if not count:
            return
        say = self.view.say
        text = Text(
            f"企业：改为整治 {len(found.firms_entered)}，不再整治 {len(found.firms_left)}，"
            f"改措施或年份 {len(found.firms_moved)}",
            f"Firms: {len(found.firms_entered)} treated now, {len(found.firms_left)} left alone now, "
            f"{len(found.firms_moved)} treated otherwise",
        )
        with kit.part("details", "qo-details"):
            kit.words(say(text), "", "summary")
            for title, decisions in (
                (Text("改为整治", "Treated now"), found.firms_entered),
                (Text("不再整治", "Left alone now"), found.firms_left),
            ):
                if decisions:
                    kit.heading(say(title), 3)
                    with kit.part("table", "qo-table"):
                        self._head(_FIRM_HEADS)
                        with kit.part("tbody"):
                            for each in decisions[:LISTED]:
                                self._row(each, _FIRM_FIGURES, None, link=False)
                    self._cut(len(decisions))
            if found.firms_moved:
                kit.heading(say(Text("改措施或年份", "Treated otherwise")), 3)
                with kit.part("ul", "qo-list"):
                    for pair in found.firms_moved[:LISTED]:
                        before, after = (f"{each.year} {say(each.how)}" for each in (pair.before, pair.after))
                        kit.words(f"{pair.after.id} {before} → {after}", "", "li")
                self._cut(len(found.firms_moved))


def _when(each: Decision) -> str:
    return f"{each.year}" if each.share > 1 - 1e-9 else f"{each.year} · {each.share:.0%}"


def no_plan(
    view: View,
    answer: Answer,
    repairs: Repairs | None,
    tried: Callable[[Repair], None],
    sought: Callable[[], None],
) -> None:
    """What clashes, and the ways out, each to be tried at once; `sought` looks for them once more."""
    say = view.say
    if answer.conflicts:
        kit.heading(say(Text("最少要放宽这些", "At least these must give")), 3)
        with kit.part("ul", "qo-list"):
            for line in answer.conflicts:
                kit.words(say(line), "", "li")
    if answer.status != "INFEASIBLE":
        return
    if repairs is None:
        kit.note(say(Text("正在求最省的改法，约需几十秒……", "The cheapest ways out are being worked out …")))
        return
    if repairs.clauses:
        names = [say(each) for each in repairs.clauses]
        joined = "、".join(names) if view.language == "zh" else "; ".join(names)
        kit.words(say(Text(f"相互矛盾的条款：{joined}。", f"Clauses that exclude each other: {joined}.")), "", "p")
    kit.heading(say(Text("改法（由易到难，均已求解验证）", "Ways out, the softest first, each solved to be sure")), 3)
    if not repairs.repairs:
        kit.note(say(Text("时限内没有找到改法。", "None was found in time.")))
        kit.button(say(Text("再找一次", "Look again")), on_click=sought)
    with kit.part("ol", "qo-list"):
        for repair in repairs.repairs:
            with kit.part("li", "qo-repair"):
                kit.words(say(repair.words))
                if repair.changes:
                    kit.button(say(Text("试", "Try")), on_click=lambda repair=repair: tried(repair)).classes("qo-tight")


def why(
    view: View,
    project: str,
    name: str,
    answer: Answer,
    base: Answer | None,
    lock: Lock | None,
    locked: Callable[[str, Lock | None], None],
) -> None:
    """The drawer of one project: in or out, the reason, its figures (of the baseline where it is out), and its lock."""
    say = view.say
    dialog, body = kit.drawer(view, f"{project} {name}")

    def close_and_lock(key: str, value: Lock | None) -> None:
        dialog.close()
        locked(key, value)

    reason = answer.reasons.get(project)
    decision = answer.awards.get(project) or (base.awards.get(project) if base is not None else None)
    with body:
        if reason is not None:
            kit.badge(say(listed(VERDICTS, reason.verdict)), "good" if reason.verdict == "awarded" else "warn")
            kit.answer(say(reason.text), live=False)
            _pair(view, WORDS["rule"], say(listed(RULES, reason.rule)) if reason.rule else "")
            _pair(view, WORDS["clause"], reason.clause)
        if decision is not None:
            for title, value in zip(_HEADS[4:], _FIGURES, strict=True):
                _pair(view, title, figure(decision.figures.get(value)))
        if not view.meeting:
            lock_buttons(view, project, reason, lock, close_and_lock)
    dialog.open()


def lock_buttons(
    view: View, project: str, reason: Reason | None, lock: Lock | None, locked: Callable[[str, Lock | None], object]
) -> Element:
    """必须安排, 不安排, and the way back; what a clause bars is bent, and that is said."""
    barred = reason is not None and reason.verdict == "rejected"
    force: Lock = "bend" if barred else "in"
    with kit.part("div", "qo-row qo-locks") as row:
        kit.words(view.say(Text("锁定：", "Lock: ")))
        for value in (force, "out"):
            pressed = lock == value
            button = kit.button(view.say(LOCK_WORDS[value]), on_click=lambda value=value: locked(project, value))
            button.set_enabled(not pressed)
        if lock is not None:
            kit.button(view.say(Text("取消锁定", "Unlock")), on_click=lambda: locked(project, None))
    return row


def lock_receipt(view: View, answer: Answer, free: Answer) -> str:
    """What all locks together cost, and who leaves: the answer beside the one without them."""
    if not (answer.planned and free.planned):
        return ""
    found = changed(free, answer)
    first = next((each for each in free.measures if each.name == "value_added"), None)
    parts_zh, parts_en = [], []
    if first is not None:
        difference = difference_words(answer.measure(first.name) or 0.0, first.value)
        parts_zh.append(f"{first.title.zh} {difference} 万元")
        parts_en.append(f"{first.title.en} {difference} ×10k yuan")
    if found.left:
        parts_zh.append(f"换下 {'、'.join(each.id for each in found.left)}")
        parts_en.append(f"out: {', '.join(each.id for each in found.left)}")
    if found.entered:
        parts_zh.append(f"换上 {'、'.join(each.id for each in found.entered)}")
        parts_en.append(f"in: {', '.join(each.id for each in found.entered)}")
    said = Text(f"锁定的影响：{'；'.join(parts_zh)}。", f"What the locks change: {'; '.join(parts_en)}.")
    return view.say(said)


def _pair(view: View, title: Text, value: str) -> None:
    if value:
        kit.words(f"{view.say(title)}{view.say(Text('：', ': '))}{value}", "", "p")

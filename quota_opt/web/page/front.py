"""The screen of trade-offs: what one measure costs of another, and what a tighter limit costs, for a plan's case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from quota_opt.analysis.front.pareto import sense_of
from quota_opt.errors import Text
from quota_opt.plan.plan import Plan
from quota_opt.report.document import data_note_of
from quota_opt.report.words import measure_name
from quota_opt.scenario import Scenario
from quota_opt.store.jobs import EVALUATE, FRONT, SWEEP, Job
from quota_opt.web.desk.asking import Answer
from quota_opt.web.desk.labels import path_words
from quota_opt.web.desk.states import moment_words
from quota_opt.web.page import figures, kit
from quota_opt.web.page.acting import asked, is_there
from quota_opt.web.page.following import Following
from quota_opt.web.page.front_cursor import draw_front
from quota_opt.web.page.front_steps import draw_steps
from quota_opt.web.page.rows import rows
from quota_opt.web.page.threads import in_thread
from quota_opt.web.page.view import View

POINTS = {
    9: Text("9 点（快）", "9 points (quick)"),
    15: Text("15 点", "15 points"),
    25: Text("25 点（细）", "25 points (fine)"),
}
FIRST, SECOND = (
    ("value_added:max", "priority_points:max"),
    ("carbon_net:min", "public_cost:min", "energy_net:min", "jobs_net:max"),
)
"""What is asked where nobody says: the first of each that the case has."""
LOWEST, HIGHEST = 0.45, 0.52
"""Between which access limits are swept where nobody says: the values that are in discussion."""


async def show(view: View, job: str) -> None:
    """Trade-offs of the case behind a plan: the last ones asked for, and a form for others."""
    read = await in_thread(view.desk.plans.read, view.user, job)
    kit.page_title(view.say(Text("取舍曲线", "Trade-offs")), view.say(read.scenario.title))
    note = data_note_of(read.scenario)
    if note is not None:
        kit.words(view.say(note), "qo-box", "p")
    await _front(view, job, read.plan)
    await _steps(view, job, read.plan.scenario)
    await _worlds(view, job, read.plan.scenario)


class _Asked:
    """The questions of one kind asked before about this plan, and the frame in which one of them is shown."""

    def __init__(self, view: View, job: str, kind: str, what: Text, draw: Any) -> None:
        self.view, self.job, self.kind, self.what, self._draw = view, job, kind, what, draw
        self.following: Following | None = None

    async def begin(self) -> None:
        """Show the newest one that there is."""
        self.before = kit.part("div", "qo-row")
        self.frame = kit.part("div")
        known = await in_thread(self.view.desk.asking.asked, self.view.user, self.job, self.kind)
        fine = [each for each in known if each.state != "failed"]
        if is_there(self.frame) and fine:
            await self.follow(fine[0])
        if is_there(self.before) and len(fine) > 1:
            with self.before:
                self._choose(fine)

    def _choose(self, known: Sequence[Job]) -> None:
        words = {each.id: f"{self._words(each)} · {self.view.say(moment_words(each.submitted))}" for each in known}
        by_id = {each.id: each for each in known}
        chosen = ui.select(words, value=known[0].id, label=self.view.say(Text("以前算过的", "Asked before")))
        chosen.props("dense outlined options-dense").classes("qo-wide")
        chosen.on_value_change(lambda event: self.follow(by_id[event.value]))

    def _words(self, job: Job) -> str:
        options = job.question.get("options", {})
        if self.kind == EVALUATE:
            return _uncertain_words(self.view, options.get("uncertainty"))
        if self.kind == FRONT:
            names = [measure_name(each.partition(":")[0]).of(self.view.language) for each in options["measures"]]
            return " × ".join(names)
        words = path_words(options["parameter"]).of(self.view.language)
        return f"{words} {options['start']:g}—{options['stop']:g}"

    async def follow(self, job: Job | None) -> None:
        """Show this one, once it is there."""
        if job is None or not is_there(self.frame):
            return
        self.frame.clear()
        self.following = Following(self.view, self.frame, job, self._drawn, what=self.what)
        await self.following.begin()

    async def _drawn(self, job: Job) -> None:
        answer = await asked(self.view, self.view.desk.asking.answer, self.view.user, job.id)
        if answer is not None and is_there(self.frame):
            with self.frame:
                await self._draw(self.view, self.job, answer)


async def _front(view: View, job: str, plan: Plan) -> None:
    async def ask() -> None:
        chosen = [str(each.value) for each in (first, second, third) if each.value]
        made = await asked(view, view.desk.asking.front, view.user, job, chosen, points=int(points.value))
        await shown.follow(made)

    with kit.card(view.say(Text("两个成效指标怎么取舍", "What one measure costs of another"))) as card:
        card.props("id=front")
        known = _measures(view, plan)
        with kit.part("div", "qo-row"):
            first = _select(view, Text("要最好的", "the best"), known, _default(known, FIRST))
            second = _select(view, Text("拿什么换", "traded for"), known, _default(known, SECOND))
            third = _select(view, Text("第三个（可不选）", "a third, if any"), {"": "—", **known}, "")
            points = _select(view, Text("点数", "points"), {str(n): view.say(text) for n, text in POINTS.items()}, "9")
            kit.button(view.say(Text("画取舍曲线", "Find the front")), on_click=ask, main=True)
        what = Text("求取舍曲线，每一点都证明最优", "Finding the front, each point proven")
        shown = _Asked(view, job, FRONT, what, draw_front)
        await shown.begin()


def _measures(view: View, plan: Plan) -> dict[str, str]:
    """Measures of the plan with the sense that is plain, or both senses."""
    made = {}
    for name in plan.measures:
        plain = sense_of(name)
        for sense in [plain] if plain else ["max", "min"]:
            words = Text(
                "越大越好" if sense == "max" else "越小越好", "more is better" if sense == "max" else "less is better"
            )
            title = measure_name(name, _titles(plan.scenario)).of(view.language)
            made[f"{name}:{sense}"] = view.say(Text(f"{title}（{words.zh}）", f"{title} ({words.en})"))
    return made


def _titles(scenario: Scenario) -> dict[str, Text]:
    return {name: measure.title for name, measure in scenario.settings.measures.items() if measure.title is not None}


def _default(known: dict[str, str], wanted: Sequence[str]) -> str:
    return next((each for each in wanted if each in known), next(iter(known)))


def _select(view: View, title: Text, options: dict[str, str], value: str) -> ui.select:
    made = ui.select(options, value=value, label=view.say(title))
    return made.props("dense outlined options-dense").classes("qo-field")


async def _steps(view: View, job: str, scenario: Scenario) -> None:
    known = _parameters(scenario)
    if not known:
        return

    async def ask() -> None:
        if start.value is None or stop.value is None:
            return
        path = str(chosen.value)
        await shown.follow(
            await asked(view, view.desk.asking.sweep, view.user, job, path, float(start.value), float(stop.value))
        )

    with kit.card(view.say(Text("收紧一步代价多大", "What tightening costs"))) as card:
        card.props("id=steps")
        with kit.part("div", "qo-row"):
            names = {path: view.say(path_words(path)) for path in known}
            chosen = _select(view, Text("哪一条", "which setting"), names, next(iter(known)))
            low, high = known[next(iter(known))]
            start = _number(view, Text("从", "from"), low)
            stop = _number(view, Text("到", "to"), high)
            kit.button(view.say(Text("找出每个跳变点", "Find every break point")), on_click=ask, main=True)

        def reset() -> None:
            start.value, stop.value = known[str(chosen.value)]

        chosen.on_value_change(reset)
        what = Text("找跳变点，每一段都证明最优", "Finding break points, each piece proven")
        shown = _Asked(view, job, SWEEP, what, draw_steps)
        await shown.begin()


def _number(view: View, title: Text, value: float) -> ui.number:
    made = ui.number(label=view.say(title), value=value, step=0.01, format="%.4g")
    return made.props("dense outlined").classes("qo-short")


async def _worlds(view: View, job: str, scenario: Scenario) -> None:
    async def ask() -> None:
        less, more = (float(each.value or 0.0) / 100.0 for each in (freed, needed))
        await shown.follow(
            await asked(view, view.desk.asking.evaluate, view.user, job, less_freed=less, more_needed=more)
        )

    with kit.card(view.say(Text("数据不准会怎样", "What if the data are not exact"))) as card:
        card.props("id=worlds")
        stated = scenario.settings.uncertainty is not None
        with kit.part("div", "qo-row"):
            freed = _percent(view, Text("整治少腾出，至多 %", "actions free less, up to %"), 0 if stated else 10)
            needed = _percent(
                view, Text("项目用能多或少，至多 %", "projects need more or less, up to %"), 0 if stated else 5
            )
            kit.button(view.say(Text("算一千种情形", "Try a thousand worlds")), on_click=ask, main=True)
        if stated:
            kit.note(view.say(Text("两个都填 0，就按案例里写的不确定性。", "With both at 0 it is as the case says.")))
        shown = _Asked(
            view, job, EVALUATE, Text("逐一核算一千种情形", "Working through a thousand worlds"), _draw_worlds
        )
        await shown.begin()


def _percent(view: View, title: Text, value: float) -> ui.number:
    made = ui.number(label=view.say(title), value=value, min=0, max=90, step=1, format="%g")
    return made.props("dense outlined").classes("qo-field")


def _uncertain_words(view: View, given: Mapping[str, Any] | None) -> str:
    """What was taken to be uncertain."""
    if not given:
        return view.say(Text("按案例写的不确定性", "as the case says"))
    said = []
    for part, name, words in (
        ("actions", "delivery", Text("少腾出至多", "freed: down to −")),
        ("projects", "need", Text("用能 ±", "needed: ±")),
    ):
        if part in given:
            low = next(iter(given[part].values()))[name]["low"]
            said.append(f"{view.say(words)}{1 - low:.0%}")
    return view.say(Text("，", ", ")).join(said)


async def _draw_worlds(view: View, _job: str, answer: Answer) -> None:
    first, *others = answer.document.sections
    for place, sentence in enumerate(first.sentences):
        if place == 0:
            kit.answer(view.say(sentence))
        else:
            kit.words(view.say(sentence), "", "p")
    with kit.part("div", "qo-columns"):
        for draw in first.figures[:2]:
            figures.figure(view, draw(view.language))
    with kit.part("details", "qo-details"):
        kit.words(view.say(Text("明细", "Details")), "", "summary")
        for section in (first, *others):
            for table in section.tables:
                if table.rows:
                    kit.heading(view.say(table.title), 3)
                    rows(view, table, most=30)


def _parameters(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """The settings that can be swept, each with its ends: access limits first, then the share that stays in towns."""
    made: dict[str, tuple[float, float]] = {}
    admission = scenario.rules.get("admission")
    if admission is not None and admission.enabled:
        for number, limit in enumerate(admission.model_dump()["limits"]):
            if limit["action"] == "reject" and limit["value"]:
                value = float(limit["value"])
                usual = LOWEST <= value <= HIGHEST
                ends = (LOWEST, HIGHEST) if usual else (round(value * 0.87, 4), round(value, 4))
                made[f"rules.admission.limits.{number}.value"] = ends
    retention = scenario.rules.get("retention")
    if retention is not None and retention.enabled:
        made["rules.retention.keep"] = (0.0, 1.0)
    return made

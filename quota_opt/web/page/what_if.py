"""③ 试算: sliders on the left, the answer on the right, always beside the baseline.

Each question has a number, and only the newest may write. It is answered quickly first; after a moment of rest the
proof follows in the background. What is moved is kept, so that a reload or a restart finds it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nicegui import background_tasks, ui

from quota_opt.errors import QuotaOptError, Text
from quota_opt.facade import Scenario
from quota_opt.report.document import data_note_of, scenario_title
from quota_opt.report.words import WORDS
from quota_opt.store.jobs import Job
from quota_opt.store.workspace_values import CaseEntry
from quota_opt.web.desk.answers import BREAKS, PROVEN, QUICK, REPAIRS, Answer, Breaks, Repair, Repairs, Stage
from quota_opt.web.desk.changed import LOCK_WORDS, answer_words, position_words, setting_words
from quota_opt.web.desk.sliders import Lock, Position, changes_of, record_of, sliders_of
from quota_opt.web.desk.what_if import Question, Subject
from quota_opt.web.page import kit
from quota_opt.web.page import what_if_answer as parts
from quota_opt.web.page.acting import asked, in_thread, is_there
from quota_opt.web.page.view import View
from quota_opt.web.page.what_if_slider import SliderControl

THROTTLE_S = 0.15
"""A slider that moves asks no oftener than this."""
STALE_S = 1.0
"""After so long without an answer the old numbers are shown as old."""
REST_S = 2.0
"""After so long without a new question the proof begins."""
IN_MEETING = 4
"""Sliders of the meeting mode."""
ASKED_KEPT = 100
"""Questions of meetings that are kept for a case."""


async def show(view: View, case: str) -> None:
    """The what-if screen of a case.

    `?variant=` opens one of its variants, `?at=` puts the sliders somewhere, and `?set=` to settings by dotted path,
    such as those of a plan or of a repair.
    """
    query = ui.context.client.request.query_params
    entry = await in_thread(view.desk.workspace.case, view.user, case)
    scenario = await in_thread(view.desk.cases.read, view.user, case)
    variant = query.get("variant") or None
    if variant is not None:
        scenario = await in_thread(scenario.with_variant, variant)
    board = Board(view, entry, scenario, variant)
    settings = _record(query.get("set"))
    await board.open(_record(query.get("at")) if settings is None else record_of(settings, board.sliders))


def _record(text: str | None) -> Mapping[str, Any] | None:
    if not text:
        return None
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


class Board:
    """One what-if screen before one person."""

    def __init__(self, view: View, entry: CaseEntry, case: Scenario, variant: str | None) -> None:
        self.view, self.entry, self.case, self.variant = view, entry, case, variant
        self.say = view.say
        self.what_if = view.desk.what_if
        self.sliders = sliders_of(case)
        projects = case.projects
        self.names: dict[str, str] = {
            str(key): str(name or key) for key, name in zip(projects["project"], projects["name"], strict=True)
        }
        self.kept = f"what-if/{entry.key}" + (f"/{variant}" if variant else "")
        self.locks: dict[str, Lock] = {}
        self.more: dict[str, Any] = {}
        self.controls: list[SliderControl] = []
        self.base: Answer | None = None
        self.free: Answer | None = None
        self.answer: Answer | None = None
        self.answered = Position()
        """What the answer that is shown is the answer to; by now something else may have been moved."""
        self.repairs: Repairs | None = None
        self.asked: list[dict[str, Any]] = []
        self.number = 0
        self._questions: dict[str, Question] = {}
        self._waiting = False
        self._proving = False

    async def open(self, given: Mapping[str, Any] | None) -> None:
        """Draw the screen, and begin with where the sliders stood last."""
        kept = await in_thread(self.view.desk.workspace.kept, self.view.user, self.kept)
        found = await in_thread(self.view.desk.workspace.kept, self.view.user, f"{self.kept}/asked")
        self.asked = list((found or {}).get("asked", []))
        self.subject = await in_thread(Subject.of, self.case)
        position = Position.of(given if given is not None else kept, self.sliders, frozenset(self.names))
        self.locks, self.more = dict(position.locks), dict(position.more)
        self.client = ui.context.client
        self.tab = self.client.id
        self._draw_head()
        with kit.part("div", "qo-what-if"):
            with kit.part("div", "qo-what-if-controls"):
                self._draw_controls(position)
            with kit.part("div", "qo-what-if-answer") as self.right:
                with kit.part("div", "qo-row qo-what-if-state"):
                    self.state = kit.part("div", "qo-row")
                    self.spinner = ui.linear_progress(show_value=False).props("indeterminate size=4px")
                    self.spinner.classes("qo-what-if-progress")
                    self.spinner._props["aria-label"] = self.say(Text("正在求解", "solving"))
                self.sentence = kit.answer(self.say(Text("正在求解基准方案……", "Solving the baseline …")))
                self.result = kit.part("div")
        self.drawers = kit.part("div")
        self._busy(True)
        if given is not None:  # from here on what is kept counts, also after a reload
            ui.navigate.history.replace(self.view.link(self.view.path, variant=self.variant))
        self.client.on_delete(self._gone)
        self._go(self._open_base())

    @property
    def position(self) -> Position:
        """Where everything stands."""
        values = {each.slider.key: each.value for each in self.controls if each.value != each.slider.base}
        on = {each.slider.key: each.on for each in self.controls if each.slider.switch and each.on != each.slider.on}
        return Position(values, on, dict(self.locks), dict(self.more))

    # What stands around the answer

    def _draw_head(self) -> None:
        title = Text(f"试算：{self.entry.named('zh')}", f"What-if: {self.entry.named('en')}")
        under = self.say(scenario_title(self.case)) if self.variant else ""
        with kit.part("div", "qo-row"):
            kit.page_title(self.say(title), under)
            note = data_note_of(self.case)
            if note is not None:
                kit.words(self.say(note), "qo-box", "p")

    def _draw_controls(self, position: Position) -> None:
        shown = self.sliders[:IN_MEETING] if self.view.meeting else self.sliders
        with kit.card(self.say(Text("移动滑块，答案随之改变", "Move a slider, and the answer follows"))):
            if not shown:
                kit.note(
                    self.say(
                        Text(
                            "本案例没有可移动的参数：没有准入上限、留用、资金、岗位规则，目标也只有一项。",
                            "This case has nothing to move: no access limit, retention, budget or jobs rule, and a "
                            "single objective.",
                        )
                    )
                )
            for slider in self.sliders:
                value = position.values.get(slider.key, slider.base)
                control = SliderControl(self.view, slider, value, position.on.get(slider.key, slider.on), self._changed)
                self.controls.append(control)
                control.frame.set_visibility(slider in shown)
            self.more_list = kit.part("div")
            self._draw_more()
            with kit.part("div", "qo-row"):
                kit.button(self.say(Text("全部还原", "Reset all")), on_click=self._reset_all)
                if not self.view.meeting:
                    kit.button(self.say(Text("存为方案", "Save as scenario")), on_click=self._save)
                    kit.button(self.say(Text("与基准对比", "Compare")), on_click=self._compare)
                    kit.button(self.say(Text("求解并存档", "Solve and keep")), on_click=self._solve, main=True)
        if not self.view.meeting:
            self._draw_locking()
        with kit.card(self.say(Text("会上试算", "Asked in meetings"))) as self.list_card:
            self.list_frame = kit.part("div")
        self._draw_asked()

    def _draw_locking(self) -> None:
        with kit.card(self.say(Text("锁定项目", "Locked projects"))):
            options = {key: f"{key} {name}" for key, name in self.names.items()}
            self.chosen = ui.select(options, with_input=True, label=self.say(Text("选一个项目", "choose a project")))
            self.chosen.props("dense outlined options-dense").classes("qo-what-if-choose")
            with kit.part("div", "qo-row"):
                kit.button(self.say(LOCK_WORDS["in"]), on_click=lambda: self._lock_chosen("in"))
                kit.button(self.say(LOCK_WORDS["out"]), on_click=lambda: self._lock_chosen("out"))
            self.lock_list = kit.part("div")
        self._draw_locks()

    def _draw_locks(self) -> None:
        if self.view.meeting:
            return
        self.lock_list.clear()
        with self.lock_list:
            for project, lock in self.locks.items():
                with kit.part("div", "qo-row qo-locked"):
                    kit.words(f"{project} {self.names[project]}", "qo-grow")
                    kit.badge(self.say(LOCK_WORDS[lock]), "warn" if lock == "bend" else "plain")
                    button = kit.button(
                        self.say(Text("取消", "Unlock")), on_click=lambda project=project: self._lock(project, None)
                    )
                    button.classes("qo-tight")
            if self.locks and self.free is not None and self.answer is not None:
                kit.note(parts.lock_receipt(self.view, self.answer, self.free))

    def _draw_more(self) -> None:
        self.more_list.clear()
        with self.more_list:
            for path, value in self.more.items():
                with kit.part("div", "qo-row qo-locked"):
                    kit.words(self.say(setting_words(path, value)))
                    button = kit.button(self.say(Text("取消", "Undo")), on_click=lambda path=path: self._drop(path))
                    button.classes("qo-tight")

    def _draw_asked(self) -> None:
        self.list_card.set_visibility(bool(self.asked) or self.view.meeting)
        self.list_frame.clear()
        with self.list_frame:
            if not self.asked:
                kit.note(
                    self.say(
                        Text(
                            "会上问过的每个问题都记在这里，点一下就回到当时的设置。",
                            "Every question asked in a meeting is kept here, to go back to.",
                        )
                    )
                )
            for each in reversed(self.asked[-20:]):
                with kit.part("div", "qo-asked"):
                    kit.words(each["time"], "qo-note")
                    text = kit.words(self.say(Text(*each["words"])), "qo-open", "button")
                    text.on("click", lambda each=each: self._go_to(each["at"]))

    # What people do

    def _changed(self) -> None:
        """Something was moved: ask, but not oftener than the throttle lets."""
        self.number += 1
        if not self._waiting:
            self._waiting = True
            self._go(self._ask_soon())

    async def _ask_soon(self) -> None:
        await asyncio.sleep(THROTTLE_S)
        self._waiting = False
        await self._ask()

    def _reset_all(self) -> None:
        for control in self.controls:
            control.set(control.slider.base, control.slider.on)
        self.locks.clear()
        self.more.clear()
        self._draw_locks()
        self._draw_more()
        self._changed()

    def _go_to(self, record: Mapping[str, Any]) -> None:
        position = Position.of(record, self.sliders, frozenset(self.names))
        for control in self.controls:
            slider = control.slider
            control.set(position.values.get(slider.key, slider.base), position.on.get(slider.key, slider.on))
        self.locks, self.more = dict(position.locks), dict(position.more)
        self._draw_locks()
        self._draw_more()
        self._changed()

    def _lock_chosen(self, lock: Lock) -> None:
        project = self.chosen.value
        if project is None:
            return
        reason = self.base.reasons.get(project) if self.base is not None else None
        barred = reason is not None and reason.verdict == "rejected"
        self._lock(project, "bend" if lock == "in" and barred else lock)

    def _lock(self, project: str, lock: Lock | None) -> None:
        self.locks.pop(project, None)
        if lock is not None:
            self.locks[project] = lock
        self.free = None
        self._draw_locks()
        self._changed()

    def _try(self, repair: Repair) -> None:
        """Set what a repair says: on a slider where one stands for it, else beside them."""
        by_path = {control.slider.path: control for control in self.controls if control.slider.path is not None}
        by_switch = {control.slider.switch: control for control in self.controls if control.slider.switch}
        for path, value in repair.changes.items():
            if path in by_path:
                control = by_path[path]
                control.set(round(float(value) * control.slider.scale, 9), control.on)
            elif path in by_switch:
                by_switch[path].set(by_switch[path].value, bool(value))
            else:
                self.more[path] = value
        self._draw_more()
        self._changed()

    def _seek(self) -> None:
        """Look for repairs once more."""
        self.repairs = None
        self._draw()
        self._go(self._repair(self.number, changes_of(self.case, self.sliders, self.answered)))

    def _drop(self, path: str) -> None:
        del self.more[path]
        self._draw_more()
        self._changed()

    def _open_why(self, project: str) -> None:
        if self.answer is not None:
            lock = self.locks.get(project)
            with self.drawers:  # which an answer that comes meanwhile does not draw anew
                parts.why(self.view, project, self.names.get(project, ""), self.answer, self.base, lock, self._lock)

    async def _save(self) -> None:
        position, answer = self.position, self.answer
        words = position_words(self.sliders, position)
        with ui.dialog() as dialog, ui.card().classes("qo-dialog"):
            kit.heading(self.say(Text("存为方案", "Save as scenario")))
            name = ui.input(
                label=self.say(Text("方案名称", "name")),
                value=self.say(words)[:60] if words is not None else self.say(Text("基准方案", "baseline")),
            ).props("outlined dense")
            name.classes("qo-what-if-choose")
            with kit.part("div", "qo-row"):
                kit.button(self.say(Text("保存", "Save")), on_click=lambda: dialog.submit(name.value), main=True)
                kit.button(self.say(Text("取消", "Cancel")), on_click=dialog.close)
        title = await dialog
        if not title:
            return
        saved = await asked(
            self.view,
            self.view.desk.workspace.add_variant,
            self.view.user,
            self.entry.key,
            str(title),
            changes_of(self.case, self.sliders, position),
            variant=self.variant,
            measures={} if answer is None else {each.name: each.value for each in answer.measures},
        )
        if saved is not None:
            said = Text(f"已存为方案“{saved.name}”，可在“对比”中并列查看。", f"Saved as {saved.name}; see Compare.")
            ui.notify(self.say(said), type="positive")

    async def _solve(self) -> None:
        job = await self._run(self.position)
        if job is not None:
            ui.navigate.to(self.view.link(f"/plan/{job.id}"))

    async def _compare(self) -> None:
        """Solve and keep the baseline and what stands here, and look at both."""
        if position_words(self.sliders, self.position) is None:
            ui.notify(self.say(Text("还没有移动任何滑块。", "Nothing has been moved yet.")))
            return
        base, here = await self._run(Position()), await self._run(self.position)
        if base is not None and here is not None:
            ui.navigate.to(self.view.link("/compare", jobs=f"{base.id},{here.id}"))

    async def _run(self, position: Position) -> Job | None:
        words = position_words(self.sliders, position)
        return await asked(
            self.view,
            self.view.desk.cases.run,
            self.view.user,
            self.entry.key,
            variant=self.variant,
            overrides=changes_of(self.case, self.sliders, position),
            label=self.say(words) if words is not None else "",
            language=self.view.language,
        )

    # Questions and answers

    async def _open_base(self) -> None:
        self.base = await self._answered({}, QUICK, "base")
        await self._ask()
        if not self._lives():
            return
        proven = await self._answered({}, PROVEN, "base")
        if proven is not None and proven.planned and self._lives():
            self.base = proven
            if self.answer is not None:
                self._draw()
        await self._find_breaks()

    async def _ask(self) -> None:
        """Ask for where everything stands now; what is found is drawn unless something moved meanwhile."""
        number, position = self.number, self.position
        changes = changes_of(self.case, self.sliders, position)
        self._go(self._keep(position))
        self._proving = False
        question = self._put(changes, QUICK, "now")
        done, _ = await asyncio.wait({asyncio.wrap_future(question.future)}, timeout=STALE_S)
        if not done:
            self._busy(True)
        found = await self._found(question)
        if found is None or number != self.number or not self._lives():
            return
        self.answer, self.answered, self.repairs = found, position, None
        self.free = await self._unlocked(position) if position.locks else None
        if number != self.number or not self._lives():
            return
        self._proving = found.planned or found.status == "NO_SOLUTION_FOUND"
        self._busy(not found.planned and self._proving)
        self._draw()
        await asyncio.sleep(REST_S)
        if number != self.number or not self._lives():
            return
        if self.view.meeting:
            await self._note_asked(position, found)
        await (self._prove(number, changes) if self._proving else self._repair(number, changes))

    async def _prove(self, number: int, changes: Mapping[str, Any]) -> None:
        found = await self._answered(changes, PROVEN, "now")
        if number != self.number or not self._lives():
            return
        self._proving = False
        self._busy(False)
        if found is not None and (found.planned or self.answer is None or not self.answer.planned):
            self.answer = found
        self._draw()
        if found is not None and found.status == "INFEASIBLE":
            await self._repair(number, changes)

    async def _repair(self, number: int, changes: Mapping[str, Any]) -> None:
        if self.answer is None or self.answer.status != "INFEASIBLE":
            return
        found = await self._found(self._put(changes, REPAIRS, "now"))
        if number == self.number and self._lives():
            self.repairs = found if isinstance(found, Repairs) else Repairs((), ())
            self._draw()

    async def _unlocked(self, position: Position) -> Answer | None:
        free = Position(position.values, position.on, {}, position.more)
        return await self._answered(changes_of(self.case, self.sliders, free), QUICK, "free")

    async def _find_breaks(self) -> None:
        """Where the plan changes along the access limit, for the dots on its track."""
        for control in self.controls:
            path = control.slider.path
            if path is None or not path.startswith("rules.admission.") or not self._lives():
                continue
            ends = {path: [control.slider.setting(control.slider.low), control.slider.setting(control.slider.high)]}
            found = await self._found(self._put(ends, BREAKS, "breaks"))
            if isinstance(found, Breaks) and self._lives():
                control.show_breaks(found.values, exact=found.exact)
            return

    async def _answered(self, changes: Mapping[str, Any], stage: Stage, part: str) -> Answer | None:
        found = await self._found(self._put(changes, stage, part))
        return found if isinstance(found, Answer) else None

    def _put(self, changes: Mapping[str, Any], stage: Stage, part: str) -> Question:
        """Ask a question; it takes the place of the one before of the same part of this screen."""
        question = self.what_if.ask(self.subject, changes, stage=stage, user=self.view.user, tab=f"{self.tab}/{part}")
        self._questions[part] = question
        return question

    async def _found(self, question: Question) -> Any:
        return await asyncio.shield(asyncio.wrap_future(question.future))

    async def _keep(self, position: Position) -> None:
        await self._safely(self.view.desk.workspace.keep, self.kept, position.record())

    async def _note_asked(self, position: Position, found: Answer) -> None:
        words = answer_words(found, self.base, position_words(self.sliders, position))
        record = position.record()
        if self.asked and self.asked[-1]["at"] == record:
            return
        moment = datetime.now().astimezone().strftime("%m-%d %H:%M")
        self.asked.append({"time": moment, "at": record, "words": list(words)})
        self.asked = self.asked[-ASKED_KEPT:]
        await self._safely(self.view.desk.workspace.keep, f"{self.kept}/asked", {"asked": self.asked})
        if self._lives():
            self._draw_asked()

    async def _safely(self, work: Any, name: str, value: Mapping[str, Any]) -> None:
        """Keep something; where the store cannot be used the screen goes on and says so."""
        try:
            await in_thread(work, self.view.user, name, value)
        except QuotaOptError as error:
            if self._lives():
                with self.right:
                    ui.notify(error.of(self.view.language), type="warning")

    def _go(self, work: Any) -> None:
        background_tasks.create(work)

    def _lives(self) -> bool:
        return is_there(self.right)

    def _gone(self) -> None:
        for question in self._questions.values():
            self.what_if.cancel(question)

    # Drawing

    def _busy(self, busy: bool) -> None:
        self.spinner.set_visibility(busy)
        self.result.classes("qo-old" if busy else "", remove="" if busy else "qo-old")

    def _draw(self) -> None:
        answer = self.answer
        assert answer is not None
        if answer.planned:
            self._busy(False)
        words = position_words(self.sliders, self.answered)
        self.state.clear()
        with self.state:
            parts.badge(self.view, answer, proving=self._proving)
        self.sentence.set_text(self.say(answer_words(answer, self.base, words)))
        self.result.clear()
        with self.result:
            if answer.planned:
                self._draw_plan(answer, moved=words is not None)
            else:
                with kit.card(self.say(Text("怎么办", "What can be done"))):
                    parts.no_plan(self.view, answer, self.repairs, self._try, self._seek)
        self._draw_locks()

    def _draw_plan(self, answer: Answer, *, moved: bool) -> None:
        base = self.base if moved and self.base is not None and self.base.planned else None
        with kit.part("div", "qo-columns") as self.columns:
            title = Text("成效指标：值与比基准的差", "Measures, and the difference from the baseline")
            with kit.card(self.say(title if base is not None else WORDS["measures_table"])):
                parts.measures(self.view, answer, base)
            if base is not None:
                with kit.card(self.say(Text("变化多少（%）", "By how much (%)"))):
                    parts.chart(self.view, answer, base)
            else:
                with kit.card(self.say(Text("怎么用", "How to use it"))):
                    kit.words(self.say(_HELP), "", "p")
        if base is not None:
            with kit.card(self.say(Text("谁进谁出（点项目看理由）", "Who is in and who is out; click for the reason"))):
                parts.Lists(self.view, self._open_why).show(answer, base)


_HELP = Text(
    "移动左边任一滑块，这里就显示与基准方案的差、落选和新入选的项目。先给试算值，停下两秒后在后台证明最优。"
    "滑块上的短线是文件和方案里的取值，圆点是方案改变的地方。",
    "Move any slider at the left: here is then the difference from the baseline, and who drops out or comes in. "
    "A trial comes first; after two seconds of rest it is proven in the background. Short lines on a track are "
    "values of documents and scenarios, dots are where the plan changes.",
)

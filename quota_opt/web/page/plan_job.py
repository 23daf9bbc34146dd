"""A solve that waits, runs, or ended without a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nicegui import ui
from nicegui.element import Element

from quota_opt.errors import Text
from quota_opt.report import words
from quota_opt.report.figures_course import course
from quota_opt.report.numbers import figure, gap
from quota_opt.report.words import WORDS
from quota_opt.web.desk.plans import JobState
from quota_opt.web.page import figures, kit
from quota_opt.web.page.acting import asked, is_there
from quota_opt.web.page.plan_clash import show_clash
from quota_opt.web.page.view import View

POLL_S = 0.7

_HAND_OVER = Text(
    "请把本页编号和服务日志交给维护人员。",
    "Hand the number of this page and the server's log to whoever maintains it.",
)
_ANSWERS: Mapping[str, tuple[Text, Text]] = {
    "infeasible": (
        Text(
            "没有可行方案：有些条款不能同时满足。", "No plan satisfies all the rules: some clauses exclude each other."
        ),
        Text(
            "下面列出哪些条款相互矛盾、差多少、怎样改最省。",
            "Below: which clauses clash, by how much, and what would mend it.",
        ),
    ),
    "unbounded": (
        Text("目标值可以无限增大，没有最优方案。", "The objective can grow without end: there is no best plan."),
        Text(
            "到“数据”页检查目标的权重和各项上限。",
            "Check the weights of the objective and the limits under Data.",
        ),
    ),
    "input": (
        Text("输入需更正，没有求解。", "The input needs correcting; nothing was solved."),
        Text("到“数据”页按问题清单更正后再求解。", "Mend what is listed under Data, then solve again."),
    ),
    "no-plan-found": (
        Text("时限内没有找到方案。", "No plan was found within the time limit."),
        Text("放宽时限后再求解，或先快速求解。", "Allow more time, or begin with the quick profile."),
    ),
    "timeout": (
        Text("已停止：超过单次求解的时限，没有方案。", "Stopped: it took longer than allowed; there is no plan."),
        Text("放宽差距，或缩小案例后再求解。", "Ask for a wider gap, or a smaller case, and solve again."),
    ),
    "out-of-memory": (
        Text("已停止：超过内存上限，没有方案。", "Stopped: it took more memory than allowed; there is no plan."),
        Text(
            "请管理服务的人调高内存上限，或缩小案例。",
            "Whoever runs the server may raise the limit; or make the case smaller.",
        ),
    ),
    "cancelled": (
        Text("已取消，取消时还没有方案。", "Cancelled before there was any plan."),
        Text("可重新求解。", "It can be solved again."),
    ),
    "lost": (
        Text("已中断：求解的进程几次意外结束，没有方案。", "Interrupted: its process ended unexpectedly, each time."),
        Text(
            f"请重新求解；仍然如此，{_HAND_OVER.zh}",
            f"Solve it again. If it happens once more: {_HAND_OVER.en[0].lower()}{_HAND_OVER.en[1:]}",
        ),
    ),
    "verification-failed": (
        Text("复核未通过，不作为结果，也不导出。", "The plan failed its check: it is no result, and is not exported."),
        _HAND_OVER,
    ),
}
"""What is said of a solve without a plan, and what to do, by `kind`."""
_INTERNAL = (Text("内部错误，没有方案。", "An internal error; there is no plan."), _HAND_OVER)


def job_line(view: View, state: JobState) -> str:
    """Case, variant, what was changed, number of the job."""
    parts = [state.case, *([state.variant] if state.variant else [])]
    for path, value in state.overrides.items():
        name = words.parameter_name(path)
        shown = value if not isinstance(value, Mapping) else "、".join(f"{key}: {each}" for key, each in value.items())
        parts.append(f"{view.say(name) if name is not None else path} = {shown}")
    parts.append(view.say(Text(f"任务编号 {state.id[:8]}", f"job {state.id[:8]}")))
    return " · ".join(parts)


def show_running(view: View, state: JobState) -> None:
    """Place in the queue, or stage, best value, bound and gap as they move; the page comes back with the plan."""
    kit.page_title(view.say(Text("正在求解", "Solving")), job_line(view, state))
    line = kit.answer("")
    with kit.tiles():
        tiles = {
            name: _tile(view, title)
            for name, title in (
                ("seconds", WORDS["seconds"]),
                ("best", Text("目前最好", "best so far")),
                ("bound", WORDS["bound"]),
                ("gap", WORDS["gap"]),
            )
        }
    with kit.part("div", "qo-row"):
        stop = kit.button(view.say(Text("取消", "Cancel")))
        kit.note(
            view.say(
                Text(
                    "取消后保留目前最好的方案。可以离开本页，求解照常进行，回来仍在。",
                    "On cancelling, the best plan so far is kept. You may leave this page; the solve goes on.",
                )
            )
        )
    chart = kit.part("div")
    shown = _Chart(view, chart)

    def draw(now: JobState) -> None:
        line.set_text(_sentence(view, now))
        tiles["seconds"].set_text(view.say(Text(f"{now.seconds:.0f} 秒", f"{now.seconds:.0f} s")))
        tiles["best"].set_text(figure(now.best, 1))
        tiles["bound"].set_text(figure(now.bound, 1))
        tiles["gap"].set_text("–" if now.gap is None else gap(now.gap))
        stop.set_enabled(not now.cancelling)
        shown.draw(now)

    async def poll() -> None:
        now = await asked(view, view.desk.plans.state, view.user, state.id)
        if now is None:
            timer.deactivate()
            return
        if not is_there(chart):
            return
        if now.ended:
            timer.deactivate()
            ui.navigate.reload()
            return
        draw(now)

    async def cancel() -> None:
        now = await asked(view, view.desk.plans.cancel, view.user, state.id)
        if now is not None and is_there(chart):
            draw(now)

    stop.on_click(cancel)
    draw(state)
    timer = ui.timer(POLL_S, poll)


def _tile(view: View, title: Text) -> ui.label:
    with kit.part("li", "qo-tile"):
        kit.words(view.say(title), "qo-tile-name")
        return kit.words("–", "qo-tile-value")


def _sentence(view: View, state: JobState) -> str:
    if state.cancelling:
        return view.say(Text("正在取消，保留目前最好的方案……", "Cancelling; the best plan so far is kept …"))
    if state.state == "queued":
        before = Text(f"，前面还有 {state.ahead} 个任务", f"; {state.ahead} before it") if state.ahead else Text("", "")
        return view.say(Text(f"正在排队{before.zh}。", f"Waiting in the queue{before.en}."))
    known = (
        Text("还没有找到方案", "no plan yet")
        if state.best is None
        else Text("已有方案，还没有界", "a plan is found, its distance from the best is not known yet")
        if state.gap is None
        else Text(
            f"已有方案，离最优至多还差 {gap(state.gap)}", f"a plan is found, at most {gap(state.gap)} from the best"
        )
    )
    stage = state.stage_words
    return view.say(Text(f"正在{stage.zh}：{known.zh}。", f"Now {stage.en}: {known.en}."))


class _Chart:
    """The course of the solve, redrawn in place."""

    def __init__(self, view: View, frame: Element) -> None:
        self._view, self._frame = view, frame
        self._drawn = 0
        self._title: ui.label | None = None
        self._chart: ui.echart | None = None

    def draw(self, state: JobState) -> None:
        """Draw what is new."""
        if len(state.course) == self._drawn:
            return
        self._drawn = len(state.course)
        made = course(state.course, self._view.language)
        if made is None:
            return
        if self._chart is None or self._title is None:
            with self._frame:
                frame = figures.figure(self._view, replace(made, table=None))
            self._title = next(each for each in frame.descendants() if isinstance(each, ui.label))
            self._chart = next(each for each in frame.descendants() if isinstance(each, ui.echart))
        else:
            self._title.set_text(made.title)
            self._chart.options.update(figures.live_option(made.option))
            self._chart.update()


def show_failed(view: View, state: JobState, case: str | None) -> None:
    """Why there is no plan, and what can be done; `case` is the key of the case, where it is known."""
    said, fix = _ANSWERS.get(state.kind or "", _INTERNAL)
    kit.page_title(view.say(Text("没有方案", "No plan")), job_line(view, state))
    with kit.part("div", "qo-row"):
        kit.badge(view.say(_badge(state)), "bad" if state.kind != "cancelled" else "warn")
    kit.answer(view.say(said))
    kit.words(view.say(fix), "", "p")
    for finding in state.findings:
        with kit.part("div", "qo-finding qo-edge-bad"):
            kit.words(str(finding.get("what", "")), "qo-finding-what", "p")
            for key in ("where", "fix"):
                kit.words(str(finding.get(key) or ""), "", "p")
    if state.kind == "infeasible":
        show_clash(view, state, case)
    if state.message is not None and not state.findings:
        with kit.card(view.say(Text("详情", "Details"))):
            for each in view.say(state.message).splitlines():
                kit.words(each.strip(), "", "p")
    if case is not None:
        with kit.part("div", "qo-row"):
            kit.anchor(view.say(Text("去试算", "To what-if")), view.link(f"/what-if/{case}"), "qo-link-button")
            kit.anchor(view.say(Text("去改数据", "To the data")), view.link(f"/data/{case}"), "qo-link-button")


def _badge(state: JobState) -> Text:
    kinds = {"infeasible": "INFEASIBLE", "unbounded": "UNBOUNDED", "input": "INVALID", "timeout": "TIMEOUT",
             "no-plan-found": "NO_SOLUTION_FOUND", "out-of-memory": "OUT_OF_MEMORY", "cancelled": "CANCELLED",
             "lost": "LOST", "verification-failed": "FAILED_VERIFICATION"}  # fmt: skip
    return words.STATUSES[kinds.get(state.kind or "", "ERROR")]

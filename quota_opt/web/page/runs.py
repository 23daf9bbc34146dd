"""最近运行: the latest runs, how far each is, and the way to it; it moves while something runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nicegui import ui

from quota_opt.errors import QuotaOptError, Text
from quota_opt.report import words as report_words
from quota_opt.store.jobs import SOLVE
from quota_opt.store.workspace_values import CaseEntry, PageRun
from quota_opt.web.desk.states import moment_words, state_words, time_used
from quota_opt.web.guard import LOCAL_USER
from quota_opt.web.page import kit
from quota_opt.web.page.acting import asked, in_thread, is_there
from quota_opt.web.page.view import View

POLL_S = 2.0
SHOWN = 12
"""Runs shown before somebody asks for more."""
_HEADINGS = (
    Text("编号", "number"),
    Text("案例", "case"),
    Text("方案", "variant"),
    Text("状态", "state"),
    Text("用时", "time"),
    Text("提交", "asked"),
    Text("谁", "who"),
    Text("操作", "actions"),
)
_KINDS = {
    "compare": Text("对比", "comparison"),
    "explain": Text("解释", "explanation"),
    "override": Text("锁定的代价", "cost of a lock"),
    "diff": Text("差异", "difference"),
    "infeasible": Text("改法", "repairs"),
    "evaluate": Text("数据不准会怎样", "uncertain data"),
    "front": Text("取舍曲线", "trade-off front"),
    "sweep": Text("逐步收紧", "sweep"),
    "alternatives": Text("相近方案", "alternatives"),
}
CAMPAIGN = (("新一轮制造业", "zh"), (": clearing", "en"))
"""Where the name of a county ends in the title of its case."""
_YEARS = re.compile(r"（\d{4}(—\d{4})?）$| \d{4}(–\d{4})?$")
"""Years in a title, which are told beside it."""


@dataclass
class _Line:
    """What of a row moves."""

    state: ui.label
    time: ui.label


class Runs:
    """The table; `changed` is told the runs once one of them has ended."""

    def __init__(
        self,
        view: View,
        builtin: Sequence[CaseEntry],
        runs: list[PageRun],
        changed: Callable[[list[PageRun]], None],
    ) -> None:
        self._view, self._runs, self._changed = view, runs, changed
        self._names = {entry.key: entry.named(view.language) for entry in builtin}
        self._lines: dict[str, _Line] = {}
        self._search, self._only, self._all = "", "", False
        self._filters()
        self._body = kit.part("div")
        self._draw()
        self._timer = ui.timer(POLL_S, self._poll, active=self._moving())

    def update(self, runs: list[PageRun]) -> None:
        """Show these runs; rows that only moved are not drawn anew, so that nobody loses his place."""
        same = [(run.job, run.ended, run.cancelling) for run in runs] == [
            (run.job, run.ended, run.cancelling) for run in self._runs
        ]
        self._runs = runs
        if same:
            for run in runs:
                line = self._lines.get(run.job)
                if line is not None and not run.ended:
                    line.state.set_text(self._view.say(state_words(run)[0]))
                    line.time.set_text(self._time(run))
        else:
            self._draw()
        self._timer.active = self._moving()

    def _moving(self) -> bool:
        return any(not run.ended for run in self._runs)

    async def _poll(self) -> None:
        if not self._body.client.has_socket_connection:
            return
        ended = sum(run.ended for run in self._runs)
        try:
            runs = await in_thread(self._view.desk.workspace.runs, self._view.user)
        except QuotaOptError:  # the next look may find the store again
            return
        if not is_there(self._body):
            return
        self.update(runs)
        if sum(run.ended for run in runs) != ended:
            self._changed(runs)

    def _filters(self) -> None:
        view = self._view
        if not self._runs:
            return
        states = {
            "": Text("全部状态", "every state"),
            "moving": Text("未结束", "under way"),
            "plan": Text("有方案", "with a plan"),
            "failed": Text("没有方案", "without a plan"),
        }
        with kit.part("div", "qo-row qo-filters"):
            search = ui.input(view.say(Text("查找案例或方案", "Find a case or variant"))).props(
                "dense outlined clearable"
            )
            search.on_value_change(lambda event: self._filtered(str(event.value or ""), None))
            only = ui.select(
                {key: view.say(text) for key, text in states.items()}, value="", label=view.say(Text("状态", "State"))
            ).props("dense outlined options-dense")
            only.on_value_change(lambda event: self._filtered(None, str(event.value)))

    def _filtered(self, search: str | None, only: str | None) -> None:
        self._search = self._search if search is None else search.strip().casefold()
        self._only = self._only if only is None else only
        self._draw()

    def _chosen(self) -> list[PageRun]:
        return [run for run in self._runs if self._kept(run) and self._search in self._text(run).casefold()]

    def _kept(self, run: PageRun) -> bool:
        kinds = {"moving": not run.ended, "plan": run.has_plan, "failed": run.ended and not run.has_plan}
        return kinds.get(self._only, True)

    def _text(self, run: PageRun) -> str:
        return " ".join((self._title(run), self._variant(run), run.job[:8]))

    def _title(self, run: PageRun) -> str:
        return place_and_rest(self._names.get(run.case or run.title, run.title))[0]

    def _draw(self) -> None:
        view = self._view
        self._body.clear()
        self._lines.clear()
        chosen = self._chosen()
        with self._body:
            if not chosen:
                text = (
                    Text("还没有运行。", "No runs yet.") if not self._runs else Text("没有符合的运行。", "No run fits.")
                )
                kit.words(view.say(text), "qo-empty", "p")
                return
            with kit.part("div", "qo-scroll"), kit.part("table", "qo-table qo-runs"):
                with kit.part("thead"), kit.part("tr"):
                    for heading in _HEADINGS:
                        kit.words(view.say(heading), "", "th").props("scope=col")
                with kit.part("tbody"):
                    for run in chosen if self._all else chosen[:SHOWN]:
                        with kit.part("tr"):
                            self._row(run)
            if len(chosen) > SHOWN and not self._all:
                kit.button(
                    view.say(Text(f"显示全部 {len(chosen)} 条", f"Show all {len(chosen)}")), on_click=self._show_all
                )

    def _show_all(self) -> None:
        self._all = True
        self._draw()

    def _row(self, run: PageRun) -> None:
        view = self._view
        kit.words(run.job[:8], "qo-code", "td")
        kit.words(self._title(run), "", "td")
        kit.words(self._variant(run), "", "td")
        with kit.part("td"):
            state, tone = state_words(run)
            badge = kit.badge(view.say(state), tone)
            reason = (run.error or {}).get("message") or {}
            said = str(reason.get(view.language) or "").splitlines()
            if said and run.state == "failed":
                kit.words(said[0], "qo-soft qo-under")
        time = kit.words(self._time(run), "", "td")
        kit.words(view.say(moment_words(run.submitted)), "", "td")
        kit.words(view.say(Text("本机", "this computer")) if run.user == LOCAL_USER else run.user, "", "td")
        with kit.part("td", "qo-acts"):
            self._acts(run)
        self._lines[run.job] = _Line(badge, time)

    def _acts(self, run: PageRun) -> None:
        view, title = self._view, self._title(run)
        if run.kind == SOLVE:
            link = kit.anchor(view.say(Text("打开", "Open")), view.link(f"/plan/{run.job}"))
            link._props["aria-label"] = view.say(Text(f"打开 {title} {run.job[:8]}", f"Open {title} {run.job[:8]}"))
        if not run.ended and not run.cancelling and not view.meeting:
            stop = kit.button(view.say(Text("取消", "Cancel")), on_click=lambda _, run=run: self._cancel(run))
            stop._props["aria-label"] = view.say(Text(f"取消 {title} {run.job[:8]}", f"Cancel {title} {run.job[:8]}"))

    async def _cancel(self, run: PageRun) -> None:
        await asked(self._view, self._view.desk.service.cancel, run.job, self._view.user)
        await self._poll()

    def _variant(self, run: PageRun) -> str:
        view = self._view
        parts = [view.say(_KINDS[run.kind])] if run.kind in _KINDS else []
        title = self._view.desk.cases.variant_title(run)
        parts += [part for part in (run.label, "" if title is None else view.say(title)) if part]
        if not run.label:
            for path, value in run.overrides.items():
                name = report_words.parameter_name(path)
                parts.append(f"{view.say(name) if name is not None else path} {value}")
        return " · ".join(parts) or view.say(Text("基准方案", "baseline"))

    def _time(self, run: PageRun) -> str:
        used = time_used(run)
        return "" if used is None else self._view.say(used)


def place_and_rest(title: str) -> tuple[str, str]:
    """The county of the title of a built-in case, and the rest of it; another title whole."""
    for mark, language in CAMPAIGN:
        before, found, after = title.partition(mark)
        if found:
            rest = f"{found}{after}" if language == "zh" else f"{found}{after}".removeprefix(": ").capitalize()
            return _YEARS.sub("", before).strip(), _YEARS.sub("", rest)
    return title, ""

"""① 案例: own cases and how they stand, the upload, the built-in cases, and the latest runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui
from nicegui.element import Element

from quota_opt.errors import Text
from quota_opt.report.words import DATA
from quota_opt.store.workspace_values import CaseEntry, PageRun
from quota_opt.web.desk.cases import Uploaded
from quota_opt.web.desk.states import moment_words, state_words
from quota_opt.web.page import case_dialogs, kit
from quota_opt.web.page.acting import asked, is_there
from quota_opt.web.page.runs import Runs, place_and_rest
from quota_opt.web.page.upload import upload_zone
from quota_opt.web.page.view import View

FIRST = ("zhuji", "fenghua", "ouhai", "yueqing", "cixi", "worked-example")
"""Built-in cases in the order they are shown; the others are folded away below."""


@dataclass
class Library:
    """What the screen shows of the cases, read in one go."""

    builtin: list[CaseEntry]
    own: list[CaseEntry]
    removed: list[CaseEntry]
    runs: list[PageRun]
    last: dict[str, PageRun] = field(default_factory=dict)
    """The newest run of a case that has a plan, or failed."""

    def __post_init__(self) -> None:
        for run in self.runs:
            if run.case is not None and run.ended:
                self.last.setdefault(run.case, run)


def read_library(view: View) -> Library:
    """The library as it is now."""
    workspace = view.desk.workspace
    order = {name: number for number, name in enumerate(FIRST)}
    return Library(
        sorted(workspace.builtins(), key=lambda entry: order.get(entry.key, len(order))),
        workspace.cases(view.user),
        workspace.removed(view.user),
        workspace.runs(view.user),
    )


async def show(view: View) -> None:
    """Draw the screen."""
    library = await asked(view, read_library, view)
    if library is not None:
        CasesScreen(view, library).draw()


class CasesScreen:
    """The screen and its parts that change."""

    def __init__(self, view: View, library: Library) -> None:
        self.view = view
        self.library = library
        self._results: dict[str, Element] = {}

    def draw(self) -> None:
        """All of it."""
        view = self.view
        ui.add_head_html('<link rel="stylesheet" href="/static/cases.css">')
        kit.page_title(view.say(Text("案例", "Cases")))
        self._answer = kit.answer("")
        self._notice = kit.part("div")
        with kit.part("div", "qo-side qo-level" if not view.meeting else ""):
            with kit.card(view.say(Text("我的案例", "My cases")), "qo-mine"):
                self._own = kit.part("div")
            if not view.meeting:
                with kit.card(view.say(Text("上传", "Upload"))):
                    upload_zone(view, self._uploaded)
        with kit.card(view.say(Text("内置案例", "Built-in cases"))):
            self._builtin = kit.part("div")
        with kit.card(view.say(Text("最近运行", "Latest runs"))):
            self._runs = Runs(view, self.library.builtin, self.library.runs, self._runs_changed)
        if not view.meeting:
            with kit.part("p", "qo-note qo-foot"):
                kit.anchor(view.say(Text("审计日志", "Audit log")), view.link("/audit"))
        self._fill()

    def _fill(self) -> None:
        self._answer.set_text(self.view.say(_sentence(self.library)))
        self._results.clear()
        for container, draw in ((self._own, self._draw_own), (self._builtin, self._draw_builtin)):
            container.clear()
            with container:
                draw()

    async def again(self) -> None:
        """Draw what is there now."""
        library = await asked(self.view, read_library, self.view)
        if library is not None and is_there(self._own):
            self.library = library
            self._fill()
            self._runs.update(library.runs)

    def _runs_changed(self, runs: list[PageRun]) -> None:
        """Show the latest results; nothing else is drawn anew, as somebody may be at a menu."""
        self.library = Library(self.library.builtin, self.library.own, self.library.removed, runs)
        self._answer.set_text(self.view.say(_sentence(self.library)))
        for key, container in self._results.items():
            container.clear()
            with container:
                self._draw_last(key)

    # ---- own cases

    def _draw_own(self) -> None:
        view = self.view
        own = [entry for entry in self.library.own if entry.sound or not view.meeting]
        if not own:
            kit.words(
                view.say(
                    Text(
                        "还没有自己的案例。上传工作簿，或由下面的内置案例复制一个；也可以先打开内置案例试算。",
                        "No cases of your own yet. Upload a workbook, or copy or open a built-in case below.",
                    )
                ),
                "qo-empty",
                "p",
            )
        else:
            headings = (
                Text("名称", "name"), Text("状态", "state"), Text("数据", "data"),
                Text("最近结果", "latest result"), Text("操作", "actions"),
            )  # fmt: skip
            with kit.part("div", "qo-scroll"), kit.part("table", "qo-table qo-cases"):
                with kit.part("thead"), kit.part("tr"):
                    for heading in headings:
                        kit.words(view.say(heading), "", "th").props("scope=col")
                with kit.part("tbody"):
                    for entry in own:
                        with kit.part("tr"):
                            self._own_row(entry)
        if self.library.removed and not view.meeting:
            self._draw_removed()

    def _own_row(self, entry: CaseEntry) -> None:
        view = self.view
        with kit.part("td", "qo-name"):
            kit.anchor(entry.title, view.link(_opening(entry)), "qo-case-link")
            saved = moment_words(entry.changed) if entry.changed is not None else Text("", "")
            kit.note(
                view.say(
                    Text(
                        f"第 {entry.version} 版 · {saved.zh} · {entry.source}",
                        f"version {entry.version} · {saved.en} · {entry.source}",
                    )
                )
            )
        with kit.part("td"):
            words, tone = soundness(entry)
            kit.badge(view.say(words), tone)
        with kit.part("td"):
            years, *counts = [view.say(line) for line in facts(entry)] or [""]
            for line in (years, " · ".join(counts)):
                kit.words(line, "qo-under")
            if entry.data in ("synthetic", "mixed"):
                kit.words(view.say(DATA[entry.data]), "qo-synthetic")
        self._last(entry, "td")
        with kit.part("td", "qo-acts"):
            self._open_button(entry)
            if not view.meeting:
                self._more(entry)

    def _last(self, entry: CaseEntry, tag: str) -> Element:
        with kit.part(tag) as container:
            self._results[entry.key] = container
            self._draw_last(entry.key)
        return container

    def _draw_last(self, key: str) -> None:
        run = self.library.last.get(key)
        if run is None:
            kit.words(self.view.say(Text("还没有求解", "not solved yet")), "qo-soft")
            return
        words, tone = state_words(run)
        link = kit.anchor("", self.view.link(f"/plan/{run.job}"), "qo-outcome")
        with link:
            kit.badge(self.view.say(words), tone)
        if run.finished is not None:
            kit.words(self.view.say(moment_words(run.finished)), "qo-soft qo-under")

    def _open_button(self, entry: CaseEntry) -> None:
        view = self.view
        text = Text("试算", "What-if") if entry.sound else Text("去改错", "Mend it")
        name = view.say(Text(f"{text.zh}：{entry.title}", f"{text.en}: {entry.named('en')}"))
        button = kit.button(view.say(text), main=True, on_click=lambda: ui.navigate.to(view.link(_opening(entry))))
        button._props["aria-label"] = name

    def _more(self, entry: CaseEntry) -> None:
        view = self.view
        button = kit.button(view.say(Text("更多 ▾", "More ▾")))
        button._props["aria-label"] = view.say(Text(f"更多操作：{entry.title}", f"More for {entry.title}"))
        button._props["aria-haspopup"] = "menu"
        with button, ui.menu().props("auto-close"):
            entries: Sequence[tuple[Text, Callable[[], Any]]] = (
                (Text("打开数据", "Open the data"), lambda: ui.navigate.to(view.link(f"/data/{entry.key}"))),
                (Text("下载为工作簿", "Download as a workbook"), lambda: self._download(entry)),
                (Text("上传新版本…", "Upload a new version …"), lambda: self._upload_again(entry)),
                (Text("历史版本…", "Earlier versions …"), lambda: self._versions(entry)),
                (Text("复制", "Copy"), lambda: self._copy(entry)),
                (Text("改名…", "Rename …"), lambda: self._rename(entry)),
                (Text("删除", "Remove"), lambda: self._remove(entry)),
            )
            for words, act in entries:
                ui.menu_item(view.say(words), on_click=act)

    def _draw_removed(self) -> None:
        view, removed = self.view, self.library.removed
        with kit.part("details", "qo-details"):
            kit.words(
                view.say(Text(f"已删除 {len(removed)} 个，30 天内可恢复", f"{len(removed)} removed; kept for 30 days")),
                "",
                "summary",
            )
            for entry in removed:
                with kit.part("div", "qo-row"):
                    kit.words(entry.title)
                    kit.button(
                        view.say(Text("恢复", "Bring back")), on_click=lambda _, entry=entry: self._bring_back(entry)
                    )

    # ---- built-in cases

    def _draw_builtin(self) -> None:
        shown = [entry for entry in self.library.builtin if entry.key in FIRST]
        rest = [entry for entry in self.library.builtin if entry.key not in FIRST]
        with kit.part("div", "qo-grid qo-library"):
            for entry in shown:
                self._builtin_card(entry)
        if rest:
            with kit.part("details", "qo-details"):
                kit.words(
                    self.view.say(Text(f"更多示例（{len(rest)}）", f"More examples ({len(rest)})")), "", "summary"
                )
                with kit.part("div", "qo-grid qo-library"):
                    for entry in rest:
                        self._builtin_card(entry)

    def _builtin_card(self, entry: CaseEntry) -> None:
        view = self.view
        name, rest = place_and_rest(entry.named(view.language))
        with kit.part("section", "qo-card qo-case"):
            with kit.part("div", "qo-case-head"):
                kit.heading(name, 3)
                if entry.data in ("synthetic", "mixed"):
                    kit.words(view.say(DATA[entry.data]), "qo-synthetic")
            if rest:
                kit.note(rest)
            kit.words(" · ".join(view.say(line) for line in facts(entry)), "qo-facts", "p")
            self._last(entry, "div").classes("qo-case-last")
            with kit.part("div", "qo-row"):
                self._open_button(entry)
                data = kit.anchor(view.say(Text("看数据", "Data")), view.link(f"/data/{entry.key}"))
                data._props["aria-label"] = view.say(Text(f"看数据：{name}", f"Data of {name}"))
                if not view.meeting:
                    copy = kit.button(view.say(Text("复制", "Copy")), on_click=lambda _, entry=entry: self._copy(entry))
                    copy._props["aria-label"] = view.say(Text(f"复制：{name}", f"Copy {name}"))

    # ---- what is done

    def _say(self, lines: Sequence[str], *, link: tuple[str, str] | None = None, undo: Any = None) -> None:
        """A line over the lists that stays until the next one."""
        self._notice.clear()
        with self._notice, kit.part("div", "qo-notice").props("role=status"):
            for line in lines:
                kit.words(line, "", "p")
            with kit.part("div", "qo-row"):
                if link is not None:
                    kit.anchor(*link)
                if undo is not None:
                    kit.button(self.view.say(Text("撤销", "Undo")), on_click=undo)
                kit.button(self.view.say(Text("知道了", "Close")), on_click=self._notice.clear)

    async def _uploaded(self, made: Uploaded) -> None:
        view, entry = self.view, made.entry
        lines = [view.say(_kept(made)), *(view.say(remark) for remark in made.remarks)]
        if made.changes is not None:
            than = Text("上次", "Since the last version")
            if made.before is not None:
                than = Text(f"“{made.before.title}”", f"Compared with “{made.before.title}”")
            lines.insert(1, view.say(Text(f"与{than.zh}相比：{made.changes.zh}。", f"{than.en}: {made.changes.en}.")))
        if not entry.sound and len(lines) == 1:
            ui.navigate.to(view.link(f"/data/{entry.key}"))
            return
        words = Text("打开试算", "Open the what-if") if entry.sound else Text("看问题清单", "See the findings")
        self._say(lines, link=(view.say(words), view.link(_opening(entry))))
        await self.again()

    async def _download(self, entry: CaseEntry) -> None:
        made = await asked(self.view, self.view.desk.cases.workbook, self.view.user, entry.key)
        if made is not None:
            ui.download.content(made[1], made[0])

    async def _copy(self, entry: CaseEntry) -> None:
        view = self.view
        title = view.say(Text(f"{entry.title}（副本）", f"{entry.named('en')} (copy)"))
        made = await asked(view, view.desk.workspace.copy, view.user, entry.key, title)
        if made is not None:
            self._say(
                [view.say(Text(f"已复制为“{made.title}”。", f"Copied as “{made.title}”."))],
                link=(view.say(Text("打开数据", "Open the data")), view.link(f"/data/{made.key}")),
            )
            await self.again()

    async def _rename(self, entry: CaseEntry) -> None:
        title = await case_dialogs.ask_title(self.view, entry)
        if title and title != entry.title:
            await asked(self.view, self.view.desk.workspace.rename, self.view.user, entry.key, title)
            await self.again()

    async def _remove(self, entry: CaseEntry) -> None:
        view = self.view
        removed = await asked(view, view.desk.workspace.remove, view.user, entry.key)
        if removed is not None:
            words = Text(
                f"已删除“{removed.title}”，30 天内可恢复。",
                f"“{removed.title}” was removed; it can be brought back for 30 days.",
            )
            self._say([view.say(words)], undo=lambda: self._bring_back(removed))
        await self.again()

    async def _bring_back(self, entry: CaseEntry) -> None:
        view = self.view
        made = await asked(view, view.desk.workspace.bring_back, view.user, entry.key)
        if made is not None:
            self._say([view.say(Text(f"“{entry.title}”已恢复。", f"“{entry.title}” is back."))])
        await self.again()

    async def _upload_again(self, entry: CaseEntry) -> None:
        made = await case_dialogs.upload_version(self.view, entry)
        if made is not None:
            await self._uploaded(made)

    async def _versions(self, entry: CaseEntry) -> None:
        restored = await case_dialogs.choose_version(self.view, entry)
        if restored is not None:
            words = Text(
                f"“{restored.title}”已恢复为所选版本，记为第 {restored.version} 版。",
                f"“{restored.title}” is as it was then, kept as version {restored.version}.",
            )
            self._say([self.view.say(words)])
            await self.again()


def soundness(entry: CaseEntry) -> tuple[Text, kit.Tone]:
    """Whether a case can be solved, in words."""
    if entry.errors:
        return Text(f"有 {entry.errors} 处错误", f"{entry.errors} error{'s' if entry.errors > 1 else ''}"), "bad"
    if entry.warnings:
        many = "s" if entry.warnings > 1 else ""
        return Text(f"可求解，{entry.warnings} 处警告", f"ready, {entry.warnings} warning{many}"), "warn"
    return Text("可求解", "ready"), "good"


def facts(entry: CaseEntry) -> list[Text]:
    """Years, and how many firms and projects; nothing of a case that cannot be read."""
    if entry.first_year is None or entry.last_year is None:
        return []
    one = entry.first_year == entry.last_year
    years = f"{entry.first_year}" if one else f"{entry.first_year}—{entry.last_year}"
    return [
        Text(f"{years} 年", years.replace("—", "–")),
        Text(f"{entry.firms:,} 家企业", f"{entry.firms:,} firms"),
        Text(f"{entry.projects:,} 个项目", f"{entry.projects:,} projects"),
    ]


def _opening(entry: CaseEntry) -> str:
    return f"/what-if/{entry.key}" if entry.sound else f"/data/{entry.key}"


def _kept(made: Uploaded) -> Text:
    entry = made.entry
    said = Text(f"已保存为“{entry.title}”", f"Kept as “{entry.title}”")
    if entry.version > 1:
        said = Text(
            f"“{entry.title}”已保存为第 {entry.version} 版", f"Kept as version {entry.version} of “{entry.title}”"
        )
    if entry.errors:
        return Text(
            f"{said.zh}，有 {entry.errors} 处错误，改正后才能求解。",
            f"{said.en}; {entry.errors} error{'s' if entry.errors > 1 else ''} to be mended before it can be solved.",
        )
    return Text(
        f"{said.zh}：{entry.firms:,} 家企业，{entry.projects:,} 个项目，没有错误。",
        f"{said.en}: {entry.firms:,} firms, {entry.projects:,} projects, no errors.",
    )


def _sentence(library: Library) -> Text:
    """How many cases there are, which need a hand, and what is running."""
    own, faulty = len(library.own), sum(not entry.sound for entry in library.own)
    running = sum(not run.ended for run in library.runs)
    zh = [f"{len(library.builtin)} 个内置案例可直接打开试算"]
    en = [f"{len(library.builtin)} built-in cases can be opened at once"]
    if own:
        state = "，都可求解" if not faulty else "，有错误要改" if faulty == own else f"，其中 {faulty} 个有错误要改"
        zh.append(f"我的案例 {own} 个{state}")
        en.append(f"you have {own} of your own" + (f", {faulty} with errors to mend" if faulty else ", all ready"))
    if running:
        zh.append(f"{running} 个任务还在运行")
        en.append(f"{running} run{'s' if running > 1 else ''} under way")
    return Text("；".join(zh) + "。", "; ".join(en) + ".")

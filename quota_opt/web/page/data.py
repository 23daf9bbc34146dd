"""② 数据: the tables, settings and rules of a case, what is wrong with them, and how they are mended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from quota_opt.errors import Level, QuotaOptError, Text
from quota_opt.scenario.schema import TABLES
from quota_opt.store.workspace_values import Changed
from quota_opt.web.desk.cases import findings_workbook
from quota_opt.web.desk.editing import Editing, Touched
from quota_opt.web.desk.edits import Edit
from quota_opt.web.desk.placed import RULES, SETTINGS, VARIANTS, Checked, Placed
from quota_opt.web.desk.workbooks import workbook_of
from quota_opt.web.page import kit
from quota_opt.web.page.acting import in_thread, is_there
from quota_opt.web.page.data_dialogs import ask_copy, ask_newer, ask_stale, confirm_lost
from quota_opt.web.page.data_findings import FindingsPanel
from quota_opt.web.page.data_grid import GridPanel
from quota_opt.web.page.data_rules import RulesPanel, SettingsPanel
from quota_opt.web.page.data_variants import VariantsPanel
from quota_opt.web.page.view import View

REST_S = 0.3
"""Of rest after an edit before the whole case is checked."""
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TITLES = {
    **{table.name: Text(table.sheet, table.name.capitalize()) for table in TABLES},
    SETTINGS: Text("设置", "Settings"),
    RULES: Text("规则", "Rules"),
    VARIANTS: Text("方案", "Variants"),
}


async def show(view: View, case: str) -> None:
    """Draw the screen of a case."""
    ui.add_head_html('<link rel="stylesheet" href="/static/data.css">')
    editing = await in_thread(Editing, view.desk.workspace, view.user, case)
    screen = DataScreen(view, editing)
    await screen.draw()


class DataScreen:
    """One person's view of one case. Panels call `do`; after each step what changed is drawn again."""

    def __init__(self, view: View, editing: Editing) -> None:
        self.view, self.editing = view, editing
        self.checked = Checked(())
        self.tab = next(iter(_TITLES))
        self._asked = 0
        self._tabs: dict[str, ui.tab] = {}
        self._panel: GridPanel | RulesPanel | SettingsPanel | VariantsPanel | None = None

    def say(self, zh: str, en: str) -> str:
        """A text in the language of the page."""
        return zh if self.view.language == "zh" else en

    async def draw(self) -> None:
        """Everything, from the top."""
        entry = self.editing.entry
        self.root = kit.part("div", "qo-data-root")
        kit.page_title(entry.named(self.view.language))
        self._state = kit.part("div", "qo-row qo-data-state")
        self._answer = kit.answer("")
        with kit.part("div", "qo-row qo-data-tools").props(
            'role=toolbar aria-label="' + self.say("操作", "Actions") + '"'
        ):
            self._tools()
        with kit.part("div", "qo-data-body"):
            with kit.part("div", "qo-data-left"):
                with ui.tabs(on_change=self._turn).props(
                    "dense no-caps align=left outside-arrows mobile-arrows"
                ) as self._bar:
                    for name, title in _TITLES.items():
                        self._tabs[name] = ui.tab(name, label=self.view.say(title))
                self._body = kit.part("div", "qo-data-panel")
            self._findings = FindingsPanel(self)
        await self.check()
        self.tab = self._first_tab()
        self._bar.set_value(self.tab)
        await self._show_tab()
        if self.editing.stale:
            ask_stale(self)

    def _first_tab(self) -> str:
        """Where the first error is; else the firms."""
        place = next((p.place for p in self.checked.findings if p.finding.level is Level.ERROR and p.place), None)
        return place if place in _TITLES else "firms"

    def _tools(self) -> None:
        if self.view.meeting:
            return
        self._save = kit.button(self.say("保存", "Save"), on_click=self.save, main=True)
        self._save.tooltip(
            self.say(
                "没有保存的修改也会留着，下次打开时还在。", "What is not saved is kept too, and is there next time."
            )
        )
        self._undo = kit.button(self.say("撤销", "Undo"), on_click=self.undo)
        self._redo = kit.button(self.say("重做", "Redo"), on_click=self.redo)
        kit.words("", "qo-gap")
        kit.button(self.say("下载为工作簿", "Download as workbook"), on_click=self.download)
        kit.button(self.say("问题清单.xlsx", "Findings.xlsx"), on_click=self.download_findings)
        kit.words("", "qo-gap")
        kit.button(self.say("试算", "What-if"), on_click=self.what_if)
        self._solve = kit.button(self.say("求解", "Solve"), on_click=self.solve, main=True)

    def trouble(self, error: QuotaOptError) -> None:
        """Show what went wrong."""
        with self.root:
            self.view.trouble(error)

    def title_of(self, place: str | None) -> str:
        """What a tab is called."""
        return self.view.say(_TITLES[place]) if place in _TITLES else ""

    # Tabs

    async def _turn(self, event: Any) -> None:
        if event.value != self.tab:
            self.tab = event.value
            await self._show_tab()

    async def _show_tab(self) -> None:
        self._body.clear()
        with self._body, kit.part("div"):  # of its own: a tab left before it was drawn goes on in what is gone
            if self.tab == RULES:
                self._panel = RulesPanel(self)
            elif self.tab == SETTINGS:
                self._panel = SettingsPanel(self)
            elif self.tab == VARIANTS:
                self._panel = VariantsPanel(self)
            else:
                self._panel = GridPanel(self, self.tab)
            await self._panel.draw()

    async def go(self, placed: Placed) -> None:
        """Show the place of a finding: turn to its tab, then to the cell or the field."""
        if placed.place not in _TITLES:
            return
        if placed.place != self.tab:
            self.tab = placed.place
            self._bar.set_value(self.tab)
            await self._show_tab()
        if self._panel is not None:
            await self._panel.go(placed)

    # Steps

    async def do(self, edits: Sequence[Edit]) -> bool:
        """One step of the planner's; False where it was not done."""
        if self.view.meeting:
            return False
        if self.editing.read_only:
            ask_copy(self, edits)
            return False
        return await self._step(lambda: self.editing.apply(edits))

    async def undo(self) -> None:
        """Take back the last step."""
        await self._step(self.editing.undo, follow=True)

    async def redo(self) -> None:
        """Do it again."""
        await self._step(self.editing.redo, follow=True)

    async def _step(self, work: Callable[[], Touched | None], *, follow: bool = False) -> bool:
        """Have a step done and draw what it changed; with `follow` on the tab where that is."""
        touched = await self.attempt(work)
        if touched is None or not is_there(self.root):
            return False
        places = [*touched.whole, *touched.rows, *((SETTINGS, RULES, VARIANTS) if touched.settings else ())]
        if follow and places and self.tab not in places:
            self.tab = places[0] if places[0] != SETTINGS else RULES
            self._bar.set_value(self.tab)
            await self._show_tab()
        await self.redraw(touched)
        return True

    async def attempt(self, work: Callable[[], Any]) -> Any:
        """What `work` gives, done in a thread; None, and the trouble shown, where it cannot be done."""
        try:
            return await in_thread(work)
        except QuotaOptError as error:
            self.trouble(error)
            return None

    async def redraw(self, touched: Touched) -> None:
        """Draw what a step changed, and check the case after a short rest."""
        if self._panel is not None:
            await self._panel.update(touched)
        self._draw_tools()
        self._asked += 1
        asked = self._asked

        async def rested() -> None:
            if asked == self._asked:
                await self.check()

        with self.root:
            ui.timer(REST_S, rested, once=True)

    async def redraw_all(self) -> None:
        """Draw the tab anew, as after another version was taken."""
        await self.check()
        await self._show_tab()

    async def check(self) -> None:
        """Check the whole case, and show what was found."""
        asked = self._asked
        checked = await self.attempt(self.editing.check)
        if checked is None or asked != self._asked or not is_there(self.root):
            return
        self.checked = checked
        self._draw_state()
        self._draw_tools()
        self._findings.draw(checked)
        if self._panel is not None:
            await self._panel.mark()

    # What stands

    def _draw_tools(self) -> None:
        if self.view.meeting:
            return
        editing = self.editing
        pending = editing.unsaved or editing.from_workbook
        self._save.set_enabled(bool(pending) and not editing.read_only)
        self._save.set_text(
            self.say(f"保存（{editing.unsaved} 步未存）", f"Save ({editing.unsaved})")
            if editing.unsaved
            else self.say("保存", "Save")
        )
        self._undo.set_enabled(editing.can_undo)
        self._redo.set_enabled(editing.can_redo)
        self._solve.set_enabled(not self.checked.errors)

    def _draw_state(self) -> None:
        errors, warnings = self.checked.errors, self.checked.warnings
        entry = self.editing.entry
        self._state.clear()
        with self._state:
            if entry.builtin:
                kit.badge(self.say("内置案例（只读）", "Built-in (read-only)"))
            else:
                kit.badge(self.say(f"第 {entry.version} 版", f"version {entry.version}"))
            data = self.checked.scenario.data if self.checked.scenario is not None else entry.data
            if data in ("synthetic", "mixed"):
                kit.badge(self.say("合成数据" if data == "synthetic" else "部分为合成数据", f"{data} data"), "warn")
            kit.badge(self.say(f"{errors} 处错误", f"{errors} errors"), "bad" if errors else "good")
            kit.badge(self.say(f"{warnings} 处警告", f"{warnings} warnings"), "warn" if warnings else "plain")
            if self.editing.from_workbook:
                kit.badge(self.say("由工作簿转来，尚未保存", "from a workbook, not saved yet"))
        self._answer.set_text(self._sentence(errors, warnings))
        for name, tab in self._tabs.items():
            wrong, doubtful = self.checked.count(Level.ERROR, name), self.checked.count(Level.WARNING, name)
            marks = (f" ✗{wrong}" if wrong else "") + (f" ⚠{doubtful}" if doubtful else "")
            tab.props(f'label="{self.view.say(_TITLES[name])}{marks}"')
            tab.classes(add="qo-tab-bad" if wrong else "", remove="" if wrong else "qo-tab-bad")

    def _sentence(self, errors: int, warnings: int) -> str:
        if errors:
            return self.say(
                f"有 {errors} 处错误，改正后才能求解。单击右边的问题，即到所在的格。",
                f"{errors} errors stand in the way of solving. Click a finding to go to its cell.",
            )
        if warnings:
            return self.say(
                f"没有错误，可以求解；{warnings} 处警告请过目。", f"Ready to solve; {warnings} warnings to look at."
            )
        return self.say("没有错误，可以求解。", "Nothing is wrong: ready to solve.")

    # Buttons

    async def save(self) -> bool:
        """Save a new version; where somebody saved since, ask."""
        if self.editing.lost and not await confirm_lost(self):
            return False
        try:
            await in_thread(self.editing.save)
        except Changed:
            await ask_newer(self)
            return False
        except QuotaOptError as error:
            self.trouble(error)
            return False
        await self.saved()
        return True

    async def saved(self) -> None:
        """After a version was saved."""
        ui.notify(
            self.say(f"已保存为第 {self.editing.entry.version} 版", f"Saved as version {self.editing.entry.version}")
        )
        await self.redraw_all()

    async def _ready(self) -> bool:
        """Whether what is asked next can go on from a version that is saved."""
        pending = not self.editing.read_only and (self.editing.unsaved or self.editing.from_workbook)
        return await self.save() if pending else True

    async def what_if(self, *, variant: str | None = None) -> None:
        """To the sliders, with this case or a variant of it."""
        if await self._ready():
            ui.navigate.to(self.view.link(f"/what-if/{self.editing.entry.key}", variant=variant))

    async def solve(self, *, variant: str | None = None) -> None:
        """Begin a run of the case as it stands, or of a variant, and go to it."""
        if not await self._ready():
            return
        cases = self.view.desk.cases
        key, language = self.editing.entry.key, self.view.language
        job = await self.attempt(lambda: cases.run(self.view.user, key, variant=variant, language=language))
        if job is not None:
            ui.navigate.to(self.view.link(f"/plan/{job.id}"))

    async def download(self) -> None:
        """The case as it stands, as a workbook."""
        scenario = None if self.checked.errors else self.checked.scenario
        files, entry = self.editing.state.files, self.editing.entry

        def written() -> bytes:
            made = workbook_of(files, scenario)
            details = {"case": entry.key, "version": entry.version}
            self.view.desk.workspace.log(self.view.user, "download", entry.title, details)
            return made

        content = await self.attempt(written)
        if content is not None:
            ui.download.content(content, f"{self._file_name()}.xlsx", WORKBOOK)

    async def download_findings(self) -> None:
        """All findings in a workbook."""
        found = [p.on_page(self.view.language) for p in self.checked.findings]
        title = self.editing.entry.named(self.view.language)
        content = await self.attempt(lambda: findings_workbook(found, title, self.view.language))
        if content is not None:
            ui.download.content(content, self.say("问题清单.xlsx", "findings.xlsx"), WORKBOOK)

    def _file_name(self) -> str:
        title = self.editing.entry.named(self.view.language)
        return "".join(c for c in title if c.isalnum() or c in "-_ ").strip()[:60] or "case"

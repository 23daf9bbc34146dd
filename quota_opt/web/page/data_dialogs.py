"""What the data screen asks: a copy of a built-in case, another's newer version, a paste, the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nicegui import ui

from quota_opt.errors import QuotaOptError, Text
from quota_opt.web.desk.edits import AddColumn, Edit, RemoveColumn, RenameColumn
from quota_opt.web.desk.pasting import Pasted, plan_paste
from quota_opt.web.desk.tables import Table
from quota_opt.web.page import kit
from quota_opt.web.page.acting import in_thread

if TYPE_CHECKING:
    from quota_opt.web.page.data import DataScreen
    from quota_opt.web.page.data_grid import GridPanel

MOST_LINES = 20


def open_dialog(screen: DataScreen, title: str) -> tuple[ui.dialog, Any]:
    """A dialog that stands by itself: what it was opened from may be drawn anew meanwhile."""
    with screen.root:
        dialog = ui.dialog().props(f'no-shake aria-label="{title}"')
    with dialog, ui.card().classes("qo-dialog qo-wide") as card:
        kit.heading(title)
    return dialog, card


def _lines(screen: DataScreen, lines: Sequence[Text]) -> None:
    with kit.part("ul"):
        for line in lines[:MOST_LINES]:
            kit.words(screen.view.say(line), "", "li")
    if len(lines) > MOST_LINES:
        more = len(lines) - MOST_LINES
        kit.note(screen.say(f"另有 {more} 项。", f"{more} more."))


def ask_copy(screen: DataScreen, step: Sequence[Edit]) -> None:
    """A built-in case cannot be changed: offer a copy, and do the step there."""
    say = screen.say
    entry = screen.editing.entry
    dialog, card = open_dialog(screen, say("内置案例不能改动", "Built-in cases cannot be changed"))
    with card:
        kit.words(
            say("请复制成自己的案例；刚才的修改会带过去。", "Make your own copy; what you just changed goes with it."),
            "",
            "p",
        )
        name = ui.input(
            say("新案例的名称", "Name of the copy"),
            value=say(f"{entry.named('zh')}（副本）", f"{entry.named('en')} (copy)"),
        ).classes("qo-full")

        async def copy() -> None:
            made = await screen.attempt(lambda: screen.editing.copy(name.value or entry.named("zh"), step))
            if made is not None:
                ui.navigate.to(screen.view.link(f"/data/{made.key}"))

        with kit.part("div", "qo-row"):
            kit.button(say("复制并继续", "Copy and go on"), on_click=copy, main=True)
            kit.button(say("取消", "Cancel"), on_click=dialog.close)
    dialog.open()


async def ask_newer(screen: DataScreen) -> None:
    """Somebody saved meanwhile: show what they changed, and ask what shall stand."""
    say = screen.say
    found = await screen.attempt(screen.editing.newer)
    if found is None:
        return
    entry, theirs, apart = found
    dialog, card = open_dialog(
        screen, say("打开之后，别处又保存了新版本", "A newer version was saved elsewhere meanwhile")
    )

    async def settle(work: Any) -> None:
        dialog.close()
        try:
            await in_thread(work)
        except QuotaOptError as error:
            screen.trouble(error)
            return
        await screen.redraw_all()

    with card:
        kit.words(say(f"第 {entry.version} 版改了：", f"Version {entry.version} changed:"), "", "p")
        _lines(screen, theirs)
        kit.words(say("您改了：", "You changed:"), "", "p")
        _lines(screen, screen.editing.differences())
        with kit.part("div", "qo-row"):
            if apart:
                kit.button(
                    say("合并：把我的修改加到新版本上", "Merge: mine on top of the newer version"),
                    on_click=lambda: settle(lambda: screen.editing.take_newer(with_mine=True)), main=True,
                )  # fmt: skip
            kit.button(
                say("以我的为准", "Keep mine"), on_click=lambda: settle(lambda: screen.editing.save_over(entry.version))
            )
            kit.button(
                say("用新版本，放弃我的修改", "Take theirs, give up mine"),
                on_click=lambda: settle(lambda: screen.editing.take_newer(with_mine=False)),
            )
            kit.button(say("再看看", "Not yet"), on_click=dialog.close)
        kit.note(say("各版本都留着，可在“案例”里恢复。", "Every version is kept and can be restored under Cases."))
    dialog.open()


def ask_stale(screen: DataScreen) -> None:
    """Changes were kept that began from an older version."""
    say = screen.say
    count = len(screen.editing.stale)
    dialog, card = open_dialog(
        screen,
        say(f"有 {count} 步未保存的修改，是在旧版本上做的", f"{count} unsaved steps began from an older version"),
    )

    async def settle(use: bool) -> None:
        dialog.close()
        await screen.attempt(lambda: screen.editing.drop_stale(use=use))
        await screen.redraw_all()

    with card:
        kit.words(say("要加到现在的版本上吗？", "Do them on the version of now?"), "", "p")
        with kit.part("div", "qo-row"):
            kit.button(say("加上，再检查", "Do them, then look"), on_click=lambda: settle(True), main=True)
            kit.button(say("不要了", "Forget them"), on_click=lambda: settle(False))
    dialog.open()


async def confirm_lost(screen: DataScreen) -> bool:
    """Saving a workbook in the form of tables drops what cannot be shown there: say what, and ask."""
    say = screen.say
    dialog, card = open_dialog(screen, say("工作簿中有些内容不会带入", "Some of the workbook will not be taken over"))
    with card:
        kit.findings(screen.view, [p.on_page(screen.view.language) for p in screen.editing.lost])
        kit.words(
            say("最好在 Excel 中改正后重新上传。也可以不带这些内容，在页面上继续。",
                "It is best to correct it in Excel and upload it again; or go on here without it."), "", "p",
        )  # fmt: skip
        with kit.part("div", "qo-row"):
            kit.button(say("不带这些内容，保存", "Save without it"), on_click=lambda: dialog.submit(True))
            kit.button(say("取消", "Cancel"), on_click=lambda: dialog.submit(False), main=True)
    return bool(await dialog)


def open_paste(panel: GridPanel) -> None:
    """Cells copied in Excel: what would change is shown first."""
    screen, say = panel.screen, panel.screen.say
    table = panel.table
    language = screen.view.language
    dialog, card = open_dialog(screen, say(f"粘贴自 Excel：{table.title.zh}", f"Paste from Excel: {table.title.en}"))
    planned: list[Pasted] = []
    with card:
        kit.words(
            say("在 Excel 中连同表头复制，再粘贴到下面。有编号的行按编号更新，没有的新增。",
                "Copy with the headings in Excel and paste below. Rows go by their identifier; new ones are added."),
            "", "p",
        )  # fmt: skip
        box = ui.textarea(say("粘贴的内容", "What was copied")).props("outlined rows=8").classes("qo-full")
        with kit.part("div", "qo-row"):
            kit.words(say("没有表头时，从", "Without headings, from"))
            columns = {c.index: f"{c.letter} {c.title(language)}" for c in table.shown}
            column = ui.select(columns, value=next(iter(columns)), label=say("列", "column")).props("dense outlined")
            row = ui.number(say("行（空为末尾）", "row (blank: at the end)"), min=1, format="%d").props(
                "dense outlined"
            )
        shown = kit.part("div").props("role=status aria-live=polite")

        async def look() -> None:
            current = panel.table
            at = current.row_at(int(row.value)) if row.value else None
            plan = await in_thread(plan_paste, current, box.value or "", row=at, column=column.value)
            planned[:] = [plan]
            apply.set_enabled(bool(plan.edits))
            shown.clear()
            with shown:
                _preview(screen, current, plan)

        async def done() -> None:
            await look()
            if planned and planned[0].edits and await screen.do(list(planned[0].edits)):
                dialog.close()

        for each in (box, column, row):
            each.on_value_change(look)
        with kit.part("div", "qo-row"):
            apply = kit.button(say("粘贴", "Paste"), on_click=done, main=True)
            apply.set_enabled(False)
            kit.button(say("取消", "Cancel"), on_click=dialog.close)
    dialog.open()


def _preview(screen: DataScreen, table: Table, plan: Pasted) -> None:
    say, language = screen.say, screen.view.language
    if plan.refused is not None:
        kit.words(screen.view.say(plan.refused), "qo-knob-note", "p")
        return
    if not plan.edits:
        kit.words(say("与表中相同，没有可改的。", "The same as in the table: nothing to change."), "", "p")
        return
    changed, added = len(plan.changed), plan.added
    kit.words(
        say(f"将改 {changed} 格，新增 {added} 行。", f"{changed} cells change, {added} rows are added."),
        "qo-strong",
        "p",
    )
    if plan.left_out:
        names = "、".join(plan.left_out[:6])
        kit.words(say(f"没有认出的列不粘贴：{names}", f"Columns not known are left out: {names}"), "qo-warn", "p")
    lines = []
    for r, c, was, now in plan.changed[:8]:
        address = table.address(r, c, language) if c < len(table.columns) else ""
        lines.append(Text(*[f"{address}：{was or '—'} → {now or '—'}"] * 2))
    _lines(screen, lines)
    if changed > len(lines):
        kit.note(say(f"另有 {changed - len(lines)} 格。", f"{changed - len(lines)} more cells."))


def open_columns(panel: GridPanel) -> None:
    """The columns of a table: what each is understood as; add, rename, remove."""
    screen, say = panel.screen, panel.screen.say
    table = panel.table
    language = screen.view.language
    dialog, card = open_dialog(screen, say(f"“{table.title.zh}”的列", f"Columns of {table.title.en}"))

    async def do(edit: Edit) -> None:
        dialog.close()
        await screen.do([edit])

    in_chinese = any(not c.header.isascii() for c in table.columns)

    def heading(name: str) -> str:
        spec = table.spec.column(name)
        return spec.zh if in_chinese else spec.name

    names = {spec.name: spec.zh if language == "zh" else spec.name for spec in table.absent}
    with card:
        with kit.part("table", "qo-table"):
            with kit.part("thead"), kit.part("tr"):
                for title in (say("列", ""), say("表头", "Heading"), say("含义", "Meaning"), ""):
                    kit.words(title, "", "th")
            with kit.part("tbody"):
                for column in table.shown:
                    with kit.part("tr"):
                        kit.words(column.letter, "", "td")
                        kit.words(column.header, "", "td")
                        with kit.part("td"):
                            if column.spec is not None:
                                kit.words(column.title(language))
                            else:
                                ui.select(
                                    names, label=say("没有认出，应为", "not known; should be"),
                                    on_change=lambda e, c=column.index: do(
                                        RenameColumn(table.name, c, heading(e.value))
                                    ),
                                ).props("dense outlined").classes("qo-search")  # fmt: skip
                        with kit.part("td"):
                            kit.button(
                                say("删除", "Remove"),
                                on_click=lambda c=column.index: do(RemoveColumn(table.name, c)),
                                classes="qo-link",
                            )
        if names:
            with kit.part("div", "qo-row"):
                chosen = ui.select(names, label=say("添加一列", "Add a column"), with_input=True).props(
                    "dense outlined"
                )
                kit.button(
                    say("添加", "Add"),
                    on_click=lambda: do(AddColumn(table.name, heading(chosen.value))) if chosen.value else None,
                )
        kit.button(say("关闭", "Close"), on_click=dialog.close)
    dialog.open()

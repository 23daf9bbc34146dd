"""Choosing files, or dropping them, for a case; the work is done in a thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape

from nicegui import events, ui

from quota_opt.errors import Text
from quota_opt.web.desk.cases import Uploaded
from quota_opt.web.page import kit
from quota_opt.web.page.acting import asked, is_there
from quota_opt.web.page.view import View

ACCEPTED = ".xlsx,.xlsm,.zip,.csv,.toml"
_MEBIBYTE = 2**20


def upload_zone(
    view: View, done: Callable[[Uploaded], Awaitable[None]], *, into: str | None = None, blank: bool = True
) -> None:
    """A place for files: drop them, or choose them. With `into` they are the next version of that case."""
    most = view.desk.cases.limits.upload_mb
    state = kit.part("div").props("role=status")

    def say(text: str) -> None:
        state.clear()
        if text:
            with state:
                kit.note(text)

    async def take(event: events.MultiUploadEventArguments) -> None:
        say(view.say(Text("正在读取……", "Reading …")))
        given = [(file.name, await file.read()) for file in event.files]
        made = await asked(view, view.desk.cases.upload, view.user, given, into=into)
        if is_there(zone):
            zone.reset()
            say("")
        if made is not None:
            await done(made)

    def refuse() -> None:
        words = Text(
            f"没有上传：文件超过 {most} MB，或不是工作簿（.xlsx）、表（.csv）、压缩包（.zip）。",
            f"Not uploaded: more than {most} MB, or no workbook (.xlsx), table (.csv) or zip.",
        )
        say(view.say(words))

    label = view.say(Text("把工作簿或各个表拖到这里", "Drop a workbook, or the tables of a case, here"))
    zone = ui.upload(
        multiple=True,
        auto_upload=True,
        max_total_size=most * _MEBIBYTE,
        on_multi_upload=take,
        on_rejected=refuse,
    )
    zone.props(f'accept="{ACCEPTED}" flat').classes("qo-drop")
    # The library's own heading holds a file input without a name, inside a button; here it stands in its label.
    zone.add_slot("header", f'<label class="qo-drop-label">{escape(label)}<q-uploader-add-trigger /></label>')
    with kit.part("div", "qo-row qo-below"):
        kit.button(
            view.say(Text("选择文件…", "Choose files …")), main=True, on_click=lambda: zone.run_method("pickFiles")
        )
        if blank:

            async def send() -> None:
                made = await asked(view, view.desk.cases.blank_workbook)
                if made is not None:
                    ui.download.content(made[1], made[0])

            kit.button(view.say(Text("空白工作簿", "Blank workbook")), on_click=send)
    kit.note(
        view.say(
            Text(
                f"工作簿（.xlsx）、压缩包，或同时选中文件夹里的各个表；最多 {most} MB。"
                "有错误也会保存，随后逐条列出怎么改。宏不会运行。",
                f"A workbook (.xlsx), a zip, or all tables of a folder at once; {most} MB at most. "
                "One with errors is kept too, and each is listed with how to mend it. Macros are never run.",
            )
        )
    )

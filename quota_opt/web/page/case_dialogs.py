"""What is asked about a case: its name, a new version, an earlier version."""

from __future__ import annotations

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.store.workspace import LONGEST_TITLE
from quota_opt.store.workspace_values import CaseEntry, CaseVersion
from quota_opt.web.desk.cases import Uploaded
from quota_opt.web.desk.states import moment_words
from quota_opt.web.page import kit
from quota_opt.web.page.acting import asked
from quota_opt.web.page.upload import upload_zone
from quota_opt.web.page.view import View

CLOSE = Text("关闭", "Close")


async def ask_title(view: View, entry: CaseEntry) -> str | None:
    """A new name for a case; None where it is left as it is."""
    with ui.dialog() as dialog, ui.card().classes("qo-dialog"):
        kit.heading(view.say(Text("改名", "Rename")))
        field = ui.input(view.say(Text("名称", "Name")), value=entry.title).props(
            f"maxlength={LONGEST_TITLE} autofocus"
        )
        field.classes("qo-fill").on("keydown.enter", lambda: dialog.submit(field.value))
        with kit.part("div", "qo-row"):
            kit.button(view.say(Text("保存", "Save")), main=True, on_click=lambda: dialog.submit(field.value))
            kit.button(view.say(CLOSE), on_click=dialog.close)
    title = await dialog
    dialog.delete()
    return None if title is None else str(title).strip()


async def upload_version(view: View, entry: CaseEntry) -> Uploaded | None:
    """Files that replace those of a case; None where none were given."""
    with ui.dialog() as dialog, ui.card().classes("qo-dialog"):
        kit.heading(view.say(Text(f"上传“{entry.title}”的新版本", f"A new version of “{entry.title}”")))
        kit.note(
            view.say(
                Text(
                    "只上传其中几个表（.csv）时，其余的表不变。旧版本都保留，可随时恢复。",
                    "Where only some tables (.csv) are given, the others stay. Earlier versions are kept.",
                )
            )
        )

        async def done(made: Uploaded) -> None:
            dialog.submit(made)

        upload_zone(view, done, into=entry.key, blank=False)
        kit.button(view.say(CLOSE), on_click=dialog.close)
    made: Uploaded | None = await dialog
    dialog.delete()
    return made


async def choose_version(view: View, entry: CaseEntry) -> CaseEntry | None:
    """A case put back to an earlier version; None where it is left as it is."""
    versions = await asked(view, view.desk.workspace.versions, view.user, entry.key)
    if versions is None:
        return None
    with ui.dialog() as dialog, ui.card().classes("qo-dialog qo-versions"):
        kit.heading(view.say(Text(f"“{entry.title}”的历史版本", f"Versions of “{entry.title}”")))
        headings = (Text("版本", "version"), Text("保存", "saved"), Text("改动", "what changed"), Text("", ""))
        with kit.part("div", "qo-scroll"), kit.part("table", "qo-table"):
            with kit.part("thead"), kit.part("tr"):
                for heading in headings[:3]:
                    kit.words(view.say(heading), "", "th").props("scope=col")
                kit.part("td")
            with kit.part("tbody"):
                for version in versions:
                    with kit.part("tr"):
                        _version_row(view, entry, version, dialog)
        kit.button(view.say(CLOSE), on_click=dialog.close)
    number = await dialog
    dialog.delete()
    if number is None:
        return None
    note = view.say(Text(f"恢复到第 {number} 版", f"back to version {number}"))
    return await asked(view, view.desk.workspace.restore, view.user, entry.key, int(number), note)


def _version_row(view: View, entry: CaseEntry, version: CaseVersion, dialog: ui.dialog) -> None:
    kit.words(f"{version.number}", "", "td")
    kit.words(view.say(moment_words(version.saved)), "", "td")
    said = version.note or version.source
    faults = view.say(Text(f"（{version.errors} 处错误）", f" ({version.errors} errors)")) if version.errors else ""
    kit.words(f"{said}{faults}", "", "td")
    with kit.part("td"):
        if version.number == entry.version:
            kit.words(view.say(Text("当前", "current")), "qo-soft")
            return
        button = kit.button(view.say(Text("恢复", "Restore")), on_click=lambda: dialog.submit(version.number))
        button._props["aria-label"] = view.say(
            Text(f"恢复到第 {version.number} 版", f"Restore version {version.number}")
        )

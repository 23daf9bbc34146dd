"""方案: the variants of a case, each by what it changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.scenario.paths import flattened, join_path
from quota_opt.scenario.toml_values import written
from quota_opt.scenario.workbook import setting_value
from quota_opt.store.workspace_values import SavedVariant
from quota_opt.web.desk.case_files import document_of
from quota_opt.web.desk.differences import change_words
from quota_opt.web.desk.editing import Touched
from quota_opt.web.desk.edits import RemoveSetting, SetSetting
from quota_opt.web.desk.labels import path_words
from quota_opt.web.desk.placed import Checked, Placed
from quota_opt.web.page import kit
from quota_opt.web.page.acting import in_thread
from quota_opt.web.page.data_dialogs import open_dialog

if TYPE_CHECKING:
    from quota_opt.web.page.data import DataScreen

_NOT_CHANGED = ("variants", "documents", "clauses", "readings", "measures")


class VariantsPanel:
    """The variants one under another, and a form for a new one."""

    def __init__(self, screen: DataScreen) -> None:
        self.screen, self.say = screen, screen.say
        self._drawn_with: Checked | None = None

    async def draw(self) -> None:
        """All variants."""
        self._box = kit.part("div")
        await self._fill()

    async def _fill(self) -> None:
        files = self.screen.editing.state.files
        document, _ = await in_thread(document_of, files)
        saved = await in_thread(
            self.screen.view.desk.workspace.variants, self.screen.view.user, self.screen.editing.entry.key
        )
        variants = document.get("variants")
        variants = variants if isinstance(variants, Mapping) else {}
        plain = flattened(document)
        view = self.screen.view
        self._drawn_with = self.screen.checked
        self._box.clear()
        with self._box:
            kit.note(
                self.say(
                    f"{len(variants)} 个方案。方案只写与本案例不同的设置，求解、对比时可选用。",
                    f"{len(variants)} variants. A variant states only what it has otherwise than the case itself.",
                )
            )
            if not view.meeting:
                kit.button(self.say("新增方案…", "New variant…"), on_click=lambda: self._new(document))
            for name, variant in variants.items():
                self._one(name, variant, plain)
            if saved:
                kit.heading(self.say("试算中存下的方案", "Saved in what-if"), 3)
            for each in saved:
                self._saved(each, document, plain)

    def _one(self, name: str, variant: Any, plain: Mapping[str, Any]) -> None:
        view = self.screen.view
        title, changes = _read(variant)
        path = join_path(("variants", name))
        with kit.part("section", "qo-rule"):
            with kit.part("div", "qo-rule-head"):
                kit.words(view.say(title) if title else name, "qo-rule-name", "h3")
                kit.words(name, "qo-knob-note")
                kit.button(
                    self.say("试算", "What-if"), on_click=lambda: self.screen.what_if(variant=name), classes="qo-link"
                )
                if not self.screen.checked.errors:
                    kit.button(
                        self.say("求解", "Solve"), on_click=lambda: self.screen.solve(variant=name), classes="qo-link"
                    )
                if not view.meeting:
                    kit.button(
                        self.say("删除", "Remove"),
                        on_click=lambda: self.screen.do([RemoveSetting(path)]),
                        classes="qo-link",
                    )
            for placed in self.screen.checked.at_path(path):
                kit.words(f"⚠ {placed.lines(view.language)[0]}", "qo-knob-wrong")
            with kit.part("ul"):
                for setting, value in changes.items():
                    if plain.get(setting) == value:
                        continue
                    kit.words(view.say(change_words(setting, plain.get(setting), value)), "", "li")

    def _saved(self, saved: SavedVariant, document: Mapping[str, Any], plain: Mapping[str, Any]) -> None:
        """A variant saved while trying things out; it can be written into the case."""
        changes = {**_read((document.get("variants") or {}).get(saved.variant))[1], **saved.overrides}
        edit = SetSetting(join_path(("variants", _name(saved.name, document))), {"title": saved.name, "set": changes})
        with kit.part("section", "qo-rule"):
            with kit.part("div", "qo-rule-head"):
                kit.words(saved.name, "qo-rule-name", "h4")
                if not self.screen.view.meeting:
                    kit.button(
                        self.say("写入案例", "Write into the case"),
                        on_click=lambda: self.screen.do([edit]),
                        classes="qo-link",
                    )
            with kit.part("ul"):
                for setting, value in changes.items():
                    kit.words(self.screen.view.say(change_words(setting, plain.get(setting), value)), "", "li")

    def _new(self, document: Mapping[str, Any]) -> None:
        say, view = self.screen.say, self.screen.view
        paths = {
            path: f"{view.say(path_words(path))}（{_short(value)}）"
            for path, value in flattened(document).items()
            if path.partition(".")[0] not in _NOT_CHANGED and not path.endswith(".clause")
        }
        dialog, card = open_dialog(self.screen, say("新增方案", "New variant"))
        with card:
            title = ui.input(say("名称", "Name")).props("outlined dense").classes("qo-full")
            chosen = ui.select(paths, label=say("改哪一项", "What is changed"), with_input=True).props("outlined dense")
            chosen.classes("qo-full")
            value = ui.input(say("改为", "To")).props("outlined dense").classes("qo-full")
            changes: dict[str, Any] = {}
            listed = kit.part("ul")

            def more() -> None:
                if chosen.value and value.value:
                    changes[chosen.value] = _value(value.value, flattened(document).get(chosen.value))
                    with listed:
                        kit.words(
                            view.say(
                                change_words(chosen.value, flattened(document).get(chosen.value), changes[chosen.value])
                            ),
                            "",
                            "li",
                        )
                    value.set_value("")

            async def save() -> None:
                more()
                if not changes or not title.value:
                    ui.notify(say("请填名称，并至少改一项。", "Give a name, and change at least one thing."))
                    return
                name = _name(title.value, document)
                edit = SetSetting(join_path(("variants", name)), {"title": title.value, "set": dict(changes)})
                if await self.screen.do([edit]):
                    dialog.close()

            with kit.part("div", "qo-row"):
                kit.button(say("再改一项", "One more change"), on_click=more)
                kit.button(say("加入", "Add"), on_click=save, main=True)
                kit.button(say("取消", "Cancel"), on_click=dialog.close)
        dialog.open()

    async def update(self, touched: Touched) -> None:
        """Draw the variants again where the settings changed."""
        if touched.settings:
            await self._fill()

    async def mark(self) -> None:
        """What the last check found; drawn again only where that is something about a variant."""
        if self._drawn_with is not self.screen.checked and self.screen.checked.at_path("variants"):
            await self._fill()

    async def go(self, placed: Placed) -> None:
        """There is one list: the variant is in sight."""


def _read(variant: Any) -> tuple[Text | None, dict[str, Any]]:
    if not isinstance(variant, Mapping):
        return None, {}
    title = variant.get("title")
    said: Text | None
    if isinstance(title, Mapping):
        zh, en = str(title.get("zh") or title.get("en") or ""), str(title.get("en") or title.get("zh") or "")
        said = Text(zh, en)
    else:
        said = Text(str(title), str(title)) if title else None
    changes = variant.get("set")
    return said, dict(changes) if isinstance(changes, Mapping) else {}


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else written(value)
    return text if len(text) <= 24 else f"{text[:23]}…"


def _value(text: str, before: Any) -> Any:
    """What was typed, of the kind that stood there."""
    if isinstance(before, int | float) and not isinstance(before, bool):
        try:
            return float(text) if isinstance(before, float) else int(text)
        except ValueError:
            return text
    try:
        return setting_value(text)
    except ValueError:
        return text


def _name(title: str, document: Mapping[str, Any]) -> str:
    """A name for the variant that no other has: from its title."""
    plain = re.sub(r"[\s./\\\"']+", "-", title).strip("-")[:40] or "variant"
    taken = document.get("variants") or {}
    name, number = plain, 2
    while name in taken or name == "base":
        name, number = f"{plain}-{number}", number + 1
    return name

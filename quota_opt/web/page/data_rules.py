"""The rules and settings of a case as switches and numbers, each with its unit, range, default and clause."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nicegui import ui
from nicegui.element import Element

from quota_opt.errors import Text
from quota_opt.scenario.paths import join_path, split_path
from quota_opt.scenario.settings_reading import SETTINGS_FILE
from quota_opt.scenario.toml_values import written
from quota_opt.scenario.workbook import setting_value
from quota_opt.web.desk.case_files import document_of
from quota_opt.web.desk.editing import Touched
from quota_opt.web.desk.edits import AddItem, Edit, RemoveSetting, SetSetting, SetSettingsText
from quota_opt.web.desk.placed import Placed
from quota_opt.web.desk.rule_settings import Group, Knob, RuleCard, origin_of, rule_cards, setting_sections
from quota_opt.web.page import kit
from quota_opt.web.page.acting import in_thread

if TYPE_CHECKING:
    from quota_opt.web.page.data import DataScreen


LONG = 24
"""Characters of a text that takes a line of its own."""


class _Forms:
    """Knobs and groups drawn as fields; what is typed becomes a step of the screen."""

    def __init__(self, screen: DataScreen) -> None:
        self.screen = screen
        self.say = screen.say
        self.view = screen.view
        self._boxes: dict[str, Element] = {}
        self._wrong: dict[str, ui.label] = {}

    def parts(self, parts: Sequence[Knob | Group]) -> None:
        """Written values first; the others, for which defaults hold, folded away."""
        shown = [p for p in parts if p.written or p.required or p.changed or self._faulty(p.path)]
        rest = [p for p in parts if p not in shown]
        if shown:
            with kit.part("div", "qo-knobs"):
                for part in shown:
                    self.part(part)
        if rest:
            label = self.say(f"其他 {len(rest)} 项，按默认", f"{len(rest)} more, at their defaults")
            if not shown and len(rest) <= 4:
                with kit.part("div", "qo-knobs"):
                    for part in rest:
                        self.part(part)
                return
            with ui.expansion(label).props("dense").classes("qo-fold"), kit.part("div", "qo-knobs"):
                for part in rest:
                    self.part(part)

    def _faulty(self, path: str) -> bool:
        return bool(self.screen.checked.at_path(path))

    def part(self, part: Knob | Group) -> None:
        """A field, or the fields that stand together."""
        if isinstance(part, Knob):
            self._knob(part)
        elif part.kind == "list":
            self._list(part)
        elif part.kind == "keys":
            self._keys(part)
        else:
            with kit.part("div", "qo-item") as box:
                self._boxes[part.path] = box
                self._title(part)
                self.parts(part.parts)

    def _title(self, part: Group) -> None:
        label = kit.words(self.view.say(part.label), "qo-strong")
        label.tooltip(self.view.say(part.help))
        self._fault_line(part.path)

    def _fault_line(self, path: str) -> None:
        line = kit.words("", "qo-knob-wrong")
        self._wrong[path] = line
        self._say_fault(path)

    def _say_fault(self, path: str) -> None:
        found = [p for p in self.screen.checked.at_path(path) if p.path == path]
        missing = self.say("必填，请填写。", "Required: fill it in.")
        lines = [missing if p.finding.code == "missing-setting" else p.lines(self.view.language)[2] for p in found]
        self._wrong[path].set_text(" ".join(f"⚠ {line}" for line in lines))

    def mark(self) -> None:
        """What the last check found, at the fields."""
        for path in self._wrong:
            self._say_fault(path)

    async def show(self, path: str) -> bool:
        """Bring the field of a path into sight; that of what holds it where it has none."""
        spot = path
        while spot and spot not in self._boxes:
            spot = spot.rpartition(".")[0]
        if not spot:
            return False
        box = self._boxes[spot]
        ui.run_javascript(
            f"const e = getHtmlElement({box.id}); if (e) {{ let d = e; "
            "while (d = d.closest('.q-expansion-item--collapsed')) "
            "{ d.querySelector('.q-item').click(); d = d.parentElement; } e.scrollIntoView({block: 'center'}); "
            "const f = e.querySelector('input, textarea, button'); if (f) f.focus({preventScroll: true}); }"
        )
        return True

    # Groups

    def _list(self, group: Group, *, titled: bool = True) -> None:
        with kit.part("div", "qo-knob qo-knob-list") as box:
            self._boxes[group.path] = box
            if titled:
                self._title(group)
            for item in group.parts:
                assert isinstance(item, Group)
                with kit.part("div", "qo-item") as inside:
                    self._boxes[item.path] = inside
                    with kit.part("div", "qo-rule-head"):
                        kit.words(self.view.say(item.label), "qo-strong")
                        self._do_button(self.say("删除", "Remove"), RemoveSetting(item.path))
                    self._fault_line(item.path)
                    self.parts(item.parts)
            self._do_button(self.say("添加一项", "Add one"), AddItem(group.path, {}))

    def _keys(self, group: Group, *, titled: bool = True) -> None:
        with kit.part("div", "qo-knob qo-knob-list") as box:
            self._boxes[group.path] = box
            if titled:
                self._title(group)
            with kit.part("div", "qo-knobs"):
                for part in group.parts:
                    if isinstance(part, Knob):
                        self._knob(part, removable=True)
                    else:
                        self.part(part)
            if not self.view.meeting and (group.keys or group.open_keys):
                self._new_key(group)

    def _new_key(self, group: Group) -> None:
        with kit.part("div", "qo-row"):
            label = self.say("新的一项", "New entry")
            key: Any
            if group.keys:
                key = ui.select(
                    {c.value: self.view.say(c.words) for c in group.keys}, label=label, with_input=True,
                    new_value_mode="add-unique", key_generator=lambda typed: typed,
                )  # fmt: skip
            else:
                years = [p.path.rpartition(".")[2] for p in group.parts]
                following = str(int(years[-1]) + 1) if years and years[-1].isdecimal() else ""
                key = ui.input(label, value=following)
            key.props("dense outlined").classes("qo-search").style("margin-left: 0")

            async def add() -> None:
                name = str(key.value or "").strip()
                if name:
                    await self._do(SetSetting(join_path((*split_path(group.path), name)), group.new))

            kit.button(self.say("添加", "Add"), on_click=add)

    def _do_button(self, label: str, edit: Edit) -> None:
        if not self.view.meeting:
            kit.button(label, on_click=lambda: self._do(edit), classes="qo-link")

    async def _do(self, edit: Edit) -> None:
        await self.screen.do([edit])

    # Fields

    def _knob(self, knob: Knob, *, removable: bool = False) -> None:
        long = knob.kind == "text" and isinstance(knob.value, str) and len(knob.value) > LONG
        wide = " qo-knob-list" if long or (knob.kind == "other" and isinstance(knob.value, list | dict)) else ""
        with kit.part("div", f"qo-knob{wide}{' qo-knob-changed' if knob.changed else ''}") as box:
            self._boxes[knob.path] = box
            self._field(knob)
            self._fault_line(knob.path)
            if knob.changed:
                with kit.part("span", "qo-row"):
                    was = self._shown(knob, knob.before)
                    kit.words(self.say(f"已改，原为 {was}", f"changed, was {was}"), "qo-knob-note")
                    back = RemoveSetting(knob.path) if knob.before is None else SetSetting(knob.path, knob.before)
                    if knob.before is not None or knob.written:
                        self._do_button(self.say("还原", "Restore"), back)
            elif removable:
                self._do_button(self.say("删除", "Remove"), RemoveSetting(knob.path))

    def _shown(self, knob: Knob, value: Any) -> str:
        if value is None:
            return self.say("默认", "the default") if knob.default is None else self._shown(knob, knob.default)
        for choice in knob.choices:
            if choice.value == value:
                return self.view.say(choice.words)
        if isinstance(value, bool):
            return self.say("是" if value else "否", "yes" if value else "no")
        if isinstance(value, list):
            words = {c.value: self.view.say(c.words) for c in knob.choices}
            return "；".join(words.get(str(v), str(v)) for v in value)
        return value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)

    def _hint(self, knob: Knob) -> str:
        said = []
        if knob.low is not None and knob.high is not None:
            said.append(self.say(f"范围 {knob.low:g}—{knob.high:g}", f"{knob.low:g} to {knob.high:g}"))
        elif knob.low is not None:
            said.append(self.say(f"不小于 {knob.low:g}", f"at least {knob.low:g}"))
        elif knob.high is not None:
            said.append(self.say(f"不大于 {knob.high:g}", f"at most {knob.high:g}"))
        if knob.required:
            said.append(self.say("必填", "required"))
        elif knob.default is not None and knob.default not in ([], "") and knob.value not in (None, knob.default):
            shown = self._shown(knob, knob.default)
            said.append(self.say(f"默认 {shown}", f"default {shown}"))
        return self.say("；", "; ").join(said)

    def _field(self, knob: Knob) -> None:
        label = self.view.say(knob.label) + (" *" if knob.required else "")
        made: Any
        if knob.kind == "switch":
            value = knob.value if knob.written else bool(knob.default)
            made = ui.switch(label, value=value, on_change=lambda e: self._do(SetSetting(knob.path, bool(e.value))))
        elif knob.kind == "choice":
            options = {c.value: self.view.say(c.words) for c in knob.choices}
            value = knob.value if knob.written else knob.default
            made = ui.select(
                options, value=value if value in options else None, label=label,
                on_change=lambda e: self._do(SetSetting(knob.path, e.value)),
            ).props("dense outlined")  # fmt: skip
        elif knob.kind == "list" and knob.choices:
            options = {c.value: self.view.say(c.words) for c in knob.choices}
            value = knob.value if knob.written else knob.default
            options |= {v: v for v in value or [] if v not in options}
            made = ui.select(
                options, value=list(value or []), label=label, multiple=True,
                on_change=lambda e: self._set(knob, list(e.value)),
            ).props("dense outlined use-chips")  # fmt: skip
        elif knob.kind == "text" and knob.choices:
            options = {c.value: self.view.say(c.words) for c in knob.choices}
            value = knob.value if knob.written else knob.default
            options |= {} if value is None or value in options else {value: value}
            made = ui.select(
                options, value=value, label=label, with_input=True, new_value_mode="add-unique",
                key_generator=lambda typed: typed, clearable=not knob.required,
                on_change=lambda e: self._set(knob, e.value),
            ).props("dense outlined")  # fmt: skip
        else:
            made = ui.input(label, value=self._text(knob), placeholder=self._placeholder(knob)).props("dense outlined")
            if knob.kind in ("number", "integer"):
                made.props("inputmode=decimal")
            unit = self.view.say(knob.unit)
            if unit:
                made.props(f'suffix="{unit}"')
            made.on("blur", lambda: self._typed(knob, made))
            made.on("keydown.enter", lambda: self._typed(knob, made))
        if self.view.meeting:
            made.disable()
        made.classes("qo-full").tooltip(self.view.say(knob.help))
        hint = self._hint(knob)
        if hint:
            kit.words(hint, "qo-knob-note")

    def _placeholder(self, knob: Knob) -> str:
        return "" if knob.default is None or knob.default == [] else self._shown(knob, knob.default)

    def _text(self, knob: Knob) -> str:
        if knob.value is None:
            return ""
        if knob.kind == "other":
            return written(knob.value)
        return self._shown(knob, knob.value) if knob.kind != "text" else str(knob.value)

    async def _typed(self, knob: Knob, field: Any) -> None:
        text = (field.value or "").strip()
        if text == self._text(knob):
            return
        await self._set(knob, self._value(knob, text))

    def _value(self, knob: Knob, text: str) -> Any:
        """What was typed as a value; what cannot be one stays text, and the check says so at the field."""
        if not text:
            return None
        if knob.kind == "list":
            return [part.strip() for part in text.replace("；", ";").split(";") if part.strip()]
        if knob.kind in ("number", "integer"):
            try:
                number = float(text.replace(",", ""))
            except ValueError:
                return text
            return int(number) if knob.kind == "integer" and number.is_integer() else number
        if knob.kind == "other":
            try:
                value = setting_value(text)
            except tomllib.TOMLDecodeError:
                return text
            plain = isinstance(value, str) and value.replace(".", "", 1).removeprefix("-").isdecimal()
            return float(value) if plain else value
        return text

    async def _set(self, knob: Knob, value: Any) -> None:
        if value is None or (value == [] and not knob.required and not knob.default):
            if knob.written:
                await self._do(RemoveSetting(knob.path))
        elif value != knob.value:
            await self._do(SetSetting(knob.path, value))


class RulesPanel:
    """Every policy rule as a card: its switch, its parameters, and the clauses beside them."""

    def __init__(self, screen: DataScreen) -> None:
        self.screen, self.say = screen, screen.say
        self._cards: dict[str, tuple[RuleCard, Element, _Forms]] = {}

    async def draw(self) -> None:
        """All rules: those that are on first."""
        cards = await in_thread(self._read)
        origin = origin_of(self.screen.editing.state.files)
        on = sum(card.on for card in cards)
        changed = sum(card.changed for card in cards)
        line = self.say(f"启用 {on} 条，共 {len(cards)} 条。", f"{on} of {len(cards)} rules are on. ")
        if origin is not None and not self.screen.editing.read_only:
            line += self.say(f"与内置案例不同的有 {changed} 条。", f"{changed} differ from the built-in case.")
        self._line = kit.note(line)
        for card in sorted(cards, key=lambda c: not c.written):
            box = kit.part("section", "qo-rule")
            forms = _Forms(self.screen)
            self._cards[card.name] = (card, box, forms)
            self._draw(card, box, forms)

    def _read(self) -> tuple[RuleCard, ...]:
        files = self.screen.editing.state.files
        return rule_cards(files, self._base())

    def _base(self) -> Any:
        origin = origin_of(self.screen.editing.state.files)
        if origin is None or self.screen.editing.read_only:
            return self.screen.editing.base.files
        from quota_opt.facade import read

        return read(origin).files

    def _draw(self, card: RuleCard, box: Element, forms: _Forms) -> None:
        view = self.screen.view
        box.clear()
        box.classes(add="" if card.on else "qo-rule-off", remove="qo-rule-off" if card.on else "")
        with box:
            with kit.part("div", "qo-rule-head"):
                label = self.say("启用", "On")
                switch = ui.switch(value=card.on, on_change=lambda e, c=card: self._switch(c, bool(e.value)))
                switch.props(f'aria-label="{label}：{view.say(card.title)}"')
                if view.meeting:
                    switch.disable()
                kit.words(view.say(card.title), "qo-rule-name", "h3")
                if card.changed:
                    kit.badge(self.say("已改", "changed"), "warn")
                kit.button(
                    self.say("规则说明", "About the rule"), on_click=lambda c=card: self._explain(c), classes="qo-link"
                )
            kit.words(view.say(card.about), "qo-note", "p")
            forms._boxes[card.path] = box
            forms._fault_line(card.path)
            if not card.on:
                return
            with kit.part("div", "qo-rule-body"):
                with kit.part("div"):
                    forms.parts(card.parts)
                    if not card.parts:
                        kit.note(self.say("没有可调的数。", "It has no figures of its own."))
                with kit.part("div", "qo-clauses"):
                    self._clauses(card, forms)

    def _clauses(self, card: RuleCard, forms: _Forms) -> None:
        view = self.screen.view
        kit.words(self.say("依据条款", "Clauses"), "qo-strong")
        knob = Knob(
            f"{card.path}.clause", Text("条款", "Clause"),
            Text("文件代号和条次，如 ZJ 四(四)", "Code of the document and number"), "text", card.clause or None,
        )  # fmt: skip
        if not card.clauses:
            kit.words(self.say("没有写明条款。", "No clause is given."), "qo-knob-note")
        for clause in card.clauses:
            with kit.part("div", "qo-clause"):
                with kit.part("span", "qo-row"):
                    kit.words(clause.clause, "qo-strong")
                    if view.say(clause.standing):
                        kit.badge(view.say(clause.standing), "good" if clause.in_force else "warn")
                if view.say(clause.text):
                    kit.words(view.say(clause.text), "", "p")
                elif view.say(clause.document):
                    kit.words(view.say(clause.document), "qo-knob-note", "p")
        forms.part(knob)

    async def _switch(self, card: RuleCard, on: bool) -> None:
        edit: Edit = SetSetting(f"{card.path}.enabled", on)
        if on and not card.written:
            edit = SetSetting(card.path, {})
        elif on:
            edit = RemoveSetting(f"{card.path}.enabled")
        if not await self.screen.do([edit]):
            await self.update(Touched({}, frozenset(), settings=True), force=card.name)

    async def _explain(self, card: RuleCard) -> None:
        from quota_opt.report.library import rule_page

        view = self.screen.view
        with self.screen.root:
            dialog, body = kit.drawer(view, view.say(card.title))
        dialog.open()
        text = await in_thread(rule_page, card.name, view.language, linked=False)
        with body:
            ui.markdown(text, extras=["tables", "fenced-code-blocks", "code-friendly"]).classes("qo-markdown")

    async def update(self, touched: Touched, *, force: str | None = None) -> None:
        """Draw the rules again whose settings changed."""
        if not touched.settings:
            return
        for card in await in_thread(self._read):
            old, box, _ = self._cards[card.name]
            if card != old or card.name == force:
                fresh = _Forms(self.screen)
                self._cards[card.name] = (card, box, fresh)
                self._draw(card, box, fresh)

    async def mark(self) -> None:
        """What the last check found, at the fields."""
        for _, _, forms in self._cards.values():
            forms.mark()

    async def go(self, placed: Placed) -> None:
        """Bring the field of a finding into sight."""
        name = (placed.path or "").split(".")[1:2]
        if name and name[0] in self._cards:
            await self._cards[name[0]][2].show(placed.path or "")


class SettingsPanel:
    """The settings beside the rules, and the text of the file for whoever wants it."""

    def __init__(self, screen: DataScreen) -> None:
        self.screen, self.say = screen, screen.say
        self._forms = _Forms(screen)
        self._sections: tuple[Group, ...] = ()

    async def draw(self) -> None:
        """The sections one under another."""
        self._box = kit.part("div")
        await self._fill()

    async def _fill(self) -> None:
        files = self.screen.editing.state.files
        _, unread = document_of(files)
        self._box.clear()
        self._forms = _Forms(self.screen)
        with self._box:
            if unread or SETTINGS_FILE not in files:
                kit.answer(
                    self.say(
                        "设置文本读不了，请在下面改正。", "The text of the settings cannot be read; correct it here."
                    )
                )
                self._text()
                return
            base = self.screen.editing.base.files
            self._sections = await in_thread(setting_sections, files, base)
        with self._box:
            for section in self._sections:
                with kit.part("section", "qo-rule") as box:
                    self._forms._boxes[section.path] = box
                    kit.words(self.screen.view.say(section.label), "qo-rule-name", "h3")
                    if self.screen.view.say(section.help) != self.screen.view.say(section.label):
                        kit.words(self.screen.view.say(section.help), "qo-note", "p")
                    self._forms._fault_line(section.path)
                    if section.kind == "table":
                        self._forms.parts([p for p in section.parts if p.path != "scenario.contract"])
                    elif section.kind == "list":
                        self._forms._list(section, titled=False)
                    else:
                        self._forms._keys(section, titled=False)
            with ui.expansion(self.say("设置文本（scenario.toml）", "Text of the settings (scenario.toml)")).classes(
                "qo-fold"
            ):
                self._text()

    def _text(self) -> None:
        text = self.screen.editing.state.files.get(SETTINGS_FILE, b"").decode("utf-8-sig", "replace")
        label = self.say("设置文本", "Text of the settings")
        box = ui.textarea(label, value=text).props("outlined spellcheck=false").classes("qo-full qo-settings-text")
        if not self.screen.view.meeting:
            kit.button(self.say("采用", "Apply"), on_click=lambda: self.screen.do([SetSettingsText(box.value or "")]))

    async def update(self, touched: Touched) -> None:
        """Draw the settings again where they changed."""
        if touched.settings:
            await self._fill()

    async def mark(self) -> None:
        """What the last check found, at the fields."""
        self._forms.mark()

    async def go(self, placed: Placed) -> None:
        """Bring the field of a finding into sight."""
        await self._forms.show(placed.path or "")

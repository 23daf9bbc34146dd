"""问题清单: what is wrong with a case, grouped by table, three lines each; a click goes to the place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from nicegui import ui
from nicegui.element import Element

from quota_opt.errors import Level
from quota_opt.web.desk.placed import Checked, Placed
from quota_opt.web.page import kit

if TYPE_CHECKING:
    from quota_opt.web.page.data import DataScreen

MOST_SHOWN = 60
"""Findings of one level drawn at once."""
_PLURALS = {Level.ERROR: "Errors", Level.WARNING: "Warnings", Level.INFO: "Notes"}
_TONES: dict[Level, kit.Tone] = {Level.ERROR: "bad", Level.WARNING: "warn", Level.INFO: "plain"}


class FindingsPanel:
    """The panel at the right."""

    def __init__(self, screen: DataScreen) -> None:
        self.screen = screen
        label = screen.say("问题清单", "Findings")
        with kit.part("section", "qo-card qo-data-findings").props(f'aria-label="{label}"'):
            kit.heading(label)
            self._body = kit.part("div")
        self._shown: tuple[tuple[object, ...], ...] | None = None

    def draw(self, checked: Checked) -> None:
        """Draw the findings; nothing moves where they are the same as before."""
        language = self.screen.view.language
        seen = tuple((p.finding.level, p.lines(language)) for p in checked.findings)
        if seen == self._shown:
            return
        self._shown = seen
        self._body.clear()
        with self._body:
            if not checked.findings:
                kit.note(self.screen.say("没有问题。", "Nothing was found."))
            for level, some in groupby(checked.findings, key=lambda p: p.finding.level):
                self._level(level, list(some))

    def _level(self, level: Level, some: Sequence[Placed]) -> None:
        words = self.screen.say(f"{level.words.zh} {len(some)}", f"{_PLURALS[level]}: {len(some)}")
        if level is Level.INFO:
            with ui.expansion(words).props("dense").classes("qo-fold"):
                self._listed(some)
            return
        kit.words(words, f"qo-findings-level qo-{_TONES[level]}", "h3")
        self._listed(some)

    def _listed(self, some: Sequence[Placed]) -> None:
        for place, group in groupby(some[:MOST_SHOWN], key=lambda p: p.place):
            title = self.screen.title_of(place)
            if title:
                kit.words(title, "qo-findings-place", "h4")
            with kit.part("ul", "qo-findings-list"):
                for each in group:
                    with kit.part("li"):
                        self._one(each)
        if len(some) > MOST_SHOWN:
            more = len(some) - MOST_SHOWN
            kit.note(self.screen.say(f"另有 {more} 处，见问题清单.xlsx。", f"{more} more are in Findings.xlsx."))

    def _one(self, placed: Placed) -> None:
        what, where, fix = placed.lines(self.screen.view.language)
        tone = _TONES[placed.finding.level]
        say = self.screen.say
        box: Element
        if placed.place is not None:
            box = kit.part("button", f"qo-finding qo-finding-go qo-edge-{tone}").props("type=button")
            box.on("click", lambda p=placed: self.screen.go(p))
        else:
            box = kit.part("div", f"qo-finding qo-edge-{tone}")
        with box:
            kit.words(what, "qo-finding-what")
            if where:
                kit.words(f"{say('位置：', 'Where: ')}{where}")
            if fix:
                kit.words(f"{say('怎么改：', 'How to mend: ')}{fix}")

"""One slider of the what-if screen: the number, its track with marks, and a box for the exact value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.report.numbers import figure, short
from quota_opt.web.desk.changed import same
from quota_opt.web.desk.sliders import Slider
from quota_opt.web.page import kit
from quota_opt.web.page.view import View

NARROW = 12.0
"""Per cent of a track below which two labels would touch."""


class _Track(ui.slider):
    """A slider that moves in the browser without waiting for the server, so that no key pressed is lost."""

    LOOPBACK = False


class SliderControl:
    """A slider with its box, the switch of its rule, and 还原; `moved` is called when any of them changes."""

    def __init__(self, view: View, slider: Slider, value: float, on: bool, moved: Callable[[], None]) -> None:
        self.view, self.slider = view, slider
        self.value, self.on = value, on
        self._moved = moved
        self._setting = False
        title = view.say(slider.title)
        with kit.part("div", "qo-slider").props("role=group") as self.frame:
            self.frame._props["aria-label"] = title
            with kit.part("div", "qo-slider-head"):
                kit.words(title, "qo-slider-title")
                self.box = ui.number(value=value, step=slider.step, on_change=self._typed)
                self.box.props('dense outlined debounce=400 hide-bottom-space input-class="qo-slider-number"')
                self.box._props["aria-label"] = title + (f"（{slider.unit.zh}）" if slider.unit.zh else "")
                self.box.classes("qo-slider-box")
                kit.words(view.say(slider.unit), "qo-slider-unit")
            self.track = _Track(
                min=slider.low, max=slider.high, step=slider.step, value=self._on_track(value), on_change=self._dragged
            )
            self.track._props["aria-label"] = title
            self.track.props("dense")
            self.scale = kit.part("div", "qo-slider-scale").props("aria-hidden=true")
            self.scale.classes("" if slider.ticks else "qo-slider-bare")
            with kit.part("div", "qo-slider-foot"):
                kit.words(self._about(), "qo-slider-note")
                if slider.switch:
                    self.switch = ui.switch(view.say(Text("启用", "on")), value=on, on_change=self._switched)
                    self.switch.props("dense").classes("qo-slider-switch")
                self.back = ui.button(view.say(Text("还原", "Reset")), on_click=self._reset, color=None)
                self.back.props("no-caps flat unelevated dense").classes("qo-small-button")
        self.show_breaks((), exact=False)
        self._show_state()

    def set(self, value: float, on: bool) -> None:
        """Put it somewhere without calling `moved`."""
        self.value, self.on = value, on
        self._setting = True
        self.box.set_value(value)
        self.track.set_value(self._on_track(value))
        if self.slider.switch:
            self.switch.set_value(on)
        self._setting = False
        self._show_state()

    def show_breaks(self, values: Sequence[float], *, exact: bool) -> None:
        """Ticks at what the case, its variants and documents say; dots where the plan changes."""
        self.scale.clear()
        with self.scale:
            for value in values:
                shown = round(value * self.slider.scale, 9)
                if self.slider.low <= shown <= self.slider.high:
                    dot = kit.part("span", "qo-slider-dot").style(f"left: {self._at(shown):.3f}%")
                    dot._props["title"] = self.view.say(
                        Text(f"方案在 {short(shown)} 处改变", f"the plan changes at {short(shown)}")
                    )
            ticks = [each for each in self.slider.ticks if self.slider.low <= each.value <= self.slider.high]
            places = [self._at(each.value) for each in ticks]
            for tick, at, shift in zip(ticks, places, _shifts(places), strict=True):
                kit.part("span", "qo-slider-tick").style(f"left: {at:.3f}%")
                if shift is not None:
                    label = kit.words(self.view.say(tick.title), "qo-slider-label")
                    label.style(f"left: {at:.3f}%; transform: translateX(-{shift}%)")

    def _at(self, value: float) -> float:
        return 100.0 * (value - self.slider.low) / (self.slider.high - self.slider.low)

    def _on_track(self, value: float) -> float:
        return min(max(value, self.slider.low), self.slider.high)

    def _about(self) -> str:
        base = figure(self.slider.base, self.slider.digits)
        unit = "%" if self.slider.unit.zh == "%" else ""
        said = Text(f"案例 {base}{unit}", f"case {base}{unit}")
        clause = f" · {self.slider.clause}" if self.slider.clause else ""
        return self.view.say(said) + clause

    def _dragged(self, event: Any) -> None:
        if self._setting or event.value is None or same(float(event.value), self._on_track(self.value)):
            return
        self._take(round(float(event.value), 9))
        self._setting = True
        self.box.set_value(self.value)
        self._setting = False

    def _typed(self, event: Any) -> None:
        if self._setting or event.value is None or same(float(event.value), self.value):
            return
        value = float(event.value)
        if not self.slider.low <= value <= self.slider.high:
            low, high = (figure(end, self.slider.digits) for end in (self.slider.low, self.slider.high))
            self.box.props("error")
            self.box._props["error-message"] = self.view.say(
                Text(f"请填 {low} 到 {high}", f"from {low} to {high}, please")
            )
            self.box.update()
            return
        self._take(value)
        self._setting = True
        self.track.set_value(self._on_track(value))
        self._setting = False

    def _switched(self, event: Any) -> None:
        if not self._setting and bool(event.value) != self.on:
            self.on = bool(event.value)
            self._show_state()
            self._moved()

    def _reset(self) -> None:
        self.set(self.slider.base, self.slider.on)
        self._moved()

    def _take(self, value: float) -> None:
        self.value = value
        if self.slider.switch and not self.on:  # who moves the number of a rule wants it to count
            self.on = True
            self._setting = True
            self.switch.set_value(True)
            self._setting = False
        self._show_state()
        self._moved()

    def _show_state(self) -> None:
        moved = not same(self.value, self.slider.base) or self.on != self.slider.on
        self.back.set_enabled(moved)
        self.frame.classes(remove="qo-slider-moved qo-slider-off")
        if moved:
            self.frame.classes("qo-slider-moved")
        if self.slider.switch and not self.on:
            self.frame.classes("qo-slider-off")
        self.box.props(remove="error error-message")


def _shifts(places: Sequence[float]) -> list[int | None]:
    """By how much of its width each label of a scale stands left of its tick; None where there is no room for it."""
    made: list[int | None] = []
    for number, at in enumerate(places):
        before = number > 0 and at - places[number - 1] < NARROW
        after = number + 1 < len(places) and places[number + 1] - at < NARROW
        if before and after:
            made.append(None)
        elif before or at < NARROW / 4:
            made.append(10 if before else 0)
        elif after or at > 100 - NARROW / 4:
            made.append(90 if after else 100)
        else:
            made.append(50)
    return made

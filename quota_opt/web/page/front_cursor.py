"""A front with a cursor: the chart, and of the point under it the measures, the rate, who comes in and goes out."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.plan.plan import Plan
from quota_opt.report.drafting import axis_unit, scaled
from quota_opt.report.numbers import figure as figure_text
from quota_opt.report.numbers import running
from quota_opt.report.values import Figure
from quota_opt.report.words import unit_name
from quota_opt.web.desk.asking import Answer
from quota_opt.web.page import figures, kit
from quota_opt.web.page.rows import rows
from quota_opt.web.page.saving import saving_row
from quota_opt.web.page.threads import in_thread
from quota_opt.web.page.view import View
from quota_opt.web.page.why import open_why

MOST_NAMES = 24
GREEN = "#009E73"
SIZEABLE = {"tCO2": 10_000.0, "tce": 10_000.0, "mu": 100.0, "10k yuan": 10_000.0}
"""What one speaks of at a time, by unit: 换 1 万吨碳 says more than one ton."""


async def draw_front(view: View, job: str, answer: Answer) -> None:
    """What a front says, with its cursor on the knee, or the first point."""
    read = await in_thread(view.desk.plans.read, view.user, job)
    points: Sequence[Mapping[str, Any]] = answer.values["points"]
    if not points:
        return
    first = answer.document.sections[0]
    for place, sentence in enumerate(first.sentences):
        if place == 0:
            kit.answer(view.say(sentence))
        else:
            kit.words(view.say(sentence), "", "p")
    if answer.partial:
        kit.badge(view.say(Text("中途停止，曲线不全", "stopped on the way: not the whole front")), "warn")
    _Cursor(view, job, read.plan, answer).draw([make(view.language) for make in first.figures])
    with kit.part("details", "qo-details"):
        kit.words(view.say(Text("全部各点、谁进谁出、是否齐全", "All points, in and out, completeness")), "", "summary")
        for section in answer.document.sections:
            kit.heading(view.say(section.title), 3)
            if section is not first:
                for sentence in section.sentences:
                    kit.words(view.say(sentence), "", "p")
            for table in section.tables:
                rows(view, table)


class _Cursor:
    """The cursor over the points of a front."""

    def __init__(self, view: View, job: str, plan: Plan, answer: Answer) -> None:
        self.view, self.job, self.plan = view, job, plan
        self.goals = answer.values["goals"]
        self.points = answer.values["points"]
        knee = answer.values["knee"]
        self.at = (knee or 1) - 1
        self.charts: list[tuple[ui.echart, list[tuple[int, list[Any]]]]] = []

    def draw(self, drawn: Sequence[Figure]) -> None:
        """The charts at the left, the point at the right."""
        view = self.view
        with kit.part("div", "qo-side"):
            with kit.part("div"):
                for shown in drawn[:1]:
                    self._chart(shown)
                with kit.part("div", "qo-row qo-cursor"):
                    kit.words(view.say(Text("游标", "Cursor")))
                    last = len(self.points)
                    self.slider = ui.slider(min=1, max=last, step=1, value=self.at + 1).classes("qo-slider")
                    self.slider._props["aria-label"] = view.say(Text("曲线上的第几点", "which point of the front"))
                    self.box = ui.number(min=1, max=last, step=1, value=self.at + 1, format="%d")
                    self.box.props("dense outlined").classes("qo-short")
                    self.box._props["aria-label"] = self.slider._props["aria-label"]
                    self.slider.on_value_change(lambda event: self.move(event.value))
                    self.box.on_value_change(lambda event: self.move(event.value))
                kit.note(
                    view.say(
                        Text(
                            "◆ 红：拐点；● 绿：游标；▲ 橙：当前方案。点图上的点也可移动游标；每一点都是已证明的方案。",
                            "Red ◆ knee, green ● cursor, orange ▲ the present plan. Click a point to move the cursor; "
                            "each point is a proven plan.",
                        )
                    )
                )
            self.panel = kit.part("div", "qo-point")
        self._fill()

    def _chart(self, shown: Figure) -> None:
        """A figure with two marks more for each of its series of points: the cursor, and the present plan."""
        option = copy.deepcopy(shown.option)
        marks: list[tuple[int, list[Any]]] = []
        for series in list(option["series"]):
            data = series.get("data") or []
            if len(data) != len(self.points) or series["type"] not in ("line", "scatter"):
                continue
            axes = {name: series[name] for name in ("xAxisIndex", "yAxisIndex") if name in series}
            marks.append((len(option["series"]), data))
            option["series"].append(
                {"type": "scatter", "symbol": "circle", "symbolSize": 17, "silent": True, "data": [data[self.at]],
                 "itemStyle": {"color": "transparent", "borderColor": GREEN, "borderWidth": 3}, "z": 5, **axes}
            )  # fmt: skip
        if len(self.goals) == 2 and (here := self._present()) is not None:
            option["series"].append(
                {"type": "scatter", "symbol": "triangle", "symbolSize": 14, "silent": True, "data": [here],
                 "itemStyle": {"color": "#E69F00", "borderColor": "#1b1b1b"}, "z": 4}
            )  # fmt: skip
        made = Figure(shown.key, shown.title, option, shown.alternative, shown.table, shown.size, shown.native)
        frame = figures.figure(self.view, made, on_click=self._clicked)
        chart = next(each for each in frame.descendants() if isinstance(each, ui.echart))
        self.charts.append((chart, marks))

    def _present(self) -> list[float] | None:
        """Where the present plan lies, in the units of the axes."""
        first, second = self.goals
        if not all(goal["name"] in self.plan.measures for goal in self.goals):
            return None
        made = []
        for goal in (second, first):
            largest = max(abs(point[goal["name"]]) for point in self.points)
            made.append(scaled(self.plan.measures[goal["name"]], axis_unit(goal["unit"], largest)[0]))
        return made

    def _clicked(self, event: Any) -> None:
        number = getattr(event, "data_index", None)
        if isinstance(number, int) and 0 <= number < len(self.points):
            self.slider.value = number + 1

    def move(self, value: Any) -> None:
        """Put the cursor on the point of that number, from 1."""
        if not isinstance(value, int | float) or not 1 <= value <= len(self.points):
            return
        at = int(value) - 1
        if at == self.at:
            return
        self.at = at
        self.slider.value, self.box.value = at + 1, at + 1
        for chart, marks in self.charts:
            for number, data in marks:
                chart.options["series"][number]["data"] = [data[at]]
            chart.update()
        self._fill()

    def _fill(self) -> None:
        view, point = self.view, self.points[self.at]
        self.panel.clear()
        with self.panel:
            kit.heading(view.say(Text(f"第 {self.at + 1} 点", f"Point {self.at + 1}")), 3)
            proven = point["status"] == "OPTIMAL"
            words = Text("已证明最优", "proven optimal") if proven else Text("未证明", "not proven")
            kit.badge(view.say(words), "good" if proven else "warn")
            with kit.tiles():
                for goal in self.goals:
                    self._tile(goal, float(point[goal["name"]]))
            line = kit.words(self._rate(), "", "p")
            line.props("role=status aria-live=polite")
            here = set(self.plan.awards["project"])
            coming, going = sorted(set(point["projects"]) - here), sorted(here - set(point["projects"]))
            self._names(Text("比当前方案新入选", "In, against the present plan"), coming)
            self._names(Text("比当前方案落选", "Out"), going)
            name = Text(f"取舍曲线第 {self.at + 1} 点", f"front, point {self.at + 1}")
            saving_row(view, self.job, point["set"], view.say(name))

    def _tile(self, goal: Mapping[str, Any], value: float) -> None:
        now = self.plan.measures.get(goal["name"])
        unit = unit_name(goal["unit"]).of(self.view.language)
        change = ""
        if now is not None:
            words = Text("比当前方案", "against the present plan")
            change = f"{self.view.say(words)} {value - now:+,.0f}".replace("-", "−")
        kit.number_tile(Text(**goal["title"]).of(self.view.language), figure_text(value, 0), unit, change)

    def _rate(self) -> str:
        """What the second measure costs of the first on the way to the neighbour."""
        point = self.points[self.at]
        first, second = self.goals[:2]
        if point["neighbour"] is None or not isinstance(point["slope"], int | float):
            return self.view.say(Text("曲线的一端。", "An end of the front."))
        unit = second["unit"].removesuffix("/yr")
        size = SIZEABLE.get(unit, 1.0)
        each = running(abs(float(point["slope"])) * size, first["unit"].removesuffix("/yr"))
        amount = running(size, unit)
        to, title, other = point["neighbour"], Text(**first["title"]), Text(**second["title"])
        more = "多" if second["sense"] == "max" else "少"
        return self.view.say(
            Text(
                f"往第 {to} 点走：{other.zh}每{more} {amount.zh}，换{title.zh} {each.zh}。",
                f"Towards point {to}: {amount.en} of {other.en} costs {each.en} of {title.en}.",
            )
        )

    def _names(self, words: Text, names: Sequence[str]) -> None:
        with kit.part("div", "qo-related"):
            kit.words(f"{self.view.say(words)}（{len(names)}）", "qo-related-name")
            with kit.part("span", "qo-chips"):
                for name in names[:MOST_NAMES]:
                    why = partial(open_why, self.view, self.job, ("project", name))
                    kit.button(name, on_click=why, classes="qo-chip")
                if len(names) > MOST_NAMES:
                    kit.words("…")

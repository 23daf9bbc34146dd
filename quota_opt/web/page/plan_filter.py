"""The one filter over all parts of a plan: place, year, category of projects; it stands in the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nicegui.element import Element

from quota_opt.errors import Text
from quota_opt.report import words
from quota_opt.report.content import Content
from quota_opt.report.narrowing import Part
from quota_opt.report.words import WORDS
from quota_opt.web.desk.plans import ReadPlan
from quota_opt.web.page import kit
from quota_opt.web.page.view import View

if TYPE_CHECKING:
    from nicegui.events import GenericEventArguments

PLACE, YEAR, CATEGORY = "place", "year", "category"
ALL = Text("全部", "all")


def part_asked(content: Content, asked: Mapping[str, str]) -> Part:
    """The filter that an address states; what the plan does not have is left aside."""
    place, year, category = (asked.get(name) or "" for name in (PLACE, YEAR, CATEGORY))
    return Part(
        place if place in set(content.places["place"]) else None,
        int(year) if year.isdecimal() and int(year) in content.years else None,
        category if category in set(content.projects["category"]) else None,
    )


def part_query(part: Part) -> dict[str, str | int | None]:
    """The filter as the address states it."""
    return {PLACE: part.place, YEAR: part.year, CATEGORY: part.category}


def part_words(view: View, content: Content, part: Part) -> str:
    """The filter in words."""
    named = [content.place_name(part.place)] if part.place is not None else []
    if part.year is not None:
        named.append(view.say(Text(f"{part.year} 年", f"{part.year}")))
    if part.category is not None:
        named.append(view.say(words.listed(words.CATEGORIES, part.category)))
    joined = " · ".join(named)
    return view.say(Text(f"只含：{joined}", f"Only: {joined}"))


def filter_bar(view: View, read: ReadPlan, part: Part, choose: Callable[[Part], None]) -> None:
    """Three choices and a way back to everything."""
    content = read.content
    with kit.part("div", "qo-row qo-filter-row").props("role=group") as frame:
        frame._props["aria-label"] = view.say(Text("筛选", "Filter"))
        choice(
            view, WORDS["place"], _places(content), part.place or "", lambda x: choose(replace(part, place=x or None))
        )
        years = {str(year): str(year) for year in content.years}
        choice(
            view,
            WORDS["year"],
            years,
            "" if part.year is None else str(part.year),
            lambda x: choose(replace(part, year=int(x) if x else None)),
        )
        known = set(content.projects["category"])
        order = [*(name for name in words.CATEGORIES if name in known), *sorted(known - set(words.CATEGORIES))]
        categories = {name: view.say(words.listed(words.CATEGORIES, name)) for name in order}
        choice(
            view,
            Text("项目类别", "category"),
            categories,
            part.category or "",
            lambda x: choose(replace(part, category=x or None)),
        )
        if not part.whole:
            kit.button(view.say(Text("看全部", "Show everything")), on_click=lambda: choose(Part()))


def choice(
    view: View,
    title: Text,
    options: Mapping[str, str],
    chosen: str,
    on_change: Callable[[str], Any],
    *,
    every: Text = ALL,
) -> Element:
    """One of several, or all (""); `on_change` is called with the key."""
    keys = ["", *options]

    def changed(event: GenericEventArguments) -> Any:
        number = event.args
        return on_change(keys[number]) if isinstance(number, int) and 0 <= number < len(keys) else None

    with kit.part("label", "qo-choice") as frame:
        kit.words(view.say(title))
        with kit.part("select") as made:
            for key in keys:
                option = kit.words(view.say(every) if key == "" else options[key], "", "option")
                if key == chosen:
                    option.props("selected")
        made.on("change", changed, js_handler="(event) => emit(event.target.selectedIndex)")
    return frame


def _places(content: Content) -> dict[str, str]:
    """Places in the order of the tree, those below others set in."""
    children: dict[str, list[str]] = {}
    known = set(content.places["place"])
    for place, parent in zip(content.places["place"], content.places["parent"].fillna(""), strict=True):
        children.setdefault(parent if parent in known else "", []).append(place)
    found: dict[str, str] = {}
    waiting = [(place, 0) for place in reversed(children.get("", []))]
    while waiting:
        place, depth = waiting.pop()
        found[place] = f"{'　' * depth}{content.place_name(place)}"
        waiting += [(child, depth + 1) for child in reversed(children.get(place, []))]
    return found

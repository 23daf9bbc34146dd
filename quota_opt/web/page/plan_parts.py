"""The parts of a result, one function each; what they say and draw is that of the papers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from quota_opt.errors import Text
from quota_opt.report import clause_tables, sentences, tables, trading, words
from quota_opt.report.directing import directives_box
from quota_opt.report.html import kept_line, sources_line
from quota_opt.report.narrowing import Part, part_answer
from quota_opt.report.numbers import figure as number
from quota_opt.report.numbers import short
from quota_opt.report.values import Cell, Column, table_of
from quota_opt.report.words import WORDS
from quota_opt.web.desk.plans import ReadPlan
from quota_opt.web.page import figures, kit
from quota_opt.web.page.plan_filter import part_words
from quota_opt.web.page.plan_ledger import show_ledger
from quota_opt.web.page.plan_proof import show_proof, show_rules
from quota_opt.web.page.plan_result import Shown, what_if_link
from quota_opt.web.page.rows import rows
from quota_opt.web.page.why import open_why, opener

_TILE_PARTS = ("actions", "awards", "answer", "actions")
"""Which part each of the four numbers of page one leads to."""


@dataclass(frozen=True)
class Piece:
    """A part of the result: its title, what shows it, and whether a plan has it."""

    title: Text
    show: Callable[[Shown], Any]
    there: Callable[[ReadPlan], bool] = lambda read: True


def _answer(shown: Shown) -> None:
    """Page one: the answer in a sentence, four numbers, flow and gains, what binds, three ifs."""
    view, content, part = shown.view, shown.read.content, shown.part
    kit.answer(sentences.answer(content).of(view.language), live=False)
    for line in directives_box(content.directives, content.receipt):
        kit.words(shown.say(line), "qo-warn-line", "p")
    with kit.tiles():
        for headline, key in zip(content.headlines, _TILE_PARTS, strict=True):
            wanted = ""
            if headline.target is not None:
                sign = words.SENSES.get(str(headline.sense), str(headline.sense))
                wanted = f"{shown.say(WORDS['target'])} {sign} {short(headline.target)}"
            tile = kit.number_tile(
                shown.say(content.measure_name(headline.name)),
                number(headline.value, 0 if abs(headline.value) >= 100 else 2),
                shown.say(words.unit_name(headline.unit)),
                wanted,
                headline.ok,
            )
            if key != "answer":
                with tile:
                    shown.anchor(shown.say(Text("看明细", "see the list")), key, classes="qo-tile-link")
    if not part.whole:
        kit.answer(f"{part_words(view, content, part)}。{shown.say(part_answer(shown.read.part(part), part))}")
    with kit.part("div", "qo-columns"):
        for key in ("flow", "waterfall"):
            with kit.part("div"):
                _figure(shown, key, on_click=_to_ledger(shown) if key == "flow" else None)
    binding = sentences.bindings(content)
    if binding:
        columns = (
            Column("rule", WORDS["rule"]),
            Column("clause", WORDS["clause"]),
            Column("text", WORDS["reason"], "long"),
            Column("price", WORDS["one_more"]),
        )
        lines = [(line.title, line.clause, line.text, line.price) for line in binding]
        with kit.card(shown.say(WORDS["binding_table"])):
            rows(view, table_of("binding", WORDS["binding_table"], columns, lines))
            shown.anchor(shown.say(Text("全部规则的复核", "All rules, re-checked")), "rules")
    ifs = sentences.what_ifs(content)
    if ifs:
        with kit.card(shown.say(WORDS["what_ifs"])), kit.part("ol", "qo-ifs"):
            for sentence in ifs:
                kit.words(shown.say(sentence), "", "li")
    for note in (sources_line(content, view.language), *map(shown.say, sentences.factor_notes(content)[:3])):
        if note:
            kit.note(note)


def _figure(shown: Shown, key: str, *, on_click: Callable[[Any], Any] | None = None) -> bool:
    """A figure of the part shown; whether there was anything to draw."""
    made = shown.read.figure(key, shown.view.language, shown.part)
    if made is not None:
        figures.figure(shown.view, made, on_click=on_click)
    return made is not None


def _data(event: Any) -> Mapping[str, Any]:
    """The point that was clicked, as the figure stated it."""
    return event.data if isinstance(event.data, Mapping) else {}


def _to_ledger(shown: Shown) -> Callable[[Any], None]:
    """A click on a flow: the entries behind it, of the category where one was hit."""
    named = {text.of(shown.view.language): key for key, text in words.CATEGORIES.items()}

    def go(event: Any) -> None:
        data = _data(event)
        hit = next((named[name] for name in (str(data.get("target", "")).strip(), str(event.name).strip())
                    if name in named), None)  # fmt: skip
        shown.go("ledger", shown.part if hit is None else replace(shown.part, category=hit))

    return go


def _to_place(shown: Shown) -> Callable[[Any], None]:
    """A click on a place: everything of it alone; another one on the same: everything again."""

    def go(event: Any) -> None:
        place = _data(event).get("place")
        if isinstance(place, str):
            _narrow(shown, place)

    return go


def _to_project(shown: Shown) -> Callable[[Any], Any]:
    """A click on the mark of a project: why it is in or out."""

    def go(event: Any) -> Any:
        project = _data(event).get("project")
        return open_why(shown.view, shown.state.id, ("project", project)) if isinstance(project, str) else None

    return go


def _opener(shown: Shown, kind: str) -> Callable[[Sequence[Cell]], Any]:
    return opener(shown.view, shown.state.id, kind)


def _places(shown: Shown) -> None:
    content = shown.read.part(shown.part)
    if not shown.part.whole:
        kit.answer(shown.say(part_answer(content, shown.part)))
    _figure(shown, "place_tree", on_click=_to_place(shown))
    kit.note(
        shown.say(
            Text(
                "单击一个区域，各页就只看它；再单击一次看全部。",
                "Click a place to see it alone on every page; click it again for everything.",
            )
        )
    )
    _figure(shown, "ratios")
    named = {content.place_name(place): place for place in content.places["place"]}
    rows(shown.view, tables.places(content), on_open=lambda cells: _narrow(shown, named.get(str(cells[0]))))


def _narrow(shown: Shown, place: str | None) -> None:
    """A place alone; asked for again: everything again."""
    shown.go(shown.key, replace(shown.part, place=None if place == shown.part.place else place))


def _flow(shown: Shown) -> None:
    if not _figure(shown, "flow", on_click=_to_ledger(shown)):
        kit.note(shown.say(Text("这部分没有指标流动。", "No quota flows in this part.")))
    with kit.part("div", "qo-row"):
        more = kit.button(shown.say(Text("看镇街之间的流向", "Show the flow between towns")))
        shown.anchor(shown.say(Text("看台账逐笔", "See every entry of the ledger")), "ledger")
    frame = kit.part("div")

    def towns() -> None:
        more.set_visibility(False)
        with frame:
            if not _figure(shown, "town_flow", on_click=_to_ledger(shown)):
                kit.note(shown.say(Text("没有跨镇街的调剂。", "Nothing moves between towns.")))

    more.on_click(towns)


def _intensity(shown: Shown) -> None:
    _figure(shown, "intensity", on_click=_to_project(shown))
    drawn = _figure(shown, "even", on_click=_to_project(shown))
    if drawn:
        kit.note(
            shown.say(
                Text(
                    "持平系数：电力按这个等价值系数折算时，项目强度恰好等于准入上限。点在虚线之下的超限，之上的合格。",
                    "Break-even factor: with electricity converted at it, the project is exactly at the limit. Marks "
                    "below the dashed line exceed the limit, those above pass.",
                )
            )
        )
    path, other = _other_limit(shown.read)
    if path and shown.case is not None:
        words_ = Text(f"改为 {short(other)} 会怎样？去试算", f"What if it were {short(other)}? To what-if")
        kit.anchor(shown.say(words_), what_if_link(shown, {path: other}), "qo-link-button")


def _other_limit(read: ReadPlan) -> tuple[str, float]:
    """The other of the two limits that are argued about, with the setting of the case's own; "" where it has none."""
    limits = getattr(read.scenario.rules.get("admission"), "limits", ())
    for at, limit in enumerate(limits):
        if read.content.limits and limit.value == read.content.limits[0]:
            other = next(value for value in sentences.DEBATED_LIMITS if abs(value - limit.value) > 1e-9)
            return f"rules.admission.limits.{at}.value", other
    return "", 0.0


def _prices(shown: Shown) -> None:
    content = shown.read.part(shown.part)
    kit.note(
        shown.say(
            Text(
                "再多 1 单位指标值多少（影子价格）：这个区域当年多出 1 单位，目标值增加多少。空格是不紧张。",
                "What one more unit of quota is worth (its shadow price): how much the objective would rise with one "
                "more unit there that year. An empty cell does not bind.",
            )
        )
    )
    made = shown.read.figure("prices", shown.view.language, shown.part)
    if made is None:
        kit.answer(
            shown.say(Text("这部分的指标都有余，没有价格。", "Quota is left everywhere here: nothing has a price."))
        )
    else:
        names = [str(name) for name in made.option["yAxis"]["data"]]
        places = {content.place_name(place): place for place in content.places["place"]}

        def cell(event: Any) -> None:
            if isinstance(event.value, list) and len(event.value) == 3:
                year, row = int(event.value[0]), int(event.value[1])
                place = places.get(names[row].strip())
                if place is not None:
                    shown.go("ledger", Part(place, content.years[year], shown.part.category))

        figures.figure(shown.view, made, on_click=cell)
    with kit.part("details", "qo-details"):
        kit.words(shown.say(Text("全部价格和有效范围", "All prices, and how far they hold")), "", "summary")
        rows(shown.view, tables.prices(content))


def _awards(shown: Shown) -> None:
    content = shown.read.part(shown.part)
    _figure(shown, "merit", on_click=_to_project(shown))
    with kit.part("div", "qo-columns"):
        for by in ("category", "year"):
            table = tables.grouped(content, by)
            with kit.card(shown.say(table.title)):
                rows(shown.view, table)
    rows(shown.view, tables.awards(content, shown.view.language), by="value_added", on_open=_opener(shown, "project"))


def _actions(shown: Shown) -> None:
    content = shown.read.part(shown.part)
    _figure(shown, "budget")
    rows(
        shown.view,
        tables.actions(content, shown.view.language),
        by="frees_energy_tce" if "energy" in content.resources else None,
        on_open=_opener(shown, "firm"),
    )
    kept = tables.kept(content, shown.view.language)
    if kept.rows:
        kit.note(kept_line(content, shown.view.language))
        with kit.part("details", "qo-details"):
            kit.words(shown.say(WORDS["kept_table"]), "", "summary")
            rows(shown.view, kept, on_open=_opener(shown, "firm"))


def _left_out(shown: Shown) -> None:
    content = shown.read.part(shown.part)
    table = tables.left_out(content, shown.view.language)
    rejected = int((content.projects["verdict"] == "rejected").sum())
    others = len(table.rows) - rejected
    kit.answer(
        shown.say(
            Text(
                f"未安排 {len(table.rows)} 个项目：{rejected} 个不予准入，{others} 个落选。单击项目看理由和入选办法。",
                f"{len(table.rows)} projects are left out: {rejected} rejected by rule, {others} outbid. Click one for "
                "the reason and its cheapest way in.",
            )
        ),
        live=False,
    )
    rows(shown.view, table, by="value_added", on_open=_opener(shown, "project"))


def _targets(shown: Shown) -> None:
    content = shown.read.part(shown.part)
    if shown.part.whole:
        _figure(shown, "targets")
    rows(shown.view, tables.targets(content))
    rows(shown.view, tables.measures(shown.read.content))


def _findings(shown: Shown) -> None:
    kit.findings(shown.view, shown.read.content.findings)
    if not shown.read.content.findings:
        kit.note(shown.say(Text("没有问题。", "There are none.")))
    if shown.case is not None:
        kit.anchor(shown.say(Text("去改数据", "To the data")), shown.view.link(f"/data/{shown.case}"), "qo-link-button")


def _trades(shown: Shown) -> None:
    rows(shown.view, trading.trades(shown.read.part(shown.part)))


def _clauses(shown: Shown) -> None:
    content = shown.read.content
    for made in (clause_tables.clauses(content), clause_tables.readings(content), tables.documents(content)):
        if made.rows:
            kit.heading(shown.say(made.title), 3)
            rows(shown.view, made)


PARTS: Mapping[str, Piece] = {
    "answer": Piece(WORDS["answer"], _answer),
    "places": Piece(Text("区域", "Places"), _places),
    "flow": Piece(Text("指标流向", "Flow of quota"), _flow),
    "awards": Piece(WORDS["awards_table"], _awards),
    "left-out": Piece(Text("未安排", "Left out"), _left_out),
    "actions": Piece(WORDS["actions_table"], _actions),
    "intensity": Piece(Text("强度与准入", "Intensity and limits"), _intensity),
    "prices": Piece(WORDS["prices_table"], _prices),
    "targets": Piece(Text("目标", "Targets"), _targets),
    "ledger": Piece(Text("台账", "Ledger"), show_ledger),
    "trades": Piece(WORDS["trades_table"], _trades, lambda read: len(read.content.trades) > 0),
    "rules": Piece(Text("规则复核", "Rules"), show_rules),
    "clauses": Piece(
        Text("条款", "Clauses"), _clauses, lambda read: bool(read.content.clauses or read.content.documents)
    ),
    "proof": Piece(Text("凭据", "Certificate"), show_proof),
    "findings": Piece(WORDS["data_issues"], _findings),
}
"""In the order of the index."""

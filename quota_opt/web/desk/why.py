"""What the Why drawer says of a project, firm, rule or price of a plan: an explanation as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from quota_opt.analysis.explain.project import verdict_words
from quota_opt.analysis.explain.types import STATES
from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.model.places import PlaceTree
from quota_opt.plan.headlines import objective_unit
from quota_opt.report.document import Document, Section, about
from quota_opt.report.numbers import short, worth
from quota_opt.report.values import records
from quota_opt.report.words import resource_name, unit_name
from quota_opt.scenario import rule_title
from quota_opt.scenario.nearest import mend_name

if TYPE_CHECKING:
    from quota_opt.plan.plan import Plan

Kind = Literal["project", "firm", "rule", "price"]
KINDS: Mapping[Kind, Text] = {
    "project": Text("项目", "project"),
    "firm": Text("企业", "firm"),
    "rule": Text("规则", "rule"),
    "price": Text("指标价格", "price of quota"),
}
MOST_RELATED = 8
MOST_FOUND = 12
_GROUPS = {
    "bars": Text("挡住它的规则", "Rules that bar it"),
    "takers": Text("同价的指标给了谁", "Who has the quota"),
    "sources": Text("指标来自哪些企业", "Firms its quota comes from"),
    "uses": Text("腾出的指标给了谁", "Who has what it freed"),
    "passed": Text("通过的规则", "Rules it passes"),
    "hits": Text("受影响的项目和企业", "Whom it hits"),
}
_OUT = Text("若强行改变，换下", "If it is forced, these go out")
_IN = Text("若强行改变，换上", "If it is forced, these come in")
_PRICES = Text("所在地的指标价格", "Price of quota there")


@dataclass(frozen=True)
class Item:
    """What can be asked about. The id of a price is `place|resource|year`."""

    kind: Kind
    id: str

    @classmethod
    def of(cls, item: Item | str | tuple[str, str]) -> Item:
        """An item, or what stands for one: `project:P012`, or the pair."""
        if isinstance(item, Item):
            return item
        kind, name = item.split(":", 1) if isinstance(item, str) else item
        if kind not in KINDS:
            what = Text(f"不能解释“{kind}”。", f"Nothing called {kind!r} can be explained.")
            raise InputError([Finding(Level.ERROR, "explain-one", what, Where(), what)])
        return cls(kind, name)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Way:
    """A single change that would turn the verdict, and how it is known; `settings` where it is one of settings."""

    kind: str
    text: Text
    proof: Text
    enough: bool
    settings: Mapping[str, Any] | None

    @classmethod
    def of(cls, change: Mapping[str, Any]) -> Way:
        """From the plain values of a change."""
        state = change["state"]
        return cls(change["kind"], Text(**change["text"]), STATES[state], state == "enough", change["set"])


@dataclass(frozen=True)
class Why:
    """The answer about one item. `confirmed`: by re-solving; `related` are other items by what they have to do with it.

    `awarded`: a project that is in, a firm that is treated; `barred`: a clause forbids what the verdict denies.
    """

    item: Item
    title: Text
    verdict: Text
    awarded: bool
    barred: bool
    sentences: tuple[Text, ...]
    ways: tuple[Way, ...]
    related: tuple[tuple[Text, tuple[tuple[Item, Text], ...]], ...]
    document: Document
    confirmed: bool


def why_of(values: Mapping[str, Any], document: Document, plan: Plan) -> Why:
    """The answer from an explanation's plain values, as `web/analyses.py` keeps them."""
    kind, verdict = values["kind"], str(values["verdict"])
    item = Item(kind, str(values["id"]))
    return Why(
        item,
        Text(**values["title"]),
        verdict_words(verdict),
        verdict in ("awarded", "treated"),
        verdict in ("barred", "protected", "not_listed"),
        tuple(Text(**sentence) for sentence in values["sentences"]),
        tuple(Way.of(change) for change in values["changes"]),
        tuple(_related(values, plan, item)),
        document,
        bool(values["confirmed"]),
    )


def price_of(plan: Plan, item: Item) -> Why:
    """What one more unit of a resource is worth at a place in a year, who uses it there and who would."""
    place, resource, year = (*item.id.split("|"), "", "")[:3]
    table = plan.prices
    row = table[(table["place"] == place) & (table["resource"] == resource) & (table["year"].astype(str) == year)]
    if not len(row):
        what = Text("这里没有这种指标的价格。", "There is no such price of quota.")
        raise InputError([Finding(Level.ERROR, "unknown-price", what, Where(), what, item.id)])
    line = row.iloc[0]
    where, what = _place(plan, place), resource_name(resource)
    unit = unit_name(str(line["unit"]).rsplit(" per ", 1)[-1])
    title = Text(f"{where} {year} 年{what.zh}指标", f"{what.en} quota of {where} in {year}")
    price = float(line["price"])
    if price <= 0:
        said = Text(
            "有余：再多 1 个单位也不增加目标值。", "There is enough: one unit more adds nothing to the objective."
        )
    else:
        stage = plan.certificate["stages"][-1]["name"]
        money = objective_unit(plan.scenario.settings, plan.measure_units, stage)
        each = worth(price, f"{money}/{str(line['unit']).rsplit(' per ', 1)[-1]}")
        low, high = short(abs(float(line["holds_from"]))), short(float(line["holds_to"]))
        said = Text(
            f"再多 1 {unit.zh}，目标值增加 {each.zh}；在少 {low} 到多 {high} {unit.zh}之内有效。",
            f"One {unit.en} more adds {each.en} to the objective; it holds from {low} less to {high} more.",
        )
    here = plan.awards[(plan.awards["place"] == place) & (plan.awards["year"].astype(int) <= int(year))]
    awarded = set(plan.awards["project"])
    projects = plan.scenario.projects
    out = projects[(projects["place"] == place) & ~projects["project"].isin(awarded)]["project"]
    groups = [
        (Text("在这里用指标的项目", "Projects that use it there"), list(here["project"])),
        (Text("这里未安排的项目", "Projects there that are out"), list(out)),
    ]
    related = tuple(
        (words, tuple((Item("project", str(name)), Text(str(name), str(name))) for name in names[:MOST_RELATED]))
        for words, names in groups
        if names
    )
    document = about("price", title, plan.scenario, (Section(Text("结论", "Answer"), (said,)),))
    verdict = Text("紧", "scarce") if price > 0 else Text("有余", "enough")
    return Why(item, title, verdict, price <= 0, False, (said,), (), related, document, False)


def find_items(plan: Plan, asked: str) -> list[tuple[Item, Text]]:
    """What a question such as “为什么没有 P12？” may be about, the likeliest first."""
    text = asked.strip().casefold()
    if not text:
        return []
    names: list[tuple[Item, Text]] = []
    for kind, table in (("project", plan.scenario.projects), ("firm", plan.scenario.firms)):
        if not len(table):
            continue
        titles = table["name"].fillna("") if "name" in table else [""] * len(table)
        for key, title in zip(table[kind].astype(str), titles, strict=True):
            said = f"{key} {title}".strip()
            names.append((Item(kind, key), Text(said, said)))  # type: ignore[arg-type]
    names += [(Item("rule", name), rule_title(name)) for name in plan.scenario.rules]
    codes = {_code(code) for code in re.findall(r"[a-z]*0*\d+", text)}
    scored = [(_score(text, codes, item, title), number) for number, (item, title) in enumerate(names)]
    best = sorted((-score, number) for score, number in scored if score > 0)
    return [names[number] for _, number in best[:MOST_FOUND]]


def find_item(plan: Plan, asked: str) -> Item:
    """The one item a question is about. Raises InputError that names the nearest ones."""
    found = find_items(plan, asked)
    if found:
        return found[0][0]
    names = [str(name) for name in plan.scenario.projects["project"]]
    what = Text(f"没有找到“{asked}”。", f"Nothing called {asked!r} was found.")
    raise InputError([Finding(Level.ERROR, "unknown-item", what, Where(), mend_name(asked, names), asked)])


def _score(text: str, codes: set[tuple[str, int]], item: Item, title: Text) -> int:
    key = item.id.casefold()
    if key == text:
        return 100
    if re.search(rf"(?<![a-z0-9]){re.escape(key)}(?![a-z0-9])", text):
        return 90
    if _code(key) in codes:
        return 80
    shown = title.zh.casefold()
    if text in key or text in shown:
        return 50
    name = shown.partition(" ")[2] if item.kind != "rule" else shown
    return 40 if len(name) > 1 and name in text else 0


def _code(key: str) -> tuple[str, int]:
    """Letters and number of an identifier, so that P12 finds P012."""
    match = re.fullmatch(r"([a-z]*?)0*(\d+)", key)
    return (match[1], int(match[2])) if match else (key, -1)


def _related(values: Mapping[str, Any], plan: Plan, item: Item) -> Iterator[tuple[Text, tuple[tuple[Item, Text], ...]]]:
    """Other items by what they have to do with it."""
    forced = values["forced"] or {}
    for words, names in ((_OUT, forced.get("leavers")), (_IN, forced.get("joiners"))):
        if names:
            yield words, _named([Item("project", str(name)) for name in names])
    for name, words in _GROUPS.items():
        items = [found for row in values["tables"].get(name, ()) if (found := _item_of(name, row)) is not None]
        if items:
            yield words, _named(items)
    if item.kind == "project":
        projects = plan.scenario.projects
        place = str(projects.loc[projects["project"] == item.id, "place"].iloc[0])
        prices = plan.prices[(plan.prices["place"] == place) & (plan.prices["price"] > 0)]
        listed = [
            (
                Item("price", f"{place}|{row.resource}|{row.year}"),
                Text(f"{row.year} 年{resource_name(row.resource).zh}", f"{resource_name(row.resource).en} {row.year}"),
            )
            for row in records(prices)
        ]
        if listed:
            yield _PRICES, tuple(listed[:MOST_RELATED])


def _item_of(name: str, row: Mapping[str, Any]) -> Item | None:
    if name in ("bars", "passed"):
        return Item("rule", str(row["rule"]))
    if name == "takers":
        return Item("project", str(row["project"]))
    if name == "hits":
        return Item(row["kind"], str(row["id"]))
    end = "from" if name == "sources" else "to"
    kind = row[f"{end}_kind"]
    return Item(kind, str(row[end])) if kind in ("project", "firm") else None


def _named(items: Sequence[Item]) -> tuple[tuple[Item, Text], ...]:
    unique = list(dict.fromkeys(items))[:MOST_RELATED]
    return tuple((item, rule_title(item.id) if item.kind == "rule" else Text(item.id, item.id)) for item in unique)


def _place(plan: Plan, place: str) -> str:
    tree = PlaceTree.of(plan.scenario.places)
    return str(tree.titles[tree.code[place]])

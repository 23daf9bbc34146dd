"""方案取舍: what it would cost to choose otherwise, as far as the plan itself tells it."""

from __future__ import annotations

from quota_opt.errors import Text
from quota_opt.report import sentences, tables
from quota_opt.report.content import Content
from quota_opt.report.values import Cell, Table, table_of

TITLE = Text("方案取舍", "Trade-offs")
NOTE = Text(
    "以下按本安排结果的价格和规则推出，未另行求解；各项价格在所列有效范围内成立。",
    "What follows is from the prices and rules of this plan, not another solve. Prices hold in their range.",
)
_ON_PAGE_ONE = 3
_NAMED = 3


def further(content: Content) -> tuple[Text, ...]:
    """The 若……则…… that page one has no room for."""
    return sentences.what_ifs(content, 9)[_ON_PAGE_ONE:]


def prices(content: Content) -> Table:
    """What one more unit of quota is worth in the last year, dearest first; places of one price in one row."""
    table = tables.prices(content).only("resource", "place", "price", "unit", "from", "to", "year")
    last = [row[:-1] for row in table.rows if row[-1] == content.last_year] or [row[:-1] for row in table.rows]
    alike: dict[tuple[Cell, ...], list[str]] = {}
    for resource, place, *rest in sorted(last, key=lambda row: -abs(float(row[2]))):  # type: ignore[arg-type]
        alike.setdefault((resource, *rest), []).append(str(place))
    rows = [(resource, _several(places), *rest) for (resource, *rest), places in alike.items()]
    title = Text(f"{content.last_year} 年指标价格", f"Prices of quota in {content.last_year}")
    return table_of("dearest", title, table.columns[:-1], rows)


def _several(places: list[str]) -> Text:
    zh, en = "、".join(places[:_NAMED]), ", ".join(places[:_NAMED])
    if len(places) <= _NAMED:
        return Text(zh, en)
    return Text(f"{zh}等 {len(places)} 个区域", f"{en} and {len(places) - _NAMED} more")

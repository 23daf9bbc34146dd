"""Native charts of the workbook, fed by the cells of its tables: waterfall, targets, pools, ratios, fund, intensity."""

from __future__ import annotations

from typing import Any

from quota_opt.errors import Text
from quota_opt.report.drafting import BLUE, GREEN, GREY, INK, ORANGE, SERIES, SKY, VERMILLION
from quota_opt.report.sheets import Book, Place, number_format
from quota_opt.report.values import Column, Figure, Table, table_of
from quota_opt.report.words import WORDS


def waterfall_table(steps: Table) -> Table:
    """The steps of the waterfall as parts of stacked columns: an invisible base, then gain, loss or net.

    Excel stacks what is above and below zero apart, so a column that crosses zero is written as two parts.
    """
    level, rows = 0.0, []
    for k, (name, value) in enumerate(steps.rows):
        amount = float(value)  # type: ignore[arg-type]
        net = k == len(steps.rows) - 1
        start = 0.0 if net else level
        end = start + amount
        low, high = min(start, end), max(start, end)
        base = low if low > 0 else high if high < 0 else 0.0
        above = max(high, 0.0) - max(low, 0.0)
        below = min(low, 0.0) - min(high, 0.0)
        kind = 2 if net else 0 if amount >= 0 else 1
        up = [above if kind == part else 0.0 for part in range(3)]
        down = [below if kind == part else 0.0 for part in range(3)]
        rows.append((name, amount, base, *up, *down))
        level = end
    gain, loss = Text("增加", "gain"), Text("减少", "loss")
    columns = (
        Column("item", WORDS["source"]),
        Column("value", WORDS["value"], "number", "10k yuan", 0),
        Column("base", Text("基线", "base"), "number", digits=0),
        Column("gain", gain, "number", digits=0),
        Column("loss", loss, "number", digits=0),
        Column("net", Text("净额", "net"), "number", digits=0),
        Column("gain_below", Text("增加（零下）", "gain (below 0)"), "number", digits=0),
        Column("loss_below", Text("减少（零下）", "loss (below 0)"), "number", digits=0),
        Column("net_below", Text("净额（零下）", "net (below 0)"), "number", digits=0),
    )
    return table_of("waterfall_parts", steps.title, columns, rows)


def waterfall(book: Book, place: Place, title: str) -> Any:
    """Stacked columns over an invisible base."""
    chart = book.workbook.add_chart({"type": "column", "subtype": "stacked"})
    colours = {"gain": GREEN, "loss": VERMILLION, "net": GREY}
    parts: list[tuple[str, dict[str, Any]]] = [("base", {"fill": {"none": True}, "border": {"none": True}})]
    parts += [(key, {"fill": {"color": colours[key.removesuffix("_below")]}}) for key in
              ("gain", "loss", "net", "gain_below", "loss_below", "net_below")]  # fmt: skip
    for key, look in parts:
        chart.add_series({"categories": place.span("item"), "values": place.span(key), "gap": 45, **look})
    chart.set_legend({"none": True})
    return _finish(chart, title, y_format="#,##0")


def targets(book: Book, place: Place, title: str) -> Any:
    """Reached as a share of the target, the target as a line at 100 %."""
    chart = book.workbook.add_chart({"type": "column"})
    line = book.workbook.add_chart({"type": "line"})
    chart.add_series({
        "name": Text("完成率", "share of target").of(book.language), "categories": place.span("measure"),
        "values": place.span("share"), "fill": {"color": BLUE}, "gap": 80,
        "data_labels": {"value": True, "num_format": "0%"},
    })  # fmt: skip
    line.add_series({
        "name": WORDS["target"].of(book.language), "categories": place.span("measure"), "values": place.span("full"),
        "line": {"color": INK, "width": 2.25},
    })  # fmt: skip
    chart.combine(line)
    chart.set_legend({"position": "top"})
    return _finish(chart, title, y_format="0%")


def pools(book: Book, place: Place, title: str) -> Any:
    """Freed beside used, by town."""
    chart = book.workbook.add_chart({"type": "bar"})
    for key, text, colour in (
        ("freed", WORDS["freed"], ORANGE),
        ("used", WORDS["used"], BLUE),
        ("idle", WORDS["idle"], SKY),
    ):
        chart.add_series({
            "name": text.of(book.language), "categories": place.span("place"), "values": place.span(key),
            "fill": {"color": colour}, "gap": 60,
        })  # fmt: skip
    chart.set_y_axis({"reverse": True})
    chart.set_legend({"position": "top"})
    return _finish(chart, title, keep_y=True)


def ratios(book: Book, place: Place, title: str) -> Any:
    """Used ÷ freed by town."""
    chart = book.workbook.add_chart({"type": "bar"})
    chart.add_series({
        "categories": place.span("place"), "values": place.span("ratio"), "fill": {"color": GREEN}, "gap": 50,
        "data_labels": {"value": True, "num_format": "0%"},
    })  # fmt: skip
    chart.set_y_axis({"reverse": True})
    chart.set_legend({"none": True})
    return _finish(chart, title, keep_y=True)


def budget(book: Book, place: Place, title: str) -> Any:
    """Spent by year, and the fund available as a line."""
    chart = book.workbook.add_chart({"type": "column"})
    line = book.workbook.add_chart({"type": "line"})
    chart.add_series({
        "name": Text("支出", "spent").of(book.language), "categories": place.span("year"),
        "values": place.span("spent"),
        "fill": {"color": SKY}, "gap": 80, "data_labels": {"value": True, "num_format": "#,##0"},
    })  # fmt: skip
    line.add_series({
        "name": WORDS["available"].of(book.language), "categories": place.span("year"),
        "values": place.span("available"),
        "line": {"color": INK, "dash_type": "dash"}, "marker": {"type": "diamond", "fill": {"color": INK}},
    })  # fmt: skip
    chart.combine(line)
    chart.set_legend({"position": "top"})
    return _finish(chart, title, y_format="#,##0")


def intensity(book: Book, place: Place, limits: dict[str, Place], title: str) -> Any:
    """Projects by intensity, awarded and not, with a line at each limit."""
    chart = book.workbook.add_chart({"type": "scatter"})
    looks = {"awarded": (BLUE, "circle"), "out": (VERMILLION, "diamond")}
    names = {"awarded": WORDS["award"], "out": WORDS["not_awarded"]}
    for key, (colour, symbol) in looks.items():
        chart.add_series({
            "name": names[key].of(book.language), "categories": place.span("rank"), "values": place.span(key),
            "marker": {"type": symbol, "size": 6, "fill": {"color": colour}, "border": {"color": colour}},
        })  # fmt: skip
    for name, span in limits.items():
        chart.add_series({
            "name": name, "categories": span.span("x"), "values": span.span("y"),
            "marker": {"type": "none"}, "line": {"color": INK, "dash_type": "dash", "width": 1.5},
        })  # fmt: skip
    chart.set_legend({"position": "top"})
    return _finish(chart, title, y_format="0.00")


def native(book: Book, place: Place, figure: Figure) -> Any:
    """The Excel chart of a figure that names one, over the cells of its table at `place`."""
    assert figure.native is not None and figure.table is not None
    *stacked, kind = figure.native.split(" ")
    options = {"type": kind, **({"subtype": "stacked"} if stacked else {})}
    if kind == "scatter":
        options["subtype"] = "straight_with_markers"
    chart = book.workbook.add_chart(options)
    columns = figure.table.columns
    numbers = [column for column in columns if column.numeric]
    across = numbers.pop(0) if kind == "scatter" else columns[0]
    alone = kind in ("column", "bar") and len(numbers) == 1
    labels = {"data_labels": {"value": True, "num_format": number_format(numbers[0])}} if alone else {}
    for k, column in enumerate(c for c in numbers if c is not across):
        colour = SERIES[k % len(SERIES)]
        look: dict[str, Any] = {"fill": {"color": colour}, "gap": 60} if kind in ("column", "bar") else {
            "line": {"color": colour, "width": 2}, "marker": {"type": "circle", "fill": {"color": colour}},
        }  # fmt: skip
        chart.add_series({
            "name": column.title.of(book.language)[:255], "categories": place.span(across.key),
            "values": place.span(column.key), **look, **labels,
        })  # fmt: skip
    chart.set_legend({"position": "top"} if len(numbers) > 1 else {"none": True})
    if kind == "bar":
        # Names stand beside the chart, also where bars go below zero.
        chart.set_y_axis({"reverse": True, "label_position": "low"})
    if kind == "scatter":
        chart.set_x_axis({"name": across.heading(book.language)})
    share = bool(numbers) and all(column.kind == "share" for column in numbers)
    return _finish(chart, figure.title[:250], y_format="0%" if share else "#,##0.##", keep_y=kind == "bar")


def _finish(chart: Any, title: str, *, y_format: str | None = None, keep_y: bool = False) -> Any:
    chart.set_title({"name": title, "name_font": {"size": 12, "bold": True}, "overlay": False})
    if not keep_y:
        chart.set_y_axis(
            {"num_format": y_format or "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#E0E0E0"}}}
        )
    chart.set_chartarea({"border": {"color": "#C9C9C9"}})
    return chart

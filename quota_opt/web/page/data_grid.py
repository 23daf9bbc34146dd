"""One table of a case in a grid: cells edited in place, wrong ones marked with what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nicegui import ui

from quota_opt.errors import Language, Level, Text
from quota_opt.report.words import measure_name
from quota_opt.web.desk.editing import Touched
from quota_opt.web.desk.edits import AddRows, RemoveRows, SetCell
from quota_opt.web.desk.placed import Placed
from quota_opt.web.desk.tables import Column, Table, cell_fault
from quota_opt.web.page import kit
from quota_opt.web.page.acting import in_thread
from quota_opt.web.page.data_dialogs import open_columns, open_paste

if TYPE_CHECKING:
    from quota_opt.web.page.data import DataScreen

WHOLE = 5_000
"""Rows a grid holds; of longer tables those that a search finds."""
MOST_CHOICES = 60
"""Places offered as a list to choose from; where there are more, the code is typed."""
_LOCALE = {
    "noRowsToShow": "没有记录",
    "loadingOoo": "正在载入…",
    "ariaRowToggleSelection": "按空格键选择这一行",
    "ariaRowSelect": "按空格键选中这一行",
    "ariaRowDeselect": "按空格键取消选中这一行",
    "ariaRowSelectAll": "按空格键选中或取消全部行",
    "ariaHeaderSelection": "带全选框的表头",
    "ariaSelectAllRows": "选中全部行",
    "ariaToggleSelection": "切换选中",
    "ariaChecked": "已选",
    "ariaUnchecked": "未选",
    "ariaIndeterminate": "部分选中",
    "ariaInputEditor": "编辑框",
    "ariaColumn": "列",
    "ariaSortableColumn": "按回车键排序",
    "ariaRowSelectionDisabled": "不能选择这一行",
    "ariaLabelCellEditor": "单元格编辑",
    "ariaLabelSelectField": "选择",
    "ariaLabelTooltip": "提示",
    "ariaSearch": "搜索",
    "selectAll": "全选",
    "searchOoo": "搜索…",
    "blanks": "空白",
}


def _width(column: Column) -> int:
    """Of the cells: names need more room than figures and codes."""
    kind = column.spec.kind if column.spec is not None else "text"
    if column.spec is not None and column.spec.refers == "places":
        return 130
    return 150 if kind in ("text", "list") else 92


class GridPanel:
    """The grid of a table with its tools."""

    def __init__(self, screen: DataScreen, table: str) -> None:
        self.screen, self.name = screen, table
        self._grid: ui.aggrid | None = None
        self._search = ""
        self._flags: dict[int, dict[str, Any]] = {}
        self._shown: list[int] = []
        self._also: set[int] = set()
        """Rows shown although they are beyond what a grid holds, or a search does not find them."""
        self._typed: dict[tuple[int, int], Text | None] = {}
        """What is wrong with cells typed since the last check, each by itself."""

    @property
    def table(self) -> Table:
        """The table as it stands."""
        return self.screen.editing.state.tables[self.name]

    @property
    def ids(self) -> Sequence[int]:
        """The ids of its rows, in order."""
        return self.screen.editing.state.ids[self.name]

    async def draw(self) -> None:
        """Tools and grid."""
        screen = self.screen
        say = screen.say
        with kit.part("div", "qo-row qo-data-line"):
            if not screen.view.meeting and self.table.broken is None:
                kit.button(say("添加行", "Add row"), on_click=self._add)
                kit.button(say("删除所选行", "Remove selected"), on_click=self._remove)
                kit.button(say("粘贴自 Excel…", "Paste from Excel…"), on_click=lambda: open_paste(self))
                kit.button(say("列…", "Columns…"), on_click=lambda: open_columns(self))
            label = say("查找", "Search")
            found = ui.input(placeholder=label, on_change=self._find).props(
                f'dense outlined clearable debounce=300 aria-label="{label}"'
            )
            found.classes("qo-search")
            self._count = kit.words("", "qo-note")
        if self.table.broken is not None:
            kit.answer(screen.view.say(self.table.broken))
            return
        self._place = kit.part("div", "qo-grid-place")
        self._fill()

    def _fill(self) -> None:
        """The grid anew: another set of columns or rows."""
        self._place.clear()
        self._flags = self._all_flags()
        rows = self._rows()
        with self._place:
            grid = ui.aggrid(self._options(rows), theme="balham", auto_size_columns=False).classes("qo-data-grid")
        grid.on("cellValueChanged", self._edited, args=["data", "colId", "newValue", "oldValue"])
        self._grid = grid
        self._say_count()

    def _say_count(self) -> None:
        total, shown = len(self.table.rows), len(self._shown)
        words = self.screen.say(f"{total:,} 行", f"{total:,} rows")
        if shown < total:
            words += self.screen.say(f"，显示 {shown:,} 行", f", {shown:,} shown")
        self._count.set_text(words)

    def _options(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        language = self.screen.view.language
        editable = not self.screen.view.meeting
        first = {
            "field": "n", "headerName": self.screen.say("行", "row"), "pinned": "left", "width": 62, "editable": False,
            "cellClass": "qo-line-number", "sortable": True, "suppressMovable": True,
        }  # fmt: skip
        options: dict[str, Any] = {
            "columnDefs": [first, *(self._column(c, language, editable) for c in self.table.shown)],
            "rowData": rows,
            "defaultColDef": {"resizable": True, "sortable": True, "suppressMovable": True, "minWidth": 70},
            "rowSelection": {"mode": "multiRow", "checkboxes": editable, "headerCheckbox": editable,
                             "enableClickSelection": False},
            "selectionColumnDef": {"pinned": "left", "width": 42},
            "stopEditingWhenCellsLoseFocus": True,
            "enterNavigatesVerticallyAfterEdit": True,
            "animateRows": False,
            "tooltipShowDelay": 200,
            "rowHeight": 30,
            "headerHeight": 44,
            ":getRowId": "p => String(p.data.id)",
        }  # fmt: skip
        if language == "zh":
            options["localeText"] = _LOCALE
        return options

    def _column(self, column: Column, language: Language, editable: bool) -> dict[str, Any]:
        field = f"c{column.index}"
        title = column.title(language)
        needed = column.spec is not None and column.spec.required
        numeric = column.spec is not None and column.spec.numeric
        made: dict[str, Any] = {
            "field": field,
            "headerName": f"{column.letter}  {title}{' *' if needed else ''}",
            "headerTooltip": self._help(column, language),
            "headerClass": self._header_class(column, needed),
            "editable": editable,
            "width": max(_width(column), min(210, 34 + 13 * len(title))),
            "wrapHeaderText": True,
            "cellClass": "qo-cell-number" if numeric else "qo-cell",
            "cellClassRules": {
                "qo-cell-bad": f"data.e && data.e.{field} === 'e'",
                "qo-cell-warn": f"data.e && data.e.{field} === 'w'",
                "qo-cell-edited": f"data.m && data.m.{field}",
            },
            ":tooltipValueGetter": f"p => p.data && p.data.t ? p.data.t.{field} : null",
            ":comparator": "(a, b) => String(a ?? '').localeCompare(String(b ?? ''), undefined, {numeric: true})",
        }
        places = self._places(column)
        words = places or (self._words(column) if language == "zh" else {})
        if words:
            listed = json.dumps(words, ensure_ascii=True)
            made[":valueFormatter"] = (
                f"p => {{ const w = {listed}; return Object.hasOwn(w, p.value) ? w[p.value] : p.value; }}"
            )
        choices = self.table.choices(column) or (tuple(places) if len(places) <= MOST_CHOICES else ())
        if choices:
            made |= {"cellEditor": "agSelectCellEditor", "cellEditorParams": {"values": ["", *choices]}}
        else:
            made |= {"cellEditor": "agTextCellEditor", "cellEditorParams": {"useFormatter": False}}
        return made

    def _words(self, column: Column) -> Mapping[str, str]:
        if column.spec is not None and column.spec.name == "measure":
            used = {row[column.index] for row in self.table.rows}
            return {name: f"{measure_name(name).zh}" for name in used if measure_name(name).zh != name}
        return column.words()

    def _places(self, column: Column) -> dict[str, str]:
        """The places a cell may name, with what people call them."""
        if column.spec is None or column.spec.refers != "places":
            return {}
        places = self.screen.editing.state.tables["places"]
        code, name = places.column_called("place"), places.column_called("name")
        if code is None:
            return {}
        return {
            row[code]: (row[name] if name is not None and row[name] else row[code]) for row in places.rows if row[code]
        }

    def _help(self, column: Column, language: Language) -> str:
        said = column.help.of(language)
        if column.header and column.header != column.title(language):
            said += f"\n{self.screen.say('表头写作：', 'Heading: ')}{column.header}"
        return said

    def _header_class(self, column: Column, needed: bool) -> str:
        found = [
            p
            for p in self.screen.checked.findings
            if p.place == self.name and p.row is None and p.column == column.index
        ]
        if any(p.finding.level is Level.ERROR for p in found) or column.spec is None:
            return "qo-head-bad"
        return "qo-head-needed" if needed else ""

    # Rows

    def _rows(self) -> list[dict[str, Any]]:
        """The rows to show: those a search finds, as many as a grid holds, and new and asked for ones in any case."""
        table, ids = self.table, self.ids
        wanted = self._search.casefold().strip()
        found = [i for i, row in enumerate(table.rows) if not wanted or any(wanted in c.casefold() for c in row)]
        rows = found[:WHOLE]
        if len(rows) < len(table.rows):
            old = len(self.screen.editing.base.tables[self.name].rows)
            there = set(rows)
            rows += [i for i, row in enumerate(ids) if i not in there and (row >= old or row in self._also)]
            rows.sort()
        self._shown = [ids[i] for i in rows]
        return [self._row(i) for i in rows]

    def _row(self, index: int) -> dict[str, Any]:
        table = self.table
        cells = {f"c{c}": cell for c, cell in enumerate(table.rows[index])}
        row = self.ids[index]
        return {"id": row, "n": table.lines[index], **cells, **self._flags.get(row, {})}

    def _all_flags(self) -> dict[int, dict[str, Any]]:
        """What is marked, by id: wrong cells (`e`), what is said of them (`t`), edited cells (`m`)."""
        flags: dict[int, dict[str, Any]] = {}
        ids = self.ids
        language = self.screen.view.language
        for (table, row, column), some in self.screen.checked.by_cell.items():
            if table != self.name or row >= len(ids):
                continue
            marks = flags.setdefault(ids[row], {"e": {}, "t": {}, "m": {}})
            wrong = any(p.finding.level is Level.ERROR for p in some)
            marks["e"][f"c{column}"] = "e" if wrong else "w"
            marks["t"][f"c{column}"] = "\n".join(f"{p.lines(language)[0]}\n{p.lines(language)[2]}" for p in some)
        for (row, column), fault in self._typed.items():
            marks = flags.setdefault(row, {"e": {}, "t": {}, "m": {}})
            marks["e"][f"c{column}"] = "e" if fault else ""
            marks["t"][f"c{column}"] = self.screen.view.say(fault) if fault else None
        for row, columns in self.screen.editing.edited(self.name).items():
            marks = flags.setdefault(ids[row], {"e": {}, "t": {}, "m": {}})
            marks["m"] = {f"c{c}": True for c in sorted(columns)}
        return flags

    async def mark(self) -> None:
        """Draw the marks of the last check: of the rows whose marks are others than before."""
        if self._grid is None:
            return
        self._typed = {}
        old, self._flags = self._flags, self._all_flags()
        changed = [i for i in {*old, *self._flags} if old.get(i) != self._flags.get(i)]
        self._refresh(changed)

    def _refresh(self, changed: Sequence[int]) -> None:
        """Send the rows of these ids to the grid again."""
        if self._grid is None or not changed:
            return
        place = {row: index for index, row in enumerate(self.ids)}
        there = set(self._shown)
        rows = [self._row(place[i]) for i in changed if i in place and i in there]
        for row in rows:
            row.setdefault("e", {})
            row.setdefault("t", {})
            row.setdefault("m", {})
        if rows:
            self._grid.run_grid_method("applyTransaction", {"update": rows})
            self._grid.run_grid_method("refreshCells", {"force": True})

    async def update(self, touched: Touched) -> None:
        """Draw what a step changed."""
        if self.name in touched.whole:
            self._fill()
            return
        changed = touched.rows.get(self.name, ())
        if changed:
            self._flags = self._all_flags()
            self._refresh(changed)

    # What is done

    async def _edited(self, event: Any) -> None:
        data, field = event.args["data"], str(event.args["colId"])
        new = "" if event.args.get("newValue") is None else str(event.args["newValue"])
        ids = list(self.ids)
        if data["id"] not in ids or not field.startswith("c"):
            return
        row, column = ids.index(data["id"]), int(field[1:])
        if self.table.rows[row][column] == new:
            return
        fault = await in_thread(cell_fault, self.table, column, new)
        self._typed[data["id"], column] = fault[0] if fault else None
        if not await self.screen.do([SetCell(self.name, row, column, new)]):
            del self._typed[data["id"], column]
            self._refresh([data["id"]])

    async def _add(self) -> None:
        table = self.table
        if await self.screen.do([AddRows(self.name, (("",) * len(table.columns),))]) and self._grid is not None:
            self._grid.run_grid_method("ensureIndexVisible", len(self._shown) - 1, "bottom")
            field = f"c{self.table.shown[0].index}"
            self._grid.run_grid_method("setFocusedCell", len(self._shown) - 1, field)

    async def _remove(self) -> None:
        if self._grid is None:
            return
        chosen = {row["id"] for row in await self._grid.get_selected_rows()}
        rows = tuple(i for i, row in enumerate(self.ids) if row in chosen)
        if not rows:
            ui.notify(self.screen.say("请先勾选要删除的行。", "Tick the rows to remove first."))
            return
        if await self.screen.do([RemoveRows(self.name, rows)]):
            ui.notify(
                self.screen.say(f"已删除 {len(rows)} 行，可撤销。", f"{len(rows)} rows removed; undo brings them back.")
            )

    async def _find(self, event: Any) -> None:
        self._search = event.value or ""
        if self._grid is not None:
            rows = self._rows()
            self._grid.run_grid_method("setGridOption", "rowData", rows)
            self._say_count()

    async def go(self, placed: Placed) -> None:
        """Scroll to the cell of a finding and put the focus on it."""
        if self._grid is None:
            return
        fields = {c.index for c in self.table.shown}
        column = placed.column if placed.column in fields else None
        if column is not None:
            self._grid.run_grid_method("ensureColumnVisible", f"c{column}", "middle")
        if placed.row is None or placed.row >= len(self.ids):
            return
        row = self.ids[placed.row]
        if row not in self._shown:
            self._also.add(row)
            self._grid.run_grid_method("setGridOption", "rowData", self._rows())
            self._say_count()
        field = f"c{column}" if column is not None else "n"
        grid = self._grid
        ui.run_javascript(
            f"const a = getElement({grid.id}).api; const r = a.getRowNode({json.dumps(str(row))});"
            f"if (r) {{ a.ensureNodeVisible(r, 'middle'); a.ensureColumnVisible('{field}', 'middle');"
            f"a.setFocusedCell(r.rowIndex, '{field}'); a.flashCells({{rowNodes: [r], columns: ['{field}']}}); }}"
        )

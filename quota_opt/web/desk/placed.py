"""Findings about a case, each put at the cell, the setting or the rule it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from quota_opt.errors import Finding, InputError, Language, Level, Text, Where
from quota_opt.facade import check
from quota_opt.scenario.scenario import Scenario, make_scenario
from quota_opt.scenario.schema import TABLES
from quota_opt.scenario.settings_reading import SETTINGS_FILE
from quota_opt.web.desk.case_files import Files, raw_case
from quota_opt.web.desk.labels import path_words
from quota_opt.web.desk.tables import Table, tables

_FILES = {f"{t.name}.csv": Text(f"“{t.sheet}”表", f"the table {t.name}") for t in TABLES}
SETTINGS, RULES, VARIANTS = "settings", "rules", "variants"
"""Places beside the tables."""
_ORDER = {Level.ERROR: 0, Level.WARNING: 1, Level.INFO: 2}
Cell = tuple[str, int, int]
LANGUAGES: tuple[Language, Language] = ("zh", "en")


@dataclass(frozen=True)
class Placed:
    """A finding and where to look: a table (with row and column, as far as it names them), settings, rules, variants.

    `place` is None where the finding is about the case as a whole. A row of None with a column is the heading.
    """

    finding: Finding
    place: str | None = None
    row: int | None = None
    column: int | None = None
    path: str | None = None
    spot: Text = field(default=Text("", ""))
    """The place in words: 企业!E18，“综合能耗（吨标准煤）”."""

    def lines(self, language: Language) -> tuple[str, str, str]:
        """问题 / 位置 / 怎么改."""
        what, where, fix = (_on_screen(line, language) for line in self.finding.lines(language))
        if self.path is not None:
            written = f"“{self.path}”" if language == "zh" else repr(self.path)
            named = f"“{self.spot.zh}”" if language == "zh" else self.spot.en
            what = what.replace(written, named)
        return what, self.spot.of(language) or where, fix

    def on_page(self, language: Language) -> Finding:
        """The finding in the words of the page, for a list that leaves it."""
        what, where, fix = self.lines(language)
        return replace(self.finding, what=Text(what, what), where=Where(file=where or None), fix=Text(fix, fix))


@dataclass(frozen=True)
class Checked:
    """A case checked: all findings, worst first, and the scenario where it can be read."""

    findings: tuple[Placed, ...]
    scenario: Scenario | None = None

    def count(self, level: Level, place: str | None = None) -> int:
        """Findings of a level, of one place or of all."""
        return sum(p.finding.level is level and (place is None or p.place == place) for p in self.findings)

    @property
    def errors(self) -> int:
        """Findings that stand in the way of solving."""
        return self.count(Level.ERROR)

    @property
    def warnings(self) -> int:
        """Findings to look at that do not."""
        return self.count(Level.WARNING)

    @property
    def by_cell(self) -> Mapping[Cell, tuple[Placed, ...]]:
        """Errors and warnings of single cells, by table, row and column."""
        found: dict[Cell, list[Placed]] = defaultdict(list)
        for p in self.findings:
            if p.place and p.row is not None and p.column is not None and p.finding.level is not Level.INFO:
                found[p.place, p.row, p.column].append(p)
        return {cell: tuple(some) for cell, some in found.items()}

    def at_path(self, path: str) -> tuple[Placed, ...]:
        """Errors and warnings about a setting or something inside it."""
        return tuple(
            p
            for p in self.findings
            if p.path is not None
            and p.finding.level is not Level.INFO
            and (p.path == path or p.path.startswith(f"{path}."))
        )


def _on_screen(line: str, language: Language) -> str:
    """A line about files, said of the tables on the page."""
    for file, words in _FILES.items():
        line = line.replace(file, words.of(language))
    return line


def findings(files: Files, known: Mapping[str, Table] | None = None) -> Checked:
    """Every finding about the files of a case (in the form that is edited), each at its place; `known` its tables."""
    scenario: Scenario | None = None
    try:
        scenario = make_scenario(raw_case(files), None, {})
    except InputError as error:
        found: tuple[Finding, ...] = error.findings
    else:
        found = check(scenario)
    return Checked(placed(found, tables(files) if known is None else known), scenario)


def placed(found: Iterable[Finding], known: Mapping[str, Table]) -> tuple[Placed, ...]:
    """Findings at their places in these tables; errors first, then in the order of the tables."""
    order = [*known, SETTINGS, RULES, VARIANTS]
    made = [_place(finding, known) for finding in found]

    def rank(p: Placed) -> tuple[int, int, int, int]:
        place = order.index(p.place) if p.place in order else -1
        return _ORDER[p.finding.level], place, -1 if p.row is None else p.row, -1 if p.column is None else p.column

    return tuple(sorted(made, key=rank))


def _place(finding: Finding, known: Mapping[str, Table]) -> Placed:
    where = finding.where
    table = _table(where, known)
    if table is not None:
        return _in_table(finding, table)
    path = where.path
    if path is None and where.rule is not None:
        path = f"rules.{where.rule}"
    if path is not None:
        head = path.partition(".")[0]
        place = head if head in (RULES, VARIANTS) else SETTINGS
        return Placed(finding, place, path=path, spot=path_words(path))
    if where.file == SETTINGS_FILE:
        line = "" if where.row is None else f"第 {where.row} 行"
        return Placed(finding, SETTINGS, spot=Text(f"设置文本 {line}".strip(), where.of("en")))
    if where.sheet is not None:
        zh, en = (replace(where, file=None).of(language) for language in LANGUAGES)
        return Placed(finding, spot=Text(f"工作表“{zh}”", f"sheet {en}"))
    return Placed(finding)


def _table(where: Where, known: Mapping[str, Table]) -> Table | None:
    if where.sheet is not None:
        return next((t for t in known.values() if where.sheet in (*t.title, *t.spec.aliases)), None)
    return known.get((where.file or "").removesuffix(".csv")) if (where.file or "").endswith(".csv") else None


def _in_table(finding: Finding, table: Table) -> Placed:
    where = finding.where
    row = None if where.row is None else table.row_at(where.row)
    column: int | None = None
    if where.column is not None:
        column = table.column_headed(where.column)
        column = table.column_called(where.column) if column is None else column
    zh, en = _spot(table, where, row, column)
    return Placed(finding, table.name, row, column, spot=Text(zh, en))


def _spot(table: Table, where: Where, row: int | None, column: int | None) -> tuple[str, str]:
    if row is None and column is None and where.row in (None, table.header_line):
        return f"“{table.title.zh}”表", f"table {table.title.en}"
    if row is None and where.row not in (None, table.header_line):
        return f"{table.title.zh}!{where.row}", f"{table.title.en}!{where.row}"
    words = []
    for language in LANGUAGES:
        address = table.address(row, column, language)
        if column is None:
            words.append(address)
            continue
        title = table.columns[column].title(language) or table.columns[column].letter
        words.append(f"{address}，“{title}”" if language == "zh" else f"{address}, {title}")
    return words[0], words[1]

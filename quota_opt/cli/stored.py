"""What the commands of the run store show at the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text as RichText

from quota_opt.errors import Language, Text
from quota_opt.report.numbers import gap, missing, short
from quota_opt.report.words import STATUSES, listed, measure_name, parameter_name, unit_name, word
from quota_opt.report.wrapping import Paragraph
from quota_opt.scenario.toml_values import written

if TYPE_CHECKING:
    from quota_opt.store.sweeping import Freed

_ADDRESS = 8
"""Digits of an address that are shown in a list: enough to name one."""
_LONGEST = 60
_MARK = "★"
_WORDS = {
    "run": Text("编号", "run"),
    "changed": Text("改动", "changed"),
    "result": Text("结果", "result"),
    "change": Text("与基准之差", "against baseline"),
    "added": Text("存入时间", "added"),
    "tags": Text("标签", "tags"),
    "note": Text("备注", "note"),
    "from": Text("来源", "from"),
    "program": Text("程序", "program"),
    "files": Text("文件", "files"),
    "place": Text("位置", "place"),
    "revision": Text("结构版本", "revision"),
    "cases": Text("案例", "cases"),
    "runs": Text("运行", "runs"),
    "baselines": Text("基准方案", "baselines"),
    "size": Text("占用", "on disk"),
    "between": Text("存入时间", "added"),
    "profile": Text("求解方案", "profile"),
    "limits": Text("用时", "time"),
}
_SOURCES = {
    "run": Text("单次求解", "a run"),
    "batch": Text("批量试算", "batch"),
    "api": Text("接口", "the HTTP API"),
    "import": Text("从文件夹存入", "a folder"),
}


def runs_view(
    found: Sequence[Mapping[str, Any]], measure: str | None, language: Language, place: str
) -> RenderableType:
    """Runs one to a line; columns nothing is in are left out."""
    if not found:
        return Paragraph(Text(f"没有符合条件的运行：{place}", f"No run answers to that in {place}").of(language))
    unit = next((row["unit"] for row in found if row["unit"]), None)
    value = word("objective", language) if measure is None else measure_name(measure).of(language)
    if unit:
        value += f"（{unit_name(unit).zh}）" if language == "zh" else f" ({unit_name(unit).en})"
    columns = (
        (_said("run", language), "left", [_address(row) for row in found]),
        (word("case", language), "left", [_case(row) for row in found]),
        (_said("changed", language), "left", [changes(row["overrides"], language) for row in found]),
        (_said("result", language), "left", [listed(STATUSES, row["status"]).of(language) for row in found]),
        (value, "right", [short(row["value"]) for row in found]),
        (_said("change", language), "right", [_signed(row["change"]) for row in found]),
        (word("gap", language), "right", [gap(row["gap"]) if row["gap"] > 0 else "" for row in found]),
        (_said("added", language), "day", [_time(row["created"]) for row in found]),
        (_said("tags", language), "left", [" ".join(row["tags"]) for row in found]),
    )
    grid = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    shown = [(title, side, cells) for title, side, cells in columns if any(cells)]
    for number, (title, side, cells) in enumerate(shown):
        # Figures, the address, the day and Latin words stay on one line; the rest is folded where there is no room.
        whole = cells if side == "right" or number == 0 else ["2026-01-31"] if side == "day" else []
        words = [part for part in title.split() if part.isascii()]
        least = max([6, *map(cell_len, (*whole, *words))])
        grid.add_column(title, justify="right" if side == "right" else "left", overflow="fold", min_width=least)
    for line in zip(*(cells for _, _, cells in shown), strict=True):
        grid.add_row(*(RichText(cell, style="" if number else "cyan") for number, cell in enumerate(line)))
    if not any(row["baseline"] for row in found):
        return grid
    note = Text(f"{_MARK} 基准方案", f"{_MARK} baseline of its case")
    return Group(grid, RichText(note.of(language), style="dim"))


def run_view(
    told: Mapping[str, Any], figures: Sequence[Mapping[str, Any]], baseline: str | None, language: Language
) -> RenderableType:
    """One run: head, facts, reason, measures beside the baseline."""
    title = told["title_zh"] if language == "zh" else told["title_en"]
    head = RichText(title or told["case"] or told["address"], style="bold")
    head.append(f"\n{told['address']}", style="dim")
    if told["baseline"]:
        head.append(f"  {_MARK} {word('baseline', language)}", style="magenta")
    elif baseline:
        head.append(f"  {word('baseline', language)} {baseline[:_ADDRESS]}", style="dim")
    parts: list[RenderableType] = [Paragraph(head), RichText("")]
    facts = RichTable(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    for name, fact in _facts(told, language):
        if fact:
            facts.add_row(name, RichText(fact))
    parts.append(facts)
    reason = told["reason_zh"] if language == "zh" else told["reason_en"]
    if reason:
        parts += [RichText(""), Paragraph(RichText(reason, style="yellow"))]
    if figures:
        parts += [RichText(""), _measures(figures, language)]
    return Group(*parts)


def _facts(told: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    objective = "" if missing(told["objective"]) else short(told["objective"])
    bound = "" if missing(told["bound"]) else f"   {word('bound', language)} {short(told['bound'])}"
    away = "" if missing(told["gap"]) else f"   {word('gap', language)} {gap(told['gap'])}"
    seconds = "" if missing(told["seconds"]) else f"{told['seconds']:,.2f} s"
    memory = "" if missing(told["peak_mb"]) else f"   {told['peak_mb']:,.0f} MB"
    engine = " ".join(filter(None, (told["engine"], told["engine_version"])))
    source = [listed(_SOURCES, told["source"]).of(language), told["batch"], told["parent"]]
    size = sum(file["size"] for file in told["files"])
    count = len(told["files"])
    files = Text(f"{count} 个，{_bytes(size)}", f"{count}, {_bytes(size)}").of(language) if count else ""
    return [
        (word("case", language), _case(told)),
        (_said("changed", language), changes(told["overrides"], language, longest=None)),
        (_said("result", language), listed(STATUSES, told["status"]).of(language)),
        (word("objective", language), f"{objective}{bound}{away}" if objective else ""),
        (_said("profile", language), "   ".join(filter(None, (told["profile"].get("name"), engine)))),
        (_said("limits", language), f"{seconds}{memory}"),
        (_said("added", language), _time(told["created"])),
        (_said("from", language), " ".join(filter(None, source))),
        (_said("program", language), f"quota-opt {told['program_version']}" if told["program_version"] else ""),
        (_said("tags", language), " ".join(told["tags"])),
        (_said("note", language), told["note"]),
        (_said("files", language), files),
    ]


def _measures(figures: Sequence[Mapping[str, Any]], language: Language) -> RenderableType:
    compared = not all(missing(row["baseline"]) for row in figures)
    grid = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(word("measure", language), overflow="fold")
    for title in (word("value", language), *([word("baseline", language), _said("change", language)] * compared)):
        grid.add_column(title, justify="right")
    grid.add_column("")
    for row in figures:
        cells = [short(row["value"]), *([short(row["baseline"]), _signed(row["change"])] * compared)]
        texts = (measure_name(row["measure"]).of(language), *cells, unit_name(row["unit"]).of(language))
        grid.add_row(*(RichText(text) for text in texts))
    return grid


def changes(overrides: Mapping[str, Any], language: Language, longest: int | None = _LONGEST) -> str:
    """Changed settings as 镇街留用比例 0.6; by their path where nobody has named them."""
    parts = []
    for path, value in overrides.items():
        named = parameter_name(path)
        parts.append(f"{path if named is None else named.of(language)} {written(value)}")
    text = ("；" if language == "zh" else "; ").join(parts)
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"


def info_view(told: Mapping[str, Any], language: Language) -> RenderableType:
    """What a store holds, a line each."""
    by_status = (f"{listed(STATUSES, status).of(language)} {count:,}" for status, count in told["by_status"].items())
    statuses = ("；" if language == "zh" else "; ").join(by_status)
    kept, whole = _bytes(told["bytes_kept"]), _bytes(told["bytes"])
    files = Text(f"{told['files']:,} 个，{kept}（压缩前 {whole}）", f"{told['files']:,}, {kept} (unpacked {whole})")
    between = " — ".join(_time(told[key]) for key in ("oldest", "newest") if told[key] is not None)
    grid = RichTable(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for key, text in (
        ("place", told["place"]),
        ("revision", told["revision"]),
        ("cases", f"{told['cases']:,}"),
        ("runs", f"{told['runs']:,}{f'   {statuses}' if statuses else ''}"),
        ("baselines", f"{told['baselines']:,}"),
        ("tags", f"{told['tags']:,}"),
        ("files", files.of(language)),
        ("size", _bytes(told["bytes_on_disk"])),
        ("between", between),
    ):
        if text:
            grid.add_row(_said(key, language), RichText(text))
    return grid


def freed_words(freed: Freed, *, dry_run: bool) -> Text:
    """What a clearing removed, or would."""
    counts_zh = f"{freed.runs:,} 次运行、{freed.cases:,} 个案例、{freed.files:,} 个文件（{_bytes(freed.bytes)}）"
    counts_en = f"{freed.runs:,} runs, {freed.cases:,} cases, {freed.files:,} files ({_bytes(freed.bytes)})"
    if dry_run:
        return Text(f"将删除 {counts_zh}；没有改动。", f"Would remove {counts_en}; nothing was changed.")
    now = _bytes(freed.after)
    return Text(f"已删除 {counts_zh}；运行库现为 {now}。", f"Removed {counts_en}; the store is {now} now.")


def _said(key: str, language: Language) -> str:
    return _WORDS[key].of(language)


def _address(row: Mapping[str, Any]) -> str:
    return f"{row['address'][:_ADDRESS]}{f' {_MARK}' if row['baseline'] else ''}"


def _case(row: Mapping[str, Any]) -> str:
    return "/".join(filter(None, (row["case"], row["variant"])))


def _signed(value: float) -> str:
    return "" if missing(value) else f"+{short(value)}" if value > 0 else short(value)


def _time(moment: datetime) -> str:
    return datetime.fromtimestamp(moment.timestamp()).strftime("%Y-%m-%d %H:%M")  # in the zone of this machine


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"

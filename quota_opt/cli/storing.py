"""The commands of the run store: what is in it, one run, in and out, tags, baselines, and clearing away."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quota_opt.cli.boundary import Usage, error_document, findings_document, input_message
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.session import Session
from quota_opt.errors import Finding, InputError, Text

if TYPE_CHECKING:
    import pandas as pd

ABOUT = """运行库 Keep runs in one database: list, show, import, export, tag, pin a baseline, clear away.

A store is a file (SQLite) or postgresql://user@host/database; QUOTA_OPT_STORE names it, else it is one of your own.
A run is named by its address in `store list`, or the beginning of it.
"""

Place = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="运行库 A file, or postgresql://…; default QUOTA_OPT_STORE, else your own.",
        show_default=False,
    ),
]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="编号 The address of a run, or its beginning.", show_default=False)
]


def list_runs(
    session: Session,
    *,
    case: Annotated[
        str | None, typer.Option(metavar="NAME", help="案例 Runs of this case.", show_default=False)
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATUS", help="状态 OPTIMAL, FEASIBLE, INFEASIBLE, TIMEOUT …; repeat.", show_default=False
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="标签 Bear this tag; repeat for all.", show_default=False)
    ] = None,
    batch: Annotated[
        str | None, typer.Option(metavar="NAME", help="批量试算 Came with this batch.", show_default=False)
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="查找 Words in names, changes, tags, notes, reasons.", show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE|AGE", help="起始 Added since, as 2026-01-31 or 7d.", show_default=False),
    ] = None,
    measure: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="成效指标 Show this instead of the objective.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="条数 At most so many, the newest.")] = 50,
    store: Place = None,
) -> None:
    """列出 List runs, the newest first, beside the baseline of their case."""
    moment = _moment(since) if since is not None else None
    for word in status or []:
        _known_status(word)
    import quota_opt as qo

    with qo.Store.open(store, create=False) as opened:
        found = opened.runs(
            case=case, status=status or (), tag=tag or (), batch=batch, search=search, since=moment,
            measure=measure, limit=limit + 1,
        )  # fmt: skip
        place = opened.place
    rows: list[dict[str, Any]] = found.head(limit).to_dict("records")  # type: ignore[assignment]
    more = len(found) > limit
    session.document({"store": place, "runs": [_told(row) for row in rows], "more": more})
    if session.quiet:
        for row in rows:
            session.answer(row["address"])
    if session.speaking:
        from quota_opt.cli.stored import runs_view

        session.show(runs_view(rows, measure, session.language, place))
    if more:
        session.show(Text("还有更早的；用 --limit 多列一些。", "There are older ones; --limit shows more."))


def show(session: Session, name: RunName, *, store: Place = None) -> None:
    """查看 Tell all about one run: what was asked, how it ended, its measures beside the baseline, its files."""
    import quota_opt as qo

    with qo.Store.open(store, create=False) as opened:
        told = opened.run(name)
        baseline = next((pin["run"] for pin in told["pins"] if pin["unpinned"] is None), None)
        table = opened.measures([told["address"], *([baseline] if baseline else [])])
    document = {key: item for key, item in _told(told).items() if key not in ("value", "unit", "change", "baseline")}
    figures = _beside(table, told["address"], baseline)
    pins = [_plain_times(pin) for pin in told["pins"]]
    session.document({**document, "baseline": baseline, "measures": figures, "pins": pins})
    if session.speaking:
        from quota_opt.cli.stored import run_view

        session.show(run_view(told, figures, baseline, session.language))


def _beside(table: pd.DataFrame, address: str, baseline: str | None) -> list[dict[str, Any]]:
    """Measures of the whole plan of a run, each with that of the baseline and the difference."""
    whole = table[table["place"].isna() & table["year"].isna()]
    compared: dict[str, float] = dict(whole.loc[whole["run"] == baseline, ["measure", "value"]].itertuples(index=False))
    figures = []
    for row in whole[whole["run"] == address].to_dict("records"):
        other = compared.get(row["measure"])
        change = None if other is None else row["value"] - other
        figure = {"measure": row["measure"], "unit": row["unit"], "value": row["value"]}
        figures.append({**figure, "baseline": other, "change": change})
    return figures


def import_runs(
    session: Session,
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="DIR…", help="文件夹 Result folders, or folders of batches.", show_default=False),
    ],
    *,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="标签 Put on every run; repeat.", show_default=False)
    ] = None,
    store: Place = None,
) -> int:
    """存入 Add result folders, and all runs of batches; what is there already stays as it is."""
    import quota_opt as qo
    from quota_opt.store.batches import is_batch

    planned: list[str] = []
    failed: list[str] = []
    refused: list[Finding] = []
    with qo.Store.open(store) as opened:
        for folder in folders:
            try:
                if is_batch(folder):
                    taken = opened.add_batch(folder, tags=tag or ())
                    planned += taken.planned
                    failed += taken.failed
                    refused += taken.refused
                else:
                    planned.append(opened.add(folder, tags=tag or (), source="import"))
            except InputError as error:
                refused += error.findings
        place = opened.place
    code = 2 if refused else 0
    document: dict[str, Any] = {"store": place, "runs": planned, "without_plan": failed, "exit_code": code}
    message = input_message(tuple(refused))
    if refused:
        document["error"] = error_document("input", session.text(message), 2)
    session.document(document | {"findings": findings_document(session, tuple(refused))})
    if session.quiet:
        for address in (*planned, *failed):
            session.answer(address)
    if planned or failed:
        count, without = len(planned) + len(failed), len(failed)
        session.show(
            Text(
                f"已存入 {count} 次运行{f'（其中 {without} 次没有方案）' if without else ''}：{place}",
                f"Added {count} run{'' if count == 1 else 's'}{f' ({without} without a plan)' if without else ''}: "
                f"{place}",
            )
        )
    session.findings(tuple(refused), wrong=True)
    if refused:
        session.complain(message)
    return code


def export_run(
    session: Session,
    name: RunName,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write.", show_default=False)],
    store: Place = None,
) -> None:
    """取出 Write the result folder of a run as it came in, byte for byte."""
    refuse_existing(out)
    import quota_opt as qo

    with qo.Store.open(store, create=False) as opened:
        address = opened.find(name)
        path = opened.export(address, out)
    session.document({"run": address, "folder": path})
    session.show(
        Text(f"已写出 {path}\n  复核：quota-opt verify {path}", f"Written: {path}\n  Next: quota-opt verify {path}")
    )


def tag(
    session: Session,
    name: RunName,
    tags: Annotated[
        list[str] | None, typer.Argument(metavar="TAG…", help="标签 Words to put on it.", show_default=False)
    ] = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="去掉 Take these tags off instead.")] = False,
    note: Annotated[
        str | None, typer.Option(metavar="TEXT", help="备注 A note, in place of the one before.", show_default=False)
    ] = None,
    store: Place = None,
) -> None:
    """标签 Put tags on a run, or a note; or take tags off."""
    if not tags and note is None:
        raise Usage(Text("请写明标签或 --note。", "Say which tags, or --note."))
    import quota_opt as qo

    with qo.Store.open(store, create=False) as opened:
        address = opened.find(name)
        opened.tag(address, *(tags or ()), remove=remove)
        if note is not None:
            opened.note(address, note)
        told = opened.run(address)
    session.document({"run": address, "tags": told["tags"], "note": told["note"]})
    listed_zh, listed_en = "、".join(told["tags"]) or "无", ", ".join(told["tags"]) or "none"
    session.show(Text(f"{address} 的标签：{listed_zh}", f"Tags of {address}: {listed_en}"))


def pin(
    session: Session,
    name: RunName,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="取消 Leave its case without a baseline.")] = False,
    store: Place = None,
) -> None:
    """基准 Make a run the baseline its case is compared with."""
    import quota_opt as qo

    with qo.Store.open(store, create=False) as opened:
        address = opened.find(name)
        (opened.unpin if remove else opened.pin)(address)
        case = opened.run(address)["case"]
    session.document({"run": address, "case": case, "baseline": None if remove else address})
    if remove:
        session.show(Text(f"案例 {case} 不再有基准方案。", f"The case {case} has no baseline any more."))
    else:
        session.show(Text(f"案例 {case} 的基准方案：{address}", f"Baseline of the case {case}: {address}"))


def gc(
    session: Session,
    *,
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="AGE", help="时间 Also runs added longer ago (90d) without tag, note or pin.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只试算 Say what it would remove, and remove nothing.")
    ] = False,
    store: Place = None,
) -> None:
    """清理 Remove what no run refers to, and old runs where asked for; give the space back.

    Runs in the history of a user of the page stay.
    """
    age = _age(older_than) if older_than is not None else None
    import quota_opt as qo

    with qo.Store.open(store, create=False) as opened:
        freed = opened.gc(older_than=age, dry_run=dry_run)
        place = opened.place
    session.document({"store": place, "dry_run": dry_run, **_fields(freed)})
    from quota_opt.cli.stored import freed_words

    session.show(freed_words(freed, dry_run=dry_run))


def info(session: Session, *, store: Place = None) -> None:
    """概况 Tell where the store is, what it holds, and how large it is."""
    import quota_opt as qo

    with qo.Store.open(store, create=False) as opened:
        told = opened.info()
    session.document(_plain_times(told))
    if session.speaking:
        from quota_opt.cli.stored import info_view

        session.show(info_view(told, session.language))


COMMANDS: dict[str, Callable[..., int | None]] = {
    "list": list_runs,
    "show": show,
    "import": import_runs,
    "export": export_run,
    "tag": tag,
    "pin": pin,
    "gc": gc,
    "info": info,
}
"""The commands below `store`, in the order of its help."""

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _age(text: str) -> timedelta:
    """`90d`, `12h` or `4w` as a span of time."""
    match = re.fullmatch(r"(\d{1,5})\s*([hdw])", text.strip().lower())
    if match is None:
        raise Usage(Text(f"{text!r} 不是时长；写成 12h、90d 或 4w。", f"{text!r} is no age; write 12h, 90d or 4w."))
    return int(match[1]) * _UNITS[match[2]]


def _moment(text: str) -> datetime:
    """`2026-01-31`, with or without a time, here; or so long ago."""
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except ValueError:
        if not re.fullmatch(r"\d+\s*\w", text.strip()):
            raise Usage(
                Text(f"{text!r} 不是日期；写成 2026-01-31 或 7d。", f"{text!r} is no date; write 2026-01-31 or 7d.")
            ) from None
    return datetime.now().astimezone() - _age(text)


def _known_status(word: str) -> None:
    from quota_opt.report.words import STATUSES

    if word.upper() not in STATUSES:
        listed = ", ".join(STATUSES)
        raise Usage(Text(f"没有状态 {word!r}；可写 {listed}。", f"There is no status {word!r}; one of {listed}."))


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A run as a JSON object: titles and reason as texts, times as text."""
    told = dict(row)
    title = told.pop("title_zh", None), told.pop("title_en", None)
    reason = told.pop("reason_zh", None), told.pop("reason_en", None)
    told["title"] = None if title[0] is None else Text(*title)
    told["reason"] = None if reason[0] is None else Text(*reason)
    return _plain_times(told)


def _plain_times(told: dict[str, Any]) -> dict[str, Any]:
    return {key: item.isoformat() if isinstance(item, datetime) else item for key, item in told.items()}


def _fields(freed: Any) -> dict[str, Any]:
    return {name: getattr(freed, name) for name in ("runs", "cases", "files", "bytes", "before", "after")}

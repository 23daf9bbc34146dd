"""The command that solves a grid of scenarios, and goes on where an earlier call stopped."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quota_opt.cli import complete
from quota_opt.cli.batch_watch import BatchWatch
from quota_opt.cli.boundary import Usage, error_document
from quota_opt.cli.options import Gap, TimeLimit
from quota_opt.cli.session import Session
from quota_opt.cli.solving import RESULTS, default_folder, file_name, refuse_limits
from quota_opt.errors import Text

if TYPE_CHECKING:
    from quota_opt.batch.grid import Grid
    from quota_opt.batch.grid_runs import Runs
    from quota_opt.batch.run import Batch

_MOST_LISTED = 20


def batch(
    session: Session,
    grid: Annotated[Path, typer.Argument(metavar="GRID.toml", help="试算清单 What to solve.", show_default=False)],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the batch; default results/GRID.", show_default=False)
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="进程数 Processes; default: all processors.", show_default=False)
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="集群 A Dask scheduler (tcp://…), local or local:N.", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="接着算 Go on where an earlier batch stopped.")] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            help="Solver profile, in place of the grid's.", autocompletion=complete.profiles, show_default=False
        ),
    ] = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    run_limit: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="单次时限 End a run after this.", show_default=False)
    ] = None,
    memory_limit: Annotated[
        int | None, typer.Option(metavar="MB", min=1, help="单次内存 End a run beyond this.", show_default=False)
    ] = None,
    reports: Annotated[bool, typer.Option("--reports", help="Write the reports of each run.")] = False,
    store: Annotated[
        str | None,
        typer.Option(metavar="URL", help="运行库 Take proven runs from this store, add the rest.", show_default=False),
    ] = None,
    listing: Annotated[
        bool, typer.Option("--list", help="只列出 Say what would be solved, and solve nothing.")
    ] = False,
) -> int:
    """批量试算 Solve a grid of cases, variants, parameters and seeds; nothing is solved twice.

    A run that fails stops no other. Ctrl-C keeps what is done; --resume goes on after that, and after any crash.

    Exit status: 0 all runs ended and one at least has a plan, failures are in runs.csv; 2 the grid needs correcting;
    4 interrupted; where no run has a plan, the least code of the failures.
    """
    refuse_limits(gap, time_limit)
    if run_limit is not None and not 0 < run_limit < math.inf:
        raise Usage(
            Text(f"--run-limit {run_limit:g}：须为大于 0 的秒数。", f"--run-limit {run_limit:g}: give seconds above 0.")
        )
    from quota_opt.batch.grid import read_grid

    made = read_grid(grid).with_profile(profile, gap, time_limit)
    if listing:
        return _list(session, made)
    import quota_opt as qo
    from quota_opt.solving.structure import processors

    folder = out or (RESULTS / file_name(made.name) if resume else default_folder(made.name, None))
    try:
        with BatchWatch(session) as watch:
            found = qo.run_batch(
                made,
                folder,
                jobs=jobs or processors(),
                dask=dask,
                resume=resume,
                run_limit=run_limit,
                memory_limit=memory_limit,
                reports=reports,
                language=session.language,
                store=store,
                on_event=watch,
            )
    except KeyboardInterrupt:
        if not folder.is_dir():
            raise
        return _interrupted(session, grid, folder)
    code = found.exit_code
    document = _record(found)
    if found.interrupted:
        text = session.text(_go_on(grid, folder))
        document = {"error": error_document("interrupted", text, code), **document}
    session.document(document)
    _tell(session, found)
    if found.interrupted:
        session.complain(_go_on(grid, folder))
    return code


def _tell(session: Session, found: Batch) -> None:
    if session.quiet:
        session.answer(str(found.folder))
    if not session.speaking:
        return
    from quota_opt.batch.summary import RUNS_FILE, SUMMARY_FILE, SUMMARY_PARQUET
    from quota_opt.batch.told import batch_document
    from quota_opt.report.document import terminal_view

    session.show(terminal_view(batch_document(found), session.language))
    folder = found.folder
    session.show(
        Text(
            f"\n成效指标 {folder / SUMMARY_FILE}（另有 {SUMMARY_PARQUET}）\n"
            f"各次求解 {folder / RUNS_FILE}，结果文件夹在 {folder / 'runs'} 下",
            f"\nMeasures  {folder / SUMMARY_FILE} (and {SUMMARY_PARQUET})\n"
            f"Runs      {folder / RUNS_FILE}; their result folders are below {folder / 'runs'}",
        )
    )


def _record(found: Batch) -> dict[str, Any]:
    """The document of --json."""
    return {
        "folder": found.folder,
        "exit_code": found.exit_code,
        "counts": found.counts,
        "best": {
            case: {"run": best.run.address, "variant": best.run.variant, "parameters": dict(best.run.parameters),
                   "objective": best.ending.objective}
            for case, (best, _) in found.extremes.items()
        },
        "failures": [
            {"status": group.status, "exit_code": group.exit_code, "reason": group.reason, "count": group.count,
             "example": group.example.address}
            for group in found.failures
        ],
        "runs": [
            {**line, "parameters": dict(entry.run.parameters)}
            for line, entry in zip(found.runs.to_dict("records"), found.entries, strict=True)
        ],
    }  # fmt: skip


def _list(session: Session, grid: Grid) -> int:
    """What would be solved."""
    from quota_opt.batch.grid_runs import runs_of

    runs = runs_of(grid, language=session.language)
    refused = [run for run in runs.runs if run.refused is not None]
    listed = [
        {"run": run.address, "case": run.case, "variant": run.variant, "parameters": dict(run.parameters),
         "seed": run.seed, "profile": run.profile, "refused": run.refused}
        for run in runs.runs
    ]  # fmt: skip
    counts = {"total": len(runs.runs), "repeated": runs.repeated, "refused": len(refused)}
    session.document({"grid": grid.name, "counts": counts, "runs": listed})
    if session.speaking:
        _show_list(session, runs, len(refused))
    return 0


def _show_list(session: Session, runs: Runs, refused: int) -> None:
    from rich.table import Table

    from quota_opt.batch.told import parameters_words, variant_words
    from quota_opt.report.words import WORDS

    count = len(runs.runs)
    more_zh = f"，其中 {refused:,} 次的案例读不了" if refused else ""
    more_en = f"; {refused:,} of them have no case that can be read" if refused else ""
    if runs.repeated:
        more_zh += f"；另有 {runs.repeated:,} 行重复"
        more_en += f"; {runs.repeated:,} more lines ask for the same again"
    session.show(Text(f"共 {count:,} 次求解{more_zh}。", f"{count:,} runs{more_en}."))
    table = Table(box=None, pad_edge=False)
    for heading in (Text("案例", "case"), WORDS["variant"], Text("参数", "parameters"), Text("种子", "seed")):
        table.add_column(session.text(heading), overflow="fold")
    for run in runs.runs[:_MOST_LISTED]:
        table.add_row(
            _plain(run.case),
            _plain(session.text(variant_words(run.variant))),
            _plain(session.text(parameters_words(run))),
            str(run.seed),
        )
    session.show(table)
    if count > _MOST_LISTED:
        rest = count - _MOST_LISTED
        session.show(Text(f"另 {rest:,} 次（--json 列出全部）", f"{rest:,} more (--json lists all)"))


def _plain(text: str) -> Any:
    from rich.text import Text as Words

    return Words(text)


def _go_on(grid: Path, folder: Path) -> Text:
    line = shlex.join(["quota-opt", "batch", str(grid), "--out", str(folder), "--resume"])
    return Text(
        f"已停止，算完的都在 {folder}。接着算：{line}（其余选项照写）",
        f"Stopped; what is done is in {folder}. To go on: {line}, with the same options",
    )


def _interrupted(session: Session, grid: Path, folder: Path) -> int:
    text = _go_on(grid, folder)
    session.complain(text)
    session.document({"error": error_document("interrupted", session.text(text), 4), "folder": folder})
    return 4

"""Commands that set scenarios side by side, and take the difference of two apart."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quota_opt.cli import complete
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.options import Gap, ProfileName, TimeLimit
from quota_opt.cli.progress import Watch
from quota_opt.cli.session import Session
from quota_opt.cli.solving import default_folder, refuse_limits

Addresses = Annotated[
    list[str],
    typer.Argument(
        metavar="CASE/VARIANT|DIR…",
        help="方案 Cases to solve, or result folders; the first is the baseline.",
        autocompletion=complete.cases,
        show_default=False,
    ),
]
Address = Annotated[
    str,
    typer.Argument(
        metavar="DIR|CASE",
        help="A result folder, or a case to solve.",
        autocompletion=complete.cases,
        show_default=False,
    ),
]


def compare(
    session: Session,
    *,
    scenarios: Addresses,
    profile: ProfileName = "auto",
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder to write; default results/compare-…", show_default=False),
    ] = None,
) -> int:
    """对比 Set scenarios side by side: what each costs, who pays, what all plans share, regret.

    Exit status: 0 all have a plan within the gap; 3 a scenario has none; 4 a limit came first in one. The others are
    compared and written all the same.
    """
    refuse_limits(gap, time_limit)
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo

    with Watch(session) as watch:
        found = qo.compare(scenarios, profile, gap=gap, time_limit=time_limit, on_progress=watch)
        if watch.aborted:
            raise KeyboardInterrupt
        assert found.baseline.plan is not None
        folder = out if out is not None else default_folder(f"compare-{found.baseline.plan.scenario.name}", None)
        refuse_existing(folder)
        watch(qo.Progress("write", 0.0))
        written = found.write(folder, session.language)
    session.document(
        {
            "folder": written,
            "exit_code": found.exit_code,
            "scenarios": [
                {"name": e.name, "title": e.title, "status": e.status, "reason": e.failure.text if e.failure else None}
                for e in found.entries
            ],
            "answers": found.answers(),
            "measures": found.measures.to_dict("records"),
            "differences": found.differences.to_dict("records"),
            "regret": found.regret.to_dict("records"),
        }
    )
    session.told(found.document, written, short=True)
    return found.exit_code


def diff(
    session: Session,
    *,
    before: Address,
    after: Address,
    shares: Annotated[
        bool, typer.Option("--shares/--no-shares", help="份额 Solve what each change is worth by itself.")
    ] = True,
    most: Annotated[
        int, typer.Option(min=1, max=10, help="最多几项 Changes taken apart; 2^N cases are solved at most.")
    ] = 8,
    profile: ProfileName = "auto",
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder to write; default results/diff-…", show_default=False)
    ] = None,
) -> int:
    """差异 What differs in inputs, rules and decisions, and each change's share of the outcome."""
    refuse_limits(gap, time_limit)
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo
    from quota_opt.analysis.compare.diff import records_of

    with Watch(session) as watch:
        found = qo.diff(
            before, after, profile, shares=shares, most_changes=most, gap=gap, time_limit=time_limit, on_progress=watch
        )
        if watch.aborted:
            raise KeyboardInterrupt
        folder = out if out is not None else default_folder(f"diff-{found.before.scenario.name}", None)
        refuse_existing(folder)
        watch(qo.Progress("write", 0.0))
        written = found.write(folder, session.language)
    session.document({"folder": written, "exit_code": found.exit_code, **records_of(found)})
    session.told(found.document, written, short=True)
    return found.exit_code

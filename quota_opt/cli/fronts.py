"""The command that finds the trade-off front of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.options import Case, ProfileName
from quota_opt.cli.progress import Watch
from quota_opt.cli.session import Session
from quota_opt.cli.solving import default_folder, refuse_limits


def pareto(
    session: Session,
    *,
    case: Case,
    measures: Annotated[
        list[str],
        typer.Option(
            "--measure",
            metavar="NAME[:max|:min]",
            help="成效指标 Two to four; the first is optimised, the others are what it is traded for.",
            show_default=False,
        ),
    ],
    exact: Annotated[
        bool, typer.Option("--exact", help="全部 Every non-dominated point, with proof that there are no others.")
    ] = False,
    points: Annotated[
        int | None, typer.Option(min=2, help="点数 So many points, spread evenly.", show_default="25")
    ] = None,
    profile: ProfileName = "auto",
    gap: Annotated[
        float | None, typer.Option(help="差距 Relative gap of each point, e.g. 0.001.", show_default=False)
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="时限 Seconds for the whole front.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder; default results/CASE-front.", show_default=False),
    ] = None,
) -> int:
    """取舍 Find the trade-off front of two to four measures; each point is a whole plan in a folder of its own.

    Ctrl-C once stops and keeps the points found so far.
    """
    refuse_limits(gap, time_limit)
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo

    scenario = qo.read(case)
    name = "-".join(part for part in (scenario.variant, "front") if part)
    folder = out if out is not None else default_folder(scenario.name, name)
    refuse_existing(folder)
    with Watch(session) as watch:
        front = qo.pareto(
            scenario,
            measures,
            exact=exact,
            points=points,
            profile=profile,
            gap=gap,
            time_limit=time_limit,
            on_progress=watch,
        )
        if watch.aborted:
            raise KeyboardInterrupt
        watch(qo.Progress("write", 0.0))
        written = front.write(folder, session.language)
    code = 0 if front.status == "OPTIMAL" else 4
    if session.json:
        from quota_opt.analysis.front.record import front_record

        table = front.table.astype(object).where(front.table.notna(), None)
        session.document(
            {"folder": written, "exit_code": code, **front_record(front), "table": table.to_dict(orient="records")}
        )
    session.told(front.document, written)
    return code

"""Commands around a plan: others nearly as good, one parameter from end to end, a plan made anew with few changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quota_opt.cli import complete
from quota_opt.cli.boundary import Usage
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.options import Case, Gap, ProfileName, TimeLimit
from quota_opt.cli.progress import Watch
from quota_opt.cli.session import Session
from quota_opt.cli.solving import default_folder, refuse_limits
from quota_opt.errors import Text

if TYPE_CHECKING:
    from quota_opt.analysis.near.alternatives import Alternatives
    from quota_opt.analysis.near.replan import Replan
    from quota_opt.analysis.near.sweep import Sweep

Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder to write; default below results/.", show_default=False)
]


def alternatives(
    session: Session,
    *,
    case: Case,
    within: Annotated[str, typer.Option(metavar="SHARE", help="差距 How much of the best may be lost.")] = "1%",
    count: Annotated[int, typer.Option(min=1, help="套数 Number of plans, the best among them.")] = 5,
    profile: ProfileName = "auto",
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Out = None,
) -> int:
    """备选 Plans nearly as good as the best that differ as much as they can, and what all of them agree on.

    Exit status: 0 done; 3 the case has no plan; 4 a limit came before the best plan was proven.
    """
    refuse_limits(gap, time_limit)
    share = _share(within, "--within")
    import quota_opt as qo

    scenario = qo.read(case)
    folder = _free(out, f"alternatives-{scenario.name}", scenario.variant)
    with Watch(session) as watch:
        made = qo.alternatives(scenario, share, count, profile, gap=gap, time_limit=time_limit, on_progress=watch)
        written = _write(session, watch, made, folder)
    code = 0 if made.best.status == "OPTIMAL" else 4
    found = {"complete": made.complete, "floor": made.floor, "floor_from": made.floor_from}
    tables = {"plans": made.table, "decisions": made.decisions}
    return _tell(session, made, written, code, {**found, **tables})


def sweep(
    session: Session,
    *,
    case: Case,
    parameter: Annotated[
        str,
        typer.Option(metavar="PATH", help="参数 Dotted path, as rules.retention.keep.", show_default=False),
    ],
    start: Annotated[float, typer.Option("--from", help="起 First value.", show_default=False)],
    stop: Annotated[float, typer.Option("--to", help="止 Last value.", show_default=False)],
    steps: Annotated[
        int | None, typer.Option(min=1, help="步数 Even steps, instead of exact break points.", show_default=False)
    ] = None,
    profile: ProfileName = "auto",
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Out = None,
) -> int:
    """扫描 One parameter from end to end: the exact values at which the plan changes, and what it is worth between.

    Exit status: 0 done; 4 a limit came before a plan was proven. Values without a plan are part of the answer.
    """
    refuse_limits(gap, time_limit)
    import quota_opt as qo

    scenario = qo.read(case)
    folder = _free(out, f"sweep-{scenario.name}", scenario.variant)
    with Watch(session) as watch:
        made = qo.sweep(
            scenario, parameter, start, stop, profile, steps=steps, gap=gap, time_limit=time_limit, on_progress=watch
        )
        written = _write(session, watch, made, folder)
    code = 4 if any(piece.plan is not None and piece.plan.status != "OPTIMAL" for piece in made.pieces) else 0
    found = {"parameter": made.parameter, "exact": made.exact, "looser": made.looser, "breaks": made.breaks}
    return _tell(session, made, written, code, {**found, "pieces": made.table})


def replan(
    session: Session,
    folder: Annotated[
        str,
        typer.Argument(
            metavar="DIR",
            help="原安排 Result folder of the plan made before, or a case to solve.",
            autocompletion=complete.cases,
            show_default=False,
        ),
    ],
    *,
    case: Case,
    done_until: Annotated[
        int | None, typer.Option(metavar="YEAR", help="已实施 All up to this year stays.", show_default=False)
    ] = None,
    promised: Annotated[
        Path | None, typer.Option(metavar="FILE", help="已承诺 CSV with kind and id of what stays.", show_default=False)
    ] = None,
    keep_awards: Annotated[bool, typer.Option("--keep-awards", help="All awards made before stay.")] = False,
    bend: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="破例 Let a promise stand that a clause now bars; repeat.", show_default=False),
    ] = None,
    most_changes: Annotated[
        int | None, typer.Option(min=0, help="改动数 The best plan with so many changes.", show_default=False)
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(metavar="SHARE", help="差距 The fewest changes within this of the best.", show_default=False),
    ] = None,
    profile: ProfileName = "auto",
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Out = None,
) -> int:
    """重排 A new plan for a changed case that keeps what is done or promised and changes little else.

    Exit status: 0 done; 2 a promise is barred in the new case; 3 no plan keeps the promises; 4 a limit came first.
    """
    refuse_limits(gap, time_limit)
    if most_changes is not None and within is not None:
        raise Usage(
            Text("--most-changes 和 --within 只写一个。", "Give --most-changes or --within, not both."),
        )
    share = None if within is None else _share(within, "--within")
    import quota_opt as qo

    scenario = qo.read(case)
    target = _free(out, f"replan-{scenario.name}", scenario.variant)
    with Watch(session) as watch:
        made = qo.replan(
            folder,
            scenario,
            "awards" if keep_awards else "promised",
            done_until=done_until,
            promised=() if promised is None else promised,
            bend=bend or (),
            most_changes=most_changes,
            within=share,
            profile=profile,
            gap=gap,
            time_limit=time_limit,
            on_progress=watch,
        )
        written = _write(session, watch, made, target)
    code = 4 if any(plan.status != "OPTIMAL" for plan in made.plans) else 0
    return _tell(session, made, written, code, {"plans": made.table, "churn": made.churn})


def _share(written: str, option: str) -> float:
    """`1%` or `0.01` as a share."""
    text = written.strip().replace("％", "%")
    try:
        value = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1.0:
        raise Usage(
            Text(
                f"{option} {written}：请写 0 到 1 之间的比例，如 1% 或 0.01。",
                f"{option} {written}: give a share from 0 to below 1, as 1% or 0.01.",
            )
        )
    return value


def _free(out: Path | None, name: str, variant: str | None) -> Path:
    """The folder to write, which must not be there."""
    folder = out if out is not None else default_folder(name, variant)
    refuse_existing(folder)
    return folder


def _write(session: Session, watch: Watch, made: Alternatives | Sweep | Replan, folder: Path) -> Path:
    from quota_opt.solving.status import Progress

    if watch.aborted:
        raise KeyboardInterrupt
    watch(Progress("write", 0.0))
    return made.write(folder, session.language)


def _tell(
    session: Session, made: Alternatives | Sweep | Replan, folder: Path, code: int, content: dict[str, Any]
) -> int:
    """The result in the form asked for; tables as lists of records."""
    plain = {key: value.to_dict("records") if hasattr(value, "to_dict") else value for key, value in content.items()}
    session.document({"folder": folder, "exit_code": code, "seconds": made.seconds, **plain})
    session.told(made.document, folder, short=True)
    return code

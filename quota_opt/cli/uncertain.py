"""Commands about what may go otherwise: a plan in many worlds, the price of robustness, plans of two stages."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quota_opt.cli.boundary import Usage
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.options import Case, ProfileName
from quota_opt.cli.overrides import read_overrides
from quota_opt.cli.progress import Watch
from quota_opt.cli.session import Session
from quota_opt.cli.solving import default_folder, refuse_limits
from quota_opt.errors import Text

if TYPE_CHECKING:
    from quota_opt.scenario import Scenario

GAP, SECONDS = 0.005, 120.0
"""Where these solves stop: figures drawn by chance are not known better, and there are several of them."""

Samples = Annotated[
    int | None, typer.Option(min=1, help="情形数 Worlds to draw; default: the case's.", show_default=False)
]
Seed = Annotated[int | None, typer.Option(min=0, help="种子 The same seed draws the same worlds.", show_default=False)]
Gap = Annotated[float, typer.Option(help="差距 Relative gap each solve stops at.")]
TimeLimit = Annotated[float, typer.Option(help="时限 Seconds each solve may take.")]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the results.", show_default=False)]


def evaluate(
    session: Session,
    plan: Annotated[
        str, typer.Argument(metavar="DIR", help="A result folder; or a case, solved first.", show_default=False)
    ],
    *,
    samples: Samples = None,
    seed: Seed = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="改不确定性 e.g. uncertainty.actions.close.slip.probability=0.2; repeat for more.",
            show_default=False,
        ),
    ] = None,
    out: Out = None,
) -> int:
    """风险评估 How a plan fares in many worlds: what can be served, how measures spread, where it lacks."""
    overrides = read_overrides(assignments or [])
    for path in overrides:
        if not path.startswith("uncertainty."):
            raise Usage(
                Text(
                    f"--set {path}：这里只能改 uncertainty 下的设置；其他改动请用 run --set 重新求解。",
                    f"--set {path}: only settings of `uncertainty` can be changed here; for others use run --set.",
                )
            )
    if out is not None:
        refuse_existing(out)
    from quota_opt.analysis.addresses import plan_at
    from quota_opt.analysis.uncertain.evaluate import evaluate as evaluated

    with Watch(session) as watch:
        made = plan_at(plan, on_progress=watch)
        if watch.aborted:
            raise KeyboardInterrupt
        given = made.scenario.with_(**overrides).settings.uncertainty if overrides else None
        found = evaluated(made, samples, seed, uncertainty=given)
        folder = found.write(_folder(out, made.scenario, "evaluation"), session.language)
    session.document({"folder": folder, **found.record()})
    session.told(found.document, folder)
    return 0


def robust(
    session: Session,
    *,
    case: Case,
    gamma: Annotated[
        str, typer.Option(metavar="LIST", help="偏差个数 Deviations to stand, e.g. 0,1,2,5 or 1,all.")
    ] = "0,1,2,5,all",
    samples: Samples = None,
    seed: Seed = None,
    profile: ProfileName = "auto",
    gap: Gap = GAP,
    time_limit: TimeLimit = SECONDS,
    out: Out = None,
) -> int:
    """稳健方案 The best plan for each number of deviations it must stand, and what that costs."""
    gammas = [_gamma(part) for part in gamma.split(",")]
    refuse_limits(gap, time_limit)
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo

    scenario = qo.read(case)
    with Watch(session) as watch:
        found = qo.robust(
            scenario,
            gammas,
            samples=samples,
            seed=seed,
            profile=profile,
            gap=gap,
            time_limit=time_limit,
            on_progress=watch,
        )
        if watch.aborted:
            raise KeyboardInterrupt
        folder = found.write(_folder(out, scenario, "robust"), session.language)
    session.document({"folder": folder, **found.record()})
    session.told(found.document, folder)
    return 4 if found.prices["status"].isin(["FEASIBLE", "NO_SOLUTION_FOUND"]).any() else 0


def two_stage(
    session: Session,
    *,
    case: Case,
    samples: Annotated[int, typer.Option(min=1, help="情形数 Worlds the plan is made for.")] = 50,
    alpha: Annotated[
        float | None, typer.Option(help="尾部 Where the tail begins, e.g. 0.95.", show_default=False)
    ] = None,
    weight: Annotated[
        float | None, typer.Option(help="权重 Weight of the mean cost in the tail.", show_default=False)
    ] = None,
    shortfall_cost: Annotated[
        float | None, typer.Option(help="短缺代价 Cost of a unit short in a year.", show_default=False)
    ] = None,
    seed: Seed = None,
    drawn: Annotated[
        int | None, typer.Option(min=1, help="抽取数 Worlds to draw and reduce to --samples.", show_default=False)
    ] = None,
    fresh: Annotated[int, typer.Option(min=1, help="检验数 Fresh worlds the plans are tried in.")] = 1000,
    profile: ProfileName = "auto",
    gap: Gap = GAP,
    time_limit: TimeLimit = SECONDS,
    out: Out = None,
) -> int:
    """两阶段方案 The plan that is best over many worlds, counting what it costs to be short in each."""
    _refuse(alpha, weight, shortfall_cost)
    refuse_limits(gap, time_limit)
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo

    scenario = qo.read(case)
    with Watch(session) as watch:
        found = qo.two_stage(
            scenario,
            samples,
            alpha=alpha,
            weight=weight,
            shortfall_cost=shortfall_cost,
            seed=seed,
            drawn=drawn,
            fresh=fresh,
            profile=profile,
            gap=gap,
            time_limit=time_limit,
            on_progress=watch,
        )
        if watch.aborted:
            raise KeyboardInterrupt
        folder = found.write(_folder(out, scenario, "two-stage"), session.language)
    session.document({"folder": folder, **found.record()})
    session.told(found.document, folder)
    return 0 if found.status == "OPTIMAL" else 4


def _gamma(written: str) -> Any:
    """`all`, or a number that is not negative."""
    if written.strip() == "all":
        return "all"
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not 0.0 <= value < math.inf:
        raise Usage(
            Text(
                f"--gamma {written.strip()}：应为不小于 0 的数，或 all，用逗号隔开，如 0,1,2,all。",
                f"--gamma {written.strip()}: give numbers from 0 on, or all, with commas, e.g. 0,1,2,all.",
            )
        )
    return int(value) if value.is_integer() else value


def _refuse(alpha: float | None, weight: float | None, cost: float | None) -> None:
    if alpha is not None and not 0.0 < alpha < 1.0:
        raise Usage(Text(f"--alpha {alpha:g}：须大于 0、小于 1。", f"--alpha {alpha:g}: give a share between 0 and 1."))
    for name, value in (("--weight", weight), ("--shortfall-cost", cost)):
        if value is not None and not 0.0 <= value < math.inf:
            raise Usage(Text(f"{name} {value:g}：须不小于 0。", f"{name} {value:g}: give a number from 0 on."))


def _folder(out: Path | None, scenario: Scenario, what: str) -> Path:
    """Where results go: the folder asked for, else results/CASE-WHAT."""
    return out if out is not None else default_folder(scenario.name, "-".join(filter(None, (scenario.variant, what))))

"""The command that decides projects and firms by order, and says what the orders cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from quota_opt.cli.boundary import Usage
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.options import Gap, ProfileName, TimeLimit
from quota_opt.cli.progress import Watch
from quota_opt.cli.session import Session
from quota_opt.cli.solving import default_folder, refuse_limits
from quota_opt.errors import Text


def override(
    session: Session,
    *,
    case: Annotated[
        str, typer.Argument(metavar="CASE|DIR", help="案例或结果 A case, or a result folder.", show_default=False)
    ],
    award: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="安排 A project that must be awarded.", show_default=False)
    ] = None,
    refuse: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="不安排 A project that must not be.", show_default=False)
    ] = None,
    share: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=SHARE", help="份额 A divisible project at a share, 0 to 1.", show_default=False),
    ] = None,
    amount: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=TCE", help="数量 A divisible project at so many tce a year.", show_default=False),
    ] = None,
    close: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="关停 A firm that must be closed.", show_default=False)
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="保留 A firm that is left as it is.", show_default=False)
    ] = None,
    bend: Annotated[bool, typer.Option("--bend", help="破例 Bars of rules do not keep out what is ordered.")] = False,
    by: Annotated[str, typer.Option(metavar="TEXT", help="谁指定 Who orders it.")] = "",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="理由 Why.")] = "",
    profile: ProfileName = "auto",
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Result folder; default results/CASE-override.", show_default=False),
    ] = None,
) -> int:
    """指定 Force projects in or out, close or keep firms, and say what it costs and whom.

    Writes the result folder of the plan with a receipt; every later report of it shows the orders and their cost.
    Without an order it says what the directives cost that the case has already.
    """
    refuse_limits(gap, time_limit)
    sizes, amounts = _figures("--share", share or []), _figures("--amount", amount or [])
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo

    orders: dict[str, Any] = {"award": award or [], "refuse": refuse or [], "close": close or [], "keep": keep or []}
    with Watch(session) as watch:
        receipt = qo.override(
            case, **orders, share=sizes, amount=amounts, bend=bend, by=by, reason=reason, profile=profile,
            gap=gap, time_limit=time_limit, on_progress=watch,
        )  # fmt: skip
        if watch.aborted:
            raise KeyboardInterrupt
        scenario = receipt.plan.scenario
        folder = out or default_folder(scenario.name, "-".join(filter(None, (scenario.variant, "override"))))
        watch(qo.Progress("write", 0.0))
        written = receipt.write(folder, session.language)
    code = 0 if receipt.plan.status == receipt.without.status == "OPTIMAL" else 4
    if session.json:
        record = json.loads((written / "receipt.json").read_text(encoding="utf-8"))
        session.document({"folder": written, "exit_code": code, **record})
    session.told(receipt.document, written)
    return code


def _figures(option: str, given: list[str]) -> dict[str, float]:
    """`P2=0.5` as a name and a number."""
    found = {}
    for text in given:
        name, equals, figure = text.partition("=")
        try:
            found[name.strip()] = float(figure)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise Usage(
                Text(f"{option} {text!r}：写成 项目=数，如 P2=0.5。", f"{option} {text!r}: write ID=NUMBER, as P2=0.5.")
            )
    return found

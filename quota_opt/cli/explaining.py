"""`quota-opt explain`: why a project is out, a firm treated, what a rule does, what quota is worth, what clashes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from quota_opt.cli.boundary import Usage
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.options import ProfileName
from quota_opt.cli.overrides import read_overrides
from quota_opt.cli.session import Session
from quota_opt.errors import Text


def explain(
    session: Session,
    address: Annotated[
        str, typer.Argument(metavar="DIR/CASE", help="A result folder, or a case to solve first.", show_default=False)
    ],
    project: Annotated[
        str | None, typer.Option(metavar="ID", help="项目 Why this project is in or out.", show_default=False)
    ] = None,
    firm: Annotated[
        str | None, typer.Option(metavar="ID", help="企业 Why this firm is treated or kept.", show_default=False)
    ] = None,
    rule: Annotated[
        str | None, typer.Option(metavar="NAME", help="规则 What this rule does to the plan.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="全部 Every project that is out, one line each.")] = False,
    prices: Annotated[
        bool, typer.Option("--prices", help="价格 What one more unit is worth, and how far that holds.")
    ] = False,
    infeasible: Annotated[
        bool, typer.Option("--infeasible", help="无解 Which clauses clash, and what would mend it.")
    ] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="验证 Re-solve: exact costs and how large each change must be.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write a report: FILE.html, .xlsx or .docx; a folder with --infeasible.",
            show_default=False,
        ),
    ] = None,
    profile: ProfileName = "auto",
    time_limit: Annotated[
        float | None, typer.Option(help="时限 Stop solving a case after this many seconds.", show_default=False)
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="改参数 Of a case: change one setting.", show_default=False),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(metavar="RULES", help="With --infeasible: what gives first.", show_default=False),
    ] = None,
) -> int:
    """解释 Why a project is out and what would let it in; the same for firms, rules and prices."""
    chosen = [name for name in (project, firm, rule) if name is not None]
    if len(chosen) + everything + prices + infeasible != 1:
        raise Usage(
            Text(
                "请写明一个：--project、--firm、--rule、--all、--prices 或 --infeasible。",
                "Name one: --project, --firm, --rule, --all, --prices or --infeasible.",
            )
        )
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo
    from quota_opt.analysis.addresses import plan_at

    case = qo.read(address, overrides=read_overrides(assignments)) if assignments else address
    if infeasible:
        from quota_opt.cli.explain_infeasible import explain_infeasible

        first = tuple(name.strip() for name in (order or "").split(",") if name.strip())
        return explain_infeasible(session, case, profile=profile, time_limit=time_limit, out=out, order=first)
    plan = plan_at(case, profile, time_limit=time_limit)
    made: Any
    if everything:
        made = qo.explanations(plan)
    elif prices:
        made = qo.prices(plan, confirm=confirm)
    else:
        made = qo.explain(plan, project=project, firm=firm, rule=rule, confirm=confirm)
    written = made.write(out, session.language) if out is not None else None
    session.document({**made.as_dict(), "file": written})
    if session.speaking:
        from quota_opt.report.document import terminal_view

        session.show(terminal_view(made.document(), session.language))
    if written is not None:
        session.show(Text(f"已写出 {written}", f"Written: {written}"))
    return 0

"""The ledger of a result, asked for one firm, project or place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quota_opt.cli.boundary import Usage
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.session import Session
from quota_opt.errors import Text


def ledger(
    session: Session,
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A result folder.", show_default=False)],
    firm: Annotated[
        str | None, typer.Option(metavar="ID", help="企业 Where its quota went.", show_default=False)
    ] = None,
    project: Annotated[
        str | None, typer.Option(metavar="ID", help="项目 Where its quota came from.", show_default=False)
    ] = None,
    place: Annotated[
        str | None, typer.Option(metavar="ID", help="区域 What came and what left.", show_default=False)
    ] = None,
    year: Annotated[int | None, typer.Option(help="年份 This year alone.", show_default=False)] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for tables, picture and report.", show_default=False)
    ] = None,
) -> None:
    """台账 Where a firm's quota went, where a project's came from, what passed through a place."""
    if sum(name is not None for name in (firm, project, place)) != 1:
        raise Usage(Text("请写明 --firm、--project、--place 中的一个。", "Name one of --firm, --project and --place."))
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo

    found = qo.trace(qo.read_result(folder), firm=firm, project=project, place=place, year=year)
    written = found.write(out, session.language) if out is not None else None
    session.document(
        {
            "folder": written,
            found.subject: found.name,
            "difference": found.difference,
            "sums": found.sums.to_dict("records"),
            "lines": found.lines.to_dict("records"),
        }
    )
    if session.speaking:
        from quota_opt.report.document import terminal_view

        session.show(terminal_view(found.document(), session.language, written))

"""JSON schemas of cases and results, for programs that write cases or read results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from quota_opt.cli import complete
from quota_opt.cli.boundary import Usage
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.session import Session
from quota_opt.errors import Text


def schema(
    session: Session,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="模式 case, settings, tables, findings, result, result-tables or grid; else all of them.",
            autocompletion=complete.schemas,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write each as a file NAME.schema.json.", show_default=False),
    ] = None,
) -> None:
    """模式 Print the JSON schema of a case or a result."""
    import quota_opt as qo

    if out is None:
        # A schema is for programs: it is the same document with --json and without.
        session.document(found := qo.schema(name))
        session.answer(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if name is not None:
        raise Usage(Text("--out 写出全部模式，不能同时指定名称。", "--out writes all schemas; leave the name out."))
    from quota_opt.report.schemas import write_schemas

    refuse_existing(out)
    written = write_schemas(out)
    session.document({"path": out, "files": written})
    session.show(Text(f"已写出 {len(written)} 个模式：{out}", f"Written: {len(written)} schemas in {out}"))

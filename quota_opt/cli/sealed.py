"""Commands on results and cases that were written before: solved again, reported, brought up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quota_opt.cli import complete
from quota_opt.cli.boundary import error_document
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.progress import Watch
from quota_opt.cli.session import Session
from quota_opt.errors import Text

ResultFolder = Annotated[Path, typer.Argument(metavar="DIR", help="结果 A result folder.", show_default=False)]


def replay(
    session: Session,
    *,
    folder: ResultFolder,
    profile: Annotated[
        str | None,
        typer.Option(
            help="求解方案 Solver profile or .toml, in place of the recorded one.",
            autocompletion=complete.profiles,
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for report, tables and the plan found now.", show_default=False),
    ] = None,
) -> int:
    """重算 Solve a sealed result again from its own inputs, and say whether plan and certificate agree.

    Exit status: 0 the same plan, another as good, or another within what both runs prove; 5 they contradict each
    other, or the seal is broken.
    """
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo
    from quota_opt.analysis.replay_document import VERDICTS

    with Watch(session) as watch:
        made = qo.replay(folder, profile, on_progress=watch)
        if watch.aborted:
            raise KeyboardInterrupt
        written = made.write(out, session.language) if out is not None else None
    code = 5 if made.verdict == "contradicts" else 0
    content = {"folder": written, "exit_code": code, **made.record()}
    if code:
        failure = error_document("verification-failed", session.text(VERDICTS[made.verdict]), code)
        content = {"error": failure, **content}
    session.document(content)
    if session.speaking:
        from quota_opt.report.document import terminal_view

        session.show(terminal_view(made.document(), session.language, written))
    elif session.quiet:
        session.answer(str(made.verdict))
    return code


def report(
    session: Session,
    *,
    folder: ResultFolder,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder to write; default the result folder.", show_default=False)
    ] = None,
) -> None:
    """报告 Write the reports of a result folder that has none, such as a run of a batch or a point of a front."""
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo

    written = qo.write_reports(folder, out, session.language)
    session.document({"folder": out or folder, "reports": written})
    if session.quiet:
        for path in written:
            session.answer(str(path))
    named = [str(path) for path in written]
    session.show(Text(f"已写出报告：{'、'.join(named)}", f"Reports written: {', '.join(named)}"))

"""Commands on results and cases that were written before: solved again, reported, brought up to date."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from quota_opt.cli import complete
from quota_opt.cli.boundary import Usage, error_document
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
    heading: Annotated[str, typer.Option(help="抬头 Whom the Word paper is addressed to.", show_default=False)] = "",
    unit: Annotated[str, typer.Option(help="落款单位 Who issues it.", show_default=False)] = "",
    issued: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="签署日期 The day it is dated.", show_default=False),
    ] = None,
    hide_firms: Annotated[bool, typer.Option("--hide-firms", help="隐去企业名称 Firms are numbered.")] = False,
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.docx",
            exists=True,
            dir_okay=False,
            help="Word 模板 A paper whose styles to use; 【正文】 marks where it goes.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """报告 Write the reports of a result folder that has none, such as a run of a batch or a point of a front.

    With any word of the office's own there is a note of one page as well.
    """
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo
    from quota_opt.report.paper import Paper

    day = None if issued is None else issued.date()
    paper = Paper(heading=heading, unit=unit, issued=day, hide_firms=hide_firms, template=template)
    written = qo.write_reports(folder, out, session.language, None if paper == Paper() else paper)
    session.document({"folder": out or folder, "reports": written})
    if session.quiet:
        for path in written:
            session.answer(str(path))
    named = [str(path) for path in written]
    session.show(Text(f"已写出报告：{'、'.join(named)}", f"Reports written: {', '.join(named)}"))


def migrate(
    session: Session,
    *,
    address: Annotated[
        str,
        typer.Argument(
            metavar="CASE|DIR",
            help="旧案例或结果 A case or a result folder of an earlier version.",
            autocompletion=complete.cases,
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="What to write; default CASE-migrated.", show_default=False)
    ] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="就地 Replace it; what changes is kept in before-migration/.")
    ] = False,
) -> None:
    """升级 Bring a case or result of an earlier version to the present contract, beside the old one."""
    if in_place and out is not None:
        raise Usage(Text("--in-place 和 --out 只写一个。", "Give --in-place or --out, not both."))
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo

    made = qo.migrate(address, out, in_place=in_place)
    session.document({"source": made.source, "target": made.target, "kept": made.kept, "changes": list(made.changes)})
    if made.target is None:
        session.show(Text("已是现行约定，没有要改的。", "It is of the present contract; nothing is to be done."))
        return
    if session.quiet:
        session.answer(str(made.target))
    for change in made.changes:
        session.show(Text(f"{change.file}：{change.what.zh}", f"{change.file}: {change.what.en}"))
    session.show(Text(f"已写出 {made.target}", f"Written: {made.target}"))
    if made.kept is not None:
        session.show(Text(f"原文件保存在 {made.kept}", f"The originals are kept in {made.kept}"))

"""Commands around the solve: cases, engines, checking, copies and synthetic cases."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from quota_opt.cli import complete
from quota_opt.cli.boundary import Usage, error_document, findings_document, input_message
from quota_opt.cli.options import Case
from quota_opt.cli.session import Session
from quota_opt.errors import InputError, Level, OutputExists, Text

Source = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="CASE",
        help="案例 The case to copy; without it the blank workbook.",
        autocompletion=complete.cases,
        show_default=False,
    ),
]


def new(
    session: Session,
    target: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder, or workbook.xlsx, to make.", show_default=False)
    ],
    source: Source = None,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="Write an Excel workbook with drop-downs.")] = False,
) -> None:
    """新建 Make a working copy of a case, or the Excel workbook, blank or filled."""
    workbook = xlsx or target.suffix.lower() == ".xlsx"
    if source is None and not workbook:
        raise Usage(
            Text(
                "新建文件夹要写明从哪个案例复制：--from CASE；要空白工作簿请加 --xlsx。",
                "A new folder needs a case to copy, --from CASE; for the blank workbook add --xlsx.",
            )
        )
    import quota_opt as qo

    path = qo.new(target, source, xlsx=workbook)
    session.document({"path": path})
    session.show(
        Text(f"已写出 {path}\n  填好后：quota-opt check {path}", f"Written: {path}\n  Next: quota-opt check {path}")
    )


def scenarios(session: Session) -> None:
    """案例 List the built-in cases and their variants."""
    import quota_opt as qo

    infos = qo.scenarios()
    session.document({"scenarios": infos})
    if session.speaking:
        from quota_opt.report.text import scenarios_view

        session.show(scenarios_view(infos, session.language))


def engines(session: Session) -> None:
    """求解器 List the solver profiles and whether each runs here."""
    import quota_opt as qo

    states = qo.engines()
    session.document({"engines": states})
    if session.speaking:
        from quota_opt.report.text import engines_view

        session.show(engines_view(states, session.language))


def check(session: Session, case: Case) -> int:
    """检查 Report every problem of a case at once: where it is, what it is, how to mend it."""
    import quota_opt as qo
    from quota_opt.scenario.standing import documents_record

    documents: list[dict[str, Any]] = []
    whole: Any = case
    with contextlib.suppress(InputError):  # what stands against reading it is found again below
        whole = qo.read(case)
        documents = documents_record(whole)
    try:
        findings = tuple(qo.check(whole))
    except InputError as error:
        findings = error.findings
    counts = {str(level): sum(finding.level is level for finding in findings) for level in Level}
    failed = counts[Level.ERROR] > 0
    document = {
        "case": case,
        "counts": counts,
        "documents": documents,
        "findings": findings_document(session, findings),
    }
    message = input_message(findings)
    if failed:
        document = {"error": error_document("input", session.text(message), 2), **document}
    session.document(document)
    if documents and session.speaking:
        from quota_opt.report.text import documents_view

        session.show(documents_view(documents, session.language))
    session.findings(findings, wrong=failed and session.quiet)
    if failed:
        session.complain(message)
    else:
        session.show(Text("没有错误，可以求解。", "No errors: ready to run."))
    return 2 if failed else 0


def generate(
    session: Session,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the case.", show_default=False)],
    firms: Annotated[int, typer.Option(min=1, help="企业 Number of firms.")] = 2000,
    projects: Annotated[int, typer.Option(min=1, help="项目 Number of projects.")] = 200,
    towns: Annotated[int, typer.Option(min=1, help="镇街 Number of towns.")] = 15,
    counties: Annotated[int, typer.Option(min=1, help="区县 Number of counties.")] = 1,
    years: Annotated[int, typer.Option(min=1, max=50, help="年数 Length of the horizon.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="种子 The same seed gives the same case.")] = 0,
) -> None:
    """合成 Write a synthetic case of any size, marked as synthetic."""
    refuse_existing(out)
    from quota_opt.scenario.generate import generate_case

    path = generate_case(
        out, firms=firms, projects=projects, towns=towns, counties=counties, years=years, first_year=2021, seed=seed
    )
    session.document({"path": path, "data": "synthetic"})
    session.show(
        Text(
            f"已写出合成案例 {path}\n  求解：quota-opt run {path}",
            f"Synthetic case: {path}\n  Next: quota-opt run {path}",
        )
    )


def refuse_existing(path: Path) -> None:
    """Raise before any work where `path` holds something already, or cannot be made."""
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.exists():
        raise OutputExists(
            Text(
                f"{path} 已存在，不会覆盖。\n  怎么改：换一个名字，或先移走它。",
                f"{path} is there already; nothing is overwritten.\n  Fix: choose another name, or move it away.",
            )
        )
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise OutputExists(
            Text(
                f"{path} 无法建立：{parent} 是一个文件。\n  怎么改：换一个文件夹。",
                f"{path} cannot be made: {parent} is a file.\n  Fix: choose another folder.",
            )
        )

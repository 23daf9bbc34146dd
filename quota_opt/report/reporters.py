"""The reports every result folder has: what `Plan.write` calls. Each loads its writer only when asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quota_opt.errors import Language

if TYPE_CHECKING:
    from quota_opt.plan.plan import Plan
    from quota_opt.report.content import Content
    from quota_opt.report.paper import Paper

REPORTS = ("report.html", "report.xlsx", "report.docx")
ONE_PAGE = "one-page.docx"


def reports(plan: Plan, folder: Path, language: Language) -> None:
    """Every report in `folder`; what they say is gathered, and the figures are drawn, once for all of them."""
    from quota_opt.report.content import gather

    content = gather(plan)
    for name in REPORTS:
        write_report(content, folder / name, language)


def write_report(content: Content, path: Path, language: Language, paper: Paper | None = None) -> Path:
    """The report that the name of `path` asks for: one of REPORTS, or the note of one page. Returns the path."""
    from quota_opt.report.paper import Paper, as_issued

    chosen = paper or Paper()
    told = as_issued(content, chosen, language)
    if path.name == ONE_PAGE:
        from quota_opt.report.docx_note import write_note

        return write_note(told, path, language, chosen)
    if path.suffix == ".docx":
        from quota_opt.report import docx

        return docx.write(told, path, language, chosen)
    if path.suffix == ".xlsx":
        from quota_opt.report import xlsx

        return xlsx.write(told, path, language)
    from quota_opt.report.html import render

    path.write_text(render(told, language), encoding="utf-8", newline="\n")
    return path


REPORTERS = (reports,)

"""The reports every result folder has: what `Plan.write` calls. Each loads its writer only when asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quota_opt.errors import Language

if TYPE_CHECKING:
    from quota_opt.plan.plan import Plan


def html_report(plan: Plan, folder: Path, language: Language) -> None:
    """`report.html` in `folder`."""
    from quota_opt.report.html import write_html

    write_html(plan, folder / "report.html", language)


def xlsx_report(plan: Plan, folder: Path, language: Language) -> None:
    """`report.xlsx` in `folder`."""
    from quota_opt.report.xlsx import write_xlsx

    write_xlsx(plan, folder / "report.xlsx", language)


REPORTERS = (html_report, xlsx_report)

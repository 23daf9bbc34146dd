"""Reports for people: one value per figure, one gatherer of facts, one catalogue of words; html, xlsx, docx."""

from __future__ import annotations

from quota_opt.report.docx import write_docx, write_one_page
from quota_opt.report.html import render_html, write_html
from quota_opt.report.paper import Paper
from quota_opt.report.xlsx import write_xlsx

__all__ = ["Paper", "render_html", "write_docx", "write_html", "write_one_page", "write_xlsx"]

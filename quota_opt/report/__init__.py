"""Reports for people: one value per figure, one gatherer of facts, one catalogue of words; html, xlsx and terminal."""

from __future__ import annotations

from quota_opt.report.html import render_html, write_html
from quota_opt.report.xlsx import write_xlsx

__all__ = ["render_html", "write_html", "write_xlsx"]

"""The figures of a plan for notebooks and pages of one's own: each an SVG, with the numbers behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from quota_opt.errors import Language

if TYPE_CHECKING:
    from quota_opt.plan.plan import Plan


@dataclass(frozen=True)
class Drawing:
    """One figure as the reports draw it. `title` states the finding, `alternative` says it for those who cannot see it.

    `svg` is None where the drawing library is not installed; `table` holds the numbers.
    """

    key: str
    title: str
    alternative: str
    svg: str | None = field(repr=False)
    table: pd.DataFrame = field(repr=False, compare=False)

    def _repr_html_(self) -> str:
        """The figure as a notebook shows it; its table where it cannot be drawn."""
        title = escape(self.title)
        if self.svg is None:
            return f"<p>{title}</p>{self.table.to_html(index=False)}"
        # The drawing is made for paper, and dark pages need one.
        paper = "background:#fff;color:#222;padding:8px;display:inline-block;max-width:100%"
        label = escape(self.alternative or self.title, quote=True)
        return f'<div style="{paper}"><div>{title}</div><div role="img" aria-label="{label}">{self.svg}</div></div>'


def figures(plan: Plan, language: Language = "zh") -> dict[str, Drawing]:
    """Every figure the plan has data for, by key (`flow`, `waterfall`, `targets` …), as the reports draw them."""
    from quota_opt.report.content import gather
    from quota_opt.report.draw import draw_svg
    from quota_opt.report.figures import all_figures

    made = all_figures(gather(plan), language)
    drawn = draw_svg(list(made.values()))
    return {
        key: Drawing(
            key,
            figure.title,
            figure.alternative,
            svg,
            pd.DataFrame()
            if figure.table is None
            else pd.DataFrame(
                [[cell.of(language) if isinstance(cell, tuple) else cell for cell in row] for row in figure.table.rows],
                columns=[column.title.of(language) for column in figure.table.columns],
            ),
        )
        for (key, figure), svg in zip(made.items(), drawn, strict=True)
    }

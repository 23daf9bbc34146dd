"""The figures of a plan drawn once: html, workbook and Word share them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quota_opt.errors import Language
from quota_opt.report.content import Content
from quota_opt.report.draw import draw_svg
from quota_opt.report.figures import all_figures
from quota_opt.report.values import Figure


@dataclass(frozen=True)
class Drawn:
    """The figures of one content in one language, and the SVG of each, None where it cannot be drawn here."""

    figures: Mapping[str, Figure]
    svgs: Mapping[str, str | None]

    def of(self, key: str) -> tuple[Figure | None, str | None]:
        """A figure and its SVG; nothing where the plan has no data for it."""
        return self.figures.get(key), self.svgs.get(key)


def drawn(content: Content, language: Language) -> Drawn:
    """The figures of a content, drawn when they are first asked for and kept with it."""
    made = content.drawn.get(language)
    if made is None:
        figures = all_figures(content, language)
        made = Drawn(figures, dict(zip(figures, draw_svg(list(figures.values())), strict=True)))
        content.drawn[language] = made
    return made

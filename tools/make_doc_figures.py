"""Draw the figures of the documentation from real runs: those of the reports, in both languages.

python tools/make_doc_figures.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import quota_opt as qo
from quota_opt.report.draw import draw_svg

DOCS = Path(__file__).resolve().parents[1] / "docs"
LANGUAGES = ("zh", "en")
OF_A_PLAN = ("flow", "town_flow", "intensity", "even", "merit", "prices")
LIMIT = "rules.admission.limits.0.value"


def drawings() -> Iterator[tuple[str, str]]:
    """Every figure: its path below `docs/` and its SVG."""
    plan = qo.solve("zhuji")
    sweep = qo.sweep("worked-example", LIMIT, 0.45, 0.55)
    front = qo.pareto("worked-example", ["value_added_final:max", "energy_used:min"], exact=True)
    for language in LANGUAGES:
        drawn = {name: drawing.svg for name, drawing in qo.figures(plan, language).items() if name in OF_A_PLAN}
        for name, document in (("sweep", sweep.document()), ("front", front.document())):
            makers = [maker for section in document.sections for maker in section.figures]
            made = next(figure for maker in makers if (figure := maker(language)) is not None)
            drawn[name] = draw_svg([made])[0]
        for name, svg in drawn.items():
            yield f"{language}/figures/{name}.svg", svg or ""


def main() -> None:
    """Write every figure."""
    for name, svg in drawings():
        path = DOCS / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(svg, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()

"""The pictures of the documentation: figures are those of real runs, and every page of it is light."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.mark.slow
def test_the_figures_are_what_the_runs_draw_today(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from make_doc_figures import drawings

    stale = [name for name, svg in drawings() if (DOCS / name).read_text(encoding="utf-8") != svg]
    assert not stale, "python tools/make_doc_figures.py"


def test_every_picture_is_small_and_shown_and_told_in_words():
    shown = set()
    for path in DOCS.rglob("*.md"):
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
            assert len(words) > 3, (path, target)
            shown.add((path.parent / target).resolve())
    drawn = {path for kind in ("svg", "webp") for path in DOCS.rglob(f"*.{kind}") if path.parent.name != "assets"}
    assert drawn == shown
    assert all(path.stat().st_size < 120_000 for path in drawn)

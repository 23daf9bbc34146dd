"""The tutorials: every command and every line of code runs, and shows what the page says, in both languages."""

import re
from pathlib import Path

import pytest
from walking import FENCE, walk

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path.stem for path in (DOCS / "zh" / "tutorials").glob("*.md") if path.stem != "README")


@pytest.fixture
def plain_reports(monkeypatch):
    """Result folders without reports, and analyses without pictures: these have tests of their own and take long."""
    for home in ("quota_opt.facade", "quota_opt.analysis.near.sweep"):
        monkeypatch.setattr(f"{home}.REPORTERS", ())
    monkeypatch.setattr("quota_opt.report.draw.can_draw_svg", lambda: False)
    monkeypatch.setattr("quota_opt.report.offline.subset_woff2", lambda _: b"")


@pytest.mark.usefixtures("plain_reports")
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_a_tutorial_does_and_shows_what_it_says(page, language, tmp_path, monkeypatch, capfd):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QUOTA_OPT_LANG", language)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    steps = list(walk(DOCS / language / "tutorials" / f"{page}.md", capfd))
    assert len(steps) > 1
    for step in steps:
        assert not step.missing(), f"{step.done}\ndid not show\n{step.missing()}\nbut\n" + "\n".join(step.shown)


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_do_the_same(page):
    def done(language):
        text = (DOCS / language / "tutorials" / f"{page}.md").read_text(encoding="utf-8")
        for kind, title, inner in FENCE.findall(text):
            lines = [line for line in inner.splitlines() if line.startswith("$ ")] if kind == "console" else [inner]
            yield kind, title, [re.sub(r"#.*|--by .*?(?= --)", "", line) for line in lines]

    assert list(done("zh")) == list(done("en"))

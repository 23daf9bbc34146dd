"""The figures of a plan, given to notebooks and pages of one's own."""

import pytest

import quota_opt as qo


@pytest.fixture(scope="module")
def plan():
    return qo.solve("worked-example")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_figure_is_drawn_titled_and_has_its_numbers(plan, language):
    drawn = qo.figures(plan, language)
    assert {"flow", "waterfall"} <= set(drawn)
    for key, drawing in drawn.items():
        assert drawing.key == key
        assert drawing.title and drawing.svg.startswith("<svg")
        assert len(drawing.table)
        shown = drawing._repr_html_()
        assert drawing.svg in shown and 'role="img"' in shown
        assert "<script" not in shown and "href" not in shown


def test_without_the_drawing_library_the_numbers_are_shown(plan, monkeypatch):
    monkeypatch.setattr("quota_opt.report.draw.can_draw_svg", lambda: False)
    drawing = qo.figures(plan)["waterfall"]
    assert drawing.svg is None
    assert "<table" in drawing._repr_html_()

"""The course of a solve: what its figure says as more is known."""

import json

from quota_opt.report.figures_course import Moment, course


def test_nothing_is_drawn_before_anything_is_known():
    assert course([], "zh") is None
    assert course([Moment(1.0, None, None, None)], "zh") is None


def test_the_title_says_how_sure_the_plan_is():
    bound = Moment(1.0, None, 900.0, None)
    plan = Moment(2.0, 800.0, 900.0, 0.125)
    assert course([bound], "zh").title == "还没有找到方案"
    assert course([Moment(1.0, 800.0, None, None)], "zh").title == "已有方案，还没有界"
    figure = course([bound, plan], "en")
    assert figure.title == "At most 12.5% from the best"
    best, limit = (series["data"] for series in figure.option["series"])
    assert (best, limit) == ([[2.0, 800.0]], [[1.0, 900.0], [2.0, 900.0]])
    json.dumps(figure.option, allow_nan=False)

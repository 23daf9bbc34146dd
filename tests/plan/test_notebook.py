"""What a notebook shows of a plan: the figures that matter, escaped, without colours, links or scripts."""

from dataclasses import replace
from html.parser import HTMLParser

from small import case

import quota_opt as qo


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += f"{data}\n"


def page_of(value):
    page = Page()
    page.feed(value._repr_html_())
    return page


def test_a_plan_shows_status_objective_bound_gap_and_measures():
    plan = qo.solve("worked-example")
    page = page_of(plan)
    for words in (
        "OPTIMAL",
        "2,000.00",
        "0.0000%",
        "value_added_final",
        "10k yuan/yr",
        "合成数据",
        "synthetic data",
        "4/4",
    ):
        assert words in page.text, words
    assert set(page.tags) <= {"div", "p", "strong", "br", "table", "tbody", "tr", "th", "td", "details", "summary"}
    styles = {value for name, value in page.attributes if name == "style"}
    assert not any(word in style for style in styles for word in ("color", "background"))


def test_names_of_a_case_cannot_bring_markup_in():
    odd = "<script>alert(1)</script>"
    scenario = case(
        settings={
            "scenario": {"name": odd, "title": odd, "first_year": 2024, "last_year": 2024},
            "measures": {"own": {"unit": odd, "projects": "own"}},
        },
        projects=[{"project": "P", "place": "N1", "own": 1}],
    )
    plan = qo.solve(scenario)
    assert "script" not in page_of(plan).tags
    assert odd in page_of(plan).text


def test_a_plan_without_a_bound_says_so():
    plan = replace(qo.solve("worked-example"), bound=float("inf"), gap=float("inf"), status=qo.Status.FEASIBLE)
    text = page_of(plan).text
    assert "FEASIBLE" in text
    assert "inf" not in text.replace("information", "")

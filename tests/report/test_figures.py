"""Figures are plain JSON, say what they show, and draw the same picture every time."""

import json
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import networkx
import pandas as pd
import pytest
from small import FINAL, case

import quota_opt as qo
from quota_opt.report import draw
from quota_opt.report.content import gather
from quota_opt.report.figures import all_figures
from quota_opt.report.font import known_points, unknown_characters

EVERY = [
    "flow", "waterfall", "targets", "merit", "intensity", "budget", "place_tree", "pools", "ratios", "prices",
    "town_flow",
]  # fmt: skip
can_draw = pytest.mark.skipif(not draw.can_draw_png(), reason="quickjs-ng or resvg-py is not installed")


@pytest.fixture(scope="module", params=["zh", "en"])
def figures(request, content):
    return all_figures(content, request.param)


def test_a_whole_plan_has_every_figure(figures):
    assert list(figures) == EVERY


def test_options_are_json_without_nan_or_functions(figures):
    for figure in figures.values():
        text = json.dumps(figure.option, allow_nan=False, ensure_ascii=False)
        assert json.loads(text) == figure.option
        assert "function" not in text


def test_numbers_in_options_are_rounded_in_python(figures):
    for figure in figures.values():
        for number in re.findall(r"-?\d+\.\d+", json.dumps(figure.option)):
            assert len(number.split(".")[1]) <= 4, (figure.key, number)


def test_each_figure_has_a_finding_a_sentence_and_a_table(figures):
    for figure in figures.values():
        assert len(figure.title) > 5 and len(figure.alternative) > 5
        assert figure.table is not None and figure.table.rows


@pytest.mark.parametrize("key", ["flow", "town_flow"])
def test_flows_have_no_cycle_and_keep_every_amount(figures, key):
    series = figures[key].option["series"][0]
    graph = networkx.DiGraph([(link["source"], link["target"]) for link in series["links"]])
    assert networkx.is_directed_acyclic_graph(graph)
    names = [node["name"] for node in series["data"]]
    assert len(set(names)) == len(names)
    assert {name for link in series["links"] for name in (link["source"], link["target"])} <= set(names)


def test_a_town_that_gives_and_takes_is_two_nodes(content):
    names = [node["name"] for node in all_figures(content, "zh")["town_flow"].option["series"][0]["data"]]
    assert any(name.rstrip().endswith("（出）") for name in names)
    assert any(name.rstrip().endswith("（入）") for name in names)


def test_the_waterfall_ends_at_the_net_value_added(content):
    table = all_figures(content, "zh")["waterfall"].table
    *steps, (_, net) = table.rows
    assert net == pytest.approx(sum(value for _, value in steps))
    assert net == pytest.approx(content.measures["value_added"])


def test_no_figure_is_a_pie_or_a_gauge(figures):
    kinds = {series["type"] for figure in figures.values() for series in figure.option["series"]}
    assert kinds <= {"sankey", "candlestick", "scatter", "bar", "line", "heatmap", "treemap"}


def test_an_empty_plan_has_no_figures_and_no_error(make):
    plan = make(hostile=False)
    for name in ("actions", "awards", "ledger", "transfers", "prices", "balances", "reasons"):
        setattr(plan, name, getattr(plan, name).iloc[:0])
    plan.scenario.targets = plan.scenario.targets.iloc[:0]
    plan.scenario.projects = plan.scenario.projects.iloc[:0]
    plan.scenario.rules = {}
    assert all_figures(gather(plan), "zh") == {}


def test_missing_numbers_never_reach_an_option(make):
    plan = make(hostile=False)
    plan.scenario.projects.loc[0, "value_added"] = math.nan
    plan.scenario.projects.loc[1, "energy"] = math.nan
    plan.awards.loc[0, "intensity"] = math.nan
    plan.prices.loc[0, "price"] = 0.0
    plan.measures = {**plan.measures, "smallest_town_ratio": math.nan}
    for figure in all_figures(gather(plan), "zh").values():
        json.dumps(figure.option, allow_nan=False)


@can_draw
def test_every_figure_draws_as_well_formed_svg_of_its_size(figures):
    for figure, svg in zip(figures.values(), draw.draw_svg(list(figures.values())), strict=True):
        root = ElementTree.fromstring(svg)
        assert (root.get("width"), root.get("height")) == tuple(map(str, figure.size))
        assert len(list(root.iter("{http://www.w3.org/2000/svg}text"))) > 2


@can_draw
def test_ids_do_not_clash_between_figures_of_a_page(figures):
    drawn = draw.draw_svg(list(figures.values()))
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) | set(re.findall(r'class="([^"]+)"', svg)) for svg in drawn]
    for k, one in enumerate(ids):
        assert not any(one & other for other in ids[k + 1 :])


@can_draw
def test_the_same_figure_gives_the_same_picture_in_another_process(content):
    figure = all_figures(content, "zh")["waterfall"]
    svg = draw.draw_svg([figure])[0]
    assert draw.draw_svg([figure, figure])[0] == svg
    program = (
        "import json, sys, hashlib\n"
        "from quota_opt.report import draw\nfrom quota_opt.report.values import Figure\n"
        "option = json.loads(sys.stdin.read())\n"
        "svg = draw.draw_svg([Figure('w', 't', option, size=(470, 350))])[0]\n"
        "print(hashlib.sha256(svg.encode()).hexdigest(), hashlib.sha256(draw.draw_png(svg)).hexdigest())"
    )
    assert figure.size == (470, 350)
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(figure.option), capture_output=True, text=True, check=True
    )
    import hashlib

    here = (hashlib.sha256(svg.encode()).hexdigest(), hashlib.sha256(draw.draw_png(svg)).hexdigest())
    assert tuple(done.stdout.split()) == here


@can_draw
def test_pictures_are_png_with_chinese_drawn_by_our_font(content):
    figure = all_figures(content, "zh")["ratios"]
    with_text = draw.draw_png(draw.draw_svg([figure])[0], 1.0)
    assert with_text.startswith(b"\x89PNG")
    bare = draw.draw_png(re.sub(r"<text.*?</text>", "", draw.draw_svg([figure])[0], flags=re.S), 1.0)
    assert len(with_text) > len(bare) + 1000


def test_without_the_wheels_figures_are_missing_and_a_note_says_so(content, monkeypatch):
    monkeypatch.setattr(draw, "find_spec", lambda name: None)
    figure = all_figures(content, "zh")["ratios"]
    assert draw.draw_svg([figure]) == [None]
    assert draw.draw_png("<svg/>") is None
    assert "quickjs-ng" in draw.drawing_note().zh and "quickjs-ng" in draw.drawing_note().en


def test_the_font_holds_rare_characters_of_names_and_marks():
    assert unknown_characters("喆堃昇镕 ✓✗ ≥≤ ㎡ “”—… 〔〕") == ""
    assert unknown_characters("好𠮷🚀") == "🚀𠮷"
    assert len(known_points()) >= 9_000


def test_words_of_the_catalogue_are_all_in_the_font():
    from quota_opt.report import words

    tables = [getattr(words, name) for name in dir(words) if name.isupper()]
    text = "".join(str(value) for table in tables if isinstance(table, dict) for value in table.values())
    assert unknown_characters(text) == ""


def test_prices_shows_nothing_where_nothing_binds(make):
    plan = make(hostile=False)
    plan.prices = plan.prices.assign(price=0.0)
    content = gather(plan)
    assert "prices" not in all_figures(content, "zh")
    assert content.main_price is None
    assert isinstance(content.prices, pd.DataFrame)


def test_the_tree_of_places_says_what_becomes_of_every_unit(content):
    table = all_figures(content, "zh")["place_tree"].table
    pools = content.balances
    pools = pools[(pools["resource"] == "energy") & (pools["year"] == content.last_year)].set_index("place_name")
    for name, supply, own, taken, given, idle in table.rows:
        pool = pools.loc[name]
        assert own + taken == pytest.approx(pool["used"])
        assert supply == pytest.approx(pool["initial"] + pool["freed"])
        assert supply + max(pool["inflow"] - pool["outflow"], 0) == pytest.approx(own + taken + given + idle)


def test_places_stand_below_those_they_belong_to(make):
    plan = make(hostile=False)
    below = {"place": "deep", "level": "zone", "parent": "T1", "name": "深处"}
    plan.scenario.places = pd.concat([plan.scenario.places, pd.DataFrame([below])], ignore_index=True)
    mine = plan.balances[plan.balances["place"] == "T1"].assign(place="deep")
    plan.balances = pd.concat([plan.balances, mine], ignore_index=True)
    nodes = all_figures(gather(plan), "zh")["place_tree"].option["series"][0]["data"]
    town = next(node for node in nodes if node["place"] == "T1")
    assert "deep" in [child["place"] for child in town["children"] if "children" in child]


def test_very_many_places_stand_together_at_the_end(make):
    plan = make(hostile=False)
    one = plan.balances[plan.balances["place"] == "T1"]
    many = pd.concat([one.assign(place=f"X{k}") for k in range(70)], ignore_index=True)
    plan.balances = pd.concat([plan.balances, many], ignore_index=True)
    nodes = all_figures(gather(plan), "zh")["place_tree"].option["series"][0]["data"]
    assert nodes[-1]["name"].startswith("其他 ") and "children" not in nodes[-1]
    assert len(nodes) <= 41


def by_electricity(limit=0.52):
    """One project that only a lower factor would admit, one that only a higher would bar, one without electricity."""
    made = {"place": "N1", "value_added": 100.0, "category": "chain"}
    projects = [
        {"project": "OVER", "electricity_mwh": 200.0, **made},  # 57 tce at 0.285: even at 0.26
        {"project": "UNDER", "electricity_mwh": 160.0, **made},  # 45.6 tce: even at 0.325
        {"project": "COAL", "energy_tce": 40.0, **made},
    ]
    rules = {"admission": {"limits": [{"value": limit, "action": "reject"}]}}
    quotas = [{"place": "county", "resource": "energy", "year": "*", "amount": 200.0}]
    return case(objective=FINAL, rules=rules, projects=projects, quotas=quotas)


def test_the_factor_at_which_a_project_is_just_even_is_a_figure():
    figure = all_figures(gather(qo.solve(by_electricity())), "zh")["even"]
    assert [(row[0], row[3]) for row in figure.table.rows] == [
        ("OVER", pytest.approx(0.26)),
        ("UNDER", pytest.approx(0.325)),
    ]
    assert figure.title == "2 个项目是否合格取决于电力折算系数：按 0.285，1 个超过 0.52，1 个合格"
    lines = figure.option["series"][0]["markLine"]["data"]
    assert [line["yAxis"] for line in lines] == [0.285]


def test_prices_that_are_alike_in_the_tightest_year_say_so(make):
    plan = make(hostile=False)
    plan.prices = plan.prices.assign(price=[2.0 if year == 2023 else 0.5 for year in plan.prices["year"]])
    assert all_figures(gather(plan), "zh")["prices"].title.startswith("2023 年最紧，各处一样")

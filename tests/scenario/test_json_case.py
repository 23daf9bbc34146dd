"""A case as one JSON document: it reads back as the same case, and what is no case is answered with findings."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quota_opt as qo
from quota_opt.resources import builtin


def through_json(scenario):
    return qo.Scenario.from_document(json.loads(json.dumps(scenario.as_document(), allow_nan=False)))


def small(**changes):
    return {
        "settings": {"scenario": {"name": "t", "first_year": 2024, "last_year": 2025}},
        "tables": {
            "places": [{"place": "C", "level": "county"}, {"place": "N", "level": "town", "parent": "C"}],
            "firms": [{"firm": "F1", "place": "N", "energy_tce": 3.5}],
        },
        **changes,
    }


def findings_of(document):
    with pytest.raises(qo.InputError) as caught:
        qo.Scenario.from_document(document)
    return {(f.code, f.where.path or f.where.file) for f in caught.value.findings}


@pytest.mark.parametrize("name", builtin("scenarios"))
def test_a_built_in_case_and_its_variants_come_back_equal(name):
    case = qo.read(name)
    for variant in [None, *case.variants]:
        asked = case.with_variant(variant)
        again = through_json(asked)
        assert again.equals(asked)
        assert (again.variant, again.variants) == (asked.variant, asked.variants)
        assert again.rules == asked.rules
        for table in case.tables:
            assert again.has_table(table) == case.has_table(table)
            for column in case.tables[table] if len(case.tables[table]) else ():
                assert again.has_column(table, column) == case.has_column(table, column), (table, column)
    assert again.with_variant(None).equals(case)


def test_overrides_come_back_as_overrides():
    case = qo.read("zhuji/strict-access", overrides={"rules.retention.keep": 0.7})
    again = through_json(case)
    assert again.equals(case)
    assert dict(again.overrides) == {"rules.retention.keep": 0.7}


def test_a_document_has_the_plan_of_its_case():
    case = qo.read("worked-example")
    plan, again = qo.solve(case), qo.solve(through_json(case))
    assert again.measures == plan.measures
    assert again.awards.equals(plan.awards)


def test_blank_cells_are_left_out_and_every_year_is_a_star():
    case = qo.Scenario.from_document(
        small(tables={**small()["tables"], "quotas": [{"place": "C", "resource": "energy", "year": "*", "amount": 3}]})
    )
    tables = case.as_document()["tables"]
    assert tables["quotas"] == [{"place": "C", "resource": "energy", "year": "*", "amount": 3.0}]
    assert tables["places"][0] == {"place": "C", "level": "county"}
    assert "projects" not in tables


def test_a_column_that_is_blank_throughout_is_still_there():
    case = qo.Scenario.from_document(small(tables={**small()["tables"], "firms": [
        {"firm": "F1", "place": "N", "energy_tce": None, "tags": ["a", "b"], "above_scale": True}]}))  # fmt: skip
    again = through_json(case)
    assert again.has_column("firms", "energy_tce")
    assert not again.has_column("firms", "tax")
    assert again.firms["tags"].tolist() == [("a", "b")]
    assert again.equals(case)


def test_headings_of_the_workbook_with_their_units_are_understood():
    tables = {**small()["tables"], "firms": [{"企业": "F1", "区域": "N", "综合能耗(万吨标准煤)": 0.2}]}
    assert qo.Scenario.from_document(small(tables=tables)).firms["energy_tce"].tolist() == [2000.0]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], {("wrong-kind", None)}),
        ({}, {("missing-setting", "settings")}),
        (small(setings={}), {("unknown-key", "setings")}),
        (small(settings=3), {("wrong-kind", "settings")}),
        (small(settings=None), {("wrong-kind", "settings")}),
        (small(settings={}), {("no-settings", "scenario.toml")}),
        (small(settings={"rules": {"budget": {"places": [None]}}}), {("wrong-kind", "settings.rules.budget.places.0")}),
        (small(variant=5), {("wrong-kind", "variant")}),
        (small(variant="none"), {("unknown-variant", "variants")}),
        (small(overrides=[1]), {("wrong-kind", "overrides")}),
        (small(overrides={"rules.x.y": 1}), {("unknown-rule", "rules.x")}),
        (small(tables=[]), {("wrong-kind", "tables")}),
        (small(tables={"places": {}}), {("wrong-kind", "tables.places")}),
        (small(tables={"places": [1]}), {("wrong-kind", "tables.places.0")}),
        (small(tables={"places": [{"place": {}}]}), {("wrong-kind", "tables.places.0.place")}),
        (small(tables={"places": [{"place": [[]]}]}), {("wrong-kind", "tables.places.0.place")}),
        (small(tables={"places": [{"place": "\ud800"}]}), {("not-text", "tables.places.0.place")}),
        (small(settings={"scenario": {"name": "\ud800"}}), {("not-text", "settings.scenario.name")}),
        (small(tables={**small()["tables"], "frims": []}), {("unknown-table", "frims")}),
        (small(tables={"places": [{"place": "C", "level": "county"}],
                       "firms": [{"firm": "F", "place": "C", "energy_tce": [1], "tax": 10**400}]}),
         {("not-a-number", "firms.csv")}),
    ],
)  # fmt: skip
def test_what_is_no_case_is_answered_with_findings(document, expected):
    assert findings_of(document) == expected


def test_faults_of_shape_are_all_told_at_once_and_a_flood_is_counted():
    assert findings_of({"tables": {"places": [1], "firms": "x"}, "extra": 1}) == {
        ("unknown-key", "extra"), ("missing-setting", "settings"), ("wrong-kind", "tables.places.0"),
        ("wrong-kind", "tables.firms"),
    }  # fmt: skip
    with pytest.raises(qo.InputError) as caught:
        qo.Scenario.from_document(small(tables={"places": [1] * 5000}))
    assert len(caught.value.findings) == 101
    deep = {}
    for _ in range(500):
        deep = {"a": deep}
    assert findings_of(small(settings=deep)) == {("bad-setting", "settings.a.a.a")}
    assert findings_of(small(tables={"places": [{f"c{i}": 1 for i in range(2000)}]})) == {
        ("unknown-column", "tables.places")
    }


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
CELLS = st.dictionaries(
    st.sampled_from(["place", "level", "parent", "firm", "energy_tce", "tags", "ramp", "year", "amount", "built_year",
                     "above_scale", "violations"]) | st.text(max_size=3),
    ANYTHING, max_size=4,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    part=st.sampled_from(["settings", "tables", "variant", "overrides"]),
    value=ANYTHING,
    rows=st.lists(CELLS, max_size=3),
    table=st.sampled_from(["places", "firms", "projects", "quotas", "targets"]),
)
def test_whatever_is_sent_is_a_case_or_an_input_error(part, value, rows, table):
    for document in (
        small(**{part: value}),
        small(tables={**small()["tables"], table: rows}),
        small(settings={**small()["settings"], "rules": value, "objective": value}),
    ):
        try:
            case = qo.Scenario.from_document(document)
        except qo.InputError as error:
            assert error.findings
            json.dumps([f.as_dict("zh") for f in error.findings]).encode("utf-8")
        else:
            assert through_json(case).equals(case)

"""A document written down as JSON and read back is the same report, whatever analysis made it."""

import json
import math

import pytest
from small import case

import quota_opt as qo
from quota_opt.errors import Text
from quota_opt.report.document import Document, Section, write_html
from quota_opt.report.document_json import document_json, document_of_json
from quota_opt.report.values import Column, table_of


def back(made: Document) -> Document:
    """The document after a stay in a file."""
    return document_of_json(json.loads(json.dumps(document_json(made), allow_nan=False)))


def read(table):
    """A table as people read it, in both languages."""
    rows = [
        [column.cell(cell, language) for column, cell in zip(table.columns, row, strict=True)]
        for row in table.rows
        for language in ("zh", "en")
    ]
    return table.key, table.title, table.columns, table.cut, table.note, table.strong, rows


@pytest.fixture(scope="module")
def plan():
    return qo.solve("worked-example")


@pytest.fixture(scope="module")
def tighter(plan):
    return qo.solve(plan.scenario.with_(**{"rules.admission.limits.0.value": 0.49}))


def beyond_reach():
    """A case whose target no plan reaches."""
    return case(
        rules={"targets": {}},
        firms=[{"firm": "F1", "place": "N1", "energy_tce": 100.0}],
        actions=[{"firm": "F1", "action": "close", "frees_energy_tce": 100.0}],
        projects=[{"project": "P1", "place": "N1", "energy_tce": 50.0, "value_added": 10.0}],
        targets=[{"measure": "energy_freed", "sense": ">=", "value": 500.0}],
    )


MAKERS = {
    "project": lambda plan, other: qo.explain(plan, project=str(plan.scenario.projects["project"].iloc[-1])),
    "rule": lambda plan, other: qo.explain(plan, rule="admission"),
    "firm": lambda plan, other: qo.explain(plan, firm=str(plan.scenario.firms["firm"].iloc[0])),
    "all": lambda plan, other: qo.explanations(plan),
    "prices": lambda plan, other: qo.prices(plan),
    "comparison": lambda plan, other: qo.compare({"now": plan, "strict": other}),
    "diff": qo.diff,
    "front": lambda plan, other: qo.pareto(plan.scenario, ["value_added:max", "public_cost:min"], points=3),
    "sweep": lambda plan, other: qo.sweep(plan.scenario, "rules.admission.limits.0.value", 0.48, 0.52),
    "alternatives": lambda plan, other: qo.alternatives(plan.scenario, within=0.5, count=2),
    "receipt": lambda plan, other: qo.override(
        plan.scenario, refuse=[str(plan.awards["project"].iloc[0])], reason="会议"
    ),
    "infeasible": lambda plan, other: qo.explain_infeasible(beyond_reach()),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_the_report_of_every_analysis_is_the_same_after_it_was_kept(kind, plan, tighter):
    made = MAKERS[kind](plan, tighter).document()
    kept = back(made)
    assert (kept.key, kept.title, kept.identity, kept.data_note) == (
        made.key,
        made.title,
        made.identity,
        made.data_note,
    )
    assert len(kept.sections) == len(made.sections)
    for old, new in zip(made.sections, kept.sections, strict=True):
        assert (new.title, new.sentences) == (old.title, old.sentences)
        assert [read(table) for table in new.tables] == [read(table) for table in old.tables]
        for language in ("zh", "en"):
            drawn = [(maker(language), again(language)) for maker, again in zip(old.figures, new.figures, strict=True)]
            for first, second in drawn:
                assert (second.title, second.alternative, second.option, second.size, second.native) == (
                    first.title, first.alternative, first.option, first.size, first.native
                )  # fmt: skip
                assert read(second.table) == read(first.table)


def test_a_kept_report_is_the_same_page(tmp_path, plan, tighter):
    made = qo.compare({"now": plan, "strict": tighter}).document()
    old, new = tmp_path / "old.html", tmp_path / "new.html"
    for language in ("zh", "en"):
        write_html(made, old, language)
        write_html(back(made), new, language)
        assert old.read_bytes() == new.read_bytes()


def test_figures_without_end_and_gaps_stay_what_they_are():
    column = Column("more", Text("再多", "more"), "number")
    table = table_of("t", Text("表", "table"), [column], [(math.inf,), (-math.inf,), (None,), (math.nan,), (3,)])
    made = Document("d", Text("题", "title"), (), (Section(Text("节", "part"), tables=(table,)),))
    rows = [row[0] for row in back(made).sections[0].tables[0].rows]
    assert rows[:3] == [math.inf, -math.inf, None]
    assert math.isnan(rows[3])
    assert rows[4] == 3

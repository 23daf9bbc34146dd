"""The report of a comparison. Page one answers: what does it cost, and who pays?"""

from __future__ import annotations

from functools import partial

from quota_opt.analysis.compare.compare import Comparison
from quota_opt.errors import Text
from quota_opt.report import comparison_figures as figures
from quota_opt.report import comparison_tables as tables
from quota_opt.report import comparison_words as say
from quota_opt.report.directing import plan_box
from quota_opt.report.document import Document, Section, data_note_of, identity_of
from quota_opt.report.words import WORDS
from quota_opt.solving.status import Status

MOST_TITLES = 3
MOST_ANSWERS = 8
"""Scenarios answered for on page one, the first in full; every one has its own heading below."""


def document_of(comparison: Comparison) -> Document:
    """The comparison as a report: answer, each scenario against the baseline, what all share, regret, all measures."""
    plan = comparison.baseline.plan
    assert plan is not None
    title = say.names(comparison.entries) if len(comparison.entries) <= MOST_TITLES else Text(
        f"{len(comparison.entries)} 个方案", f"{len(comparison.entries)} scenarios"
    )  # fmt: skip
    case = plan.scenario.title
    sections = (
        _page_one(comparison),
        *(_against(comparison, name) for name in comparison.pairs),
        _shared(comparison),
        _regret(comparison),
        Section(WORDS["measures_table"], tables=(tables.measures(comparison, main=False),)),
        Section(
            Text("区域与类别", "Places and categories"),
            tables=(tables.by_group(comparison, "place"), tables.by_group(comparison, "category")),
        ),
        Section(Text("方案与运行信息", "Scenarios and runs"), tables=(tables.scenarios(comparison),)),
    )
    baseline = comparison.baseline.title
    identity = (
        *identity_of(plan.scenario, variant=False),
        Text(f"基准：{baseline.zh}", f"baseline: {baseline.en}"),
    )
    heading = Text(f"{case.zh} · 对比：{title.zh}", f"{case.en} · {title.en}")
    return Document("comparison", heading, identity, sections, data_note_of(plan.scenario))


def _page_one(comparison: Comparison) -> Section:
    pairs = list(comparison.pairs.items())
    sentences = []
    if not pairs:
        sentences.append(
            Text("只有一个方案有安排结果，没有可比的。", "One scenario alone has a plan: nothing to compare.")
        )
    for k, (name, pair) in enumerate(pairs[:MOST_ANSWERS]):
        said = say.short_answer(pair) if k else say.answer(pair)
        title = comparison.title(name)
        head = Text("", "") if len(pairs) == 1 else Text(f"“{title.zh}”——", f"{title.en} — ")
        sentences.append(Text(f"{head.zh}{said.zh}", f"{head.en}{said.en}"))
    for entry in comparison.entries:
        if entry.plan is None:
            sentences.append(say.failed(entry))
        elif entry.status is not Status.OPTIMAL:
            sentences.append(say.limited(entry))
    if pairs:
        sentences += [say.shared(comparison), say.regret_words(comparison)]
    for entry in comparison.standing:
        said_of = plan_box(entry.plan)
        sentences += [Text(f"“{entry.title.zh}”：{x.zh}", f"{entry.title.en}: {x.en}") for x in said_of]
    weighed = [name for name, pair in pairs if len(pair.terms)]
    drawn = []
    if weighed:
        drawn.append(
            partial(figures.cost_figure, comparison, comparison.pairs[weighed[0]], weighed[0])
            if len(pairs) == 1
            else partial(figures.objective_figure, comparison, weighed)
        )
    if any(len(pair.places) for _, pair in pairs):
        drawn.append(partial(figures.places_figure, comparison))
    return Section(WORDS["answer"], tuple(sentences), (tables.measures(comparison, main=True),), tuple(drawn))


def _against(comparison: Comparison, name: str) -> Section:
    """One scenario against the baseline: the paragraph, the terms, projects, firms and places that differ."""
    pair, title = comparison.pairs[name], comparison.title(name)
    made = [tables.terms(comparison, name)] if len(pair.terms) else []
    made += [make(comparison, name) for make in (tables.projects, tables.firms, tables.places)]
    heading = Text(f"{title.zh}：谁承担", f"{title.en}: who pays")
    return Section(heading, (say.answer(pair),), tuple(table for table in made if table.rows))


def _shared(comparison: Comparison) -> Section:
    made = (tables.groups(comparison), tables.decisions(comparison, "project"), tables.decisions(comparison, "firm"))
    return Section(Text("怎么都不后悔的决定", "Decisions without regret"), (say.shared(comparison),), made)


def _regret(comparison: Comparison) -> Section:
    made = (tables.regret(comparison), tables.obstacles(comparison))
    kept = tuple(table for table in made if table.rows)
    return Section(WORDS["regret"], (say.regret_words(comparison),), kept)

"""A batch in words: how many runs have a plan, the best and the worst of each case, and why others have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from quota_opt.batch.shelf import Entry
from quota_opt.batch.summary import one_line
from quota_opt.errors import Language, Text
from quota_opt.report.document import Document, Section
from quota_opt.report.numbers import counted
from quota_opt.report.values import AUTO, Column, Table, table_of
from quota_opt.report.words import DATA, STATUSES, WORDS, listed, parameter_name
from quota_opt.scenario.scenario import BASE_VARIANT
from quota_opt.scenario.toml_values import written

if TYPE_CHECKING:
    from quota_opt.batch.grid_runs import Run
    from quota_opt.batch.run import Batch

_MOST_CASES = 6
_MOST_REASONS = 8
_LONGEST_REASON, _LONGEST_VALUE = 200, 40
"""Characters of a reason and of a value that are shown; all of it is in runs.csv."""


def batch_document(batch: Batch) -> Document:
    """What is said of a batch on the screen."""
    cases = list(dict.fromkeys(entry.run.case for entry in batch.entries))
    more = len(cases) - _MOST_CASES
    identity = [Text(case, case) for case in cases[:_MOST_CASES]]
    if more > 0:
        identity.append(Text(f"另 {more} 个案例", f"{more} more"))
    sections = [Section(Text("结果", "Result"), (counts_sentence(batch.counts),), (_extremes(batch),))]
    if batch.failures:
        sections.append(Section(Text("没有方案的求解", "Runs without a plan"), _failures(batch)))
    title = Text(f"批量试算，共 {batch.total:,} 次求解", f"Batch of {counted(batch.total, 'run')}")
    note = None if batch.data == "real" or not cases else listed(DATA, batch.data)
    return Document("batch", title, tuple(identity), tuple(sections), note)


def counts_sentence(counts: Mapping[str, int]) -> Text:
    """How many runs have a plan, how many have none, how many are left; what is nought is left out."""
    zh = [f"{counts['planned']:,} 次有方案"]
    en = [f"{counted(counts['planned'], 'run')} with a plan"]
    if counts["failed"]:
        zh.append(f"{counts['failed']:,} 次没有")
        en.append(f"{counts['failed']:,} without")
    if counts["left"]:
        zh.append(f"{counts['left']:,} 次还没有求解")
        en.append(f"{counts['left']:,} not solved yet")
    notes_zh, notes_en = [], []
    if counts["reused"]:
        notes_zh.append(f"其中 {counts['reused']:,} 次沿用已有结果")
        notes_en.append(f"{counts['reused']:,} of them were there already")
    if counts["repeated"]:
        notes_zh.append(f"另有 {counts['repeated']:,} 行与前面重复，未再求解")
        notes_en.append(f"{counted(counts['repeated'], 'line')} of the grid asked for the same again")
    tail_zh, tail_en = "".join(f"；{note}" for note in notes_zh), "".join(f"; {note}" for note in notes_en)
    return Text(f"{'，'.join(zh)}{tail_zh}。", f"{', '.join(en)}{tail_en}.")


def variant_words(variant: str) -> Text:
    """The name of a variant; of the case itself what people call it."""
    return WORDS["baseline"] if variant == BASE_VARIANT else Text(variant, variant)


def parameters_words(run: Run) -> Text:
    """The parameters of a run in words, as 镇街留用比例 0.6; by their path where nobody has named them."""

    def told(language: Language) -> str:
        parts = []
        for path, value in run.parameters.items():
            named = parameter_name(path)
            name = path if named is None else named.of(language)
            parts.append(
                f"{name} {f'{value:.6g}' if isinstance(value, float) else cut(written(value), _LONGEST_VALUE)}"
            )
        return ("；" if language == "zh" else "; ").join(parts)

    return Text(told("zh"), told("en"))


def _extremes(batch: Batch) -> Table:
    rows: list[tuple[Any, ...]] = []
    for case, (best, worst) in batch.extremes.items():
        rows.append((case, Text("最好", "best"), *_cells(best)))
        if worst.ending.objective != best.ending.objective:
            rows.append(("", Text("最差", "worst"), *_cells(worst)))
    columns = (
        Column("case", Text("案例", "case"), "id"),
        Column("which", Text("", "")),
        Column("objective", WORDS["objective"], "number", digits=AUTO),
        Column("variant", WORDS["variant"]),
        Column("parameters", Text("参数", "parameters")),
    )
    return table_of("extremes", Text("各案例最好和最差的一次（按目标值）", "Best and worst run by case"), columns, rows)


def _cells(entry: Entry) -> tuple[Any, ...]:
    return entry.ending.objective, variant_words(entry.run.variant), parameters_words(entry.run)


def _failures(batch: Batch) -> tuple[Text, ...]:
    """A sentence for each reason, the most frequent first, with an example."""
    groups, told = batch.failures, []
    for group in groups[:_MOST_REASONS]:
        status, run = listed(STATUSES, group.status), group.example
        variant, parameters = variant_words(run.variant), parameters_words(run)
        reason = [cut(text, _LONGEST_REASON) for text in one_line(group.reason)]
        zh = " · ".join(filter(None, (run.case, variant.zh, parameters.zh)))
        en = " · ".join(filter(None, (run.case, variant.en, parameters.en)))
        told.append(
            Text(
                f"{group.count:,} 次{status.zh}：{reason[0]}\n  例如 {zh}",
                f"{counted(group.count, 'run')}, {status.en}: {reason[1]}\n  for example {en}",
            )
        )
    more = len(groups) - _MOST_REASONS
    if more > 0:
        told.append(Text(f"另有 {more} 种原因，见 runs.csv。", f"{more} more reasons: see runs.csv."))
    return tuple(told)


def cut(text: str, longest: int) -> str:
    """The text, its end left out where it is long."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"

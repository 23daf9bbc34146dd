"""What-if of `quota-opt bench`: how long a moved slider waits for its answer, alone and among many users.

Every question has a value nobody asked before, so that none is answered from what is kept.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from quota_opt.cli.session import Session
from quota_opt.errors import Text

CASES = ("zhuji", "fenghua", "ouhai", "yueqing", "cixi")
LIMIT = "rules.admission.limits.0.value"
ROUNDS = 5
LONGEST_S = 600.0
_LOW, _WIDTH = 0.45, 0.1


@dataclass(frozen=True)
class Row:
    """Questions of one kind, in seconds from question to answer; `gap` is the largest of their plans."""

    step: str
    questions: int
    median: float
    worst: float
    gap: float | None


def timed(users: int, names: Sequence[str] = CASES, rounds: int = ROUNDS) -> list[Row]:
    """All lines: one user, then `users` at once on the first case and on all."""
    import quota_opt as qo
    from quota_opt.web.desk.answers import PROVEN
    from quota_opt.web.desk.what_if import WhatIf

    what_if = WhatIf()
    try:
        cases = [qo.read(name) for name in names]
        values = _values()
        rows = [_asked(f"first question of {names[0]}, processes not started", what_if, [(cases[0], {})])]
        rows.append(_each("one user: quick", what_if, [(cases[0], {LIMIT: next(values)}) for _ in range(2 * rounds)]))
        moved = [(cases[0], {LIMIT: next(values)}) for _ in range(rounds)]
        rows.append(_each("one user: proven", what_if, moved, PROVEN))
        same = [[(cases[0], {LIMIT: next(values)}) for _ in range(users)] for _ in range(rounds)]
        rows.append(_rounds(f"{users} users at once, one case", what_if, same))
        _each("", what_if, [(case, {}) for case in cases])
        others = [[(cases[user % len(cases)], {LIMIT: next(values)}) for user in range(users)] for _ in range(rounds)]
        rows.append(_rounds(f"{users} users at once, {len(cases)} cases", what_if, others))
        return rows
    finally:
        what_if.close()


Questions = Sequence[tuple[Any, Mapping[str, Any]]]


def _values() -> Any:
    """Values of the access limit, each but once, spread over its range."""
    number = 0
    while True:
        number += 1
        yield round(_LOW + _WIDTH * ((number * 0.6180339887) % 1.0), 6)


def _each(step: str, what_if: Any, questions: Questions, stage: str = "quick") -> Row:
    """One question after the other."""
    return _row(step, [found for one in questions for found in _answers(what_if, [one], stage)])


def _asked(step: str, what_if: Any, questions: Questions) -> Row:
    return _row(step, _answers(what_if, questions, "quick"))


def _rounds(step: str, what_if: Any, rounds: Sequence[Questions]) -> Row:
    """All questions of a round at once, each by a user of its own."""
    return _row(step, [found for questions in rounds for found in _answers(what_if, questions, "quick")])


def _answers(what_if: Any, questions: Questions, stage: str) -> list[tuple[float, float | None]]:
    """Seconds and gap of each question, all asked at once."""
    began = time.perf_counter()
    ended: dict[int, float] = {}

    def note(number: int) -> Callable[[Any], None]:
        return lambda _: ended.__setitem__(number, time.perf_counter() - began)

    asked = []
    for number, (case, changes) in enumerate(questions):
        asked.append(what_if.ask(case, changes, stage=stage, user=f"user {number}"))
        asked[-1].future.add_done_callback(note(number))
    found = [each.future.result(timeout=LONGEST_S) for each in asked]
    return [(ended[number], answer.gap) for number, answer in enumerate(found)]


def _row(step: str, found: Sequence[tuple[float, float | None]]) -> Row:
    seconds = [each for each, _ in found]
    gaps = [gap for _, gap in found if gap is not None]
    median, worst = round(statistics.median(seconds), 3), round(max(seconds), 3)
    return Row(step, len(seconds), median, worst, max(gaps) if gaps else None)


def table(session: Session, rows: list[Row]) -> Any:
    """The rows for people."""
    from rich.table import Table

    headings = (
        Text("情形", "situation"),
        Text("提问", "questions"),
        Text("中位秒", "median s"),
        Text("最慢秒", "worst s"),
        Text("最大差距", "largest gap"),
    )
    made = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        made.add_column(session.text(heading), justify="right" if number else "left")
    for row in rows:
        gap = "–" if row.gap is None else f"{row.gap:.2%}"
        made.add_row(row.step, str(row.questions), f"{row.median:.2f}", f"{row.worst:.2f}", gap)
    return made


def flat(rows: list[Row]) -> list[dict[str, Any]]:
    """The rows as lines of a table."""
    return [asdict(row) for row in rows]

"""Repairs of a case without a plan: what to change in its settings and tables, and by how little.

Each correction (a set of clauses without which there is a plan) is turned into changes of numbers. One number is moved
in steps of its grid until the changed case has a plan; with several, all are moved far at first, and then each is taken
back as far as the others allow, the hardest first. So a step less of any one of them leaves no plan. Every repair is
confirmed: the case is changed, read again, built and solved, and the plan found is audited from the tables.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quota_opt.analysis.infeasible.clauses import CHECK_S, Clause, Key, Questions, clause_of, rows_by_clause
from quota_opt.analysis.infeasible.knobs import Knob, applied, grid_step, knobs_of
from quota_opt.errors import Conflict, InputError, Text, Where
from quota_opt.model.build import Problem, build
from quota_opt.model.linear import Arrays, FloatArray, IntArray
from quota_opt.plan.solve import prepared
from quota_opt.plan.tables import outcome_of_values
from quota_opt.plan.verify import audits
from quota_opt.rules import rules_of
from quota_opt.scenario import Scenario
from quota_opt.solving.checking import check_values
from quota_opt.solving.elastic import decided, least_relaxation, point_of, told

FAR = 60
"""Doublings of a step after which a number is not moved further."""
CLAUSES = 3
"""Ways out that change more clauses than this are left out where there are simpler ones."""
POINTS = 12
"""How many of the last plans found are kept."""
EASE = 1e-3
"""How exactly the amounts by which rows give are known: a tenth of a percent."""
BY_AMOUNT = ("targets", "caps", "budget", "jobs")
"""Rules whose numbers are the right-hand sides of their rows."""


@dataclass(frozen=True)
class Change:
    """One number, switch or cell to change. `path` is what `--set` takes; without it, the cell is at `where`.

    `stated` and `changed` are the two values, and `difference` what lies between, in words with units.
    """

    clause: Clause
    words: Text
    before: Any
    after: Any
    stated: Text
    changed: Text
    difference: Text
    path: str | None
    where: Where

    @property
    def setting(self) -> str | None:
        """The change as `--set` takes it; None where it is a cell of a table."""
        if self.path is None:
            return None
        value = str(self.after).lower() if isinstance(self.after, bool) else f"{self.after}"
        return f"{self.path}={value}"


@dataclass(frozen=True)
class Repair:
    """Changes that give the case a plan. `confirmed`: the changed case was solved and its plan audited.

    `minimal`: with any one of the numbers a step nearer to what is stated now there is no plan (shown by solving).
    `rows` are the amounts by which rows would have to give where no parameter says it (then there is no change).
    """

    changes: tuple[Change, ...]
    ranks: tuple[int, ...]
    size: float
    confirmed: bool
    minimal: bool
    rows: tuple[Conflict, ...] = ()
    values: tuple[tuple[Knob, Any], ...] = ()

    @property
    def switches(self) -> bool:
        """Whether a rule is switched off, instead of a number moved."""
        return any(not knob.direction for knob, _ in self.values)

    def apply(self, scenario: Scenario) -> Scenario:
        """The case with the changes made."""
        return applied(scenario, dict(self.values))


def repairs_of(
    questions: Questions, corrections: Sequence[frozenset[Key]], ranks: Mapping[str, int], most: int
) -> tuple[Repair, ...]:
    """The repairs of each correction, ranked: the softest clauses first, then the smallest change; switches last."""
    bench = _Bench(questions)
    found: list[Repair] = []
    simplest = min((len(dropped) for dropped in corrections), default=0)
    few = [dropped for dropped in corrections if len(dropped) <= max(simplest, CLAUSES)]
    for at, dropped in enumerate(few):
        rank = tuple(sorted((ranks.get(name, len(ranks)) for name, _ in dropped), reverse=True))
        hardest = sorted(dropped, key=lambda key: (-ranks.get(key[0], len(ranks)), str(key)))
        bench.allow(questions.left / (2 if at + 1 < len(few) else 1))  # the softest has most of the time
        found += bench.repairs(hardest, rank)
    ordered = sorted(
        found, key=lambda r: (r.ranks, r.switches, bool(r.rows), r.size, r.changes[0].words.en if r.changes else "")
    )
    return tuple(ordered[:most])


class _Bench:
    """Solves changed cases, within the time allowed; each answer is kept, and the last points found."""

    def __init__(self, questions: Questions) -> None:
        self.questions = questions
        self.case = questions.problem.case
        self._known: dict[tuple[str, ...], bool | None] = {}
        self._points: dict[tuple[str, ...], tuple[Problem, FloatArray]] = {}
        self._recent: list[FloatArray] = []  # a plan of one changed case is often one of the next
        self._deadline = questions.deadline

    def allow(self, seconds: float) -> None:
        """Stop after so many seconds."""
        self._deadline = min(time.monotonic() + seconds, self.questions.deadline)

    @property
    def left(self) -> float:
        """Seconds left."""
        return self._deadline - time.monotonic()

    def repairs(self, dropped: Sequence[Key], rank: tuple[int, ...]) -> Iterator[Repair]:
        """The repairs that change these clauses, the hardest named first."""
        knobs = self._graded({key: knobs_of(self.case, key) for key in dropped})
        if len(dropped) > 1:
            together = (made for choice in _choices(knobs) if (made := self._together(choice, rank)) is not None)
            first = next(together, None)
            yield from (first,) if first is not None else self._by_rows(dropped, rank)
            return
        (own,) = knobs.values()
        end, alone = self._deadline, []
        for at, knob in enumerate(own):
            self.allow((end - time.monotonic()) / (len(own) - at))
            made = self._single(knob, rank)
            alone += [made] if made is not None else []
        self._deadline = end
        yield from alone
        dials = [knob for knob in own if knob.direction]
        if len(dials) > 1 and all(repair.switches for repair in alone):
            together_made = self._together(dials, rank)
            if together_made is not None:
                yield together_made
        if all(knob.place.endswith(".enabled") for repair in alone for knob, _ in repair.values):
            yield from self._by_rows(dropped, rank)

    def _graded(self, knobs: Mapping[Key, list[Knob]]) -> dict[Key, list[Knob]]:
        """The knobs with an end where the rows know one, and with steps of what the rows ask for if these are coarser.

        Where a plan just becomes possible is the hardest question of all: no finer answer is sought than people use.
        """
        amounts = self._amounts(self.questions.problem, list(knobs)) if any(k[0] in BY_AMOUNT for k in knobs) else None
        graded: dict[Key, list[Knob]] = {}
        for key, own in knobs.items():
            rows = self.questions.rows_of(key)
            sides = key[0] in BY_AMOUNT and len(rows) > 0
            least = float(amounts[rows].max()) if sides and amounts is not None else 0.0
            graded[key] = []
            for knob in own:
                better = knob
                if sides and knob.direction and knob.unit != "share":
                    better = replace(knob, step=max(knob.step, grid_step(least, most=math.inf) if least > 0 else 0.0))
                    if knob.extreme is None:
                        room = _room(self.questions.problem.arrays, rows)
                        if math.isfinite(room):
                            better = replace(better, extreme=float(knob.before) + knob.direction * room)
                graded[key].append(better)
        return graded

    def holds(self, values: Mapping[Knob, Any]) -> bool | None:
        """Whether the changed case has a plan; None where a limit came first."""
        key = _key(values)
        if key not in self._known:
            problem = self._changed(values) if self.left > 0 else None
            if problem is None:
                return None if self.left <= 0 else False  # a value the case may not hold is no way out
            known = next((x for x in self._recent if check_values(problem.arrays, x).ok), None)
            if known is not None:
                self._known[key] = True
            else:
                solution = point_of(problem.arrays, self.questions.profile, max(min(self.left, CHECK_S), 0.01))
                self._known[key], known = decided(solution), solution.values
                self._remember(known)
            if known is not None:
                self._points[key] = problem, known
                while len(self._points) > POINTS:
                    self._points.pop(next(iter(self._points)))
        return self._known[key]

    def _remember(self, point: FloatArray | None) -> None:
        if point is not None:
            self._recent = [point, *self._recent[: POINTS - 1]]

    def _audited(self, values: Mapping[Knob, Any]) -> bool:
        """Whether the plan found for the changed case passes every audit from the tables."""
        key = _key(values)
        if key not in self._points:
            self._known.pop(key, None)
            if not self.holds(values):
                return False
        problem, point = self._points[key]
        return all(entry.ok for entry in audits(outcome_of_values(problem, point)))

    def _changed(self, values: Mapping[Knob, Any]) -> Problem | None:
        """The model of the changed case; None where the values make it a faulty one."""
        try:
            changed = applied(self.questions.scenario, values)
            case, _ = prepared(changed, rules_of(changed.rules))
        except InputError:
            return None
        return build(case)

    def _single(self, knob: Knob, rank: tuple[int, ...]) -> Repair | None:
        """The least change of one number (or the switch) by itself."""
        steps = self._least(knob, {}, knob.steps)
        return None if not steps else self._made({knob: steps}, rank)

    def _together(self, knobs: Sequence[Knob], rank: tuple[int, ...]) -> Repair | None:
        """All numbers moved far, then each taken back as far as the others allow, in the order given."""
        at = self._far(knobs)
        if at is None:
            return None
        for knob in knobs:
            others = {other: other.value(steps) for other, steps in at.items() if other is not knob and steps}
            if self.holds(others):
                at[knob] = 0
                continue
            least = self._least(knob, others, at[knob], known=True)
            if least is None:
                return None
            at[knob] = least
        return self._made({knob: steps for knob, steps in at.items() if steps}, rank)

    def _far(self, knobs: Sequence[Knob]) -> dict[Knob, int] | None:
        """Steps of each number that together give a plan: the whole way, or as far as the rows ask for and more."""
        guesses = self._guesses(knobs, {})
        for doubling in range(0, FAR, 3):
            at = {knob: 2 * guesses.get(knob, 1) << doubling if knob.steps is None else knob.steps for knob in knobs}
            if self.holds({knob: knob.value(steps) for knob, steps in at.items() if steps}):
                return at
            if all(knob.steps is not None for knob in knobs) or self.left <= 0:
                return None
        return None

    def _least(self, knob: Knob, others: Mapping[Knob, Any], limit: int | None, *, known: bool = False) -> int | None:
        """The fewest steps of one number, up to `limit`, that give a plan beside the others; None without, or no time.

        `known`: the limit itself is known to do.
        """

        def enough(steps: int) -> bool:
            return self.holds({**others, knob: knob.value(steps)}) is True

        if limit is not None and (limit <= 0 or not (known or enough(limit))):
            return None
        guess = self._guesses([knob], others).get(knob) if limit is None or limit > 1 else None
        low, high = 0, limit or guess or 1
        if guess is not None and limit is not None and guess < limit:
            low, high = (0, guess) if enough(guess) else (guess, limit)
        while limit is None and not enough(high):
            if self.left <= 0 or high > 1 << FAR:
                return None
            low, high = high, high * 2
        if guess == high > low + 1 and not enough(high - 1):
            return high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if enough(middle) else (middle, high)
        return high

    def _guesses(self, knobs: Sequence[Knob], others: Mapping[Knob, Any]) -> dict[Knob, int]:
        """Steps that the rows of these clauses would have to give, of numbers that are the sides of rows."""
        told = [knob for knob in knobs if knob.key[0] in BY_AMOUNT and knob.direction and knob.unit != "share"]
        problem = self._changed(others) if told else None
        amounts = None if problem is None else self._amounts(problem, [knob.key for knob in knobs])
        if problem is None or amounts is None:
            return {}
        rows = rows_by_clause(problem)
        least = {knob: float(amounts[rows[knob.key]].max()) for knob in told if knob.key in rows}
        return {knob: max(1, math.ceil(amount / knob.step - 1e-6)) for knob, amount in least.items()}

    def _amounts(self, problem: Problem, keys: Sequence[Key]) -> FloatArray | None:
        """By how much the rows of some clauses must give, all others kept, by row."""
        rows = rows_by_clause(problem)
        soft = np.zeros(problem.arrays.rows, dtype=bool)
        for key in keys:
            if key in rows:
                soft[rows[key]] = True
        if not soft.any() or self.left <= 0:
            return None
        limit = min(self.left, CHECK_S)
        least = least_relaxation(problem.arrays, soft, self.questions.profile, limit)
        if least is None:
            return None
        self._remember(least.values)
        return least.amounts

    def _by_rows(self, dropped: Sequence[Key], rank: tuple[int, ...]) -> Iterator[Repair]:
        """The rows themselves, where no number of the case says how much they give."""
        given = self._amounts(self.questions.problem, dropped)
        amounts = () if given is None else told(self.questions.problem, given)
        if amounts:
            none = Text("", "")
            changes = tuple(
                Change(clause, clause.title, None, None, none, none, none, None, clause.where)
                for clause in (clause_of(self.case, key) for key in dropped)
            )
            size = float(sum(amount.amount for amount in amounts))
            assert given is not None
            enough, less = self._eased(given * (1.0 + EASE)), self._eased(given * (1.0 - 2.0 * EASE))
            if enough:
                yield Repair(changes, rank, size, True, less is False, rows=amounts)

    def _eased(self, amounts: FloatArray) -> bool | None:
        """Whether there is a plan when each row gives by so much."""
        arrays = self.questions.problem.arrays
        eased = replace(arrays, row_lower=arrays.row_lower - amounts, row_upper=arrays.row_upper + amounts)
        return decided(point_of(eased, self.questions.profile, max(min(self.left, CHECK_S), 0.01)))

    def _made(self, at: Mapping[Knob, int], rank: tuple[int, ...]) -> Repair | None:
        values = {knob: knob.value(steps) for knob, steps in at.items()}
        if not self._audited(values):
            return None
        less = []
        for knob, steps in at.items():
            nearer = dict(values)
            if knob.direction and steps > 1:
                nearer[knob] = knob.value(steps - 1)
            else:
                del nearer[knob]
            less.append(self.holds(nearer))
        changes = tuple(
            Change(
                clause_of(self.case, knob.key),
                knob.words,
                knob.before,
                value,
                knob.written(knob.before),
                knob.written(value),
                knob.difference(value),
                knob.path,
                knob.where,
            )
            for knob, value in values.items()
        )
        size = max(_relative(knob, value) for knob, value in values.items())
        return Repair(changes, rank, size, True, all(answer is False for answer in less), values=tuple(values.items()))


def _room(arrays: Arrays, rows: IntArray) -> float:
    """By how much rows can be off at most, whatever is decided: beyond that they bound nothing."""
    part = arrays.matrix[rows]
    ends = part.data * arrays.lower[part.indices], part.data * arrays.upper[part.indices]
    owner = np.repeat(np.arange(len(rows)), np.diff(part.indptr))
    least = np.bincount(owner, np.minimum(*ends), len(rows))
    most = np.bincount(owner, np.maximum(*ends), len(rows))
    return max(0.0, float((arrays.row_lower[rows] - least).max()), float((most - arrays.row_upper[rows]).max()))


def _key(values: Mapping[Knob, Any]) -> tuple[str, ...]:
    return tuple(sorted(f"{knob.place}={value!r}" for knob, value in values.items()))


def _relative(knob: Knob, value: Any) -> float:
    """How large a change is against what is stated; a switch counts as everything."""
    if not knob.direction:
        return 1.0
    before, after = float(knob.before), float(value)
    return abs(after - before) / max(abs(before), abs(after), knob.step)


def _choices(knobs: Mapping[Key, Sequence[Knob]]) -> Iterator[list[Knob]]:
    """Which numbers to move together: all of each clause, a target that is met exactly down or up; switches if need be.

    A clause without numbers has its switch.
    """
    sides: list[list[Knob]] = [[]]
    for own in knobs.values():
        dials = [knob for knob in own if knob.direction]
        cells: dict[str, list[Knob]] = {}
        for dial in dials or own[:1]:
            cells.setdefault(dial.place, []).append(dial)
        for same in cells.values():
            sides = [[*side, knob] for side in sides for knob in same][:8]
    yield from sides
    switched = [[knob for knob in own if not knob.direction] or list(own) for own in knobs.values()]
    yield [own[-1] for own in switched]

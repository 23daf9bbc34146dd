"""Why no plan exists: minimal sets of clauses that exclude each other, and what would have to give.

A minimal clash is a set of clauses that no plan satisfies together, while any one of them dropped leaves a plan (all
clauses outside the set aside). It is found by shrinking: first by the certificate of the linear relaxation (Farkas),
then clause by clause, each question a search for any point of the mixed-integer model.

A repair must hit every clash. The cheapest set of clauses that does is asked of the whole case: either there is a plan
without them, and they are a correction, or what is left holds one more clash, which is found, and so on. Cheap is
decided by the order of rules (`ORDER`, softest first): the hardest clause that must give counts first.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quota_opt.analysis.infeasible.clauses import Clause, Key, Questions, clause_of
from quota_opt.analysis.infeasible.document import clash_document, clash_tables
from quota_opt.analysis.infeasible.repair import Repair, repairs_of
from quota_opt.errors import Finding, InputError, Language, Level, Text, Where
from quota_opt.plan.folder import whole_folder, write_table
from quota_opt.plan.solve import prepared
from quota_opt.report.document import Document, write_reports
from quota_opt.rules import RULES, rules_of
from quota_opt.scenario import Scenario, read
from quota_opt.solving.profile import Profile, read_profile

ORDER = (
    "directives", "priority", "fairness", "jobs", "budget", "targets", "retention", "chain", "slow_approval",
    "clearance", "one_treatment", "excludes", "requires", "trading", "caps", "intensity_decline", "listing",
    "protection", "two_high", "admission",
)  # fmt: skip
"""What gives first: wishes and shares the county sets itself, its money and promises, then local policy, data on
projects, totals handed down, and last the legal bars. A rule that is not named comes before the totals."""
TIME_LIMIT = 120.0
MOST_CLASHES = 5
MOST_REPAIRS = 8
_UNNAMED = ORDER.index("trading")


@dataclass(frozen=True)
class MinimalClash:
    """Clauses that no plan satisfies together. `minimal`: each one dropped has been shown to leave a plan."""

    clauses: tuple[Clause, ...]
    minimal: bool


@dataclass(frozen=True)
class Clash:
    """Why a case has no plan, and what would change that.

    `feasible` says that the case has a plan after all, and there is nothing to explain; None that a limit came before
    that was known. `clashes` are minimal sets of clauses, the first found first; `repairs` are ranked, the softest
    first; `whole` tells whether all asked for was done within the time.
    """

    scenario: Scenario
    feasible: bool | None
    clashes: tuple[MinimalClash, ...]
    repairs: tuple[Repair, ...]
    order: tuple[str, ...]
    whole: bool
    seconds: float

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses of the first minimal clash."""
        return self.clashes[0].clauses if self.clashes else ()

    def document(self) -> Document:
        """The clashes and the menu of repairs as a report."""
        return clash_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write clashes.csv, repairs.csv, report.html and report.xlsx into a new folder. Returns its path."""
        target = Path(folder)
        with whole_folder(target) as work:
            clashes, repairs = clash_tables(self, language)
            write_table(clashes, work / "clashes.csv")
            write_table(repairs, work / "repairs.csv")
            write_reports(self.document(), work, language)
        return target


def explain_infeasible(
    case: Scenario | str | Path,
    profile: str | Path | Profile = "auto",
    *,
    time_limit: float = TIME_LIMIT,
    order: Sequence[str] = (),
    most_repairs: int = MOST_REPAIRS,
) -> Clash:
    """The clauses that clash where a case has no plan, and repairs, each confirmed by solving the changed case.

    Parameters
    ----------
    time_limit
        Seconds for everything; what is not known by then is left out, and `whole` is False.
    order
        Names of rules, what gives first; rules not named follow in the order of `ORDER`.

    Raises
    ------
    InputError
        The case needs correcting, or `order` names no rule.
    """
    began = time.monotonic()
    unknown = [name for name in order if name not in (*RULES, "requires", "excludes")]
    if unknown:
        what = Text(f"没有名为“{unknown[0]}”的规则。", f"There is no rule {unknown[0]!r}.")
        fix = Text("写规则的英文名（quota-opt rules）。", "Name rules as `quota-opt rules` lists them.")
        raise InputError([Finding(Level.ERROR, "unknown-rule", what, Where(), fix, unknown[0])])
    scenario = case if isinstance(case, Scenario) else read(case)
    prepared(scenario, rules_of(scenario.rules))
    chosen = profile if isinstance(profile, Profile) else read_profile(profile)
    questions = Questions(scenario, chosen, began + time_limit)
    ranks = _ranks(order)
    search = _Search(questions, ranks)
    feasible = questions.holds(questions.clauses)
    repairs: tuple[Repair, ...] = ()
    if feasible is False:
        corrections = list(search.corrections(max(most_repairs, MOST_CLASHES)))
        repairs = repairs_of(questions, corrections[:most_repairs], ranks, most_repairs)
    made = questions.problem.case
    clashes = tuple(
        MinimalClash(
            tuple(clause_of(made, key) for key in sorted(found, key=lambda k: (_rank(ranks, k), str(k)))), sure
        )
        for found, sure in search.clashes[:MOST_CLASHES]
    )
    whole = feasible is not None and questions.left > 0 and all(clash.minimal for clash in clashes)
    return Clash(scenario, feasible, clashes, repairs, tuple(ranks), whole, time.monotonic() - began)


def _ranks(order: Sequence[str]) -> dict[str, int]:
    names = [*dict.fromkeys(order), *(name for name in ORDER if name not in order)]
    return {name: rank for rank, name in enumerate(names)}


def _rank(ranks: dict[str, int], key: Key) -> int:
    return ranks.get(key[0], ranks[ORDER[_UNNAMED]])


class _Search:
    """Clashes and corrections, found together: each correction hits all clashes, each failed one shows a new clash."""

    def __init__(self, questions: Questions, ranks: dict[str, int]) -> None:
        self.questions, self.ranks = questions, ranks
        self.clashes: list[tuple[frozenset[Key], bool]] = []

    def corrections(self, most: int) -> Iterator[frozenset[Key]]:
        """Sets of clauses without which there is a plan, none within another, the cheapest first."""
        given: list[frozenset[Key]] = []
        everything = self.questions.clauses
        while len(given) < most:
            dropped = self._cheapest(given)
            if dropped is None:
                return
            answer = self.questions.holds(everything - dropped)
            if answer is False:
                found, minimal = self.minimal(everything - dropped)
                self.clashes.append((found, minimal))
                if not found:  # nothing that can be dropped: the data exclude a plan by themselves
                    return
                continue
            given.append(dropped)
            if answer:
                yield dropped
            elif self.questions.left <= 0:
                return

    def minimal(self, among: frozenset[Key]) -> tuple[frozenset[Key], bool]:
        """Of clauses that clash, some that clash while none of them can be spared; and whether that is proven."""
        kept = self.questions.shrunk(among)
        changed = True
        while changed:
            changed = False
            for key in sorted(kept, key=lambda k: (-_rank(self.ranks, k), str(k))):
                if key in kept and self.questions.holds(kept - {key}) is False:
                    kept = self.questions.shrunk(kept - {key})
                    changed = True
        # Dropping a rule that lists firms can make another one bite: only now is it known of each that it matters.
        return kept, all(self.questions.holds(kept - {key}) for key in kept)

    def _cheapest(self, given: list[frozenset[Key]]) -> frozenset[Key] | None:
        """The cheapest set that hits every clash found and contains no correction given already."""
        start: frozenset[Key] = frozenset()
        queue: list[tuple[tuple[int, ...], int, list[str], frozenset[Key]]] = [((), 0, [], start)]
        seen = {start}
        while queue:
            _, _, _, chosen = heapq.heappop(queue)
            if any(done <= chosen for done in given):
                continue
            missed = next((clash for clash, _ in self.clashes if not clash & chosen), None)
            if missed is None:
                return chosen
            for key in missed:
                more = chosen | {key}
                if more not in seen:
                    seen.add(more)
                    ranks = tuple(sorted((_rank(self.ranks, k) for k in more), reverse=True))
                    heapq.heappush(queue, (ranks, len(more), sorted(map(str, more)), more))
        return None

"""Where a batch stands while it runs: how many are done, what failed, how long it will take, the best so far."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from quota_opt.batch.shelf import Entry


@dataclass(frozen=True)
class BatchProgress:
    """A batch on its way.

    `done` counts runs that ended, `reused` those among them that were there already, `failed` those without a plan by
    status, `running` those at work (None on a cluster, which grows and shrinks). `seconds` since the batch began,
    `remaining` about how many more (None while unknown). `best` is the best run so far by case; `latest` the run that
    ended last.
    """

    total: int
    done: int
    reused: int
    failed: Mapping[str, int]
    running: int | None
    seconds: float
    remaining: float | None
    best: Mapping[str, Entry]
    latest: Entry | None = None


OnEvent = Callable[[BatchProgress], bool | None]
"""Called as the batch begins and whenever a run ended; returning False ends the batch, and what is done is kept."""


class Tally:
    """Counts runs as they end; `at_once` is how many can be at work, where that is known."""

    def __init__(self, total: int, at_once: int | None) -> None:
        self._total, self._at_once = total, at_once
        self._began = time.monotonic()
        self._reused = self._ended = self._solved = 0
        self._failed: Counter[str] = Counter()
        self._best: dict[str, Entry] = {}
        self._latest: Entry | None = None

    def add(self, entry: Entry) -> None:
        """One more run that ended."""
        self._latest = entry
        self._ended += 1
        self._reused += entry.reused
        self._solved += not entry.reused and entry.run.task is not None  # what could not begin took no time
        if not entry.ending.planned:
            self._failed[entry.ending.status] += 1
        elif better(entry, self._best.get(entry.run.case)):
            self._best[entry.run.case] = entry

    def progress(self) -> BatchProgress:
        """Where the batch stands now."""
        left = self._total - self._ended
        seconds = time.monotonic() - self._began
        remaining = 0.0 if left == 0 else seconds / self._solved * left if self._solved else None
        running = None if self._at_once is None else min(left, self._at_once)
        return BatchProgress(
            self._total, self._ended, self._reused, dict(self._failed), running, seconds, remaining,
            dict(self._best), self._latest,
        )  # fmt: skip


def better(entry: Entry, than: Entry | None) -> bool:
    """Whether a run's objective beats another's; of equal ones the first stays."""
    ours = entry.ending.objective
    if ours is None:
        return False
    if than is None or than.ending.objective is None:
        return True
    return ours > than.ending.objective if entry.sense == "max" else ours < than.ending.objective


def extremes(entries: Iterable[Entry]) -> dict[str, tuple[Entry, Entry]]:
    """The best and the worst run by case, by objective; cases without a plan are left out."""
    found: dict[str, tuple[Entry, Entry]] = {}
    for entry in entries:
        if not entry.ending.planned:
            continue
        best, worst = found.get(entry.run.case, (entry, entry))
        found[entry.run.case] = (entry if better(entry, best) else best, entry if better(worst, entry) else worst)
    return found

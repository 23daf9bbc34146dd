"""A batch and the run store: what is there is taken out instead of solved, what is new is added."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quota_opt.batch.grid_runs import Run
from quota_opt.batch.shelf import ending_of
from quota_opt.batch.task import Done, Ending
from quota_opt.errors import InputError
from quota_opt.plan.places import MEASURES
from quota_opt.scenario import Scenario
from quota_opt.solving.status import Status

if TYPE_CHECKING:
    from quota_opt.store.store import Store


@dataclass(frozen=True)
class Keeper:
    """Adds the runs of one batch to a store under its name and tags; `cases` by digest."""

    store: Store
    batch: str
    tags: tuple[str, ...]
    cases: Mapping[str, Scenario]

    def found(self, run: Run) -> Done | None:
        """The proven plan of a run, where the store has one: others may have been stopped by hand."""
        try:
            files = self.store.files(run.address)
        except InputError:
            return None
        if MEASURES not in files:
            return None
        record = json.loads(files["run.json"])
        return Done(ending_of(record), files) if record["status"] == Status.OPTIMAL else None

    def add(self, run: Run, result: Path | Mapping[str, bytes], ending: Ending) -> None:
        """Add a run that ended; one that could not begin has no case and is not added."""
        if run.task is not None:
            self.store.add(
                result, ending, task=run.task, case=self.cases[run.task.case], tags=self.tags, source="batch",
                batch=self.batch,
            )  # fmt: skip


@contextmanager
def keeping(
    place: str | Path | None, batch: str, tags: tuple[str, ...], cases: Mapping[str, Scenario]
) -> Iterator[Keeper | None]:
    """The keeper of a batch for as long as it runs; None where no store is asked for."""
    if place is None:
        yield None
        return
    from quota_opt.store.store import Store

    with Store.open(place) as store:
        yield Keeper(store, batch, tags, cases)

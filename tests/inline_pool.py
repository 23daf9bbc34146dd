"""A pool that solves in this process, one run after the other, for tests of what is done with the results."""

from __future__ import annotations

import pytest

from quota_opt.batch import run
from quota_opt.batch.task import execute


class InlinePool:
    """Counts what it solves in `solved`; `hook` is called before each run."""

    def __init__(self):
        self.solved = []
        self.hook = lambda task: None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def run(self, cases, tasks, limits):
        for task in tasks:
            self.hook(task)
            done = execute(task, cases[task.case])
            self.solved.append(task.address)
            yield done


@pytest.fixture
def inline(monkeypatch):
    pool = InlinePool()
    monkeypatch.setattr(run, "pool_of", lambda jobs, dask: pool)
    return pool

"""Where the blocks of a large model are at work is the caller's choice, and moments hold on other clocks."""

import pickle
import time

import numpy as np
import pytest

from quota_opt.solving.by_place_block import Until
from quota_opt.solving.by_place_workers import PLACE_OF_WORK
from quota_opt.solving.watch import Watch


def test_a_moment_sent_elsewhere_is_as_many_seconds_ahead_by_the_clock_there(monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    sent = pickle.dumps(Until(now + 60.0))
    monkeypatch.setattr(time, "time", lambda: now - 3600.0)  # that clock is an hour behind
    there = pickle.loads(sent)
    assert there.seconds == pytest.approx(60.0)
    assert np.isinf(pickle.loads(pickle.dumps(Until(float("inf")))).at)


def test_a_solver_at_work_in_its_own_thread_sees_what_the_caller_chose():
    def choice(parts):
        raise AssertionError(parts)

    token = PLACE_OF_WORK.set(choice)
    try:
        assert Watch().run(PLACE_OF_WORK.get) is choice
    finally:
        PLACE_OF_WORK.reset(token)
    assert Watch().run(PLACE_OF_WORK.get) is None

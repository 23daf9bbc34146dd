"""Stores of both kinds, and runs to put into them."""

import json

import pytest
from databases import place_of

import quota_opt as qo
from quota_opt.batch.task import execute, task_of


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    """Where a store may be made."""
    with place_of(request.param, tmp_path) as where:
        yield where


@pytest.fixture
def store(place):
    with qo.Store.open(place) as opened:
        yield opened


@pytest.fixture(scope="session")
def case():
    return qo.read("worked-example")


@pytest.fixture(scope="session")
def done(case):
    """The worked example, solved: its ending and its files."""
    return execute(task_of(case, qo.read_profile("auto")), case)


@pytest.fixture(scope="session")
def strict(case):
    """The same with a stricter limit: another run of the same case, worth less."""
    return execute(task_of(case, qo.read_profile("auto"), overrides={"rules.admission.limits.0.value": 0.49}), case)


@pytest.fixture(scope="session")
def failed(case):
    """A run of the same case without a plan: (task, ending)."""
    task = task_of(case, qo.read_profile("auto"), variant="keep-70", overrides={"rules.retention.keep": "镇"})
    return task, execute(task, case).ending


@pytest.fixture
def like(done):
    """Makes files of a run that differs from the solved one in what is given to run.json."""

    def make(**changes):
        record = {**json.loads(done.files["run.json"]), **changes}
        return {**done.files, "run.json": json.dumps(record).encode()}

    return make

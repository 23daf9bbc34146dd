"""Several solves at once, in threads and in processes, give what one after the other gives, and disturb nobody."""

import json
import locale
import logging
import multiprocessing
import os
import random
import signal
import socket
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import quota_opt as qo

ADDRESSES = ["worked-example", "worked-example/keep-70", "worked-example/strict-access", "published"]
TABLES = ("actions", "awards", "transfers", "ledger", "prices", "reasons")


def same(one, other):
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert (one.status, one.objective, one.bound, one.measures) == (
        other.status, other.objective, other.bound, other.measures,
    )  # fmt: skip


@pytest.fixture(scope="module")
def serial():
    return {address: qo.solve(address) for address in ADDRESSES}


def test_four_scenarios_in_four_threads_give_the_plans_they_give_alone(serial):
    with ThreadPoolExecutor(4) as pool:
        plans = list(pool.map(qo.solve, ADDRESSES))
    for address, plan in zip(ADDRESSES, plans, strict=True):
        same(plan, serial[address])


def test_one_scenario_object_may_be_solved_in_four_threads_at_once(serial):
    case = qo.read("worked-example")
    with ThreadPoolExecutor(4) as pool:
        plans = list(pool.map(lambda _: qo.solve(case), range(4)))
    for plan in plans:
        same(plan, serial["worked-example"])


@pytest.mark.slow
def test_a_larger_case_in_threads_with_several_solver_threads_each_is_proven_alike(tmp_path):
    folder = qo.generate_case(tmp_path / "county", firms=40, projects=8, towns=3, years=2, seed=4)
    case = qo.read(folder)
    auto = qo.read_profile("auto").with_limits(gap=1e-3)
    profiles = [auto.model_copy(update={"threads": threads}) for threads in (1, 2, 1, 2)]
    alone = qo.solve(case, profiles[0])
    with ThreadPoolExecutor(4) as pool:
        plans = list(pool.map(lambda profile: qo.solve(case, profile), profiles))
    for profile, plan in zip(profiles, plans, strict=True):
        assert plan.status is qo.Status.OPTIMAL
        assert plan.objective == pytest.approx(alone.objective, rel=2e-3)
        if profile.threads == 1:
            same(plan, alone)


@pytest.mark.slow
def test_result_folders_written_in_threads_hold_what_they_hold_alone(serial, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda i: serial[ADDRESSES[i]].write(tmp_path / f"together-{i}"), range(2)))
    for address, folder in zip(ADDRESSES[:2], folders, strict=True):
        alone = replace(serial[address], reporters=()).write(tmp_path / "alone" / address)
        for path in alone.glob("*.csv"):
            assert path.read_bytes() == (folder / path.name).read_bytes(), (address, path.name)
        assert (folder / "report.html").stat().st_size > 100_000
        assert qo.verify(folder).ok


def test_scenarios_go_into_processes_and_plans_and_errors_come_back(serial):
    case = qo.read("worked-example")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        solved = pool.submit(qo.solve, case.with_variant("keep-70"))
        misspelt = pool.submit(qo.read, "worked-exmaple")
        clashing = pool.submit(qo.solve, case.with_(**{"rules.budget": {"by_year": {"2024": 1}}}))
        unmet = pool.submit(qo.solve, no_plan())
        same(solved.result(), serial["worked-example/keep-70"])
        with pytest.raises(qo.InputError) as caught:
            misspelt.result()
        assert [finding.code for finding in caught.value.findings] == ["unknown-case"]
        assert clashing.result().measures["public_cost"] <= 1
        with pytest.raises(qo.InfeasibleScenario) as clash:
            unmet.result()
        assert [conflict.rule for conflict in clash.value.conflicts] == ["targets"]


def no_plan():
    document = qo.read("worked-example").as_document()
    document["tables"]["targets"] = [{"measure": "energy_freed", "sense": ">=", "value": 1e6}]
    return qo.Scenario.from_document(document)


def test_a_thread_that_is_not_the_main_one_leaves_signals_alone(serial):
    def answer():
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        plan = qo.solve("worked-example", on_progress=lambda progress: None)
        return plan, before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    with ThreadPoolExecutor(1) as pool:
        plan, untouched = pool.submit(answer).result()
    assert untouched
    same(plan, serial["worked-example"])


def surroundings():
    """What a library might change behind its caller's back."""
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109
        "locale": locale.setlocale(locale.LC_ALL),
        "filters": list(warnings.filters),
        "handlers": list(logging.root.handlers) + list(logging.getLogger("quota_opt").handlers),
        "levels": (logging.root.level, logging.getLogger("quota_opt").level),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "floating point": np.geterr(),
        "chance": (random.getstate(), np.random.get_state()[1].tolist()),
        "pandas": {name: pd.get_option(name) for name in ("display.width", "display.max_rows")},
    }


@pytest.fixture
def offline(monkeypatch):
    """Any use of the network is an error."""

    def refused(*_args, **_more):
        raise AssertionError("the network was asked for")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refused, raising=False)
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def everything(folder):
    """Each step of the way, and the analyses of a small case."""
    case = qo.read("worked-example")
    qo.check(case)
    qo.build(case)
    told = []
    plan = qo.solve(case, on_progress=told.append)
    assert qo.verify(plan.write(folder / "out")).ok
    qo.compare({"a": plan, "b": qo.solve(case.with_variant("keep-70"))})
    qo.pareto(case, ["value_added_final:max", "energy_used:min"], exact=True)
    qo.explain(plan, project="P2")
    qo.Session(case).solve({"rules.retention.keep": 0.7})
    for profile in ("second-opinion", "cbc"):
        qo.solve(case, profile)
    json.dumps(case.as_document())
    with pytest.raises(qo.InfeasibleScenario):
        qo.solve(no_plan())
    with pytest.raises(qo.InputError):
        qo.read("nowhere")


@pytest.mark.slow
def test_nothing_is_printed_nothing_of_the_process_is_changed_and_no_network_is_used(capfd, offline, tmp_path):
    qo.solve("worked-example", "second-opinion")  # what is imported on the way may settle itself once
    before = surroundings()
    capfd.readouterr()
    everything(tmp_path)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
    after = surroundings()
    for name, value in before.items():
        assert after[name] == value, name
    for thread in threading.enumerate():
        if thread.name.startswith("quota-opt"):
            thread.join(60)
            assert not thread.is_alive()


def test_logging_is_under_the_package_s_own_name(caplog):
    with caplog.at_level(logging.DEBUG):
        qo.solve("worked-example")
    ours = [record.name for record in caplog.records]
    assert all(name.split(".")[0] == "quota_opt" for name in ours), set(ours)

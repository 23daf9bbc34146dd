"""What steps hand on can be sent to another process and copied, and comes back as it was."""

import copy
import pickle
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest
from uncertain import two_towns

import quota_opt as qo
from quota_opt.cli.boundary import Usage
from quota_opt.errors import Conflict, Finding, Level, Text, Where

cloudpickle = pytest.importorskip("cloudpickle")

WAYS = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "cloudpickle": lambda value: pickle.loads(cloudpickle.dumps(value)),
    "deepcopy": copy.deepcopy,
}
TABLES = ("actions", "awards", "transfers", "ledger", "prices", "reasons", "balances", "trades", "row_prices")
BOTH = Text("没有办法", "no way")
FINDING = Finding(Level.ERROR, "some-code", BOTH, Where(file="firms.csv", row=3, column="tax"), BOTH, "x")
ERRORS = [
    qo.InputError([FINDING]),
    qo.InfeasibleScenario(BOTH, [Conflict("retention", "ZJ 一", 3.5, "tce", {"place": "N1", "year": 2024})]),
    qo.UnboundedScenario(BOTH),
    qo.NoPlanFound(BOTH),
    qo.EngineUnavailable(BOTH),
    qo.EngineFailed(BOTH),
    qo.VerificationFailed(BOTH),
    qo.OutputExists(BOTH),
    qo.StoreUnavailable(BOTH),
    qo.QuotaOptError(BOTH),
    Usage(BOTH),
]


@pytest.fixture(scope="module")
def plan():
    return qo.solve("worked-example")


def same_plan(one, other):
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    for name in ("status", "objective", "bound", "measures", "certificate", "engine", "profile", "findings"):
        assert getattr(one, name) == getattr(other, name), name
    assert [(a.rule, a.ok, a.headline) for a in one.audit] == [(a.rule, a.ok, a.headline) for a in other.audit]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("address", ["worked-example", "worked-example/keep-70", "yueqing"])
def test_a_scenario_comes_back_equal_and_goes_on_like_itself(way, address):
    case = qo.read(address)
    again = WAYS[way](case)
    assert again.equals(case)
    assert (again.variant, again.overrides, again.source) == (case.variant, case.overrides, case.source)
    assert dict(again.files) == dict(case.files)
    assert again.rules == case.rules
    assert again.with_(**{"scenario.discount_rate": 0.01}).equals(case.with_(**{"scenario.discount_rate": 0.01}))
    assert again.where("firms", 0, "place") == case.where("firms", 0, "place")


@pytest.mark.parametrize("way", WAYS)
def test_a_case_made_of_tables_keeps_the_files_it_would_be(way):
    case = qo.Scenario.from_document(qo.read("worked-example").as_document())
    again = WAYS[way](case)
    assert again.equals(case)
    assert dict(again.files) == dict(case.files)


def test_a_scenario_without_rules_can_be_given_one_in_a_process_that_knows_only_it(tmp_path):
    document = {
        "settings": {"scenario": {"name": "t", "first_year": 2024, "last_year": 2025}},
        "tables": {"places": [{"place": "C", "level": "county"}]},
    }
    path = tmp_path / "case.pickle"
    path.write_bytes(pickle.dumps(qo.Scenario.from_document(document)))
    script = (
        "import pickle, sys; case = pickle.load(open(sys.argv[1], 'rb')); "
        "print(*case.with_(**{'rules.retention.keep': 0.5}).rules)"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("retention", "")


@pytest.mark.parametrize("way", WAYS)
def test_a_plan_comes_back_whole_is_verified_and_writes_the_same_tables(way, plan, tmp_path):
    again = WAYS[way](plan)
    same_plan(again, plan)
    assert qo.verify(again).ok
    first, second = (replace(p, reporters=()).write(tmp_path / str(k)) for k, p in enumerate((plan, again)))
    assert {path.name for path in first.iterdir()} == {path.name for path in second.iterdir()}
    for path in first.glob("*.csv"):
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


@pytest.mark.parametrize("way", WAYS)
def test_a_model_comes_back_with_its_labels(way):
    problem = qo.build("worked-example")
    again = WAYS[way](problem)
    assert (again.arrays.matrix != problem.arrays.matrix).nnz == 0
    for mine, theirs in zip(again.arrays.row_blocks, problem.arrays.row_blocks, strict=True):
        pd.testing.assert_frame_equal(mine.frame(), theirs.frame())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_keeps_its_words_findings_and_conflicts(way, error):
    again = WAYS[way](error)
    assert type(again) is type(error)
    assert (again.text, str(again), again.args, again.exit_code) == (
        error.text,
        str(error),
        error.args,
        error.exit_code,
    )
    assert getattr(again, "findings", None) == getattr(error, "findings", None)
    assert getattr(again, "conflicts", None) == getattr(error, "conflicts", None)


def test_every_public_error_is_tried():
    public = {getattr(qo, name) for name in qo.__all__}
    assert {kind for kind in public if isinstance(kind, type) and issubclass(kind, Exception)} <= set(map(type, ERRORS))


@pytest.mark.parametrize("way", WAYS)
def test_findings_of_a_check_come_back_equal(way):
    findings = qo.check("zhuji")
    assert WAYS[way](findings) == findings


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_session_is_the_same_case_newly_opened(way):
    session = qo.Session("worked-example")
    plan = session.solve({"rules.retention.keep": 0.7})
    again = WAYS[way](session)
    assert again.plan is None
    assert again.solve().objective == pytest.approx(2000.0)
    pd.testing.assert_frame_equal(again.solve({"rules.retention.keep": 0.7}).awards, plan.awards)


ANSWERS = {
    "front": lambda plan: qo.pareto(plan.scenario, ["value_added:max", "energy_used:min"], points=3),
    "comparison": lambda plan: qo.compare({"a": plan, "b": plan}),
    "difference": lambda plan: qo.diff("worked-example", "worked-example/keep-70", shares=False),
    "explanation": lambda plan: qo.explain(plan, project="P2"),
    "sweep": lambda plan: qo.sweep(plan.scenario, "rules.admission.limits.0.value", 0.49, 0.52),
    "receipt": lambda plan: qo.override(plan.scenario, award=["P3"], bend=True),
    "trace": lambda plan: qo.trace(plan, firm="F1"),
    "alternatives": lambda plan: qo.alternatives(plan.scenario, count=1),
    "verification": qo.verify,
    "evaluation": lambda plan: qo.evaluate(
        qo.solve(two_towns({"actions": {"close": {"slip": {"probability": 0.5}}}})), samples=20
    ),
    "prices": qo.prices,
    "profile": lambda plan: qo.read_profile("auto"),
}


def words_of(document):
    """Sentences and tables as text: blank figures (NaN) are not equal to themselves."""
    return [(s.title, s.sentences, [(t.key, repr(t.rows)) for t in s.tables]) for s in document.sections]


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_can_be_sent_too(answer, plan, tmp_path):
    made = ANSWERS[answer](plan)
    for again in (WAYS["pickle"](made), WAYS["deepcopy"](made)):
        assert type(again) is type(made)
        for name in ("points", "measures", "lines", "table", "steps"):
            mine, theirs = getattr(again, name, None), getattr(made, name, None)
            if isinstance(theirs, pd.DataFrame):
                pd.testing.assert_frame_equal(mine, theirs)
        if hasattr(made, "document"):
            assert words_of(again.document()) == words_of(made.document())

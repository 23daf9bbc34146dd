"""A result folder read back is the plan that was written, and nothing is read from one that does not hold."""

import json

import pandas as pd
import pytest
from forging import reseal

import quota_opt as qo

TABLES = ("actions", "awards", "transfers", "ledger", "balances", "trades")


@pytest.fixture(scope="module", params=["worked-example", "zhuji", "wenzhou/quota-trading"])
def both(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "out"
    plan = qo.solve(request.param, gap=1e-3)
    plan.write(folder)
    return plan, qo.read_result(folder)


def test_every_table_comes_back(both):
    plan, again = both
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(plan, name), check_dtype=False, atol=1e-9)
    for name in ("prices", "reasons"):
        assert len(getattr(again, name)) == len(getattr(plan, name))
    assert again.reasons["text"].tolist() == plan.reasons["text"].tolist()


def test_figures_and_identity_come_back(both):
    plan, again = both
    assert again.measures == pytest.approx(dict(plan.measures))
    assert (again.status, again.objective, again.bound) == (plan.status, plan.objective, plan.bound)
    assert again.scenario.overrides == plan.scenario.overrides
    assert again.scenario.variant == plan.scenario.variant
    assert [f.code for f in again.findings] == [f.code for f in plan.findings]
    assert [(a.rule, a.price, a.headline) for a in again.audit] == [(a.rule, a.price, a.headline) for a in plan.audit]


def test_it_can_be_written_again_and_verifies(both, tmp_path):
    _, again = both
    again.write(tmp_path / "again")
    assert qo.verify(tmp_path / "again").ok


def test_the_search_that_proves_a_plan_comes_back_with_it(tmp_path):
    plan = qo.solve(qo.generate_case(tmp_path / "case", firms=1200, projects=60, towns=6, seed=3), gap=1e-2)
    assert any(plan.proofs)
    plan.write(tmp_path / "out")
    qo.read_result(tmp_path / "out").write(tmp_path / "again")
    assert (tmp_path / "again" / "proof.csv.gz").read_bytes() == (tmp_path / "out" / "proof.csv.gz").read_bytes()
    assert qo.verify(tmp_path / "again").ok


def test_a_folder_that_was_edited_is_refused(tmp_path):
    folder = tmp_path / "out"
    qo.solve("worked-example").write(folder)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["objective"] += 1.0
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(qo.VerificationFailed):
        qo.read_result(reseal(folder))


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(qo.InputError):
        qo.read_result(tmp_path)

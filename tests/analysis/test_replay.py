"""A result solved again: the same plan, one as good, another within the proofs, or one that cannot be."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from forging import record, reseal
from small import FINAL, case

import quota_opt as qo
from quota_opt.analysis import replay as module
from quota_opt.cli import main

LEXICOGRAPHIC = {
    "objective": {
        "form": "lexicographic",
        "order": [{"measure": "value_added_final"}, {"measure": "public_cost", "sense": "min"}],
    }
}


def written(plan: qo.Plan, folder: Path) -> Path:
    """A result folder without its reports, which play no part here."""
    return replace(plan, reporters=()).write(folder)


def twins(**more: Any) -> qo.Scenario:
    """Quota for one of two projects that are alike."""
    return case(
        objective=FINAL,
        projects=[
            {"project": name, "place": "N1", "energy_tce": 100, "value_added": 50, "earliest": 2024, "latest": 2024}
            for name in ("A", "B")
        ],
        quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": 100}],
        **more,
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked example's best plan, its second best, and the other of two plans as good as each other."""
    folder = tmp_path_factory.mktemp("results")
    best, second = qo.alternatives("worked-example", within=0.2, count=2).plans
    written(best, folder / "best")
    written(second, folder / "second")
    written(qo.alternatives(twins(), within=0.0, count=2).plans[1], folder / "twin")
    return folder


def copied(results: Path, name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(results / name, tmp_path / name))


def test_the_same_program_makes_the_same_plan_again(results: Path) -> None:
    made = qo.replay(results / "best")
    assert made.verdict == "identical"
    assert made.certificate_agrees
    assert made.sealed
    assert made.differences.empty
    assert made.checks["agrees"].all()
    assert (made.profile_from, made.profile.name) == ("recorded", "auto")
    assert made.program[0] == made.program[1]
    assert made.engine[0] == made.engine[1]


CASES = {
    "a variant": lambda: qo.read("worked-example/keep-70"),
    "overrides": lambda: qo.read("worked-example", overrides={"rules.admission.limits.0.value": 0.49}),
    "a market": lambda: twins(rules={"trading": {"buy_price": 0.1, "max_buy": 500.0}}),
    "ordered objectives": lambda: qo.read("worked-example", overrides=LEXICOGRAPHIC),
    "a directive of the case": lambda: twins(rules={"directives": {"projects": [{"project": "B", "by": "county"}]}}),
}


@pytest.mark.parametrize("name", CASES)
def test_results_of_every_kind_are_made_again(name: str, tmp_path: Path) -> None:
    folder = written(qo.solve(CASES[name]()), tmp_path / "out")
    assert qo.replay(folder).verdict == "identical"


@pytest.mark.parametrize("orders", [{"award": ["P3"], "bend": True}, {"keep": ["F2"]}])
def test_a_plan_with_a_receipt_is_made_again_as_the_receipt_was(orders: dict[str, Any], tmp_path: Path) -> None:
    folder = qo.override("worked-example", **orders).write(tmp_path / "out")
    assert qo.replay(folder).verdict == "identical"


def test_another_engine_finds_the_same_value(results: Path) -> None:
    made = qo.replay(results / "best", "second-opinion")
    assert made.verdict in ("identical", "ties")
    assert made.profile_from == "given"
    assert made.engine[0] != made.engine[1]


def test_another_plan_of_the_same_value_is_a_tie(results: Path) -> None:
    made = qo.replay(results / "twin")
    assert made.verdict == "ties"
    there = made.differences.set_index("id")
    assert set(there.index) == {"A", "B"}
    assert sorted(there["then"]) == sorted(there["now"]) == [0.0, 1.0]


def test_a_plan_that_was_not_proven_best_may_be_bettered(results: Path) -> None:
    made = qo.replay(results / "second")
    assert made.verdict == "differs"
    objective = made.checks.set_index("check").loc["objective"]
    assert (objective["then"], objective["now"]) == (1750.0, 2000.0)
    assert made.differences["id"].tolist() == ["P4"]


def claim_to_be_best(folder: Path) -> Path:
    """State of a plan of 1,750 that it is proven best, in every place that says so, under a new seal."""
    certificate = record(folder)["certificate"]
    best = {"status": "OPTIMAL", "bound": 1750.0, "gap": 0.0}
    certificate.update(best, stages=[{**certificate["stages"][0], **best}])
    record(folder, **best, certificate=certificate)
    return reseal(folder)


def test_a_claim_that_solving_refutes_is_a_contradiction(results: Path, tmp_path: Path) -> None:
    folder = claim_to_be_best(copied(results, "second", tmp_path))
    assert qo.verify(folder).ok  # the tables are sound, and no proof of the bound is in them
    made = qo.replay(folder)
    assert made.verdict == "contradicts"
    assert "1,750" in made.beyond[0].en and "2,000" in made.beyond[0].en
    assert not made.certificate_agrees


def test_a_plan_that_holds_where_none_should_be_is_a_contradiction(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any) -> qo.Plan:
        raise qo.InfeasibleScenario(qo.Text("没有方案", "no plan"))

    monkeypatch.setattr(module, "_again", none)
    made = qo.replay(results / "best")
    assert (made.verdict, made.again) == ("contradicts", None)
    assert "no plan" in " ".join(text.en for text in made.document().sections[0].sentences)


def test_a_limit_before_any_plan_says_nothing_against_the_result(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any) -> qo.Plan:
        raise qo.NoPlanFound(qo.Text("到时限", "limit"))

    monkeypatch.setattr(module, "_again", none)
    assert qo.replay(results / "best").verdict == "differs"


def test_nothing_is_solved_under_a_broken_seal(results: Path, tmp_path: Path) -> None:
    folder = copied(results, "best", tmp_path)
    with (folder / "inputs" / "projects.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(qo.VerificationFailed, match=r"projects\.csv"):
        qo.replay(folder)
    assert main(["replay", str(folder)]) == 5


def without_profile(folder: Path, name: str) -> Path:
    """As results were before they held their profile."""
    content = record(folder)
    del content["profile"]
    content["engine"]["profile"] = name
    (folder / "run.json").write_text(json.dumps(content), encoding="utf-8")
    return reseal(folder)


def test_an_older_result_is_solved_with_the_profile_it_names(results: Path, tmp_path: Path) -> None:
    made = qo.replay(without_profile(copied(results, "best", tmp_path), "exact"))
    assert (made.profile_from, made.profile.name, made.verdict) == ("named", "exact", "identical")
    assert made.profile.relative_gap == pytest.approx(1e-4)  # as was asked then, not as `exact` asks


def test_a_profile_nobody_knows_must_be_given(results: Path, tmp_path: Path) -> None:
    folder = without_profile(copied(results, "best", tmp_path), "of-my-own")
    with pytest.raises(qo.InputError, match="of-my-own"):
        qo.replay(folder)
    assert qo.replay(folder, "exact").verdict == "identical"


def test_what_is_written_can_be_read_and_verified(results: Path, tmp_path: Path) -> None:
    folder = qo.replay(results / "second").write(tmp_path / "out", "en")
    content = json.loads((folder / "replay.json").read_text(encoding="utf-8"))
    assert (content["verdict"], content["program"]["then"]) == ("differs", content["program"]["now"])
    assert {"differences.csv", "report.html", "report.xlsx"} <= {path.name for path in folder.iterdir()}
    assert qo.read_result(folder / "plan").objective == 2000.0

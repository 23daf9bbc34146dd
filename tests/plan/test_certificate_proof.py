"""The proof of a search in the result folder: added up again from its inputs, and refused once it is not what it was.

The case: a town holds 1,000 tce; three projects need 600, 600 and 500 and bring 600, 500 and 450. No two fit, so the
best plan brings 600. Prices alone prove 960 (all of the first, and four fifths of the third); the tree proves 600.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tiny_search
from forging import reseal
from small import FINAL, case

import quota_opt as qo
from quota_opt.plan.proofs import FILE
from quota_opt.report.content import gather
from quota_opt.report.sentences import answer
from quota_opt.solving import structure
from quota_opt.solving.attempt import Answer
from quota_opt.solving.highs import ask_highs, relaxed
from quota_opt.solving.proof import Node, Prices, Proof, blocks_of_rows, proof_of_prices
from quota_opt.solving.status import Status

ORDER = {
    "form": "lexicographic",
    "order": [{"measure": "value_added_final"}, {"measure": "projects_started", "sense": "min"}],
}


def three_projects(objective=None, held=1000.0):
    return case(
        objective=objective or FINAL,
        first=2024,
        last=2024,
        quotas=[{"place": "N1", "resource": "energy", "year": "*", "amount": held}],
        projects=[
            {"project": "P1", "place": "N1", "energy_tce": 600.0, "value_added": 600.0},
            {"project": "P2", "place": "N1", "energy_tce": 600.0, "value_added": 500.0},
            {"project": "P3", "place": "N1", "energy_tce": 500.0, "value_added": 450.0},
        ],
    )


def solved_by(ask, scenario, patch):
    """A plan whose bounds come from `ask` instead of the library's own search."""
    with patch.context() as patched:
        patched.setattr(structure, "LARGE", 1)
        patched.setattr(structure, "_ask", lambda blocks, *given: ask(*given))
        return qo.solve(scenario, profile="auto")


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as made:
        yield made


@pytest.fixture(scope="module")
def plan(patch):
    return solved_by(tiny_search.ask, three_projects(), patch)


@pytest.fixture
def folder(plan, tmp_path):
    return plan.write(tmp_path / "out")


def record(folder, change=None):
    """The content of run.json, after changing it."""
    path = folder / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    if change is not None:
        change(content)
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return content


def rewrite(folder, text):
    """Put another text into the proof's file, and its hash into run.json, as a careful forger would."""
    data = text.encode()
    (folder / FILE).write_bytes(gzip.compress(data))
    digest = hashlib.sha256(data).hexdigest()
    record(folder, lambda content: content["certificate"]["proof"].update(sha256=digest))


def table(folder):
    """The lines of the proof, every cell as the text that is written there."""
    return pd.read_csv(folder / FILE, dtype=str, keep_default_na=False)


def edit(folder, change):
    rewrite(folder, change(table(folder)).to_csv(index=False))


def faults(folder):
    """(code, sentence) of each thing wrong."""
    return [(finding.code, finding.what.en) for finding in qo.verify(reseal(folder)).problems]


def refused(folder, words):
    found = faults(folder)
    assert [code for code, _ in found] == ["verify-certificate"], found
    assert words in found[0][1]


def test_the_tree_stands_in_the_folder_and_proves_the_stated_bound(plan, folder):
    said = record(folder)["certificate"]
    assert said["price_bound"] == pytest.approx(960.0)
    assert plan.objective == pytest.approx(600.0)
    assert plan.bound == pytest.approx(600.0, rel=1e-6)
    assert said["proof"]["method"] == "structure"
    assert said["proof"]["verified"] is True
    assert said["proof"]["bound"] == pytest.approx(600.0, rel=1e-6)
    assert said["proof"]["nodes"] > said["stages"][0]["proof"]["leaves"] > 1
    assert set(table(folder)["part"]) >= {"bound", "price", "closes", "forces"}
    assert faults(folder) == []


def test_the_same_plan_writes_the_same_proof(plan, folder, tmp_path):
    assert (plan.write(tmp_path / "again") / FILE).read_bytes() == (folder / FILE).read_bytes()


def test_a_plan_without_a_search_has_no_proof_and_is_not_asked_for_one(tmp_path):
    folder = qo.solve(three_projects(), profile="exact").write(tmp_path / "out")
    assert not (folder / FILE).exists()
    assert "proof" not in record(folder)["certificate"]
    assert faults(folder) == []


def test_a_proof_that_was_taken_away_is_missed(folder):
    (folder / FILE).unlink()
    refused(folder, "one of them is missing")


def test_a_proof_that_run_json_does_not_speak_of_is_refused(folder):
    def silent(content):
        del content["certificate"]["proof"], content["certificate"]["stages"][0]["proof"]

    record(folder, silent)
    refused(folder, "one of them is missing")


def test_a_changed_file_is_not_the_one_that_was_written(folder):
    text = gzip.decompress((folder / FILE).read_bytes()).decode()
    (folder / FILE).write_bytes(gzip.compress((text + "\n").encode()))
    refused(folder, "not the one that was written")


def test_the_proof_of_another_case_proves_too_little_here(folder, patch, tmp_path):
    # With 1,100 tce the first and the third fit, 1,050, and a price of 5/6 proves it: the second is worth just that.
    # Here the same price proves 5/6 of 1,000, and 100 and 33.33 of the first and the third: 966.67.
    other = solved_by(tiny_search.ask, three_projects(held=1100.0), patch).write(tmp_path / "other")
    assert record(other)["objective"] == pytest.approx(1050.0)
    rewrite(folder, gzip.decompress((other / FILE).read_bytes()).decode())
    refused(folder, "added up again it proves 966.66")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            lambda t: t[~((t["part"] == "price") & (t["node"] == t["node"].max()))], "its ray", id="a ray gone"
        ),
        pytest.param(lambda t: t.assign(value=t["value"].mask(t["part"] == "price", "-0.5")), "ray", id="other prices"),
        pytest.param(lambda t: t[t["node"] != t["node"].max()], "does not hold", id="a node gone"),
        pytest.param(lambda t: t[t["part"] != "closes"], "it proves 1,550", id="restrictions gone"),
        pytest.param(lambda t: t.assign(at=t["at"].mask(t["part"] == "price", "999")), "within its block", id="no row"),
        pytest.param(lambda t: t.assign(at=t["at"].mask(t["part"] == "forces", "999")), "its block", id="no column"),
        pytest.param(lambda t: t.assign(at="1.5"), "no whole number", id="half a position"),
        pytest.param(lambda t: t.assign(value="many"), "cannot be read", id="words for numbers"),
        pytest.param(lambda t: t.assign(part="hope"), "other columns or parts", id="a part of no kind"),
        pytest.param(lambda t: t.drop(columns="value"), "other columns or parts", id="a column gone"),
        pytest.param(lambda t: t.assign(value=t["value"].mask(t["part"] == "price", "")), "lacks", id="no value"),
        pytest.param(
            lambda t: t.assign(value=t["value"].mask(t["part"] == "price", "inf")), "not finite", id="endless"
        ),
        pytest.param(lambda t: t.assign(stage="1"), "not of the stages", id="another stage"),
        pytest.param(lambda t: t[t["part"].isin(["price", "closes"])], "not there", id="lines of no node"),
        pytest.param(lambda t: t.iloc[:0], "not of the stages", id="nothing in it"),
        pytest.param(
            lambda t: pd.concat([pd.DataFrame([{"stage": 0, "node": "", "part": "block", "at": 3, "value": 0}]), t]),
            "not in order",
            id="blocks that leave columns out",
        ),
    ],
)
def test_an_edited_proof_is_refused_even_with_the_hash_of_the_edit(folder, change, words):
    edit(folder, change)
    refused(folder, words)


@pytest.mark.parametrize(
    "data",
    [b"", b"no archive", gzip.compress(b"stage,node,part,at,value\n", mtime=0)[:-9]],
    ids=["empty", "no archive", "cut off"],
)
def test_a_file_that_is_no_archive_is_told_and_not_tripped_over(folder, data):
    (folder / FILE).write_bytes(data)
    found = faults(folder)
    assert [code for code, _ in found] == ["verify-certificate"]


def test_a_bound_stated_better_than_the_proof_proves_is_refused(folder):
    def better(content):
        content["certificate"]["proof"]["bound"] -= 1.0
        content["certificate"]["stages"][0]["proof"]["bound"] -= 1.0

    record(folder, better)
    refused(folder, "said to prove")


def test_prices_alone_do_not_verify_a_bound_of_600(folder):
    proof = proof_of_prices(qo.build(three_projects()).arrays, relaxed(qo.build(three_projects()).arrays).prices)
    lines = [{"stage": 0, "node": 0, "part": "bound", "at": -1, "value": 0}]
    for row, price in zip(proof.nodes[0].prices.rows, proof.nodes[0].prices.values, strict=True):
        lines.append({"stage": 0, "node": 0, "part": "price", "at": row, "value": price})
    edit(folder, lambda t: pd.DataFrame(lines, columns=t.columns))
    refused(folder, "said to prove a bound of 600; added up again it proves 960")


def test_a_worse_bound_than_proven_is_no_fault(folder):
    def worse(content):
        content["certificate"]["proof"]["bound"] += 1.0
        content["certificate"]["stages"][0]["proof"]["bound"] += 1.0

    record(folder, worse)
    assert faults(folder) == []


def engine_went_on(arrays, profile, watch, start):
    """A search that proves only what prices alone do, and an engine that finds the rest."""
    whole = ask_highs(arrays, profile, watch, start)
    if whole.status is not Status.OPTIMAL or not arrays.integer.any():
        return whole
    prices = tiny_search.searched(arrays, arrays.value(whole.values), most=1)
    return replace(whole, proof=prices)


def test_where_an_engine_went_on_the_record_and_the_report_say_so(patch, tmp_path):
    plan = solved_by(engine_went_on, three_projects(), patch)
    assert plan.bound == pytest.approx(600.0, rel=1e-4)
    proof = plan.certificate["proof"]
    assert proof["verified"] is False
    assert proof["bound"] == pytest.approx(960.0)
    # 960 is 60 % above 600.
    said = answer(gather(plan))
    assert "界由求解器给出；可以重新验算的差距为 60" in said.zh
    assert "the solver's word; the gap that can be worked out again is 60" in said.en
    folder = plan.write(tmp_path / "out")
    assert faults(folder) == []
    record(folder, lambda content: content["certificate"]["proof"].update(verified=True))
    refused(folder, "not every part")


def test_claiming_the_engines_bound_as_verified_is_refused(patch, tmp_path):
    folder = solved_by(engine_went_on, three_projects(), patch).write(tmp_path / "out")

    def claim(content):
        content["certificate"]["proof"]["verified"] = True
        content["certificate"]["stages"][0]["proof"]["verified"] = True

    record(folder, claim)
    refused(folder, "said to be verified")


def test_a_verified_gap_is_told_as_such(plan):
    said = answer(gather(plan))
    assert "差距附有证明" in said.zh
    assert "comes with a proof" in said.en


def test_each_stage_of_an_ordered_objective_carries_its_own_proof(patch, tmp_path):
    # 600 first, which only P1 alone brings; then the fewest projects that keep it: one.
    plan = solved_by(tiny_search.ask, three_projects(ORDER), patch)
    assert [stage["objective"] for stage in plan.certificate["stages"]] == pytest.approx([600.0, 1.0])
    assert [stage["proof"]["bound"] for stage in plan.certificate["stages"]] == pytest.approx([600.0, 1.0], rel=1e-6)
    assert plan.certificate["proof"]["verified"] is True
    folder = plan.write(tmp_path / "out")
    assert faults(folder) == []
    record(folder, lambda content: content["certificate"]["stages"][1]["proof"].update(bound=1.5))
    refused(folder, "said to prove")


def test_a_proof_that_does_not_hold_is_left_out_of_the_plan(patch, tmp_path, caplog):
    def holed(arrays, profile, watch, start):
        found = tiny_search.ask(arrays, profile, watch, start)
        return found if found.proof is None else replace(found, proof=replace(found.proof, nodes=found.proof.nodes[1:]))

    plan = solved_by(holed, three_projects(), patch)
    assert "proof" not in plan.certificate
    assert plan.proofs == (None,)
    assert "left out" in caplog.text
    assert faults(plan.write(tmp_path / "out")) == []


def test_a_proof_by_blocks_is_written_and_read_back(patch, tmp_path):
    # The columns in two blocks that meet in the pool: its price alone proves 960 with them as without.
    def by_blocks(arrays, profile, watch, start):
        whole = ask_highs(arrays, profile, watch, start)
        if whole.status is not Status.OPTIMAL or not arrays.integer.any():
            return whole
        return Answer(Status.FEASIBLE, whole.values, 960.0, proof=in_two_blocks(arrays))

    plan = solved_by(by_blocks, three_projects(), patch)
    assert plan.certificate["proof"]["bound"] == pytest.approx(960.0)
    assert plan.proofs[0].block is not None
    folder = plan.write(tmp_path / "out")
    assert {"block", "linking"} <= set(table(folder)["part"])
    assert faults(folder) == []


def in_two_blocks(arrays):
    """The relaxation's prices as those between two blocks: even columns and odd ones."""
    block = np.arange(arrays.columns) % 2
    prices = relaxed(arrays).prices
    of_row = blocks_of_rows(arrays, block)
    parts = [Prices.of(np.where(of_row == number, prices, 0.0)) for number in (-1, 0, 1)]
    nodes = (Node(0, block=0, prices=parts[1]), Node(1, block=1, prices=parts[2]))
    return Proof(nodes, 960.0, parts[0], block)


def test_prices_prove_the_same_as_a_tree_of_one_node():
    plan = qo.solve(three_projects(), profile="exact")
    arrays = qo.build(three_projects()).arrays
    duals = pd.Series(plan.row_prices["price"].to_numpy(), index=plan.row_prices["row"])
    prices = duals.reindex(arrays.row_names()).fillna(0.0).to_numpy()
    assert proof_of_prices(arrays, prices).bound == plan.certificate["price_bound"]

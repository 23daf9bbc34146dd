"""A batch from grid to tables: what is kept, what is solved again, and what the tables say."""

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from inline_pool import installed

import quota_opt as qo
from quota_opt.batch import run as module
from quota_opt.batch.pool import Limits
from quota_opt.batch.shelf import opened
from quota_opt.batch.task import Done, Ending
from quota_opt.errors import EngineFailed, InputError, OutputExists, Text
from quota_opt.plan.folder import read_table

GRID = {
    "grid": {
        "cases": ["worked-example"],
        "variants": ["base", "keep-70"],
        "parameters": {"rules.admission.limits.0.value": [0.45, 0.52]},
    }
}
IMPOSSIBLE = {"rules.directives.measures": [{"measure": "energy_used", "sense": ">=", "value": 1e9}]}
MIXED = {
    "grid": {"cases": ["worked-example", "no-such-case"], "variants": ["base", "no-such-variant"]},
    "runs": [
        {"case": "worked-example", "set": IMPOSSIBLE},
        {"case": "worked-example", "set": {"rules.admision.limits": []}},
    ],
}
TABLES = ("summary.csv", "summary.parquet")


@pytest.fixture
def pool(monkeypatch):
    return installed(monkeypatch)


def tables(folder):
    return {name: (folder / name).read_bytes() for name in TABLES}


def test_every_run_has_its_line_its_folder_and_its_measures_in_the_order_of_the_grid(pool, tmp_path):
    batch = qo.run_batch(GRID, tmp_path / "out")
    assert (batch.exit_code, batch.interrupted) == (0, False)
    assert batch.counts == {"total": 4, "planned": 4, "failed": 0, "reused": 0, "left": 0, "repeated": 0}
    runs = read_table(batch.folder / "runs.csv")
    assert runs["variant"].tolist() == ["base", "base", "keep-70", "keep-70"]
    assert [json.loads(said) for said in runs["parameters"]] == [
        {"rules.admission.limits.0.value": value} for value in (0.45, 0.52, 0.45, 0.52)
    ]
    assert runs["status"].tolist() == ["OPTIMAL"] * 4
    for line in runs.itertuples():
        folder = batch.folder / line.folder
        assert qo.verify(folder).ok
        plan = qo.read_result(folder)
        assert plan.objective == line.objective
        told = batch.summary[(batch.summary["run"] == line.run) & (batch.summary["place"] == "")]
        assert dict(zip(told["measure"], told["value"], strict=True)) == dict(plan.measures)
    assert list(batch.summary["run"].drop_duplicates()) == runs["run"].tolist()
    assert not list((batch.folder / "runs").rglob("report.*"))


def test_the_two_summaries_say_the_same_to_the_last_digit(pool, tmp_path):
    batch = qo.run_batch(GRID, tmp_path / "out")
    text = batch.folder / "summary.csv"
    assert text.read_bytes().startswith(b"\xef\xbb\xbfrun,case,variant,parameters,place,year,measure,unit,value\n")
    read = pd.read_csv(io.BytesIO(text.read_bytes()), keep_default_na=False, na_values={"year": [""]})
    plain = batch.summary.astype({name: str for name in read.columns if name not in ("year", "value")})
    assert len(read) > 100
    pd.testing.assert_frame_equal(plain, read, check_dtype=False)


def test_a_summary_of_many_groups_of_lines_is_read_back_whole(pool, tmp_path, monkeypatch):
    whole = qo.run_batch(GRID, tmp_path / "one").summary
    monkeypatch.setattr("quota_opt.batch.summary._GROUP", 50)
    parted = qo.run_batch(GRID, tmp_path / "two").summary
    assert parted.astype(str).equals(whole.astype(str))


def test_failures_are_kept_with_reason_and_exit_code_and_stop_no_other(pool, tmp_path):
    batch = qo.run_batch(MIXED, tmp_path / "out", language="en")
    said = [(run.case, run.status, run.exit_code) for run in batch.runs.itertuples()]
    assert said == [
        ("worked-example", "OPTIMAL", 0),
        ("worked-example", "INVALID", 2),
        ("no-such-case", "INVALID", 2),
        ("no-such-case", "INVALID", 2),
        ("worked-example", "INFEASIBLE", 3),
        ("worked-example", "INVALID", 2),
    ]
    reasons = batch.runs["reason"].tolist()
    assert reasons[0] == ""
    for reason, words in zip(
        reasons[1:], ("no-such-variant", "no-such-case", "no-such-case", "", "admision"), strict=True
    ):
        assert words in reason and reason
    for line in batch.runs.iloc[1:].itertuples():
        kept = json.loads((batch.folder / line.folder).read_text(encoding="utf-8"))
        assert (kept["status"], kept["exit_code"]) == (line.status, line.exit_code)
        assert kept["reason"]["zh"] and kept["reason"]["en"]
    assert batch.exit_code == 0
    assert (batch.failures[0].status, batch.failures[0].count) == ("INVALID", 2)
    assert sum(group.count for group in batch.failures) == 5
    assert set(batch.summary["run"]) == {batch.runs["run"].iloc[0]}


def test_without_any_plan_the_exit_code_is_the_least_of_the_failures(pool, tmp_path):
    only = {"runs": [{"case": "worked-example", "set": IMPOSSIBLE}]}
    batch = qo.run_batch(only, tmp_path / "out")
    assert (batch.exit_code, len(batch.summary)) == (3, 0)
    again = qo.run_batch({"runs": [*only["runs"], {"case": "none"}]}, tmp_path / "out", resume=True)
    assert again.exit_code == 2
    with pytest.raises(InputError, match="none"):
        qo.run_batch({"runs": [{"case": "none"}]}, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_case_that_can_be_read_at_last_leaves_no_failure_behind(pool, tmp_path):
    grid = tmp_path / "grid.toml"
    grid.write_text('[grid]\ncases = ["worked-example", "./later"]\n', encoding="utf-8")
    first = qo.run_batch(grid, tmp_path / "out")
    assert first.counts["failed"] == len(list((tmp_path / "out" / "failures").iterdir())) == 1
    settings = qo.new(tmp_path / "later", "worked-example") / "scenario.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n# mine\n", encoding="utf-8")
    again = qo.run_batch(grid, tmp_path / "out", resume=True)
    assert again.counts["planned"] == 2
    assert list((tmp_path / "out" / "failures").iterdir()) == []


def test_what_could_not_begin_says_nothing_about_the_pace(pool, tmp_path):
    seen = []
    grid = {"grid": {"cases": ["worked-example", "none"]}}
    qo.run_batch(grid, tmp_path / "out", on_event=seen.append)
    assert [(progress.done, progress.running) for progress in seen] == [(1, 1), (2, 0)]
    assert seen[0].remaining is None


def test_what_is_there_is_not_solved_again(pool, tmp_path):
    first = qo.run_batch(MIXED, tmp_path / "out")
    before, count = tables(first.folder), len(pool.solved)
    again = qo.run_batch(MIXED, tmp_path / "out", resume=True)
    assert len(pool.solved) == count
    assert tables(again.folder) == before
    assert again.counts["reused"] == 4  # what cannot begin is tried each time
    said = ["run", "status", "gap", "exit_code", "reason", "objective", "bound", "folder"]
    assert again.runs[said].equals(first.runs[said])


def test_a_grid_that_has_grown_solves_only_what_is_new(pool, tmp_path):
    qo.run_batch(GRID, tmp_path / "out")
    more = {"grid": {**GRID["grid"], "variants": ["base", "strict-access", "keep-70"]}}
    batch = qo.run_batch(more, tmp_path / "out", resume=True)
    assert (batch.counts["reused"], len(pool.solved)) == (4, 6)
    assert batch.runs["variant"].tolist() == ["base"] * 2 + ["strict-access"] * 2 + ["keep-70"] * 2
    qo.run_batch(more, tmp_path / "fresh")
    assert tables(tmp_path / "out") == tables(tmp_path / "fresh")


def test_an_interrupted_batch_keeps_what_is_done_and_goes_on_to_the_same_tables(pool, tmp_path):
    whole = qo.run_batch(GRID, tmp_path / "whole")
    done = len(pool.solved)

    def interrupt(task):
        if len(pool.solved) == done + 2:
            raise KeyboardInterrupt

    pool.hook = interrupt
    part = qo.run_batch(GRID, tmp_path / "out")
    assert (part.interrupted, part.exit_code, part.counts["left"]) == (True, 4, 2)
    assert part.runs["run"].tolist() == whole.runs["run"].tolist()[:2]
    assert set(part.summary["run"]) == set(part.runs["run"])
    pool.hook = lambda task: None
    rest = qo.run_batch(GRID, tmp_path / "out", resume=True)
    assert (rest.exit_code, rest.counts["reused"]) == (0, 2)
    assert tables(rest.folder) == tables(whole.folder)
    assert sorted(pool.solved) == sorted(2 * whole.runs["run"].tolist())


def test_who_watches_may_end_the_batch(pool, tmp_path):
    seen = []

    def watch(progress):
        seen.append(progress)
        return progress.done < 3

    batch = qo.run_batch(GRID, tmp_path / "out", on_event=watch)
    assert [progress.done for progress in seen] == [0, 1, 2, 3]
    assert batch.counts["left"] == 1
    assert seen[0].remaining is None and seen[-1].remaining > 0
    # At 0.52 the worked example is worth 2,000 and at 0.45 less, so the second run is the best so far.
    best = seen[-1].best["worked-example"]
    assert (best.ending.objective, dict(best.run.parameters)) == (2000.0, {"rules.admission.limits.0.value": 0.52})
    best, worst = batch.extremes["worked-example"]
    assert worst.ending.objective < best.ending.objective == 2000.0


def test_when_less_is_better_the_best_is_the_least(pool, tmp_path):
    least = {"objective.maximise": {}, "objective.minimise": {"public_cost": 1.0},
             "rules.directives.measures": [{"measure": "firms_treated", "sense": ">=", "value": 1}]}  # fmt: skip
    grid = {"runs": [{"case": "worked-example", "set": {**least, "rules.retention.keep": keep}} for keep in (0.6, 0.7)]}
    batch = qo.run_batch(grid, tmp_path / "out")
    best, worst = batch.extremes["worked-example"]
    values = batch.runs["objective"]
    assert {best.ending.objective, worst.ending.objective} == {values.min(), values.max()}


def test_an_error_of_the_pool_leaves_the_tables_of_what_is_done(pool, tmp_path):
    def fail(task):
        if len(pool.solved) == 1:
            raise EngineFailed(Text("调度器已断开", "the scheduler is gone"))

    pool.hook = fail
    with pytest.raises(EngineFailed):
        qo.run_batch(GRID, tmp_path / "out")
    assert len(read_table(tmp_path / "out" / "runs.csv")) == 1


@pytest.mark.parametrize(
    ("status", "again"),
    [("LOST", True), ("ERROR", True), ("CANCELLED", True), ("TIMEOUT", False), ("INFEASIBLE", False)],
)
def test_a_failure_is_tried_again_where_another_try_may_end_otherwise(pool, tmp_path, monkeypatch, status, again):
    code = {"INFEASIBLE": 3, "TIMEOUT": 4, "CANCELLED": 4}.get(status, 1)
    grid = {"runs": [{"case": "worked-example"}], "limits": {"seconds": 50}}
    with monkeypatch.context() as patched:

        def fail(cases, tasks, limits):
            for task in tasks:
                yield Done(Ending(task.address, status, code, Text("因", "why")), log="log\n")

        patched.setattr(pool, "run", fail)
        first = qo.run_batch(grid, tmp_path / "out")
        assert first.runs["status"].tolist() == [status]
        address = first.runs["run"].iloc[0]
        assert (tmp_path / "out" / "logs" / f"{address}.log").read_text(encoding="utf-8") == "log\n"
    batch = qo.run_batch(grid, tmp_path / "out", resume=True)
    assert batch.runs["status"].tolist() == (["OPTIMAL"] if again else [status])
    assert (tmp_path / "out" / "failures" / f"{address}.json").exists() is not again
    if status == "TIMEOUT":
        longer = qo.run_batch(grid, tmp_path / "out", resume=True, run_limit=60)
        assert longer.runs["status"].tolist() == ["OPTIMAL"]


def test_failures_that_differ_in_their_figures_alone_are_one_group(pool, tmp_path, monkeypatch):
    def fail(cases, tasks, limits):
        for number, task in enumerate(tasks):
            yield Done(Ending(task.address, "TIMEOUT", 4, Text(f"已 {number} 秒", f"{number + 0.5} s of 5 s")))

    monkeypatch.setattr(pool, "run", fail)
    [group] = qo.run_batch(GRID, tmp_path / "out").failures
    assert (group.status, group.exit_code, group.count, group.reason.en) == ("TIMEOUT", 4, 4, "0.5 s of 5 s")


def test_limits_reach_the_pool(pool, tmp_path, monkeypatch):
    seen = []
    solve = pool.run
    monkeypatch.setattr(pool, "run", lambda cases, tasks, limits: seen.append(limits) or solve(cases, tasks, limits))
    grid = {"runs": [{"case": "worked-example"}], "limits": {"seconds": 50, "memory_mb": 900}}
    qo.run_batch(grid, tmp_path / "one")
    qo.run_batch(grid, tmp_path / "two", run_limit=5, memory_limit=100)
    assert seen == [Limits(50, 900), Limits(5, 100)]


@pytest.mark.parametrize("damage", ["broken", "other", "missing", "emptied"])
def test_a_result_that_is_not_what_its_name_says_is_set_aside_and_made_anew(pool, tmp_path, damage):
    first = qo.run_batch(GRID, tmp_path / "out")
    before = tables(first.folder)
    folder = first.folder / first.runs["folder"].iloc[0]
    record = folder / "run.json"
    if damage == "broken":
        record.write_text("{", encoding="utf-8")
    elif damage == "other":
        record.write_bytes((first.folder / first.runs["folder"].iloc[1] / "run.json").read_bytes())
    elif damage == "missing":
        (folder / "measures.csv").unlink()
    else:  # as a power cut leaves files that had not reached the disk
        (folder / "ledger.csv").write_bytes(b"")
    again = qo.run_batch(GRID, tmp_path / "out", resume=True)
    assert again.counts["reused"] == 3
    assert tables(again.folder) == before
    assert qo.verify(folder).ok
    assert [path.name for path in (again.folder / "damaged").iterdir()] == [f"{folder.name}-1"]


def test_what_a_killed_batch_left_half_written_is_removed(pool, tmp_path):
    out = tmp_path / "out"
    qo.run_batch(GRID, out)
    (out / "runs" / ".0123-abc").mkdir()
    (out / "runs" / ".0123-abc" / "run.json").write_text("{", encoding="utf-8")
    for place in ("failures/.x.json-1", "logs/.x.log-1", ".runs.csv-12"):
        (out / place).write_text("half", encoding="utf-8")
    qo.run_batch(GRID, out, resume=True)
    assert [path for path in out.rglob(".*") if path.name != ".lock"] == []


def test_nothing_that_is_there_is_overwritten(pool, tmp_path):
    qo.run_batch(GRID, tmp_path / "out")
    with pytest.raises(OutputExists) as refused:
        qo.run_batch(GRID, tmp_path / "out")
    assert "--resume" in refused.value.text.zh
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.docx").write_bytes(b"x")
    for resume in (False, True):
        with pytest.raises(OutputExists):
            qo.run_batch(GRID, other, resume=resume)
    with pytest.raises(OutputExists):
        qo.run_batch(GRID, other / "letter.docx")
    assert [path.name for path in other.iterdir()] == ["letter.docx"]
    # A batch killed before it had written anything, and a folder that is empty, are begun like a new one.
    (tmp_path / "early" / "runs").mkdir(parents=True)
    assert qo.run_batch(GRID, tmp_path / "early", resume=True).exit_code == 0


def test_two_batches_do_not_work_on_one_folder(pool, tmp_path):
    out = tmp_path / "out"
    with opened(out, Limits(), resume=False), pytest.raises(OutputExists) as refused:
        qo.run_batch(GRID, out, resume=True)
    assert "Another batch" in refused.value.text.en
    assert qo.run_batch(GRID, out, resume=True).exit_code == 0


def test_the_pool_is_made_only_where_there_is_something_to_solve(pool, tmp_path, monkeypatch):
    qo.run_batch(GRID, tmp_path / "out")
    monkeypatch.setattr(module, "pool_of", lambda jobs, dask: pytest.fail("a pool"))
    assert qo.run_batch(GRID, tmp_path / "out", resume=True).exit_code == 0


def test_what_the_store_has_proven_is_taken_out_and_the_rest_is_added(pool, tmp_path):
    from quota_opt.store.store import Store

    place = tmp_path / "runs.db"
    tagged = {**MIXED, "grid": {**MIXED["grid"], "tags": ["spring"]}}
    first = qo.run_batch(tagged, tmp_path / "first", store=place)
    with Store.open(place) as store:
        listed = store.runs(tag="spring", batch="first")
        assert sorted(listed["status"]) == ["INFEASIBLE", "INVALID", "INVALID", "OPTIMAL"]
    count = len(pool.solved)
    second = qo.run_batch(tagged, tmp_path / "second", store=place)
    assert second.counts["reused"] == 1
    assert len(pool.solved) == count + 3, "without a plan there is nothing to take out"
    assert tables(second.folder) == tables(first.folder)
    assert qo.verify(second.folder / second.runs["folder"].iloc[0]).ok


def test_results_from_before_the_store_was_named_are_added_to_it(pool, tmp_path):
    from quota_opt.store.store import Store

    batch = qo.run_batch(GRID, tmp_path / "out")
    place = tmp_path / "runs.db"
    for _ in range(2):
        qo.run_batch(GRID, tmp_path / "out", resume=True, store=place)
        with Store.open(place) as store:
            assert sorted(store.runs()["address"]) == sorted(batch.runs["run"])
    assert len(pool.solved) == 4


def test_the_example_grid_runs(pool, tmp_path):
    grid = Path(__file__).parents[2] / "examples" / "grid.toml"
    batch = qo.run_batch(grid, tmp_path / "out")
    assert (batch.counts["planned"], batch.counts["failed"]) == (19, 0)
    last = batch.runs.iloc[-1]
    assert json.loads(last["parameters"]) == {"rules.retention.keep": 1.0}
    # What stays in its town can serve fewer projects than what may move.
    assert last["objective"] < batch.runs["objective"].max()


def test_a_plan_from_before_takes_the_place_of_a_failure_in_the_store(pool, tmp_path):
    from quota_opt.batch.task import without_plan
    from quota_opt.store.store import Store

    batch = qo.run_batch(GRID, tmp_path / "out")
    run = batch.entries[0].run
    place = tmp_path / "runs.db"
    with Store.open(place) as store:
        late = without_plan(run.task, "TIMEOUT", Text("超时。", "Too slow."))
        store.add({}, late.ending, task=run.task, case=qo.read(run.case))
    qo.run_batch(GRID, tmp_path / "out", resume=True, store=place)
    with Store.open(place) as store:
        assert store.run(run.address)["status"] == "OPTIMAL"
        assert store.files(run.address)

"""A batch whose process is killed at any moment goes on to the tables of one that was left in peace."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from inline_pool import installed

import quota_opt as qo

GRID = """
[grid]
cases = ["worked-example"]
variants = ["*"]
[grid.parameters]
"scenario.discount_rate" = [0.0, 0.03, 0.05]
"""
RUNS = 9
PATIENCE = 300.0
"""Seconds after which a batch that does nothing is given up."""


def begun(grid: Path, out: Path, jobs: int, *options: str) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "quota_opt", "batch", str(grid), "--out", str(out), "--jobs", str(jobs), "--quiet"]
    return subprocess.Popen([*line, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def results(out: Path) -> dict[str, tuple[int, int]]:
    """Of each result that is there, what would change if it were written again."""
    found = {}
    for path in (out / "runs").glob("[!.]*/run.json"):
        state = path.stat()
        found[path.parent.name] = (state.st_ino, state.st_mtime_ns)
    return found


def wait_until(met, what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < until, what
        time.sleep(0.01)


def killed(batch: subprocess.Popen[bytes], out: Path, count: int, delay: float) -> None:
    """Kill a batch some time after it has `count` results; no process of it is left."""
    wait_until(lambda: len(results(out)) >= count or batch.poll() is not None, "no results")
    time.sleep(delay)
    family = [psutil.Process(batch.pid)] if batch.poll() is None else []
    family += family[0].children(recursive=True) if family else []
    batch.kill()
    batch.communicate()
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert alive == []


def killed_and_resumed(folder: Path, seed: int, kills: int) -> Path:
    """The folder of a batch that was killed so often, each time at a later result, and then let go on to its end."""
    chance = random.Random(seed)
    grid, out = folder / "grid.toml", folder / f"out-{seed}"
    grid.write_text(GRID, encoding="utf-8")
    before: dict[str, tuple[int, int]] = {}
    for number, count in enumerate(sorted(chance.choices(range(RUNS), k=kills))):
        batch = begun(grid, out, chance.choice((1, 2)), *(["--resume"] if number else []))
        killed(batch, out, count, chance.uniform(0.0, 0.3))
        there = results(out)
        assert {address: there[address] for address in before} == before, "a result was made twice"
        before = there
    last = begun(grid, out, 2, "--resume")
    _, said = last.communicate(timeout=PATIENCE)
    assert last.returncode == 0, said.decode("utf-8", errors="replace")
    there = results(out)
    assert {address: there[address] for address in before} == before, "a result was made twice"
    assert len(there) == RUNS
    return out


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="counts processes as POSIX has them")
def test_a_batch_killed_again_and_again_ends_with_the_tables_of_an_undisturbed_one(tmp_path, monkeypatch):
    installed(monkeypatch)
    (tmp_path / "grid.toml").write_text(GRID, encoding="utf-8")
    whole = qo.run_batch(tmp_path / "grid.toml", tmp_path / "whole")
    out = killed_and_resumed(tmp_path, seed=6, kills=3)
    for name in ("summary.csv", "summary.parquet"):
        assert (out / name).read_bytes() == (whole.folder / name).read_bytes()
    assert {path.stem for path in (out / "logs").iterdir()} == set(whole.runs["run"])
    assert [path for path in out.rglob(".*") if path.name != ".lock"] == []
    assert list((out / "failures").iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_ctrl_c_ends_all_processes_and_writes_the_tables(tmp_path):
    import signal

    grid, out = tmp_path / "grid.toml", tmp_path / "out"
    grid.write_text(GRID, encoding="utf-8")
    batch = begun(grid, out, 1)
    wait_until(lambda: len(results(out)) >= 1 or batch.poll() is not None, "no results")
    family = psutil.Process(batch.pid).children(recursive=True)
    batch.send_signal(signal.SIGINT)
    _, said = batch.communicate(timeout=PATIENCE)
    assert batch.returncode == 4
    assert b"--resume" in said
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert alive == []
    done = len(results(out))
    assert 1 <= done < RUNS
    lines = (out / "runs.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) - 1 in (done, done - 1)  # the last result may have come as Ctrl-C did

"""Ctrl-C keeps the incumbent, with every engine, and leaves no process behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
import sys
import numpy as np
import scipy.sparse as sp
from quota_opt.model.linear import Arrays
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import read_profile

rng = np.random.default_rng(5)
needs = rng.integers(1, 1000, (30, 150)).astype(float)
worth = needs.sum(axis=0) // 30 + rng.integers(0, 50, 150)
arrays = Arrays(worth, 0.0, np.zeros(150), np.ones(150), np.ones(150, dtype=bool), sp.csr_array(needs),
                np.full(30, -np.inf), needs.sum(axis=1) // 2)
profile = read_profile(sys.argv[1]).with_limits(gap=0.0, time_limit=30)

def told(progress):
    if progress.incumbent is not None:
        print("incumbent", flush=True)

solution = engine_of(profile).solve(arrays, profile, on_progress=told)
print(solution.status, solution.message, solution.seconds < 25, solution.objective > 0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest.mark.parametrize("profile", ["auto", "second-opinion", "ortools-highs", "cbc"])
def test_ctrl_c_keeps_the_incumbent(profile):
    assert not _children_of_this_suite()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, profile],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout.readline() == "incumbent\n"
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert output.splitlines()[-1] == "FEASIBLE cancelled True True"
    assert process.returncode == 0
    assert not _children_of_this_suite()


def _children_of_this_suite() -> list[str]:
    """Command lines of our own descendants that are solver children."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if "child_" in line and parent in (str(os.getpid()), "1"):
            found.append(line)
    return found

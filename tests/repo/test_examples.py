"""Every example runs, from another folder, as a reader would run it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPECTED = {
    "solve_built_in.py": ["OPTIMAL: objective 2,000.0", "P4", "energy_freed: 1,500.0 tce", "written to"],
    "own_tables.py": ["OPTIMAL", "chips"],
    "tighten_a_limit.py": ["value_added_final", "-800", "no longer awarded: P2"],
    "trade_offs.py": [
        "complete: True", "changes at a limit of 0.5", "2000.0 1200.0", "P2 is barred", "costs 250 of the objective",
        "out for it: P2",
    ],
    "pipeline.py": ["base", "strict-access", "keep-70"],
    "progress_and_cancel.py": ["gap", "projects", "verified: True"],
}  # fmt: skip


def test_every_example_is_tried():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_example_runs_and_says_what_it_should(name, tmp_path):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        cwd=tmp_path, capture_output=True, encoding="utf-8", env={**os.environ, "PYTHONUTF8": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for words in EXPECTED[name]:
        assert words in done.stdout

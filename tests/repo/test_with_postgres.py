"""`tools/with_postgres` runs a command, with a PostgreSQL where there is one, and leaves nothing behind."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "with_postgres"


@pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="a script for bash")
def test_the_command_runs_its_ending_is_passed_on_and_nothing_is_left():
    environment = {name: value for name, value in os.environ.items() if name != "QUOTA_OPT_TEST_POSTGRES"}
    done = subprocess.run(
        [SCRIPT, "sh", "-c", 'echo "place=$QUOTA_OPT_TEST_POSTGRES"; exit 3'],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 3
    place = done.stdout.strip().removeprefix("place=")
    if not place:
        assert "tests that need it are skipped" in done.stderr
        return
    folder = Path(place.partition("host=")[2])
    assert folder.name.startswith("quota-opt-pg") and not folder.exists()

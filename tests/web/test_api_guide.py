"""The guide to the API: its commands run as they stand, in both languages the same."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from serving import TOKEN

ROOT = Path(__file__).parents[2]


def commands_of(language):
    text = (ROOT / "docs" / language / "api.md").read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.S))


def without_comments(commands):
    return re.sub(r"\s+# .*", "", commands)


def test_both_languages_show_the_same_commands():
    assert without_comments(commands_of("zh")) == without_comments(commands_of("en"))


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")
def test_the_commands_of_the_guide_run_as_they_stand(server, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, call in {"quota-opt": f'{sys.executable} -m quota_opt "$@"', "python3": f'{sys.executable} "$@"'}.items():
        (tools / name).write_text(f"#!/bin/sh\nexec {call}\n")
        (tools / name).chmod(0o755)
    surroundings = {
        **os.environ, "API": server.told["api"], "TOKEN": TOKEN, "QUOTA_OPT_LANG": "en",
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands_of("en")], cwd=tmp_path, env=surroundings, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "event: state" in done.stdout
    assert (tmp_path / "plan" / "run.json").is_file()
    assert (tmp_path / "report.html").stat().st_size > 100_000

"""Ctrl-C: once keeps the best plan so far, twice gives up; and the line that moves meanwhile."""

import os
import signal
import subprocess
import sys

import pytest

from quota_opt.cli.progress import progress_line
from quota_opt.cli.session import Session
from quota_opt.solving.status import Progress

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")

SCRIPT = """
import json, sys, time
from dataclasses import dataclass, field
from types import SimpleNamespace
import quota_opt
from quota_opt.cli import main
from quota_opt.errors import NoPlanFound, Text
from quota_opt.solving.status import Progress

mode = sys.argv[1]

@dataclass
class Plan:
    status: str = "FEASIBLE"
    findings: tuple = ()
    seconds: dict = field(default_factory=dict)

    def write(self, folder, language):
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({"status": "FEASIBLE"}))
        return folder

def solve(case, profile="auto", *, gap=None, time_limit=None, on_progress=None):
    print("solving", file=sys.stderr, flush=True)
    for _ in range(400):
        if on_progress(Progress("solve", 0.1)) is False and mode != "deaf":
            if mode == "empty":
                raise NoPlanFound(Text("没有找到", "none found"))
            return Plan()
        try:
            time.sleep(0.05)
        except KeyboardInterrupt:  # as the engines do: keep what is there
            return Plan()
    raise AssertionError("never stopped")

quota_opt.read = lambda address, overrides=None: SimpleNamespace(name="town", variant=None)
quota_opt.solve = solve
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture
def interrupted(tmp_path):
    """Runs `run town` with a solver of the given mode and presses Ctrl-C that many times."""

    def call(mode, times):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, mode, "run", "town", "--out", "out", "--quiet", "--lang", "en"],
            cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stderr.readline() == "solving\n"
        said = ""
        for press in range(times):
            process.send_signal(signal.SIGINT)
            while press < times - 1 and "Stopping" not in said:
                said += process.stderr.readline()
        out, rest = process.communicate(timeout=30)
        return process.returncode, out, said + rest, (tmp_path / "out").exists()

    return call


def test_ctrl_c_once_keeps_the_incumbent_and_ends_in_4(interrupted):
    code, out, said, written = interrupted("good", 1)
    assert (code, out.strip(), written) == (4, "out", True)
    assert "Stopping" in said


def test_ctrl_c_once_without_an_incumbent_ends_in_4_and_writes_nothing(interrupted):
    code, _, said, written = interrupted("empty", 1)
    assert (code, written) == (4, False)
    assert "none found" in said


def test_ctrl_c_twice_gives_up_and_writes_nothing(interrupted):
    code, _, said, written = interrupted("deaf", 2)
    assert (code, written) == (4, False)
    assert "nothing was written" in said
    assert "Traceback" not in said


def test_the_line_shows_stage_seconds_best_value_bound_and_gap():
    progress = Progress("solve", 3.0, 1234.56, 1300.0, 0.053)
    assert progress_line(progress, 3.21, Session("en")) == "solving   3.2 s   best 1,234.6   bound 1,300.0   gap 5.300%"
    assert progress_line(progress, 3.21, Session("zh")).startswith("求解   3.2 s   当前最好")


def test_what_is_not_known_yet_is_left_out_of_the_line():
    assert progress_line(Progress("odd-stage", 0.0), 0.0, Session("en")) == "odd-stage   0.0 s"
    assert progress_line(None, 1.0, Session("en")) == "… 1.0 s"


def test_progress_is_shown_on_a_terminal_only(tmp_path):
    pty = pytest.importorskip("pty")
    for arguments, shown in (([], True), (["--quiet"], False), (["--json"], False)):
        parent, child = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, "empty", "run", "town", "--lang", "en", *arguments],
            cwd=tmp_path, stderr=child, stdout=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm"},
        )  # fmt: skip
        os.close(child)
        said = b""
        while b"solving" not in said or (shown and b"solving   0." not in said):
            said += os.read(parent, 4096)
        process.send_signal(signal.SIGINT)
        try:
            while chunk := os.read(parent, 4096):
                said += chunk
        except OSError:
            pass  # the other end is closed
        assert process.wait(timeout=30) == 4
        os.close(parent)
        assert (b"solving   0." in said) == shown

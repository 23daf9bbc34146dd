"""Pipes that close early, consoles with other code pages, and values JSON does not know."""

import io
import json
import os
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import numpy as np
import pytest

from quota_opt.cli.session import Session, plain
from quota_opt.errors import Text

FAKE = """
import sys, quota_opt
from quota_opt.cli import main
from quota_opt.errors import Finding, Level, Text, Where
quota_opt.check = lambda case: tuple(
    Finding(Level.WARNING, "x", Text("问题 %d 喆 ₂" % i, "problem %d" % i), Where(row=i), Text("改", "mend"))
    for i in range(20000)
)
sys.exit(main(sys.argv[1:]))
"""


def run_python(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", FAKE, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **environment},
    )  # fmt: skip


def test_a_reader_who_leaves_early_sees_no_error():
    process = run_python("check", "town", "--json")
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=30) == 0


def test_output_is_utf_8_on_a_chinese_console():
    process = run_python("check", "town", "--json", "--lang", "zh", PYTHONIOENCODING="cp936", PYTHONUTF8="0")
    out, err = process.communicate(timeout=30)
    assert err == b""
    assert json.loads(out.decode("utf-8"))["findings"][0]["what"] == "问题 0 喆 ₂"


def test_a_lone_surrogate_does_not_stop_the_output(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp936")
    monkeypatch.setattr(sys, "stdout", stream)
    Session.prepare_streams()
    Session("en").answer("bad \udc80 name")
    assert stream.buffer.getvalue() == b"bad ? name\n"


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "as_json"),
    [(float("nan"), None), (float("inf"), None), (np.float64(1.5), 1.5), (np.int64(2), 2), (np.bool_(True), True),
     (np.float64("nan"), None), (Path("a"), "a"), (Text("好", "good"), "good"), (Colour.RED, "red"),
     ({1: (2, 3)}, {"1": [2, 3]}), (None, None), (True, True)],
)  # fmt: skip
def test_values_become_plain_json(value, as_json):
    assert plain(value, "en") == as_json

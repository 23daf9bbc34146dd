"""Calls the command line in this process, as the entry point does."""

import json
import os
from dataclasses import dataclass

import pytest

from quota_opt.cli import main


@dataclass
class Call:
    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def neutral_surroundings(monkeypatch, tmp_path):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QUOTA_OPT_LANG", "en")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "120")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.fixture
def cli(capfd):
    def call(*arguments):
        capfd.readouterr()
        code = main([os.fspath(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Call(code, captured.out, captured.err)

    return call

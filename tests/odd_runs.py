"""Runs that hang, crash or eat memory: the variant of such a case is a program that works it out."""

from __future__ import annotations

import json
import os
import time
from types import SimpleNamespace

import psutil

import quota_opt as qo
from quota_opt.batch.task import Task

AUTO = qo.read_profile("auto")
ODD = SimpleNamespace(with_variant=eval)
"""A case that can be sent to another process; `task_that` belongs to it."""
KILL_ME = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def task_that(program: str, address: str = "odd") -> Task:
    """A run of `ODD` that executes `program`, then solves the worked example."""
    return Task(address, "odd", f"exec({program!r}) or __import__('quota_opt').read('worked-example')", {}, AUTO)


def solvers() -> list[int]:
    """The processes below this one that solve tasks."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if any("child_process" in word for word in process.cmdline()):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def ended(pids: list[int], seconds: float = 30.0) -> bool:
    """Whether all these processes end, within so long; one that nobody has waited for counts as ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(_runs(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _runs(pid: int) -> bool:
    try:
        return pid != os.getpid() and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def same_content(files: dict[str, bytes]) -> dict[str, str | bytes]:
    """The files of a result folder without the seconds it took, and without the seal of these."""

    def timeless(value):
        if isinstance(value, dict):
            return {key: timeless(item) for key, item in value.items() if key != "seconds"}
        return [timeless(item) for item in value] if isinstance(value, list) else value

    record, seal = (json.loads(files[name]) for name in ("run.json", "seal.json"))
    sealed = {name: digest for name, digest in seal["files"].items() if name != "run.json"}
    return {**files, "run.json": json.dumps(timeless(record)), "seal.json": json.dumps(sealed)}

"""Solvers in processes of their own.

OR-Tools and CBC run outside the user's process: they can be stopped when they do not listen, what they print stays
out of the terminal, and a crash in them is an error message. A child (`child_mathopt.py`, `child_pulp.py`) reads one
request from its standard input and answers in frames: one byte of kind, eight of length, then the payload.

    R result      E error text      L line of the solver's log      B incumbent and bound, two doubles
"""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from quota_opt.solving.pipes import close, own_group
from quota_opt.solving.watch import Watch

GRACE_S = 3.0
"""How long a child may take to hand over its incumbent after it was asked to stop."""
_HEADER = struct.Struct(">cQ")


class ChildError(Exception):
    """The child ended in an error; the text is the solver's own."""


def run_child(
    script: str,
    request: bytes,
    folder: Path,
    watch: Watch,
    heard: Callable[[bytes, bytes], None],
    *,
    signalled: bool = False,
) -> bytes | None:
    """Have `script` (beside this file) work on `request` in `folder`; its result, or None if stopped without one.

    `heard` gets every L and B frame. On cancellation the child reads one byte more; with `signalled` its whole
    process group also gets an interrupt, as from Ctrl-C, where the system knows such a thing.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name(script))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **own_group(),
    )
    assert process.stdin is not None and process.stdout is not None
    last_call = threading.Timer(GRACE_S, _kill, [process])
    last_call.daemon = True
    writing = threading.Lock()

    def stop() -> None:
        last_call.start()
        with writing:
            _send(process.stdin, b"s")
        if signalled and sys.platform != "win32" and process.poll() is None:
            _signal_group(process.pid, signal.SIGINT)

    try:
        with writing:
            _send(process.stdin, struct.pack(">Q", len(request)) + request)
        watch.when_cancelled(stop)
        return _listen(process, watch, heard)
    finally:
        last_call.cancel()
        _kill(process)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            close(pipe)


def _listen(process: subprocess.Popen[bytes], watch: Watch, heard: Callable[[bytes, bytes], None]) -> bytes | None:
    assert process.stdout is not None
    while True:
        header = process.stdout.read(_HEADER.size)
        if len(header) < _HEADER.size:
            break
        kind, size = _HEADER.unpack(header)
        payload = process.stdout.read(size)
        if len(payload) < size:
            break
        if kind == b"R":
            return payload
        if kind == b"E":
            raise ChildError(payload.decode("utf-8", "replace"))
        heard(kind, payload)
    code = process.wait()
    if watch.cancelled.is_set():
        return None
    raise ChildError(f"the solver's process ended without an answer (code {code})")


def _send(pipe: IO[bytes] | None, data: bytes) -> None:
    """Write to a child that may be gone."""
    try:
        if pipe is not None:
            pipe.write(data)
            pipe.flush()
    except (OSError, ValueError):
        return


def _signal_group(group: int, number: int) -> None:
    if sys.platform != "win32":
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            return


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and what it started; nothing happens if all of it has ended."""
    if sys.platform == "win32":
        if process.poll() is None:
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        _signal_group(process.pid, signal.SIGKILL)

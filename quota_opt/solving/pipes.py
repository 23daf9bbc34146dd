"""Processes of this package that live beside their parent: how they start, and the frames they speak in.

A frame is eight bytes of length and a pickle, over standard input and output. A process ends with its parent: when it
finds its input closed.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

_LENGTH = struct.Struct(">Q")
_PACKAGE = Path(__file__).resolve().parents[2]


class WorkerError(Exception):
    """A process ended before its answer came, or answered with an error."""


def started(module: str, errors: int | IO[bytes] = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """`module` of this package as a program with pipes to it; `errors` takes what it writes to standard error.

    Nothing is imported from the folder it is started in.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment(),
        **own_group(),
    )


def environment() -> dict[str, str]:
    """The environment of such a process: this one's, with this package where it is found."""
    given = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(_PACKAGE), *([given] if given else [])])}


def own_group() -> dict[str, Any]:
    """Options of a process whom Ctrl-C in the terminal does not reach: that is for the parent alone."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"process_group": 0}


def own_ends() -> tuple[IO[bytes], IO[bytes]]:
    """In such a process: where frames come from, and where they go to. What a solver prints does not mix with them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return sys.stdin.buffer, out


def packed(message: Any) -> bytes:
    """What a frame holds."""
    return pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)


def send(pipe: IO[bytes] | None, message: Any) -> None:
    """Write a message as one frame. Raises WorkerError where nobody is left to read it."""
    write(pipe, packed(message))


def write(pipe: IO[bytes] | None, data: bytes) -> None:
    """Write a frame that is packed already, as `send` does."""
    try:
        assert pipe is not None
        pipe.write(_LENGTH.pack(len(data)))
        pipe.write(data)
        pipe.flush()
    except (OSError, ValueError) as error:
        raise WorkerError(f"a worker ended early: {error}") from error


def received(pipe: IO[bytes] | None) -> Any:
    """Read one frame. Raises WorkerError where none comes any more."""
    assert pipe is not None
    try:
        head = pipe.read(_LENGTH.size)
        size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else -1
        data = pipe.read(size) if size >= 0 else b""
    except (OSError, ValueError) as error:
        raise WorkerError(f"a worker's answer could not be read: {error}") from error
    if size < 0 or len(data) < size:
        raise WorkerError("a worker ended without an answer")
    return pickle.loads(data)


def close(pipe: IO[bytes] | None) -> None:
    """Close a pipe whose other end may be gone."""
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        return

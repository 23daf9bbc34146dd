"""A real server for tests: `quota-opt serve` as a process of its own, asked over HTTP."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

TOKEN = "a-token-for-tests-only"
ENDED = ("done", "failed", "cancelled")
LONGEST_WAIT = 240
"""Seconds after which a test gives up on a busy machine."""


@dataclass
class Server:
    """A server that runs; `api` is the client of its API."""

    process: subprocess.Popen[str]
    told: dict[str, Any]
    errors: Path
    api: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.api = client(self.told["api"], self.told["token"] or TOKEN)

    def submit(self, **asked: Any) -> dict[str, Any]:
        """Submit a solve as JSON; returns its job."""
        answer = self.api.post("/jobs", json=asked)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def ended(self, job: str) -> dict[str, Any]:
        """The job, once it has ended."""
        return self.until(job, lambda found: found["state"] in ENDED)

    def until(self, job: str, reached: Any) -> dict[str, Any]:
        """The job, once `reached` says so of it."""
        deadline = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < deadline:
            found = self.api.get(f"/jobs/{job}").json()
            if reached(found):
                return found
            time.sleep(0.1)
        raise AssertionError(f"still {found}")

    def folder(self, job: str, into: Path) -> Path:
        """The result folder of a job, unpacked."""
        packed = self.api.get(f"/jobs/{job}/result.zip")
        assert packed.status_code == 200, packed.text
        zipfile.ZipFile(io.BytesIO(packed.content)).extractall(into)
        return into

    def end(self) -> int:
        """Ask it to stop; returns its exit code."""
        self.process.terminate()
        return self.process.wait(60)


def client(address: str, token: str = TOKEN) -> httpx.Client:
    """A caller with a token."""
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=120)


@contextlib.contextmanager
def serving(folder: Path, *options: str, store: str = "store.db", **variables: str) -> Any:
    """A Server on a free port, its store in `folder`; with QUOTA_OPT_TOKEN="" its page asks for no token."""
    errors = folder / "stderr.txt"
    surroundings = {**os.environ, "QUOTA_OPT_LANG": "en", "QUOTA_OPT_TOKEN": TOKEN, **variables}
    place = store if "://" in store else str(folder / store)
    with errors.open("a") as noise:
        process = subprocess.Popen(
            [sys.executable, "-m", "quota_opt", "serve", "--port", "0", "--store", place, "--json", *options],
            stdout=subprocess.PIPE, stderr=noise, text=True, env=surroundings,
        )  # fmt: skip
    try:
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            line = process.stdout.readline()
            assert line, errors.read_text()
            lines.append(line)
        server = Server(process, json.loads("".join(lines)), errors)
        with server.api:
            yield server
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def events(lines: Any) -> Any:
    """Server-sent events as (event, id, data)."""
    event: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            if "data" in event:
                yield event["event"], int(event["id"]), json.loads(event["data"])
            event = {}

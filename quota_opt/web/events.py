"""Server-sent events of a job: its record whenever it changes, until it has ended.

Each event carries the job as it stands, and its `version` as id, so that a watcher who comes back with Last-Event-ID,
to this server or the next one, misses no state.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool

from quota_opt.store.jobs import ENDED, QUEUED, RUNNING, NoSuchJob
from quota_opt.web.service import Service, job_record

POLL_S = 0.3
HEARTBEAT_S = 10.0
RETRY_MS = 2000
"""When a watcher that was cut off comes back."""


async def job_events(service: Service, job: str, owner: str, seen: int, root: str) -> AsyncIterator[str]:
    """The events of a job after version `seen`: `state` where its state changed, else `progress`."""
    state: str | None = None
    told = time.monotonic()
    yield f"retry: {RETRY_MS}\n\n"
    while True:
        found = await run_in_threadpool(service.jobs.version, job)
        if found is None:
            yield "event: gone\ndata: {}\n\n"
            return
        version, _ = found
        if version > seen or (found[1] in ENDED and state is None):
            try:
                record = await run_in_threadpool(service.jobs.get, job, owner)
            except NoSuchJob:
                continue
            kind = "progress" if record.state == state else "state"
            now = job_record(record, root)
            if state == QUEUED and record.state in ENDED and record.started is not None:
                yield _event("state", _as_it_ran(now))  # begun and ended between two looks
            seen, state, told = record.version, record.state, time.monotonic()
            yield _event(kind, now)
            if record.state in ENDED:
                return
        if service.closing.is_set():
            yield ": the server stops\n\n"
            return
        if time.monotonic() - told > HEARTBEAT_S:
            told = time.monotonic()
            yield ": still there\n\n"
        await asyncio.sleep(POLL_S)


def _event(kind: str, record: Mapping[str, Any]) -> str:
    return f"event: {kind}\nid: {record['version']}\ndata: {json.dumps(record, ensure_ascii=False)}\n\n"


def _as_it_ran(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of an ended job as it was just before it ended."""
    links = {name: link for name, link in record["links"].items() if name in ("self", "events")}
    then = {"state": RUNNING, "version": record["version"] - 1, "finished": None, "ending": None, "error": None}
    return {**record, **then, "has_result": False, "links": links}

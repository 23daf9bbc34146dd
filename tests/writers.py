"""What each of several processes does at once to a store in `store/test_writers.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import quota_opt as qo
from quota_opt.batch.task import Ending


def address(writer: int | None, number: int) -> str:
    """The address of a run that one writer adds, or for None of one that all of them add."""
    return ("5a" if writer is None else f"0{writer}") * 2 + f"{number:020d}"


def failed(run: str) -> str:
    """The address of the failure that is added beside a run."""
    return f"ff{run[2:]}{run[:2]}"


def write(place: str, files: Mapping[str, bytes], writer: int, shared: int, own: int, ready: Any) -> None:
    """Wait for the others, then add runs and failures, mark them, pin each in its turn; the first clears away too."""
    ready.wait(timeout=120)
    with qo.Store.open(place) as store:
        for number in range(max(shared, own)):
            names = [address(None, number)] * (number < shared) + [address(writer, number)] * (number < own)
            for name in names:
                record = {**json.loads(files["run.json"]), "address": name}
                content = {**files, "run.json": json.dumps(record).encode(), "own.txt": name.encode()}
                store.add(content, tags=[f"w{writer}"], source="batch")
                store.add({}, Ending(failed(name), "LOST", 1, qo.Text("没了", "lost")))
            if writer == 0:
                store.gc(older_than=timedelta(days=1))
            store.pin(address(writer, number))

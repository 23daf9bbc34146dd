"""Comparisons of runs in the store: `quota-opt compare` in a process of its own, over their result folders."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quota_opt.batch.memory import Tree
from quota_opt.batch.task import unpack
from quota_opt.errors import Text
from quota_opt.store.jobs import Job, Jobs, NoSuchJob
from quota_opt.store.store import Store
from quota_opt.web.limits import ServerLimits

POLL_S = 0.2
LONGEST_MESSAGE = 2000


class CompareStopped(Exception):
    """A comparison that came to nothing: a stable `kind`, why, and the exit code it stands for."""

    def __init__(self, kind: str, text: Text, exit_code: int) -> None:
        super().__init__(text.en)
        self.kind, self.text, self.exit_code = kind, text, exit_code


class Comparer:
    """One comparison; `stop` ends it from another thread."""

    def __init__(self, store: Store, jobs: Jobs, limits: ServerLimits) -> None:
        self._store, self._jobs, self._limits = store, jobs, limits
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End it at once."""
        self._stopped.set()

    def compare(self, job: Job) -> dict[str, Any]:
        """The comparison of a job's parts that have a plan, as `quota-opt compare --json` tells it.

        Raises CompareStopped where fewer than two have one, at a limit, or after `stop`.
        """
        standing, without = self._parts(job)
        if len(standing) < 2:
            raise CompareStopped(
                "nothing-to-compare",
                Text(
                    f"只有 {len(standing)} 个任务有方案，无法对比。",
                    f"Only {len(standing)} of the jobs have a plan: nothing to compare.",
                ),
                3,
            )
        with tempfile.TemporaryDirectory(prefix="quota-opt-") as scratch:
            folders = []
            for number, (_, address) in enumerate(standing, 1):
                folders.append(unpack(self._store.files(address), Path(scratch) / f"plan-{number}"))
            found = self._run(folders, Path(scratch), job.language)
        named = found.pop("scenarios")
        found.pop("folder", None)
        found.pop("exit_code", None)
        for entry, (part, _) in zip(named, standing, strict=True):
            entry["job"] = part
        return {"scenarios": named, "without_plan": without, **found}

    def _parts(self, job: Job) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
        standing: list[tuple[str, str]] = []
        without: list[dict[str, Any]] = []
        for part in job.parts:
            try:
                solved = self._jobs.get(part, job.owner)
            except NoSuchJob:
                without.append({"job": part, "reason": _GONE._asdict()})
                continue
            if solved.result is not None:
                standing.append((part, solved.result))
            else:
                message = (solved.error or {}).get("message") or _GONE._asdict()
                without.append({"job": part, "reason": message})
        return standing, without

    def _run(self, folders: Sequence[Path], scratch: Path, language: str) -> dict[str, Any]:
        command = [
            sys.executable, "-m", "quota_opt", "compare", *map(str, folders), "--out", str(scratch / "out"),
            "--lang", language, "--json",
        ]  # fmt: skip
        answer, errors = scratch / "answer.json", scratch / "errors.txt"
        with answer.open("wb") as out, errors.open("wb") as err:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=scratch)
            tree = Tree(process.pid)
            try:
                self._wait(process, tree)
            finally:
                tree.kill()
                process.wait()
        try:
            document: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        except ValueError:
            raise CompareStopped("internal", _BROKE, 1) from None
        if "error" in document:
            said = str(document["error"]["message"])[:LONGEST_MESSAGE]
            raise CompareStopped(str(document["error"]["kind"]), Text(said, said), int(document["error"]["exit_code"]))
        return document

    def _wait(self, process: subprocess.Popen[bytes], tree: Tree) -> None:
        deadline = time.monotonic() + self._limits.hard_time_s
        while process.poll() is None:
            if self._stopped.is_set():
                raise CompareStopped("cancelled", Text("已取消。", "Cancelled."), 4)
            if time.monotonic() > deadline:
                raise CompareStopped("timeout", _timeout(self._limits), 4)
            if tree.resident_mb() > self._limits.memory_mb:
                raise CompareStopped("out-of-memory", _memory(self._limits), 4)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(POLL_S)


def _timeout(limits: ServerLimits) -> Text:
    return Text(
        f"对比超过 {limits.hard_time_s:g} 秒，已终止。",
        f"The comparison took more than {limits.hard_time_s:g} s and was ended.",
    )


def _memory(limits: ServerLimits) -> Text:
    return Text(
        f"对比的内存超过 {limits.memory_mb:,} MB，已终止。",
        f"The comparison took more than {limits.memory_mb:,} MB and was ended.",
    )


_GONE = Text("任务已不在，或没有方案。", "The job is gone, or has no plan.")
_BROKE = Text("对比没有完成，详情在服务器的日志中。", "The comparison did not finish; the server's log has it.")

"""Analyses of runs in the store, each in a process of its own (`web/analyses.py`) with limits of time and memory."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from quota_opt.batch.memory import Tree
from quota_opt.batch.task import unpack
from quota_opt.errors import Text
from quota_opt.solving.pipes import environment, own_group
from quota_opt.store.jobs import ALTERNATIVES, COMPARE, FRONT, Job, Jobs, NoSuchJob
from quota_opt.store.store import Store
from quota_opt.web.limits import ServerLimits

log = logging.getLogger(__name__)

POLL_S = 0.2
KEEPING = (FRONT, ALTERNATIVES)
"""What keeps what it has found when it is stopped; the others have nothing before the end."""
GRACE_S = 20.0
"""How long an analysis that is told to stop may take to hand over what it has found."""
ERRORS = "errors.txt"
TAIL = 8_000
"""Characters of standard error, at most, that go into the log."""


class AnalysisStopped(Exception):
    """An analysis that came to nothing: a stable `kind`, why, and the exit code it stands for."""

    def __init__(self, kind: str, text: Text, exit_code: int) -> None:
        super().__init__(text.en)
        self.kind, self.text, self.exit_code = kind, text, exit_code


class Analyst:
    """One analysis; `stop` ends it from another thread."""

    def __init__(self, store: Store, jobs: Jobs, limits: ServerLimits) -> None:
        self._store, self._jobs, self._limits = store, jobs, limits
        self._stopped, self._dropped = threading.Event(), threading.Event()
        self._keeps = False

    @property
    def stopped(self) -> bool:
        """Whether somebody asked for its end."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End it; what it has found by then is kept where it says something by itself, such as points of a front."""
        self._stopped.set()

    def drop(self) -> None:
        """End it at once, with nothing kept."""
        self._dropped.set()

    def answer(self, job: Job, tell: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
        """What a job's question comes to, as it is kept: `document` (see `report.document_json`) and plain values.

        `tell` hears now and then how far it is. Raises AnalysisStopped.
        """
        self._keeps = job.kind in KEEPING
        standing, without = self._parts(job)
        if job.kind == COMPARE and len(standing) < 2:
            raise AnalysisStopped("nothing-to-compare", _too_few(len(standing)), 3)
        if without and job.kind != COMPARE:
            raise AnalysisStopped("no-plan", Text(**without[0]["reason"]), 2)
        with tempfile.TemporaryDirectory(prefix="quota-opt-") as place:
            scratch = Path(place)
            for number, (_, address) in enumerate(standing, 1):
                unpack(self._store.files(address), scratch / f"plan-{number}")
            if job.case is not None:
                (scratch / "case.zip").write_bytes(self._jobs.content(job))
            question = {
                "kind": job.kind,
                "plans": [f"plan-{number}" for number in range(1, len(standing) + 1)],
                "variant": job.variant,
                "overrides": job.overrides,
                "options": self._options(job, [part for part, _ in standing]),
            }
            (scratch / "question.json").write_text(json.dumps(question), encoding="utf-8")
            found = self._run(scratch, tell)
        if job.kind == COMPARE:
            for entry, (part, _) in zip(found["scenarios"], standing, strict=True):
                entry["job"] = part
            found["without_plan"] = without
        return found

    def _options(self, job: Job, standing: list[str]) -> dict[str, Any]:
        """What is asked beside the plans; of a comparison the names of the plans that there are."""
        options = dict((job.question or {}).get("options", {}))
        if labels := options.pop("labels", None):
            options["labels"] = [label for label, part in zip(labels, job.parts, strict=True) if part in standing]
        return options

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

    def _run(self, scratch: Path, tell: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
        self._work(scratch, tell)
        try:
            answer: dict[str, Any] = json.loads((scratch / "answer.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            said = (scratch / ERRORS).read_text("utf-8", "replace")
            log.error("an analysis ended without an answer: %s", said[-TAIL:])
            raise AnalysisStopped("internal", _BROKE, 1) from None
        if "error" in answer:
            failed = answer["error"]
            raise AnalysisStopped(str(failed["kind"]), Text(**failed["message"]), int(failed["exit_code"]))
        return answer

    def _work(self, scratch: Path, tell: Callable[[Mapping[str, Any]], None]) -> None:
        """Have the question in a folder answered by a process, which is ended at a limit."""
        command = [sys.executable, "-P", "-m", "quota_opt.web.analyses", str(scratch)]
        with (scratch / ERRORS).open("wb") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, env=environment(),
                **own_group(),
            )  # fmt: skip
        tree = Tree(process.pid)
        try:
            self._wait(process, tree, scratch, tell)
        finally:
            tree.kill()
            process.wait()
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.close()

    def _wait(
        self, process: subprocess.Popen[bytes], tree: Tree, scratch: Path, tell: Callable[[Mapping[str, Any]], None]
    ) -> None:
        began, asked, heard = time.monotonic(), 0.0, ""
        while process.poll() is None:
            now = time.monotonic()
            if self._dropped.is_set():
                raise AnalysisStopped("cancelled", _CANCELLED, 4)
            if self._keeps and not asked and (self.stopped or now - began > self._limits.time_s):
                asked = now
                (scratch / "stop").touch()
            if self.stopped and now - asked > (GRACE_S if self._keeps else 0.0):
                raise AnalysisStopped("cancelled", _CANCELLED, 4)
            if now - began > self._limits.hard_time_s:
                raise AnalysisStopped("timeout", _timeout(self._limits), 4)
            if tree.resident_mb() > self._limits.memory_mb:
                raise AnalysisStopped("out-of-memory", _memory(self._limits), 4)
            with contextlib.suppress(OSError, ValueError):
                told = (scratch / "progress.json").read_text(encoding="utf-8")
                if told != heard:
                    tell(json.loads(told))
                    heard = told
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(POLL_S)


def _too_few(count: int) -> Text:
    return Text(
        f"只有 {count} 个任务有方案，无法对比。",
        f"Only {count} of the jobs have a plan: nothing to compare.",
    )


def _timeout(limits: ServerLimits) -> Text:
    return Text(
        f"已停止：分析超过 {limits.hard_time_s:g} 秒。",
        f"Stopped: the analysis took more than {limits.hard_time_s:g} s.",
    )


def _memory(limits: ServerLimits) -> Text:
    return Text(
        f"已停止：分析的内存超过 {limits.memory_mb:,} MB。",
        f"Stopped: the analysis took more than {limits.memory_mb:,} MB.",
    )


_GONE = Text("任务已不在，或没有方案。", "The job is gone, or has no plan.")
_BROKE = Text("分析没有完成，详情在服务器的日志中。", "The analysis did not finish; the server's log has it.")
_CANCELLED = Text("已取消。", "Cancelled.")

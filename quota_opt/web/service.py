"""What the routes call: cases in, jobs and results out. No HTTP here."""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from quota_opt.batch.task import task_of
from quota_opt.errors import Finding, InputError, Language, Level, Text, Where
from quota_opt.facade import Scenario, check
from quota_opt.plan.folder import finite
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import Profile, list_profiles, read_profile
from quota_opt.store.jobs import COMPARE, DONE, QUEUED, SOLVE, Job, Jobs, WrongState, queue_full
from quota_opt.store.store import Store
from quota_opt.store.workspace import Workspace
from quota_opt.web.limits import ServerLimits
from quota_opt.web.models import CaseDocument, CheckOptions, CheckRequest, CompareRequest, Options, SolveRequest
from quota_opt.web.problems import no_room
from quota_opt.web.results import report
from quota_opt.web.runner import Runner
from quota_opt.web.uploads import builtin_case, document_case, file_case, zip_of

READERS = 2
"""Cases read, and reports made, at once; other requests for them wait their turn."""

REPORTS = 8
"""Reports kept; each is about a megabyte."""


@dataclass(frozen=True)
class Chosen:
    """A case as it was read, and what of it is asked: a variant, and settings that are changed."""

    base: Scenario
    variant: str | None
    overrides: Mapping[str, Any]

    def scenario(self) -> Scenario:
        """The scenario asked for. Raises InputError."""
        scenario = self.base.with_variant(self.variant) if self.variant else self.base
        return scenario.with_(**self.overrides) if self.overrides else scenario


class Service:
    """One server's jobs and runs; safe from several threads. `runner` is None where another server runs the jobs."""

    def __init__(self, store: Store, limits: ServerLimits, *, running: bool = True) -> None:
        self.store = store
        self.limits = limits
        self.jobs = Jobs(store)
        self._workspace = Workspace(store)
        self.runner = Runner(store, self.jobs, limits) if running else None
        self.closing = threading.Event()
        self._reports: OrderedDict[tuple[str, str, Language], bytes] = OrderedDict()
        self._streams = threading.BoundedSemaphore(limits.streams)

    def start(self) -> None:
        """Begin with the jobs that wait."""
        if self.runner is not None:
            self.runner.start()

    def drain(self) -> None:
        """Begin no more jobs, and end the event streams, which would keep a server from stopping."""
        self.closing.set()
        if self.runner is not None:
            self.runner.drain()

    def stop(self, grace: float) -> None:
        """Let go of the jobs, see `Runner.stop`, and of the store."""
        self.drain()
        if self.runner is not None:
            self.runner.stop(grace)
        self.store.close()

    def submit(
        self, owner: str, asked: SolveRequest | Options, file: bytes | None, key: str | None
    ) -> tuple[Job, bool]:
        """Queue a solve, or answer it from the store; returns the job, and whether it is new.

        Raises InputError where the case needs correcting, TooLarge, QueueFull, KeyReused, EngineUnavailable.
        """
        profile = self._profile(asked)  # before a large file is read in vain
        return self._submit(self._solve(owner, profile, self._chosen(asked, file), asked), key, "")

    def submit_case(
        self,
        owner: str,
        case: Scenario,
        *,
        variant: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        options: Options | None = None,
        title: str = "",
    ) -> Job:
        """Queue a solve of a case that was read already, as `submit` does; `title` is what its owner calls it.

        Raises what `submit` raises.
        """
        asked = options or Options()
        chosen = Chosen(case, variant, dict(overrides or {}))
        return self._submit(self._solve(owner, self._profile(asked), chosen, asked), None, title)[0]

    def _submit(self, solve: tuple[Job, Chosen], key: str | None, title: str) -> tuple[Job, bool]:
        job, chosen = solve
        job.key = key
        made, new = self.jobs.submit(job, zip_of(chosen.base) if job.state == QUEUED else None, most=self.limits.queue)
        self._wake()
        if new:
            details = {"job": made.id, "variant": chosen.variant, "overrides": dict(chosen.overrides)}
            self._workspace.log(made.owner, "run", title or chosen.base.title.zh, details)
        return made, new

    def compare(self, owner: str, asked: CompareRequest, key: str | None) -> tuple[Job, bool]:
        """Queue a comparison, and the solves it needs; returns its job, and whether it is new.

        Raises what `submit` raises, and NoSuchJob.
        """
        count = len(asked.jobs) + len(asked.cases)
        if not 2 <= count <= self.limits.compared or (asked.jobs and asked.cases):
            raise InputError([_wrong_count(self.limits.compared)])
        parts = list(asked.jobs)
        for part in parts:
            if self.jobs.get(part, owner).kind != SOLVE:
                raise WrongState(Text(f"任务 {part} 不是求解。", f"The job {part} is no solve."))
        wanted = [  # all are read before any is queued
            self._solve(owner, self._profile(case), self._chosen(case, None), case) for case in asked.cases
        ]
        waiting = self.jobs.counts()[QUEUED]
        if waiting + sum(job.state == QUEUED for job, _ in wanted) > self.limits.queue:
            raise queue_full(waiting)
        digest = _digest([job.asked for job, _ in wanted], parts, asked.language)
        for number, (job, chosen) in enumerate(wanted):
            job.key = None if key is None else f"{key}/{number}"
            content = zip_of(chosen.base) if job.state == QUEUED else None
            parts.append(self.jobs.submit(job, content, most=self.limits.queue)[0].id)
        name = self.jobs.get(parts[0], owner).case_name
        job = Job(
            kind=COMPARE, state=QUEUED, owner=owner, key=key, asked=digest, case_name=name, parts=parts,
            language=asked.language,
        )  # fmt: skip
        made = self.jobs.submit(job, most=self.limits.queue + 1)
        self._wake()
        return made

    def check(self, asked: CheckRequest | CheckOptions, file: bytes | None) -> tuple[str, tuple[Finding, ...]]:
        """The name of a case, "" where it cannot be read, and all findings about it. Raises TooLarge."""
        try:
            scenario = self._chosen(asked, file).scenario()
        except InputError as error:
            if type(error) is not InputError:
                raise
            return "", error.findings
        return scenario.name, tuple(check(scenario))

    def cancel(self, job: str, owner: str) -> Job:
        """Cancel a job. Raises NoSuchJob."""
        found = self.jobs.cancel(job, owner)
        run = self._workspace.run(owner, job)
        self._workspace.log(owner, "cancel", found.case_name if run is None else run.title, {"job": job})
        if found.cancelling and self.runner is not None:
            self.runner.cancel(job)
        return found

    def result(self, job: str, owner: str) -> tuple[Job, dict[str, bytes]]:
        """A solve that has a plan, and the files of its result folder. Raises NoSuchJob, WrongState."""
        found = self.jobs.get(job, owner)
        if found.kind != SOLVE:
            raise WrongState(Text("分析任务没有结果文件夹。", "An analysis has no result folder."))
        if found.result is None:
            raise WrongState(_no_plan(found))
        try:
            return found, self.store.files(found.result)
        except InputError:  # removed from the store since
            raise WrongState(_GONE) from None

    def report(self, job: str, owner: str, name: str, language: Language) -> bytes:
        """`report.html`, `.xlsx` or `.docx` of a solve; the last ones made are kept. Raises NoSuchJob, WrongState."""
        _, files = self.result(job, owner)
        key = (hashlib.sha256(files["run.json"]).hexdigest(), name, language)
        made = self._reports.get(key)
        if made is None:
            made = self._reports[key] = report(files, name, language)
            while len(self._reports) > REPORTS:
                self._reports.popitem(last=False)
        return made

    def found(self, job: str, owner: str) -> dict[str, Any]:
        """What an analysis found. Raises NoSuchJob, WrongState."""
        found = self.jobs.found(job, owner)
        if found is None:
            raise WrongState(_no_plan(self.jobs.get(job, owner)))
        return found

    def analyse(self, job: Job, content: bytes | None = None) -> Job:
        """Queue an analysis, or answer it from the store: the owner's own job that asks the same is the one there is.

        `content` is the zip of the case it is about, where it has no parts. Raises QueueFull.
        """
        known = self.jobs.same(job.kind, job.asked, job.owner)
        if known is not None and known.parts == job.parts:
            return known
        found = None if job.kind == COMPARE else self.jobs.answered(job.kind, job.asked)  # it names the owner's jobs
        if found is not None:
            job.state, job.found, job.reused = DONE, found, True
        made, _ = self.jobs.submit(job, content, most=self.limits.queue)
        self._wake()
        return made

    def open_stream(self) -> None:
        """One event stream more, until `close_stream`; raises Refused beyond the limit."""
        if not self._streams.acquire(blocking=False):
            raise no_room(
                "too-many-streams",
                Text("同时打开的事件流太多，请稍后再试。", "Too many event streams are open; try again later."),
            )

    def close_stream(self) -> None:
        """One event stream less."""
        self._streams.release()

    def _wake(self) -> None:
        if self.runner is not None:
            self.runner.wake()

    def _chosen(self, asked: CheckOptions | Options, file: bytes | None) -> Chosen:
        variant: str | None = None
        overrides: dict[str, Any] = {}
        if file is not None:
            base = file_case(file, self.limits)
        else:
            assert isinstance(asked, CheckRequest | SolveRequest)
            if isinstance(asked.case, CaseDocument):
                document = asked.case
                base = document_case({"settings": document.settings, "tables": document.tables}, self.limits)
                variant, overrides = document.variant, dict(document.overrides)
            else:
                name, _, variant = asked.case.partition("/")
                base = _builtin(name)
        return Chosen(base, asked.variant or variant or None, {**overrides, **asked.set})

    def _solve(self, owner: str, profile: Profile, chosen: Chosen, asked: Options) -> tuple[Job, Chosen]:
        """The job of a solve, checked and not yet queued; one that the store can answer is ended."""
        findings = check(chosen.scenario())
        if any(finding.level is Level.ERROR for finding in findings):
            raise InputError(findings)
        task = task_of(chosen.base, profile, variant=chosen.variant, overrides=chosen.overrides)
        job = Job(
            kind=SOLVE,
            state=QUEUED,
            owner=owner,
            case_name=chosen.base.name,
            case=task.case,
            address=task.address,
            variant=task.variant,
            overrides=dict(task.overrides),
            profile=profile.model_dump(),
            language=asked.language,
            fresh=asked.fresh,
            limits={"seconds": self.limits.hard_time_s, "memory_mb": self.limits.memory_mb},
            asked=_digest(task.address, asked.language, asked.fresh),
        )
        known = None if asked.fresh or self.runner is None else self.runner.known(task.address)
        for name, value in (known or {}).items():
            setattr(job, name, value)
        return job, chosen

    def _profile(self, asked: Options) -> Profile:
        """The profile asked for, with its limits. Raises InputError, EngineUnavailable where it cannot run here."""
        if asked.profile not in list_profiles():
            what = Text(f"没有名为“{asked.profile}”的求解方案", f"there is no solver profile called {asked.profile!r}")
            fix = Text(f"可用的有：{', '.join(list_profiles())}", f"Known profiles: {', '.join(list_profiles())}")
            raise InputError([Finding(Level.ERROR, "unknown-profile", what, Where(path="profile"), fix, asked.profile)])
        profile = read_profile(asked.profile)
        most = self.limits.time_s
        if asked.time_limit is not None and asked.time_limit > most:
            what = Text(f"时限 {asked.time_limit:g} 秒超过本服务的上限", f"a time limit of {asked.time_limit:g} s")
            fix = Text(f"最多 {most:g} 秒。", f"This server allows {most:g} s at most.")
            raise InputError([Finding(Level.ERROR, "time-limit", what, Where(path="time_limit"), fix)])
        limit = asked.time_limit
        if limit is None and (profile.time_limit_s is None or profile.time_limit_s > most):
            limit = most
        engine_of(profile)
        return profile.with_limits(gap=asked.gap, time_limit=limit)


@functools.lru_cache(maxsize=8)
def _builtin(name: str) -> Scenario:
    return builtin_case(name)


def _digest(*parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _wrong_count(most: int) -> Finding:
    return Finding(
        Level.ERROR,
        "compared",
        Text("要对比的任务或案例数不对", "the number of jobs or cases to compare is not right"),
        Where(),
        Text(f"给出 jobs 或 cases 之一，2 到 {most} 个。", f"Give either `jobs` or `cases`, from 2 to {most} of them."),
    )


_PROGRESS = ("stage", "seconds", "incumbent", "bound", "gap")
_GONE = Text("任务的运行已从运行库中清除。", "The run of this job is no longer in the store.")


def _no_plan(job: Job) -> Text:
    if job.state in (QUEUED, "running"):
        return Text("任务还没有结束，没有结果。", "The job has not ended; there is no result yet.")
    return Text("任务没有方案，原因见任务的 error。", "The job has no plan; its `error` says why.")


def job_record(job: Job, root: str) -> dict[str, Any]:
    """A job as callers see it, see `models.JobOut`; `root` is where the API stands."""
    here = f"{root}/jobs/{job.id}"
    analysis = job.kind != SOLVE
    has_result = job.state == DONE if analysis else job.result is not None
    links = {"self": here, "events": f"{here}/events"}
    if has_result:
        links["result"] = f"{here}/result"
    if has_result and not analysis:
        links |= {
            "zip": f"{here}/result.zip",
            "html": f"{here}/report.html",
            "xlsx": f"{here}/report.xlsx",
            "docx": f"{here}/report.docx",
        }
    profile = job.profile or {}
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "version": job.version,
        "case": job.case_name,
        "variant": job.variant,
        "set": job.overrides or {},
        "profile": profile.get("name"),
        "address": job.address,
        "jobs": job.parts or [],
        "submitted": job.submitted.isoformat(),
        "started": None if job.started is None else job.started.isoformat(),
        "finished": None if job.finished is None else job.finished.isoformat(),
        "attempts": job.attempts or 0,
        "cancelling": bool(job.cancelling),
        "progress": None if job.progress is None else {name: job.progress.get(name) for name in _PROGRESS},
        "reused": bool(job.reused),
        "has_result": has_result,
        "ending": job.ending,
        "error": job.error,
        "links": links,
    }


def found_record(found: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """What an analysis found as callers see it: plain values, texts in one language, without the report."""

    def said(value: Any) -> Any:
        if isinstance(value, Mapping):
            both = set(value) == {"zh", "en"}
            return value[language] if both else {key: said(item) for key, item in value.items()}
        return [said(item) for item in value] if isinstance(value, list) else value

    shown = {key: value for key, value in found.items() if key not in ("document", "partial")}
    return {key: value if key == "without_plan" else said(value) for key, value in shown.items()}


def limits_record(limits: ServerLimits, counts: Mapping[str, int]) -> dict[str, Any]:
    """What a server allows, and the jobs there are by state."""
    clean: dict[str, Any] = finite({**asdict(limits), "hard_time_s": limits.hard_time_s, "jobs": dict(counts)})
    return clean


def findings_record(findings: tuple[Finding, ...], language: Language) -> list[dict[str, Any]]:
    """Findings in the language of the caller."""
    return [finding.as_dict(language) for finding in findings]

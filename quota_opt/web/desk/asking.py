"""Questions about plans: why, what if it were otherwise by order, how plans differ, what one measure costs of another.

What takes moments is answered at once from the plan. The rest are jobs of the run store (`store/jobs.ANALYSES`), each
in a process with limits: found again after a reload or a restart, cancelled, and asked once only.
"""

from __future__ import annotations

import functools
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from quota_opt.errors import Text
from quota_opt.facade import Scenario
from quota_opt.plan.address import case_digest
from quota_opt.plan.folder import hashes, version
from quota_opt.plan.plan import Plan
from quota_opt.report.document import Document
from quota_opt.report.document_json import document_of_json
from quota_opt.scenario.strict import ActionKind
from quota_opt.scenario.uncertainty import ProjectCategory
from quota_opt.store.jobs import (
    ALTERNATIVES,
    COMPARE,
    DIFF,
    EVALUATE,
    EXPLAIN,
    FRONT,
    INFEASIBLE,
    OVERRIDE,
    QUEUED,
    SOLVE,
    SWEEP,
    Job,
    WrongState,
)
from quota_opt.web.desk.why import Item, Way, Why, find_items, price_of, why_of
from quota_opt.web.service import Service
from quota_opt.web.uploads import zip_of

KEPT = 256
"""Answers kept in memory."""


@dataclass(frozen=True)
class Answer:
    """What an analysis came to: the report, and its plain values. `partial`: it was stopped on the way."""

    job: Job
    document: Document
    values: Mapping[str, Any]
    partial: bool


@dataclass(frozen=True)
class Order:
    """What somebody orders: projects in or out, firms closed or kept; see `qo.override`."""

    award: tuple[str, ...] = ()
    refuse: tuple[str, ...] = ()
    close: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    bend: bool = False
    by: str = ""
    reason: str = ""

    def options(self) -> dict[str, Any]:
        """As `qo.override` takes it, without what is not said."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items() if value}


class Asking:
    """The questions of all users of one server; `plan_of` is the plan of a user's job."""

    def __init__(self, service: Service, plan_of: Callable[[str, str], Plan]) -> None:
        self._service, self._plan_of = service, plan_of
        self._answers: OrderedDict[tuple[str, Item], Why] = OrderedDict()
        self._lock = threading.Lock()

    def why(self, user: str, job: str, item: Item) -> Why:
        """Why an item of a plan is as it is, by the plan's own prices. Raises InputError where there is none such."""
        key = (self._address(user, job), item)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        plan = self._plan_of(user, job)
        if item.kind == "price":
            made = price_of(plan, item)
        else:
            from quota_opt.web.analyses import explained

            explanation, values = explained(plan, item.kind, item.id, confirm=False)
            made = why_of(values, explanation.document(), plan)
        with self._lock:
            self._answers[key] = made
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return made

    def confirm(self, user: str, job: str, item: Item) -> Job:
        """The same by re-solving, as a job: what each way in has to be at least, and what the opposite costs."""
        return self._ask(user, EXPLAIN, [job], {"item": item.kind, "id": item.id, "confirm": True})

    def confirmed(self, user: str, job: str) -> Why:
        """The answer of such a job. Raises WrongState while there is none."""
        answer = self.answer(user, job)
        return why_of(answer.values, answer.document, self._plan_of(user, answer.job.parts[0]))

    def confirmed_so_far(self, job: Job) -> tuple[Way, ...]:
        """The ways in that such a job has re-solved by now."""
        return tuple(Way.of(change) for change in (job.progress or {}).get("changes", ()))

    def find(self, user: str, job: str, asked: str) -> list[tuple[Item, Text]]:
        """What of a plan a question is about, the likeliest first."""
        return find_items(self._plan_of(user, job), asked)

    def override(self, user: str, job: str, order: Order) -> Job:
        """What an order costs a plan and who pays for it: a receipt, as a job."""
        return self._ask(user, OVERRIDE, [job], order.options())

    def compare(self, user: str, jobs: Sequence[str], labels: Sequence[str] = ()) -> Job:
        """Plans side by side, the first as baseline; begun when all have ended. `labels` are their names, in order."""
        options = {"labels": _told_apart(labels)} if labels else {}
        return self._ask(user, COMPARE, jobs, options)

    def diff(self, user: str, before: str, after: str, *, shares: bool = True) -> Job:
        """What differs between two plans, from inputs to each difference's share of the outcome."""
        return self._ask(user, DIFF, [before, after], {"shares": shares})

    def front(self, user: str, job: str, measures: Sequence[str], *, points: int | None = None) -> Job:
        """The trade-off between measures, for the case of a plan; `points` are spread, None finds every one."""
        asked: dict[str, Any] = {"exact": True} if points is None else {"points": points}
        return self._ask(user, FRONT, [job], {"measures": list(measures), **asked})

    def sweep(self, user: str, job: str, parameter: str, start: float, stop: float) -> Job:
        """One setting from end to end, for the case of a plan: where the plan changes, and what that is worth."""
        return self._ask(user, SWEEP, [job], {"parameter": parameter, "start": start, "stop": stop})

    def evaluate(self, user: str, job: str, *, less_freed: float, more_needed: float) -> Job:
        """How a plan fares in a thousand worlds in which the data are not exact.

        Each action frees up to the share `less_freed` less than stated, each project needs up to `more_needed` more or
        less. Where both are 0 it is as the case says under `[uncertainty]`.
        """
        return self._ask(user, EVALUATE, [job], _worlds(less_freed, more_needed))

    def alternatives(self, user: str, job: str, *, within: float = 0.01, count: int = 5) -> Job:
        """Plans nearly as good that differ as much as they can, for the case of a plan."""
        return self._ask(user, ALTERNATIVES, [job], {"within": within, "count": count})

    def infeasible(
        self, user: str, case: Scenario, *, variant: str | None = None, overrides: Mapping[str, Any] | None = None
    ) -> Job:
        """Why a case has no plan, and the cheapest repairs; `case` is as it was read."""
        job = Job(
            kind=INFEASIBLE, state=QUEUED, owner=user, case_name=case.name, case=case_digest(hashes(case.files)),
            parts=[], variant=variant, overrides=dict(overrides or {}), limits=self._limits(),
        )  # fmt: skip
        job.asked = _canonical([job.case], variant, job.overrides, {})
        return self._service.analyse(job, zip_of(case))

    def state(self, user: str, job: str) -> Job:
        """How far a question is. Raises NoSuchJob."""
        return self._service.jobs.get(job, user)

    def cancel(self, user: str, job: str) -> Job:
        """Stop it; what it has found by then is kept where it says something by itself."""
        return self._service.cancel(job, user)

    def answer(self, user: str, job: str) -> Answer:
        """What a question came to. Raises NoSuchJob; WrongState while, or where, there is no answer."""
        found = self._service.found(job, user)
        values = {name: value for name, value in found.items() if name not in ("document", "partial")}
        asked = self._service.jobs.get(job, user)
        return Answer(asked, document_of_json(found["document"]), values, bool(found["partial"]))

    def asked(self, user: str, job: str, kind: str) -> list[Job]:
        """The questions of one kind a user asked about a plan, newest first."""
        return [each for each in self._service.jobs.of_kind(user, kind) if job in each.parts]

    def _ask(self, user: str, kind: str, parts: Sequence[str], options: Mapping[str, Any]) -> Job:
        solves = [self._service.jobs.get(part, user) for part in parts]
        for solved in solves:
            if solved.kind != SOLVE:
                raise WrongState(Text("只能对求解的结果提问。", "Only the result of a solve can be asked about."))
        first = solves[0]
        job = Job(
            kind=kind, state=QUEUED, owner=user, case_name=first.case_name, parts=list(parts), variant=first.variant,
            overrides=dict(first.overrides or {}), limits=self._limits(),
        )  # fmt: skip
        job.asked = _canonical([str(solved.address) for solved in solves], None, {}, options)
        return self._service.analyse(job)

    def _limits(self) -> dict[str, Any]:
        limits = self._service.limits
        return {"seconds": limits.hard_time_s, "memory_mb": limits.memory_mb}

    def _address(self, user: str, job: str) -> str:
        return str(self._service.jobs.get(job, user).result)


def _worlds(less_freed: float, more_needed: float) -> dict[str, Any]:
    """What is uncertain, as `qo.evaluate` takes it; nothing where the case is to say it."""
    made: dict[str, Any] = {}
    if less_freed > 0:
        delivery = {"distribution": "uniform", "low": round(1.0 - less_freed, 6), "high": 1.0}
        made["actions"] = {kind: {"delivery": delivery} for kind in get_args(ActionKind)}
    if more_needed > 0:
        need = {"distribution": "uniform", "low": round(1.0 - more_needed, 6), "high": round(1.0 + more_needed, 6)}
        made["projects"] = {category: {"need": need} for category in get_args(ProjectCategory)}
    return {"uncertainty": made} if made else {}


def _canonical(
    about: Sequence[str | None], variant: str | None, overrides: Mapping[str, Any], options: Mapping[str, Any]
) -> str:
    """The question as text: the same one is the same text."""
    asked = {
        "program": version(), "about": about, "variant": variant, "overrides": overrides, "options": options,
    }  # fmt: skip
    return json.dumps(asked, sort_keys=True, ensure_ascii=False)


def _told_apart(labels: Sequence[str]) -> list[str]:
    """Names of which none comes twice."""

    def add(made: list[str], label: str) -> list[str]:
        count = sum(other == label or other.startswith(f"{label}（") for other in made)
        return [*made, label if not count else f"{label}（{count + 1}）"]

    return functools.reduce(add, labels, [])

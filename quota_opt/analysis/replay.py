"""A sealed result solved again from its own inputs: the same plan, another as good, or one that cannot be.

The recorded plan is verified first, so that it is one; what it and the plan found now prove of each other decides. The
value of a plan is a fact, a bound is a claim about every plan: a plan beyond the other's bound shows a claim wrong.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from quota_opt.analysis.addresses import read_result
from quota_opt.analysis.opened import Opened
from quota_opt.analysis.receipt import override
from quota_opt.analysis.replay_document import replay_document
from quota_opt.errors import (
    Finding,
    InfeasibleScenario,
    InputError,
    Language,
    Level,
    NoPlanFound,
    QuotaOptError,
    Text,
    UnboundedScenario,
    Where,
)
from quota_opt.model.case import records
from quota_opt.plan.directed import RULE
from quota_opt.plan.folder import finite, version, whole_folder, write_table
from quota_opt.plan.plan import Plan
from quota_opt.plan.seal import SEAL
from quota_opt.report.document import Document, write_reports
from quota_opt.solving.profile import Profile, list_profiles, profile_of, read_profile
from quota_opt.solving.status import OnProgress

CLOSE = 1e-6
"""How far, as a share (of 1 at least), figures of one plan may be off: the tolerance of rows."""
DIFFERENCES = ["kind", "id", "what", "then", "now"]
CHECKS = ["check", "stage", "then", "now", "agrees"]


class Verdict(StrEnum):
    """What solving again says of a result."""

    IDENTICAL = "identical"  # the same decisions and the same value
    TIES = "ties"  # other decisions of the same value
    DIFFERS = "differs"  # another value, within what both have proven
    CONTRADICTS = "contradicts"  # one plan lies beyond what the other run has proven of every plan


@dataclass(frozen=True, eq=False)
class Replay:
    """A result and what solving its inputs again gives.

    `again` is None where that found no plan; `ending` is then what was raised. `profile` is the one solved with now,
    `profile_from` where it comes from: recorded (in run.json), named (there, by its name alone) or given. `sealed` is
    whether the folder has a seal. `program` and `engine` are versions, then and now.
    """

    folder: Path
    then: Plan
    again: Plan | None
    profile: Profile
    profile_from: str
    sealed: bool
    program: tuple[str, str]
    seconds: float
    ending: QuotaOptError | None = field(default=None, repr=False)

    @property
    def engine(self) -> tuple[str, str | None]:
        """Engine, solver and its version, then and now."""
        made = [
            None if plan is None else f"{plan.engine.name} {plan.engine.solver} {plan.engine.version}".strip()
            for plan in (self.then, self.again)
        ]
        return made[0] or "", made[1]

    @cached_property
    def verdict(self) -> Verdict:
        """What the comparison comes to."""
        if self.again is None:
            return Verdict.DIFFERS if isinstance(self.ending, NoPlanFound) else Verdict.CONTRADICTS
        if self.beyond:
            return Verdict.CONTRADICTS
        if not self.same_value:
            return Verdict.DIFFERS
        return Verdict.IDENTICAL if self.differences.empty else Verdict.TIES

    @cached_property
    def same_value(self) -> bool:
        """Whether both plans have the same objective, stage by stage where there are several."""
        then, again = (len(plan.certificate["stages"]) for plan in (self.then, self.again) if plan is not None)
        return then == again and all(_close(a["objective"], b["objective"]) for a, b in self._stages)

    @cached_property
    def beyond(self) -> tuple[Text, ...]:
        """How one plan lies beyond the other's proven bound; nothing where both proofs can be true."""
        said = []
        for then, again in self._stages:
            sign = 1.0 if then["sense"] == "max" else -1.0
            if _better(then["objective"], again["bound"], sign):
                said.append(_beyond(Text("原方案", "the recorded plan"), then, Text("本次", "this run"), again))
            if _better(again["objective"], then["bound"], sign):
                said.append(_beyond(Text("本次方案", "the plan found now"), again, Text("原结果", "the result"), then))
            if not _close(then["objective"], again["objective"]):
                break  # later stages are of other models
        return tuple(said)

    @cached_property
    def certificate_agrees(self) -> bool:
        """Whether the bounds from prices, and from a search, are the same where both runs have them."""
        stated = self.checks.loc[self.checks["check"].isin(("price_bound", "proof_bound")), "agrees"]
        return self.again is not None and not self.beyond and False not in stated.tolist()

    @property
    def _stages(self) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        if self.again is None:
            return []
        return list(zip(self.then.certificate["stages"], self.again.certificate["stages"], strict=False))

    @cached_property
    def checks(self) -> pd.DataFrame:
        """check (status, objective, bound, price_bound, proof_bound), stage, then, now, agrees (None: one has none)."""
        if self.again is None:
            return pd.DataFrame(columns=CHECKS)
        one, two = self.then.certificate, self.again.certificate
        rows: list[tuple[Any, ...]] = [
            ("status", "", str(self.then.status), str(self.again.status), self.then.status == self.again.status)
        ]
        for then, again in self._stages:
            for name in ("objective", "bound"):
                rows.append((name, then["name"], then[name], again[name], _close(then[name], again[name])))
        for name, bounds in (
            ("price_bound", [certificate.get("price_bound") for certificate in (one, two)]),
            ("proof_bound", [certificate.get("proof", {}).get("bound") for certificate in (one, two)]),
        ):
            known = [bound is not None and math.isfinite(bound) for bound in bounds]
            if any(known):
                rows.append((name, "", *bounds, _close(*bounds) if all(known) else None))
        return pd.DataFrame(rows, columns=CHECKS)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """kind (firm, project, transfer, trade), id, what, then, now: decisions that differ by more than 1e-6.

        `then` and `now` are 1 for an action taken, the share of an award, the amount of a transfer or trade; 0 if none.
        """
        if self.again is None:
            return pd.DataFrame(columns=DIFFERENCES)
        then, now = dict(_decisions(self.then)), dict(_decisions(self.again))
        rows = [
            (*key, then.get(key, 0.0), now.get(key, 0.0))
            for key in sorted(then.keys() | now.keys())
            if not _close(then.get(key, 0.0), now.get(key, 0.0))
        ]
        return pd.DataFrame(rows, columns=DIFFERENCES)

    def record(self) -> dict[str, Any]:
        """The replay as `replay.json` states it."""
        made: dict[str, Any] = finite(
            {
                "verdict": str(self.verdict),
                "result": str(self.folder),
                "sealed": self.sealed,
                "certificate_agrees": self.certificate_agrees,
                "beyond": [text._asdict() for text in self.beyond],
                "ending": None if self.ending is None else self.ending.text._asdict(),
                "program": dict(zip(("then", "now"), self.program, strict=True)),
                "engine": dict(zip(("then", "now"), self.engine, strict=True)),
                "profile": {"from": self.profile_from, **self.profile.model_dump()},
                "checks": self.checks.to_dict("records"),
                "differences": self.differences.to_dict("records"),
                "seconds": self.seconds,
            }
        )
        return made

    def document(self) -> Document:
        """The report for people."""
        return replay_document(self)

    def write(self, folder: str | Path, language: Language = "zh") -> Path:
        """Write replay.json, differences.csv, the reports, and the result folder of the plan found now (`plan`)."""
        target = Path(folder)
        with whole_folder(target) as work:
            text = json.dumps(self.record(), ensure_ascii=False, indent=2, allow_nan=False)
            (work / "replay.json").write_text(text + "\n", encoding="utf-8")
            write_table(self.differences, work / "differences.csv")
            write_reports(self.document(), work, language)
            if self.again is not None:
                self.again.write(work / "plan", language)
        return target


def replay(
    folder: str | Path, profile: str | Path | Profile | None = None, *, on_progress: OnProgress | None = None
) -> Replay:
    """Verify a result folder, solve its inputs again, and compare; with the recorded profile unless one is given.

    A result with a receipt (`override`) is made again as that makes it, where all of its directives are in the receipt.

    Raises
    ------
    InputError
        It is no result folder, or its profile is not known here.
    VerificationFailed
        Its seal is broken, or its plan does not hold.
    EngineUnavailable, EngineFailed
    """
    began = time.monotonic()
    path = Path(folder)
    then = read_result(path)
    record = json.loads((path / "run.json").read_text(encoding="utf-8"))
    chosen, source = _profile(then, profile)
    if source == "recorded" and (record.get("migrated") or {}).get("profile"):
        source = "named"  # `migrate` took it by its name
    again: Plan | None = None
    ending: QuotaOptError | None = None
    try:
        again = _again(then, chosen, on_progress)
    except (InfeasibleScenario, UnboundedScenario, NoPlanFound) as error:
        ending = error
    program = (str(record.get("quota_opt") or ""), version())
    return Replay(path, then, again, chosen, source, (path / SEAL).is_file(), program, time.monotonic() - began, ending)


def _again(then: Plan, profile: Profile, on_progress: OnProgress | None) -> Plan:
    if then.receipt is not None and not then.receipt.get("others") and RULE in then.scenario.rules:
        return override(then.scenario, profile=profile, on_progress=on_progress).plan
    return Opened.of(then.scenario, profile).solve(on_progress=on_progress)


def _profile(then: Plan, given: str | Path | Profile | None) -> tuple[Profile, str]:
    """The profile to solve with, and where it comes from."""
    if given is not None:
        return (given if isinstance(given, Profile) else read_profile(given)), "given"
    if "engine" in then.profile:
        return profile_of(then.profile, "run.json"), "recorded"
    name = str(then.profile.get("name"))
    if name in list_profiles():
        return read_profile(name).with_limits(gap=then.certificate.get("gap_asked")), "named"
    what = Text(
        f"结果中没有记下求解方案的内容，这里也没有名为“{name}”的求解方案",
        f"the result does not hold its solver profile, and none is called {name!r} here",
    )
    fix = Text("请用 --profile 指明求解方案。", "Name one with --profile.")
    raise InputError([Finding(Level.ERROR, "unknown-profile", what, Where(file="run.json", path="profile"), fix, name)])


def _decisions(plan: Plan) -> Iterator[tuple[tuple[str, str, str], float]]:
    """Every decision of a plan: kind, id and what, with its amount."""
    for r in records(plan.actions):
        option = "" if pd.isna(r.option) else str(r.option)
        yield ("firm", str(r.firm), " ".join(filter(None, (str(r.action), option, str(int(r.year)))))), 1.0
    for r in records(plan.awards):
        yield ("project", str(r.project), str(int(r.year))), float(r.share)
    for r in records(plan.transfers):
        yield ("transfer", f"{r.from_place} → {r.to_place}", f"{r.resource} {int(r.year)}"), float(r.amount)
    # `for` and `from` are no names a record can have.
    for row in plan.trades.to_dict("records"):
        owner = str(row["for"]) if row["for"] else ""
        what = " ".join(filter(None, (str(row["side"]), str(row["resource"]), str(int(row["year"])), owner)))
        yield ("trade", str(row["place"]), what), float(row["amount"])


def _close(a: float | None, b: float | None) -> bool:
    # A bound that does not exist is null in a file and infinite in a plan.
    if a is None or b is None:
        return all(value is None or math.isinf(value) for value in (a, b))
    return a == b or abs(a - b) <= CLOSE * max(1.0, abs(a), abs(b))


def _better(value: float, bound: float | None, sign: float) -> bool:
    """Whether a value lies beyond a bound."""
    return bound is not None and sign * (value - bound) > CLOSE * max(1.0, abs(bound))


def _beyond(plan: Text, one: Mapping[str, Any], run: Text, other: Mapping[str, Any]) -> Text:
    value, bound = f"{one['objective']:,.9g}", f"{other['bound']:,.9g}"
    return Text(
        f"{plan.zh}的目标值 {value} 优于{run.zh}所证的界 {bound}，两者不能都对。",
        f"The value of {plan.en}, {value}, is better than the bound {bound} of {run.en}: both cannot be right.",
    )

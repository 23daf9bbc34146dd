"""Engines: what each must offer, how to get the one a profile asks for, and which of them run here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from quota_opt.errors import EngineUnavailable, InputError, Text
from quota_opt.model.linear import Arrays, FloatArray
from quota_opt.solving.profile import EngineName, Profile, list_profiles, read_profile
from quota_opt.solving.status import OnProgress, Solution


@dataclass(frozen=True)
class Availability:
    """Whether a solver runs here, its version (empty if not), and else why not and how to get it."""

    ok: bool
    version: str = ""
    reason: Text | None = None


class Engine(Protocol):
    """An adapter to one solver library: translates arrays and status words, and decides nothing."""

    name: str

    def availability(self, solver: str) -> Availability:
        """Whether `solver` runs here."""
        ...

    def solve(
        self,
        arrays: Arrays,
        profile: Profile,
        *,
        on_progress: OnProgress | None = None,
        start: FloatArray | None = None,
        stage: str = "solve",
    ) -> Solution:
        """Solve one model. `on_progress` returning False, or Ctrl-C, stops it and keeps the incumbent.

        Raises
        ------
        EngineUnavailable
            The solver is not installed, or cannot take a model of this kind.
        InputError
            The profile gives the solver an option it does not know.
        """
        ...


@dataclass(frozen=True)
class EngineState:
    """One line of the `engines` listing."""

    profile: str
    engine: str
    solver: str
    version: str
    ok: bool
    reason: Text | None
    description: Text


def engine_named(name: EngineName) -> Engine:
    """The adapter of that name; nothing is imported that may be missing."""
    if name == "highs":
        from quota_opt.solving.highs import HighsEngine

        return HighsEngine()
    if name == "mathopt":
        from quota_opt.solving.mathopt import MathOptEngine

        return MathOptEngine()
    from quota_opt.solving.pulp_engine import PulpEngine

    return PulpEngine()


def engine_of(profile: Profile) -> Engine:
    """The engine a profile asks for.

    Raises
    ------
    EngineUnavailable
        Its solver does not run here; the message says how to get it.
    """
    engine = engine_named(profile.engine)
    available = engine.availability(profile.solver)
    if not available.ok:
        reason = available.reason or Text("", "")
        raise EngineUnavailable(
            Text(
                f"求解方案“{profile.name}”用不了：{reason.zh}",
                f"the profile {profile.name!r} cannot run here: {reason.en}",
            )
        )
    return engine


def engines_state() -> list[EngineState]:
    """Every built-in profile and whether it runs here; a profile that cannot be read is listed with the reason."""
    states = []
    for name in list_profiles():
        try:
            profile = read_profile(name)
        except InputError as error:
            states.append(EngineState(name, "", "", "", False, error.text, Text("", "")))
            continue
        available = engine_named(profile.engine).availability(profile.solver)
        states.append(
            EngineState(
                name,
                profile.engine,
                profile.solver,
                available.version,
                available.ok,
                available.reason,
                profile.purpose,
            )
        )
    return states

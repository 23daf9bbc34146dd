"""A solver profile: which program solves, how exactly and how long; one TOML file each, in `solvers/` or one's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.resources import builtin, data_root

EngineName = Literal["highs", "mathopt", "pulp"]

SOLVERS: dict[str, tuple[str, ...]] = {
    "highs": ("HIGHS",),
    "mathopt": ("HIGHS", "SCIP", "CP_SAT", "GLOP", "PDLP"),
}
"""What each engine can run; PuLP is asked for its own list, as it depends on what the user has installed."""


class Description(BaseModel):
    """What the profile is for, in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str


class Profile(BaseModel):
    """How to solve. `relative_gap` is a fraction of the objective, `time_limit_s` seconds of wall time (absent: no
    limit); `options` go to the solver as they are, under the solver's own names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: Description
    engine: EngineName
    solver: str = Field(default="", validate_default=True)
    relative_gap: Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False)] = 1e-4
    time_limit_s: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None
    threads: Annotated[int, Field(ge=1)] = 1
    random_seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    options: dict[str, bool | int | float | str] = Field(default_factory=dict)

    @field_validator("solver")
    @classmethod
    def _known_solver(cls, solver: str, info: ValidationInfo) -> str:
        known = SOLVERS.get(info.data.get("engine", ""), ())
        if not solver:
            return known[0] if known else "CBC"
        name = solver.upper().replace("-", "_") if known else solver
        name = {"GSCIP": "SCIP"}.get(name, name) if known else name
        if known and name not in known:
            raise ValueError(f"one of {', '.join(known)}")
        return name

    @property
    def purpose(self) -> Text:
        """The description as a text in both languages."""
        return Text(self.description.zh, self.description.en)

    def with_limits(self, gap: float | None = None, time_limit: float | None = None) -> Profile:
        """The same profile with another relative gap or time limit (seconds); None keeps what it says."""
        changes: dict[str, object] = {}
        if gap is not None:
            changes["relative_gap"] = gap
        if time_limit is not None:
            changes["time_limit_s"] = time_limit
        return _validated({**self.model_dump(), **changes}, None) if changes else self


def list_profiles() -> list[str]:
    """Names of the built-in profiles, sorted."""
    return builtin("solvers")


def read_profile(name_or_path: str | Path) -> Profile:
    """The built-in profile of that name, or the one in a `.toml` file.

    Raises
    ------
    InputError
        There is no such profile, or the file is not one; every problem is a finding.
    """
    path = Path(name_or_path)
    text = str(name_or_path)
    if path.suffix != ".toml":
        known = list_profiles()
        if text not in known:
            raise InputError([_unknown_profile(text, known)])
        path = data_root("solvers") / f"{text}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        what = Text(f"读不到求解方案文件：{error.strerror}", f"the profile cannot be read: {error.strerror}")
        fix = Text("检查路径，或用内置方案的名字", "check the path, or name a built-in profile")
        raise InputError([_finding("profile-unreadable", what, Where(file=text), fix)]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        what = Text(f"不是有效的 TOML：{error}", f"this is not valid TOML: {error}")
        fix = Text("按 solvers/README.md 的样子改", "write it like the profiles in solvers/")
        raise InputError([_finding("profile-not-toml", what, Where(file=text), fix)]) from error
    return _validated({"name": path.stem, **raw}, str(path.name))


def profile_of(values: Mapping[str, Any], file: str | None = None) -> Profile:
    """The profile that a record holds, as `Profile.model_dump` gave it. Raises InputError, naming `file`."""
    return _validated(values, file)


def auxiliary_profile(time_limit: float) -> Profile:
    """The profile of the small problems around a solve (prices, transfers, ties): HiGHS, exact, one thread."""
    description = Description(zh="求解前后的小问题", en="the small problems around a solve")
    return Profile(name="auxiliary", description=description, engine="highs", relative_gap=0.0, time_limit_s=time_limit)


def _validated(values: Mapping[str, Any], file: str | None) -> Profile:
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        raise InputError([_finding_of(dict(problem), file) for problem in error.errors()]) from error


def _finding(code: str, what: Text, where: Where, fix: Text, seen: str | None = None) -> Finding:
    return Finding(Level.ERROR, code, what, where, fix, seen)


def _unknown_profile(text: str, known: list[str]) -> Finding:
    near = get_close_matches(text, known, n=1)
    listing = ", ".join(known)
    hint_zh = f"是不是 {near[0]}？" if near else ""
    hint_en = f"did you mean {near[0]}? " if near else ""
    return _finding(
        "unknown-profile",
        Text(f"没有名为“{text}”的求解方案", f"there is no solver profile called {text!r}"),
        Where(),
        Text(
            f"{hint_zh}内置方案有：{listing}；也可以给出 .toml 文件",
            f"{hint_en}built in are: {listing}; or give a .toml file",
        ),
        text,
    )


def _finding_of(problem: dict[str, Any], file: str | None) -> Finding:
    """One pydantic error as a finding."""
    location = [str(part) for part in problem["loc"]]
    where = Where(file=file, path=".".join(location) or None)
    key = location[-1] if location else ""
    seen = None if problem["type"] == "missing" else str(problem.get("input"))
    if problem["type"] == "extra_forbidden":
        fields = Description.model_fields if location[0] == "description" else Profile.model_fields
        near = get_close_matches(key, list(fields), n=1, cutoff=0.5)
        fix = (
            Text(f"是不是 {near[0]}？", f"did you mean {near[0]}?")
            if near
            else Text(f"可用的键：{', '.join(fields)}", f"the keys are: {', '.join(fields)}")
        )
        return _finding("unknown-key", Text(f"不认识的键“{key}”", f"unknown key {key!r}"), where, fix, key)
    if problem["type"] == "missing":
        return _finding(
            "missing-key",
            Text(f"缺少“{key}”", f"{key!r} is missing"),
            where,
            Text(f"加上 {key} = …", f"add {key} = …"),
        )
    reason = str(problem["msg"]).removeprefix("Value error, ")
    return _finding(
        "bad-value",
        Text(f"“{key}”的值 {seen} 不行", f"{key!r} cannot be {seen}"),
        where,
        Text(f"要求：{reason}", f"it must be: {reason}"),
        seen,
    )

"""GRID.toml as runs: read strictly, all faults at once; its form is in `scenario.grid_file`.

Sampling combines the parameters; every case and variant is solved with every combination and every seed. Single runs
take profile, gap and time limit from `[grid]` where they say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError

from quota_opt.errors import Finding, InputError, Where
from quota_opt.scenario.grid_file import GridFile
from quota_opt.scenario.sampling import combinations
from quota_opt.scenario.settings_reading import Locate, findings_of, plain_document, read_toml, toml_lines
from quota_opt.solving.profile import Profile, read_profile

ALL_VARIANTS = "*"
"""The name that stands for the case itself and all of its variants."""


@dataclass(frozen=True)
class Wanted:
    """One line of a grid, before its case is read; `variant` None is the one the case's address names, else the case
    itself, `*` all of them."""

    case: str
    variant: str | None
    parameters: Mapping[str, Any]
    profile: Profile


@dataclass(frozen=True)
class Grid:
    """A grid as it was read: `wanted` in the order of the file, where relative paths start, and the file itself."""

    name: str
    folder: Path
    content: bytes
    file: GridFile
    wanted: tuple[Wanted, ...]

    def with_profile(
        self, profile: str | Path | None = None, gap: float | None = None, time_limit: float | None = None
    ) -> Grid:
        """The same grid with another profile, gap or time limit for all runs, in place of what the file says.

        Raises InputError where there is no such profile, or a limit makes no sense.
        """
        given: dict[str, Any] = {"gap": gap, "time_limit": time_limit}
        if profile is not None:
            given["profile"] = str(Path(profile).absolute()) if Path(profile).suffix == ".toml" else str(profile)
        given = {key: value for key, value in given.items() if value is not None}
        if not given:
            return self
        grid = self.file.grid.model_copy(update=given)
        runs = tuple(run.model_copy(update=given) for run in self.file.runs)
        file = self.file.model_copy(update={"grid": grid, "runs": runs})
        return replace(self, file=file, wanted=_wanted(file, self.folder, lambda path: Where(path=path)))


def read_grid(source: str | Path | Mapping[str, Any]) -> Grid:
    """Read a GRID.toml, or the same as a mapping (relative paths then start in the working folder).

    Raises InputError with every problem found; OSError where the file cannot be read. Cases are not read here.
    """
    if isinstance(source, Mapping):
        document, name, folder = plain_document(source), "grid", Path()
        content = tomli_w.dumps(document).encode("utf-8")
        findings: list[Finding] = []
        lines: dict[str, int] = {}
    else:
        path = Path(source)
        name, folder, content = path.stem, path.parent, path.read_bytes()
        document, findings = read_toml(content, path.name)
        lines = toml_lines(content.decode("utf-8-sig", errors="replace"))
    if findings:
        raise InputError(findings)
    locate = _locator(None if isinstance(source, Mapping) else Path(source).name, lines)
    try:
        file = GridFile.model_validate(document)
    except ValidationError as problem:
        raise InputError(findings_of(problem, GridFile, (), document, locate)) from None
    return Grid(name, folder, content, file, _wanted(file, folder, locate))


def _locator(file: str | None, lines: Mapping[str, int]) -> Locate:
    """Where a path stands: on its own line, or that of the nearest table that holds it."""

    def locate(path: str) -> Where:
        spot = path
        while spot and spot not in lines:
            spot = spot.rpartition(".")[0]
        return Where(file=file, row=lines.get(spot), path=path or None)

    return locate


def _wanted(file: GridFile, folder: Path, locate: Locate) -> tuple[Wanted, ...]:
    """All lines of the grid. Raises InputError where a profile is not one."""
    profiles: dict[str, Profile] = {}
    findings: list[Finding] = []
    for path, name in [("grid.profile", file.grid.profile)] + [
        (f"runs.{number}.profile", run.profile) for number, run in enumerate(file.runs) if run.profile is not None
    ]:
        try:
            profiles[name] = read_profile(folder / name if name.endswith(".toml") else name)
        except InputError as error:
            spot = locate(path)
            findings += [replace(f, where=spot) if f.where.path is None else f for f in error.findings]
    if findings:
        raise InputError(findings)
    grid = file.grid
    base = profiles[grid.profile].with_limits(grid.gap, grid.time_limit)
    seeded = [base.model_copy(update={"random_seed": seed}) for seed in grid.seeds] or [base]
    combined = combinations(grid.parameters, grid.sampling, grid.samples, grid.seed) if grid.cases else []
    given = "variants" in grid.model_fields_set
    wanted = [
        Wanted(case, variant if given else None, parameters, profile)
        for case in grid.cases
        for variant in grid.variants
        for parameters in combined
        for profile in seeded
    ]
    for run in file.runs:
        profile = base if run.profile is None else profiles[run.profile].with_limits(grid.gap, grid.time_limit)
        profile = profile.with_limits(run.gap, run.time_limit)
        if run.seed is not None:
            profile = profile.model_copy(update={"random_seed": run.seed})
        wanted.append(Wanted(run.case, run.variant, run.set, profile))
    return tuple(wanted)

"""GRID.toml: which cases, variants, parameters and seeds are solved together; read strictly, all faults at once.

    [grid]
    cases = ["zhuji", "./my-county"]            # paths are relative to the file
    variants = ["base", "strict-access"]        # "base" is the case itself, "*" all of its variants
    sampling = "cartesian"                      # cartesian | zip | latin-hypercube (then: samples, seed)
    seeds = [0, 1]                              # random seeds of the solver
    profile = "auto"                            # also gap, time_limit, tags
    [grid.parameters]
    "rules.admission.limits.0.value" = [0.45, 0.49, 0.52]
    "rules.retention.keep" = { from = 0.0, to = 1.0, steps = 5 }

    [[runs]]                                    # single runs, after those of the grid
    case = "zhuji"
    set = { "rules.retention.keep" = 0.7 }

    [limits]                                    # hard: a run beyond them is ended
    seconds = 3600
    memory_mb = 4000

Sampling combines the parameters; every case and variant is solved with every combination and every seed. Single runs
take profile, gap and time limit from `[grid]` where they say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tomli_w
from pydantic import Field, ValidationError, field_validator, model_validator

from quota_opt.batch.sampling import Range, Sampling, Values, combinations, listed, size_of
from quota_opt.errors import Finding, InputError, Text, Where
from quota_opt.scenario.paths import BadPathError, split_path
from quota_opt.scenario.settings_reading import Locate, findings_of, plain_document, read_toml, toml_lines
from quota_opt.scenario.strict import Name, Strict, refused
from quota_opt.solving.profile import Profile, read_profile

ALL_VARIANTS = "*"
"""The name that stands for the case itself and all of its variants."""
MOST_RUNS = 1_000_000

Gap = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


def _paths(values: dict[str, Any]) -> dict[str, Any]:
    for path in values:
        try:
            split_path(path)
        except BadPathError:
            raise refused(
                Text(f"“{path}”不是点号分隔的路径", f"{path!r} is not a dotted path"),
                Text('请写成 "rules.retention.keep" 的形式。', 'Write it like "rules.retention.keep".'),
            ) from None
    return values


class GridTable(Strict):
    """`[grid]`: cases × variants × combinations of parameters × seeds, and how they are solved."""

    cases: tuple[Name, ...] = ()
    variants: tuple[Name, ...] = ("base",)
    sampling: Sampling = "cartesian"
    samples: int | None = Field(default=None, ge=1, le=MOST_RUNS)
    seed: int = Field(default=0, ge=0)
    parameters: dict[str, Values] = Field(default_factory=dict)
    seeds: tuple[Seed, ...] = ()
    profile: Name = "auto"
    gap: Gap | None = None
    time_limit: Seconds | None = None
    tags: tuple[Name, ...] = ()

    _dotted = field_validator("parameters")(_paths)

    @model_validator(mode="after")
    def _whole(self) -> GridTable:
        hypercube = self.sampling == "latin-hypercube"
        if hypercube != (self.samples is not None):
            raise refused(
                Text("samples 与 sampling = “latin-hypercube” 须同时写", "samples goes with latin-hypercube sampling"),
                Text(
                    '写 sampling = "latin-hypercube" 和 samples = 100，或两个都不写。',
                    'Give both sampling = "latin-hypercube" and samples = 100, or neither.',
                ),
            )
        if not self.variants:
            raise refused(
                Text("variants 是空的", "variants is empty"),
                Text('写 ["base"] 表示案例本身。', 'Write ["base"] for the case itself.'),
            )
        for path, values in self.parameters.items():
            if isinstance(values, Range) and values.steps is None and not hypercube:
                raise refused(
                    Text(f"参数 {path} 的范围缺少 steps", f"the range of {path} lacks steps"),
                    Text("例如 { from = 0.0, to = 1.0, steps = 5 }。", "As in { from = 0.0, to = 1.0, steps = 5 }."),
                )
            if not isinstance(values, Range) and not values:
                raise refused(
                    Text(f"参数 {path} 没有取值", f"the parameter {path} has no values"),
                    Text("至少写一个值，或删去该参数。", "Give one value at least, or remove the parameter."),
                )
        if self.sampling == "zip":
            lengths = {path: len(listed(values)) for path, values in self.parameters.items()}
            if len(set(lengths.values())) > 1:
                told = ", ".join(f"{path}: {length}" for path, length in lengths.items())
                raise refused(
                    Text(f"zip 要求各参数取值个数相同（{told}）", f"zip needs equally many values ({told})"),
                    Text("补齐取值，或改用 cartesian。", "Make them equally long, or use cartesian."),
                )
        return self

    @property
    def size(self) -> int:
        """How many runs it stands for, `*` counted as one variant."""
        combined = size_of(self.parameters, self.sampling, self.samples)
        return len(self.cases) * len(self.variants) * combined * max(len(self.seeds), 1)


class ListedRun(Strict):
    """`[[runs]]`: one run; what it does not say of profile, gap and time limit is as in `[grid]`."""

    case: Name
    variant: Name | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    seed: Seed | None = None
    profile: Name | None = None
    gap: Gap | None = None
    time_limit: Seconds | None = None

    _dotted = field_validator("set")(_paths)


class LimitsTable(Strict):
    """`[limits]`: beyond them a run is ended, whatever it is doing."""

    seconds: Seconds | None = None
    memory_mb: int | None = Field(default=None, ge=1)


class GridFile(Strict):
    """All of a GRID.toml."""

    grid: GridTable = Field(default_factory=GridTable)
    runs: tuple[ListedRun, ...] = ()
    limits: LimitsTable = Field(default_factory=LimitsTable)

    @model_validator(mode="after")
    def _something(self) -> GridFile:
        size = self.grid.size + len(self.runs)
        if size == 0:
            raise refused(
                Text("没有要求解的内容", "there is nothing to solve"),
                Text("写 [grid] 的 cases，或 [[runs]]。", "Give cases in [grid], or [[runs]]."),
            )
        if size > MOST_RUNS:
            raise refused(
                Text(f"共 {size:,} 次求解，最多 {MOST_RUNS:,} 次", f"{size:,} runs; {MOST_RUNS:,} is the most"),
                Text("减少取值，或改用 latin-hypercube 抽样。", "Give fewer values, or sample with latin-hypercube."),
            )
        return self


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

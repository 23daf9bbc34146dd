"""The form of a GRID.toml: which cases, variants, parameters and seeds are solved together.

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
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from quota_opt.errors import Text
from quota_opt.scenario.paths import BadPathError, split_path
from quota_opt.scenario.sampling import Range, Sampling, Values, listed, size_of
from quota_opt.scenario.strict import Name, Strict, refused

MOST_RUNS = 1_000_000
_CASES = Text("内置案例名、文件夹或工作簿", "Built-in names, folders or workbooks, relative to the file")
_PROFILE = Text("求解方案", "Solver profile")
_GAP = Text("允许的相对差距", "Relative gap to stop at")
_TIME = Text("时限，秒；到时保留当时最好的方案", "Seconds after which the best plan so far is kept")


def _said(default: Any, meaning: Text, **bounds: Any) -> Any:
    """A key with what a schema says of it in both languages; `...` for one that must be there."""
    return Field(default, description=meaning.en, json_schema_extra={"x-zh": {"description": meaning.zh}}, **bounds)


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

    cases: tuple[Name, ...] = _said((), _CASES)
    variants: tuple[Name, ...] = _said(
        ("base",),
        Text(
            "方案名；“base”为案例本身，“*”为本身和全部方案",
            'Variants by name; "base" is the case itself, "*" the case and all of its variants',
        ),
    )
    sampling: Sampling = _said(
        "cartesian",
        Text(
            "参数如何组合：全部组合、逐个对应、拉丁超立方抽样",
            "How parameters combine: all combinations, one by one, or a Latin hypercube",
        ),
    )
    samples: int | None = _said(None, Text("抽样个数", "Number of points of a Latin hypercube"), ge=1, le=MOST_RUNS)
    seed: int = _said(0, Text("抽样的随机种子", "Random seed of the sampling"), ge=0)
    parameters: dict[str, Values] = _said(
        {},
        Text(
            "点号路径及其取值：列出，或 { from, to, steps }",
            "Dotted paths and the values they take: a list, or { from, to, steps }",
        ),
    )
    seeds: tuple[Seed, ...] = _said((), Text("求解器的随机种子，每个各算一次", "Random seeds of the solver"))
    profile: Name = _said("auto", _PROFILE)
    gap: Gap | None = _said(None, _GAP)
    time_limit: Seconds | None = _said(None, _TIME)
    tags: tuple[Name, ...] = _said((), Text("存入运行库时加的标签", "Tags of the runs in the run store"))

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

    case: Name = _said(..., _CASES)
    variant: Name | None = _said(None, Text("方案名", "Variant by name"))
    set: dict[str, Any] = _said({}, Text("要改的设置：点号路径 = 值", "Settings that are changed, by dotted path"))
    seed: Seed | None = _said(None, Text("求解器的随机种子", "Random seed of the solver"))
    profile: Name | None = _said(None, _PROFILE)
    gap: Gap | None = _said(None, _GAP)
    time_limit: Seconds | None = _said(None, _TIME)

    _dotted = field_validator("set")(_paths)


class LimitsTable(Strict):
    """`[limits]`: beyond them a run is ended, whatever it is doing."""

    seconds: Seconds | None = _said(None, Text("每次求解最多几秒", "Seconds a run may take"))
    memory_mb: int | None = _said(None, Text("每次求解最多占用的内存，MB", "Megabytes of memory a run may hold"), ge=1)


class GridFile(Strict):
    """All of a GRID.toml."""

    grid: GridTable = _said(GridTable(), Text("成批的求解", "Runs by combination"))
    runs: tuple[ListedRun, ...] = _said((), Text("单列的求解，排在成批的之后", "Single runs, after those of the grid"))
    limits: LimitsTable = _said(LimitsTable(), Text("硬上限，超过即终止", "Hard limits: a run beyond them is ended"))

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

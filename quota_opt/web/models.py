"""What callers send and get, as documented in the OpenAPI description."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

State = Literal["queued", "running", "done", "failed", "cancelled"]
Lang = Literal["zh", "en"]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="Id of a job.", examples=["0" * 32])]


def _finite(value: JsonValue) -> JsonValue:
    """No number beyond double precision, no NUL: neither can be stored everywhere."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a finite number")
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("text without NUL")
    if isinstance(value, dict):
        for key, item in value.items():
            _finite(key)
            _finite(item)
    if isinstance(value, list):
        for item in value:
            _finite(item)
    return value


Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Value = Annotated[JsonValue, AfterValidator(_finite)]
Changes = Annotated[
    dict[Name, Value],
    Field(
        max_length=500,
        description="Settings to change: dotted path and value.",
        examples=[{"rules.retention.keep": 0.7}],
    ),
]
Gap = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False, description="Relative gap to stop at, e.g. 0.001.")]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False, description="Seconds; see /limits for the most.")]


class Strict(BaseModel):
    """A request: unknown keys are refused, so that no misspelt option is silently left out."""

    model_config = ConfigDict(extra="forbid")


class CaseDocument(Strict):
    """A case as one document: what `scenario.toml` says, and its tables as lists of records. See /schema/case."""

    settings: dict[str, Any] = Field(description="What scenario.toml says.")
    tables: dict[str, list[dict[str, Any]]] = Field(
        default_factory=dict, description="places, firms, projects … by name, each a list of records."
    )
    variant: Name | None = None
    overrides: Changes = Field(default_factory=dict)


CaseField = Annotated[
    Annotated[str, Field(max_length=400)] | CaseDocument,
    Field(
        description="A built-in case (NAME or NAME/VARIANT, see /cases), or a whole case.",
        examples=["worked-example"],
    ),
]


class Options(Strict):
    """How to solve."""

    variant: Name | None = Field(
        default=None, description="A variant of the case; in place of the one in CASE/VARIANT."
    )
    set: Changes = Field(default_factory=dict)
    profile: Name = Field(default="auto", description="A built-in solver profile, see /profiles.", examples=["auto"])
    gap: Gap | None = None
    time_limit: Seconds | None = None
    language: Lang = Field(default="zh", description="Language of the texts in the result.")
    fresh: bool = Field(default=False, description="Solve even where the store has this very run.")


class CheckOptions(Strict):
    """What of a case is checked."""

    variant: Name | None = None
    set: Changes = Field(default_factory=dict)


class CheckRequest(CheckOptions):
    """A case to be checked."""

    case: CaseField


class SolveRequest(Options):
    """A case to be solved."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"case": "worked-example", "set": {}, "profile": "auto", "gap": 0.001}]}
    )

    case: CaseField


class CompareRequest(Strict):
    """Either jobs that were submitted before, or cases to be solved for the comparison; the first is the baseline."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"cases": [{"case": "zhuji"}, {"case": "zhuji/strict-access"}]}]}
    )

    jobs: list[Id] = Field(default_factory=list, description="Ids of solves, ended or not.")
    cases: list[SolveRequest] = Field(default_factory=list, description="Solves to submit.")
    language: Lang = Field(default="zh", description="Language of the texts in the comparison.")


class Both(BaseModel):
    """One sentence in both languages."""

    zh: str
    en: str


class Spot(BaseModel):
    """Where a finding points at; parts that do not apply are missing."""

    model_config = ConfigDict(extra="allow")

    file: str | None = None
    sheet: str | None = None
    row: int | None = Field(default=None, description="1-based line, as Excel shows it.")
    column: str | None = None
    cell: str | None = Field(default=None, description="Address in a workbook, e.g. E18.")
    path: str | None = Field(default=None, description="Dotted settings path.")
    rule: str | None = None
    clause: str | None = None


class FindingOut(BaseModel):
    """One problem of the input: what, where, how to mend it."""

    level: Literal["error", "warning", "info"]
    code: str = Field(description="Stable, for programs.", examples=["unknown-column"])
    what: str
    where: str
    fix: str
    seen: str | None = None
    at: Spot = Spot()


class Failure(BaseModel):
    """Why a job has no plan, or none proven."""

    kind: str = Field(description="Stable, for programs.", examples=["infeasible"])
    message: Both
    exit_code: int = Field(description="As of the command line: 1 internal, 2 input, 3 infeasible, 4 limit, 5 audit.")
    findings: list[FindingOut] = Field(default_factory=list)


class ProgressOut(BaseModel):
    """How far a solve is; numbers not known yet are null."""

    stage: str
    seconds: float
    incumbent: float | None = None
    bound: float | None = None
    gap: float | None = None


class EndingOut(BaseModel):
    """How a run ended."""

    status: str = Field(examples=["OPTIMAL"])
    exit_code: int
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    seconds: float | None = None
    peak_mb: float | None = None


class JobOut(BaseModel):
    """A job."""

    id: Id
    kind: Literal[
        "solve", "compare", "explain", "override", "diff", "infeasible", "evaluate", "front", "sweep", "alternatives"
    ]
    state: State
    version: int = Field(description="Rises with every change; the id of its events.")
    case: str = Field(description="Name of the case.")
    variant: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    profile: str | None = None
    address: str | None = Field(default=None, description="Content address of the run: same inputs, same address.")
    jobs: list[Id] = Field(default_factory=list, description="Of an analysis: the solves it is about.")
    submitted: datetime
    started: datetime | None = None
    finished: datetime | None = None
    attempts: int = 0
    cancelling: bool = False
    progress: ProgressOut | None = None
    reused: bool = Field(default=False, description="The run was in the store already, and was not solved again.")
    has_result: bool = Field(default=False, description="Whether there is something at `links.result`.")
    ending: EndingOut | None = None
    error: Failure | None = None
    links: dict[str, str] = Field(default_factory=dict)


class JobList(BaseModel):
    """Jobs, newest first; `next` is the `before` of the next page, null at the end."""

    jobs: list[JobOut]
    next: str | None = None


class CaseOut(BaseModel):
    """A built-in case."""

    name: str
    title: Both
    first_year: int
    last_year: int
    data: str = Field(description="real, synthetic or mixed.")
    variants: list[str]


class ProfileOut(BaseModel):
    """A solver profile, and whether it runs here."""

    name: str
    engine: str
    solver: str
    available: bool
    reason: Both | None = None
    description: Both


class Checked(BaseModel):
    """What a check of a case found; `ok` where it can be solved."""

    ok: bool
    case: str
    counts: dict[str, int]
    findings: list[FindingOut]


class Table(BaseModel):
    """A table of a result; blank cells are null."""

    table: str
    columns: list[str]
    rows: int
    records: list[dict[str, Any]]


class Health(BaseModel):
    """That the server answers, and which version it is."""

    status: Literal["ok"] = "ok"
    version: str


class LimitsOut(BaseModel):
    """What may be sent, and what a solve may use; sizes in MB, times in seconds."""

    upload_mb: int
    unpacked_mb: int
    members: int
    ratio: int
    cells: int
    time_s: float
    hard_time_s: float
    memory_mb: int
    queue: int
    workers: int
    streams: int
    compared: int
    jobs: dict[str, int] = Field(description="Jobs there are, by state.")


class Problem(BaseModel):
    """RFC 9457 problem document."""

    type: str = "about:blank"
    title: str
    status: int
    kind: str = Field(description="Stable, for programs.", examples=["input"])
    detail: str = Field(description="The message in the language of Accept-Language.")
    message: Both
    exit_code: int | None = Field(default=None, description="What the command line would have ended with.")
    findings: list[FindingOut] = Field(default_factory=list)

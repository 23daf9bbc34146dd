"""What `scenario.toml` may say, as strict models: an unknown key is an error that names the nearest known one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib import import_module
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationInfo, field_validator, model_validator

from quota_opt.errors import Text
from quota_opt.scenario.contract import CONTRACT
from quota_opt.scenario.factors import FACTOR_NAMES
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.strict import (
    MOST_YEARS,
    ActionKind,
    BothLanguages,
    Finite,
    Name,
    NonNegative,
    Share,
    Strict,
    refused,
)
from quota_opt.scenario.uncertainty import Uncertainty

FIRST_YEAR_POSSIBLE, LAST_YEAR_POSSIBLE = 1990, 2200


class ScenarioSection(Strict):
    """`[scenario]`: what the case is, its years, resources and energy basis."""

    name: Name
    title: BothLanguages | None = None
    first_year: int = Field(ge=FIRST_YEAR_POSSIBLE, le=LAST_YEAR_POSSIBLE)
    last_year: int = Field(ge=FIRST_YEAR_POSSIBLE, le=LAST_YEAR_POSSIBLE)
    price_year: int | None = Field(default=None, ge=FIRST_YEAR_POSSIBLE, le=LAST_YEAR_POSSIBLE)
    energy_basis: Literal["equal_value", "equivalent"] = "equal_value"
    data: Literal["real", "synthetic", "mixed"] = "real"
    resources: tuple[Name, ...] = ("energy",)
    discount_rate: float = Field(default=0.0, gt=-1, lt=1)
    contract: int = Field(default=CONTRACT, ge=1, le=CONTRACT)

    @field_validator("last_year")
    @classmethod
    def _years_in_order(cls, last: int, info: ValidationInfo) -> int:
        first = info.data.get("first_year")
        if first is not None and last < first:
            raise refused(
                Text(f"最后一年 {last} 早于第一年 {first}", f"last_year {last} is before first_year {first}"),
                Text("请让 last_year 不早于 first_year。", "Let last_year be first_year or later."),
            )
        if first is not None and last - first >= MOST_YEARS:
            raise refused(
                Text(
                    f"共 {last - first + 1} 年，最多 {MOST_YEARS} 年", f"{last - first + 1} years, {MOST_YEARS} at most"
                ),
                Text("请缩短期限。", "Shorten the horizon."),
            )
        return last

    @field_validator("resources")
    @classmethod
    def _resources_named_once(cls, resources: tuple[str, ...]) -> tuple[str, ...]:
        if not resources:
            raise refused(
                Text("至少要有一种资源", "at least one resource is needed"),
                Text('例如 resources = ["energy"]。', 'For example resources = ["energy"].'),
            )
        for r in resources:
            if not r.isidentifier() or r.startswith("_"):
                raise refused(
                    Text(
                        f"资源名“{r}”须由字母、数字、下划线组成", f"resource {r!r} must be letters, digits and _ only"
                    ),
                    Text("请改名，如 coal。", "Rename it, e.g. coal."),
                )
        if len(set(resources)) < len(resources):
            raise refused(
                Text("资源名重复", "a resource is named twice"), Text("每种资源只写一次。", "Name each once.")
            )
        return resources


class Document(Strict):
    """`[[documents]]`: a policy document that clauses point to."""

    id: Name
    title: Name
    status: Literal["draft", "issued", "expired"] = "issued"
    valid_to: date | None = None
    url: str | None = None


class ClauseEntry(Strict):
    """`[[clauses]]`: one clause that touches quota: the rules that carry it, or why it is reported and not modelled.

    Both may be given where the rules carry a part of it.
    """

    id: Name
    clause: Name
    kind: Literal["hard", "soft", "report", "param"] = "hard"
    text: BothLanguages
    rules: tuple[Name, ...] = ()
    reported: BothLanguages | None = None

    @model_validator(mode="after")
    def _carried_or_reported(self) -> ClauseEntry:
        if not self.rules and self.reported is None:
            raise refused(
                Text(f"条款 {self.id} 既没有对应规则，也没有说明", f"clause {self.id} has neither rules nor a reason"),
                Text(
                    "请写 rules，或写 reported 说明为何不建模。",
                    "Give `rules`, or say in `reported` why there is none.",
                ),
            )
        return self


class Reading(Strict):
    """`[[readings]]`: a clause that can be read in several ways: the setting, the reading taken, the variants."""

    id: Name
    clause: Name
    question: BothLanguages
    taken: BothLanguages
    setting: Name
    variants: tuple[Name, ...] = ()


class Stage(Strict):
    """One measure of a lexicographic order; `tolerance` is the share of its best value later stages may give up."""

    measure: Name
    sense: Literal["max", "min"] = "max"
    tolerance: NonNegative = 0.0


class Objective(Strict):
    """`[objective]`: what the plan maximises."""

    form: Literal["weighted", "lexicographic"] = "weighted"
    maximise: dict[str, Finite] = Field(default_factory=dict)
    minimise: dict[str, Finite] = Field(default_factory=dict)
    order: tuple[Stage, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _value_added_unless_said(cls, raw: Any) -> Any:
        if (
            isinstance(raw, dict)
            and not (set(raw) & {"maximise", "minimise", "order"})
            and raw.get("form") != "lexicographic"
        ):
            return {**raw, "maximise": {"value_added": 1.0}}
        return raw

    @model_validator(mode="after")
    def _parts_fit_form(self) -> Objective:
        if self.form == "lexicographic" and not self.order:
            raise refused(
                Text("分层目标没有写 order", "a lexicographic objective needs `order`"),
                Text(
                    "请写 order = [{ measure = “…”, sense = “max” }]。",
                    'Write order = [{ measure = "…", sense = "max" }].',
                ),
            )
        if self.form == "weighted" and self.order:
            raise refused(
                Text("加权目标不用 order", "a weighted objective has no `order`"),
                Text(
                    "请改为 form = “lexicographic”，或删去 order。", 'Write form = "lexicographic", or remove `order`.'
                ),
            )
        if self.form == "lexicographic" and (self.maximise or self.minimise):
            raise refused(
                Text("分层目标不用 maximise、minimise", "a lexicographic objective has no `maximise` or `minimise`"),
                Text("请把它们写进 order。", "Put them into `order`."),
            )
        return self


class MeasureDefinition(Strict):
    """`[measures.<name>]`: a measure of the case's own, summed over what is awarded and done."""

    unit: str = ""
    projects: Name | None = None
    actions: Name | None = None
    title: BothLanguages | None = None

    @model_validator(mode="after")
    def _sums_something(self) -> MeasureDefinition:
        if self.projects is None and self.actions is None:
            raise refused(
                Text("没有指明项目或措施的列", "names a column of neither projects nor actions"),
                Text(
                    "请写 projects = “列名”，或 actions = “列名”。", 'Write projects = "column", or actions = "column".'
                ),
            )
        return self


ShareByResource = Share | dict[str, Share]


class ActionDefaults(Strict):
    """`[actions.<kind>]`: what an action of this kind does where the row (or its cell) does not say."""

    frees_share: Finite | dict[str, Finite] | None = None
    delivery: NonNegative | dict[str, NonNegative] = 1.0
    lag: int = Field(default=0, ge=0, le=MOST_YEARS)
    cost: NonNegative = 0.0
    cost_per_mu: NonNegative = 0.0
    cost_per_job: NonNegative = 0.0
    cost_per_tce: NonNegative = 0.0
    value_added_lost_share: Share | None = None
    jobs_lost_share: Share | None = None

    def for_kind(self, kind: str) -> ActionDefaults:
        """With the shares that were not given set to those of `kind`: all of the firm for close, none for others."""
        whole = 1.0 if kind == "close" else 0.0
        frees = self.frees_share
        return self.model_copy(
            update={
                "frees_share": whole if frees is None else frees,
                "value_added_lost_share": whole if self.value_added_lost_share is None else self.value_added_lost_share,
                "jobs_lost_share": whole if self.jobs_lost_share is None else self.jobs_lost_share,
            }
        )

    def frees_share_of(self, resource: str, kind: str) -> float:
        """Share of the firm's amount of `resource` that the action frees."""
        share = self.frees_share
        if isinstance(share, dict):
            share = share.get(resource)
        return share if share is not None else (1.0 if kind == "close" else 0.0)

    def delivery_of(self, resource: str) -> float:
        """Share of what is freed of `resource` that becomes available."""
        return self.delivery.get(resource, 1.0) if isinstance(self.delivery, dict) else self.delivery


class Variant(Strict):
    """`[variants.<name>]`: a named set of overrides."""

    title: BothLanguages | None = None
    set: dict[str, Any] = Field(default_factory=dict)


class RuleParameters(BaseModel):
    """Base of every rule's parameters: the clause it comes from and whether it is on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clause: str | None = Field(default=None, description="the clause it comes from, e.g. ZJ 四(四)")
    enabled: bool = Field(default=True, description="whether the rule is on; false keeps the table and switches it off")


_RULES: dict[str, type[RuleParameters]] = {}
_TITLES: dict[str, Text] = {}


def register_rule_parameters(name: str, model: type[RuleParameters], title: Text | None = None) -> None:
    """Make `[rules.<name>]` known, with the parameters of `model`; called once per rule by the rule library."""
    _RULES[name] = model
    _TITLES[name] = title or Text(name, name)


def rule_title(name: str) -> Text:
    """What people call a rule; its name where it is not known."""
    return _TITLES.get(name, Text(name, name))


def rule_parameters() -> Mapping[str, type[RuleParameters]]:
    """The rules known so far, in the order they were registered; the library registers its own when first asked for."""
    if not _RULES:
        # A scenario that came from another process is the first this one sees of the package.
        import_module("quota_opt.rules")
    return dict(_RULES)


FactorValue = NonNegative | dict[str, NonNegative]


class Settings(Strict):
    """Everything `scenario.toml` says, with defaults filled."""

    extends: str | None = None
    scenario: ScenarioSection
    documents: tuple[Document, ...] = ()
    clauses: tuple[ClauseEntry, ...] = ()
    readings: tuple[Reading, ...] = ()
    objective: Objective = Field(default_factory=lambda: Objective(maximise={"value_added": 1.0}))
    measures: dict[str, MeasureDefinition] = Field(default_factory=dict)
    actions: dict[ActionKind, ActionDefaults] = Field(default_factory=dict)
    factors: dict[str, FactorValue] = Field(
        default_factory=dict, json_schema_extra={"propertyNames": {"enum": list(FACTOR_NAMES)}}
    )
    uncertainty: Uncertainty | None = None
    rules: dict[str, SerializeAsAny[RuleParameters]] = Field(default_factory=dict)
    variants: dict[str, Variant] = Field(default_factory=dict)

    @field_validator("documents", "clauses", "readings")
    @classmethod
    def _named_once(cls, entries: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        ids = [entry.id for entry in entries]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            what = Text("文件", "document") if info.field_name == "documents" else Text("条款", "clause")
            raise refused(
                Text(f"{what.zh}编号重复：{twice[0]}", f"{what.en} id {twice[0]!r} is used twice"),
                Text(f"请给每个{what.zh}不同的编号。", f"Give each {what.en} its own id."),
            )
        return entries

    @field_validator("actions")
    @classmethod
    def _shares_by_kind(cls, actions: dict[str, ActionDefaults]) -> dict[str, ActionDefaults]:
        return {kind: defaults.for_kind(kind) for kind, defaults in actions.items()}

    @field_validator("factors")
    @classmethod
    def _factors_are_known(cls, factors: dict[str, Any]) -> dict[str, Any]:
        for name, value in factors.items():
            if name not in FACTOR_NAMES:
                fix = mend_name(name, FACTOR_NAMES)
                raise refused(Text(f"没有名为“{name}”的折算系数", f"no conversion factor is called {name!r}"), fix)
            if isinstance(value, dict) and not all(year.isdecimal() and len(year) == 4 for year in value):
                raise refused(
                    Text(f"系数“{name}”的键应为年份", f"the keys of factor {name!r} should be years"),
                    Text("例如 { 2022 = 0.5153 }。", "For example { 2022 = 0.5153 }."),
                )
        return factors

    def action_defaults(self, kind: str) -> ActionDefaults:
        """The defaults of `kind`, also where the case has no table for it."""
        given: Mapping[str, ActionDefaults] = self.actions  # type: ignore[assignment]  # keys are a narrower str
        return given[kind] if kind in given else ActionDefaults().for_kind(kind)

    @property
    def resources(self) -> tuple[str, ...]:
        """The declared resources."""
        return self.scenario.resources

"""What an admission limit is: its value, whom it concerns, when, by which criterion, and what happens above it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from quota_opt.errors import Text
from quota_opt.scenario import refused, unit_words
from quota_opt.scenario.strict import BothLanguages

Named = Literal["energy_intensity", "carbon_intensity", "tax_per_mu", "value_added_per_mu", "investment_per_mu"]


class Ratio(BaseModel):
    """A criterion of the case's own: one numeric column of projects per another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: str = Field(description="column of projects above the line")
    per: str = Field(description="column of projects below it")
    at_least: bool = Field(default=False, description="true: the limit is a minimum")
    title: BothLanguages | None = Field(default=None, description="how the criterion is called")
    unit: str = Field(default="", description="unit of the limit, as shown")


class Criterion(NamedTuple):
    """A criterion ready for use: columns above and below the line, the side that fails, words and unit."""

    amount: str
    base: str
    is_most: bool
    title: Text
    unit: Text
    amount_unit: str


def _criterion(named: str, amount: str, base: str, is_most: bool, title: Text, units: tuple[str, str]) -> Criterion:
    top, below = (unit_words(unit) for unit in units)
    return Criterion(amount, base, is_most, title, Text(f"{top.zh}/{below.zh}", f"{top.en}/{below.en}"), units[0])


MONEY = "10k yuan"
CRITERIA: dict[str, Criterion] = {
    row[0]: _criterion(*row)
    for row in (
        ("energy_intensity", "energy", "value_added", True, Text("能耗强度", "energy intensity"), ("tce", MONEY)),
        ("carbon_intensity", "carbon_t", "value_added", True, Text("碳排放强度", "carbon intensity"), ("tCO2", MONEY)),
        ("tax_per_mu", "tax", "land_mu", False, Text("亩均税收", "tax per mu"), (MONEY, "mu")),
        (
            "value_added_per_mu",
            "value_added",
            "land_mu",
            False,
            Text("亩均增加值", "value added per mu"),
            (MONEY, "mu"),
        ),
        ("investment_per_mu", "investment", "land_mu", False, Text("亩均投资", "investment per mu"), (MONEY, "mu")),
    )
}
RESOURCES = {"energy": "energy", "carbon_t": "carbon"}


class Limit(BaseModel):
    """One limit: its value, whom it concerns (places, sectors, `applies_to`), and what happens above it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float = Field(ge=0.0, description="the limit")
    places: tuple[str, ...] | None = Field(default=None, description="these places and all below (default all)")
    applies_to: str = Field(default="new_projects", description="new_projects, a category or a tag")
    action: Literal["reject", "substitute", "buy", "report"] = Field(default="reject", description="what then happens")
    ratio: float = Field(default=1.0, ge=1.0, description="quota given up per tce used, with substitute")
    buy_share: float = Field(default=1.0, gt=0.0, le=1.0, description="share of its energy to be bought, with buy")
    sectors: tuple[str, ...] | None = Field(default=None, description="these sectors only")
    criterion: Named | Ratio = Field(default="energy_intensity", description="what is measured")
    scope: Literal["project", "portfolio", "set"] = Field(default="project", description="of what it is measured")
    projects: tuple[str, ...] | None = Field(default=None, description="projects (or variant groups) of a set")
    firms: tuple[str, ...] | None = Field(default=None, description="firms whose actions a set counts")
    from_year: int | None = Field(default=None, description="first year it is in force; blank: from the start")
    to_year: int | None = Field(default=None, description="last year it is in force; blank: to the end")
    clause: str | None = Field(default=None, description="clause of this limit")

    @model_validator(mode="after")
    def _possible(self) -> Limit:
        if self.action in ("substitute", "buy") and self.criteria.amount != "energy":
            raise refused(
                Text(
                    "替代和购买都按用能计算，只能用于以能耗为分子的 criterion（如 energy_intensity）",
                    "substitution and purchase are of energy; the criterion must have energy on top",
                )
            )
        if self.scope != "project" and self.action not in ("reject", "report"):
            raise refused(
                Text("整体上限只能 reject 或 report", "a portfolio or set limit either holds (reject) or is reported")
            )
        if self.from_year is not None and self.to_year is not None and self.to_year < self.from_year:
            raise refused(
                Text(
                    f"to_year（{self.to_year}）早于 from_year（{self.from_year}）",
                    f"to_year ({self.to_year}) is before from_year ({self.from_year})",
                )
            )
        of_set = self.projects is not None or self.firms is not None
        if (self.scope == "set") != of_set or (of_set and not self.projects):
            raise refused(
                Text(
                    "scope = 'set' 须写 projects（可加 firms）；其他情形不写",
                    "scope = 'set' needs projects (and may have firms); other scopes have neither",
                )
            )
        top, base = self.criteria.amount, self.criteria.base
        if self.scope == "set" and (top not in RESOURCES or base != "value_added" or not self.criteria.is_most):
            raise refused(
                Text(
                    "成对上限只适用于 energy_intensity 和 carbon_intensity",
                    "a limit on a set needs energy_intensity or carbon_intensity",
                )
            )
        return self

    @property
    def whom(self) -> Text:
        """Whom the limit is about, in words: its tag or category, its sectors, or every new project."""
        if self.applies_to != "new_projects":
            return Text(self.applies_to, repr(self.applies_to))
        if self.sectors:
            return Text("、".join(self.sectors), ", ".join(self.sectors))
        return Text("新上项目", "new projects")

    @property
    def criteria(self) -> Criterion:
        """The criterion, named or the case's own."""
        if isinstance(self.criterion, str):
            return CRITERIA[self.criterion]
        own, title = self.criterion, self.criterion.title
        plain = f"{own.amount}/{own.per}"
        words = Text(title.zh or plain, title.en or plain) if title is not None else Text(plain, plain)
        return Criterion(own.amount, own.per, not own.at_least, words, Text(own.unit, own.unit), "-")


class Favour(BaseModel):
    """Projects with one of `tags` get this action where they fail a limit, and the override is reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tags: tuple[str, ...] = Field(description="tags that are favoured")
    action: Literal["report", "substitute"] = Field(default="report", description="what then happens instead")
    ratio: float = Field(default=1.0, ge=1.0, description="quota given up per tce used, with substitute")

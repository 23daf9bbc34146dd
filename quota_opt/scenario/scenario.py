"""The Scenario: everything the planner wrote, typed, checked, and able to say where each datum came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.scenario.clauses import check_clauses
from quota_opt.scenario.contract import CONTRACT, newer_contract
from quota_opt.scenario.migrate import declared_contract, with_hints
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.parsing import ParsedTables, parse_tables
from quota_opt.scenario.paths import with_values
from quota_opt.scenario.raw import RawCase
from quota_opt.scenario.settings import RuleParameters, Settings, rule_parameters
from quota_opt.scenario.settings_reading import read_settings
from quota_opt.scenario.tables import TableContext, context_of

BASE_VARIANT = "base"
"""The name of the case itself, where a variant is asked for."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """One case, variant and overrides, validated. Tables are in input order and must not be changed in place.

    All seven tables are there with all columns of the schema, also when not given: text is "", lists are tuples,
    numbers and years float64 with NaN for blank (in `quotas.year` NaN is `*`, every year), yes/no bool.
    """

    settings: Settings
    tables: Mapping[str, pd.DataFrame]
    variant: str | None
    overrides: Mapping[str, Any]
    findings: tuple[Finding, ...]
    raw: RawCase = field(repr=False)
    parsed: ParsedTables = field(repr=False)
    context: TableContext = field(repr=False)
    read_seconds: float = field(default=0.0, repr=False)

    @property
    def places(self) -> pd.DataFrame:
        """The tree of places."""
        return self.tables["places"]

    @property
    def firms(self) -> pd.DataFrame:
        """Existing manufacturers."""
        return self.tables["firms"]

    @property
    def actions(self) -> pd.DataFrame:
        """What may be done to firms, where the case lists it."""
        return self.tables["actions"]

    @property
    def projects(self) -> pd.DataFrame:
        """Claimants of quota."""
        return self.tables["projects"]

    @property
    def quotas(self) -> pd.DataFrame:
        """Quota held without any action."""
        return self.tables["quotas"]

    @property
    def targets(self) -> pd.DataFrame:
        """Targets the documents set."""
        return self.tables["targets"]

    @property
    def chains(self) -> pd.DataFrame:
        """Stages of industrial chains."""
        return self.tables["chains"]

    @property
    def name(self) -> str:
        """Name of the case, without its variant."""
        return self.settings.scenario.name

    @property
    def title(self) -> Text:
        """Title of the case; its name where it has none."""
        return self.settings.scenario.title or Text(self.name, self.name)

    @property
    def source(self) -> str:
        """Where it was read from: a folder, a workbook, a built-in case, or tables."""
        return self.raw.source

    @property
    def files(self) -> Mapping[str, bytes]:
        """The input files exactly as read; a folder with them, variant and overrides gives the same scenario."""
        return self.raw.files

    @property
    def first_year(self) -> int:
        """First year decisions may fall in."""
        return self.settings.scenario.first_year

    @property
    def last_year(self) -> int:
        """Last year decisions may fall in."""
        return self.settings.scenario.last_year

    @property
    def years(self) -> tuple[int, ...]:
        """All years of the horizon."""
        return tuple(range(self.first_year, self.last_year + 1))

    @property
    def resources(self) -> tuple[str, ...]:
        """The declared resources, in the order declared."""
        return self.settings.scenario.resources

    @property
    def energy_basis(self) -> str:
        """`equal_value` or `equivalent`."""
        return self.settings.scenario.energy_basis

    @property
    def discount_rate(self) -> float:
        """Yearly rate present values are discounted by."""
        return self.settings.scenario.discount_rate

    @property
    def data(self) -> str:
        """`real`, `synthetic` or `mixed`."""
        return self.settings.scenario.data

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants the case defines."""
        return tuple(self.settings.variants)

    @cached_property
    def rules(self) -> dict[str, RuleParameters]:
        """Parameters of the rules that are on, in the order of the rule library.

        Rows of targets are enforced even where `[rules.targets]` is not written.
        """
        registry = rule_parameters()
        given = dict(self.settings.rules)
        if "targets" in registry and "targets" not in given and len(self.targets):
            document, _ = _effective(self.raw, self.variant, self.overrides)
            if "targets" not in document.get("rules", {}):
                given["targets"] = registry["targets"]()
        return {name: given[name] for name in registry if name in given and given[name].enabled}

    def has_table(self, name: str) -> bool:
        """Whether the table was given, even without rows."""
        return name in self.raw.tables

    def has_column(self, table: str, column: str) -> bool:
        """Whether the column was given, even where blank."""
        return column in self.parsed.columns[table]

    def where(self, table: str, row_position: int | None, column: str | None = None) -> Where:
        """Where a datum stands: file or sheet, row, column and cell; the header where `row_position` is None."""
        raw = self.raw.tables.get(table)
        if raw is None:
            return Where(file=self.raw.settings_file if self.raw.settings_sheet else f"{table}.csv", column=column)
        return raw.where(row_position, self.parsed.columns[table].get(column) if column else None)

    def where_setting(self, path: str) -> Where:
        """Where a dotted settings path stands; an override points at itself."""
        if path in self.overrides:
            return Where(path=path)
        return self.raw.locate(path)

    def with_(self, **values: Any) -> Scenario:
        """The same case with settings changed by dotted path, e.g. `with_(**{"rules.retention.keep": 0.7})`.

        Raises InputError where a path is not known or a value not allowed.
        """
        return make_scenario(self.raw, self.variant, {**self.overrides, **values}, like=self)

    def with_variant(self, name: str | None) -> Scenario:
        """The variant called `name` of the same case ("base" or None: the case itself), overrides kept."""
        return make_scenario(self.raw, name, self.overrides, like=self)

    def equals(self, other: Scenario) -> bool:
        """Whether settings and all tables are the same, wherever they were read from."""
        return self.settings == other.settings and all(t.equals(other.tables[n]) for n, t in self.tables.items())

    @staticmethod
    def from_tables(
        settings: Mapping[str, Any] | str, **tables: pd.DataFrame | Sequence[Mapping[str, Any]]
    ) -> Scenario:
        """A scenario from settings (a mapping, or the text of a scenario.toml) and tables (frames or lists of records).

        Raises InputError listing every problem, as reading files does.
        """
        from quota_opt.scenario.from_tables import raw_from_tables

        return make_scenario(raw_from_tables(settings, tables), None, {})

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> Scenario:
        """A scenario from one JSON document: `settings`, `tables` of records, and perhaps `variant` and `overrides`.

        Raises InputError listing every problem, as reading files does.
        """
        from quota_opt.scenario.json_case import raw_of_document

        return make_scenario(*raw_of_document(document))

    def as_document(self) -> dict[str, Any]:
        """The case as one JSON document, of which `from_document` makes an equal scenario; see `schema("case")`."""
        from quota_opt.scenario.json_case import case_document

        return case_document(self)


def make_scenario(
    raw: RawCase, variant: str | None, overrides: Mapping[str, Any], *, like: Scenario | None = None
) -> Scenario:
    """The validated scenario of what a source holds; tables already parsed under equal settings are shared with `like`.

    Raises InputError with every finding.
    """
    variant = None if variant == BASE_VARIANT else variant
    stated = declared_contract(raw.document)
    if stated is not None and stated > CONTRACT:  # Whatever else seems wrong with it may be right there.
        raise InputError([newer_contract(stated, raw.locate("scenario.contract"))])
    findings = list(raw.findings)
    document, problems = _effective(raw, variant, overrides)
    findings += problems
    changed = {*overrides, *_variant_values(raw, variant)}
    settings: Settings | None = None
    if "extends" in raw.document:
        findings.append(
            Finding(
                Level.ERROR,
                "extends-not-here",
                Text(
                    "extends 只能写在案例文件夹的 scenario.toml 中",
                    "`extends` works in the scenario.toml of a folder only",
                ),
                raw.locate("extends"),
                Text("请改用案例文件夹，或写出全部内容。", "Make a case folder, or write the case out."),
            )
        )
    if raw.document:
        settings, problems = read_settings(document, lambda path: _spot(path, changed, raw))
        findings += [f for f in problems if f.code != "missing-setting" or f.where.path not in raw.settings_broken]
    context = _context(settings, document)
    if like is not None and like.raw is raw and like.context == context:
        parsed = like.parsed
    else:
        parsed = parse_tables(raw.tables, context, raw.settings_file if raw.settings_sheet else None)
    findings += parsed.findings
    if settings is not None and like is None:
        findings += _check_variants(settings, raw)
        findings += check_clauses(settings, document, raw.locate)
    if settings is None or any(f.level is Level.ERROR for f in findings):
        raise InputError(with_hints(findings, raw))
    return Scenario(settings, parsed.tables, variant, dict(overrides), tuple(findings), raw, parsed, context)


def _spot(path: str, changed: set[str], raw: RawCase) -> Where:
    """An override's own path where it brought the setting in, else the line it stands on."""
    if path not in raw.settings_rows and any(
        c == path or c.startswith(f"{path}.") or path.startswith(f"{c}.") for c in changed
    ):
        return Where(path=path)
    return Where(path=path) if path in changed else raw.locate(path)


def _variant_values(raw: RawCase, variant: str | None) -> dict[str, Any]:
    if variant is None:
        return {}
    chosen = raw.document.get("variants", {})
    chosen = chosen.get(variant, {}) if isinstance(chosen, Mapping) else {}
    values = chosen.get("set", {}) if isinstance(chosen, Mapping) else {}
    return dict(values) if isinstance(values, Mapping) else {}


def _effective(raw: RawCase, variant: str | None, overrides: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """The settings document with the variant's values and then the overrides in it."""
    findings: list[Finding] = []
    variants = raw.document.get("variants", {})
    if variant is not None and (not isinstance(variants, Mapping) or variant not in variants):
        names = [BASE_VARIANT, *(variants if isinstance(variants, Mapping) else ())]
        findings.append(
            Finding(
                Level.ERROR,
                "unknown-variant",
                Text(f"案例没有名为“{variant}”的方案", f"the case has no variant called {variant!r}"),
                raw.locate("variants"),
                mend_name(variant, names),
                variant,
            )
        )
    document, problems = with_values(raw.document, _variant_values(raw, variant))
    findings += problems
    document, problems = with_values(document, overrides)
    return document, findings + problems


def effective_document(scenario: Scenario) -> dict[str, Any]:
    """The settings document of a scenario, with its variant and overrides applied."""
    document, _ = _effective(scenario.raw, scenario.variant, scenario.overrides)
    return document


def _context(settings: Settings | None, document: Mapping[str, Any]) -> TableContext:
    """What the tables depend on; where the settings are wrong, what of them can be read, so that both are reported."""
    if settings is None:
        return context_of(document)
    s = settings.scenario
    measures = settings.measures.items()
    return TableContext(
        s.resources,
        tuple((m.projects, m.unit, f"measures.{n}.projects") for n, m in measures if m.projects is not None),
        tuple((m.actions, m.unit, f"measures.{n}.actions") for n, m in measures if m.actions is not None),
        s.first_year,
        s.last_year,
    )


def _check_variants(settings: Settings, raw: RawCase) -> list[Finding]:
    """Each variant must itself read; its faults are found before anybody asks for it."""
    findings: list[Finding] = []
    for name, variant in settings.variants.items():
        document, problems = with_values(raw.document, variant.set)
        if not problems:
            _, problems = read_settings(document, raw.locate)
        path = f"variants.{name}"
        for p in problems:
            where = raw.locate(f"{path}.set")
            findings.append(
                Finding(
                    p.level,
                    p.code,
                    Text(f"方案“{name}”：{p.what.zh}", f"variant {name!r}: {p.what.en}"),
                    Where(file=where.file, sheet=where.sheet, row=where.row, cell=where.cell, path=where.path),
                    p.fix,
                    p.seen,
                )
            )
    return findings

"""What the planner wrote: schema, reading of folders and workbooks, units, overrides, energy and carbon accounting."""

from quota_opt.scenario.accounting import Accounted, accounted
from quota_opt.scenario.case_writer import write_case
from quota_opt.scenario.reading import read
from quota_opt.scenario.scenario import Scenario
from quota_opt.scenario.schema import (
    FUELS,
    TABLES,
    Choice,
    ColumnSpec,
    TableSpec,
    resource_column,
    resource_unit,
    resource_words,
)
from quota_opt.scenario.settings import (
    ActionDefaults,
    RuleParameters,
    Settings,
    register_rule_parameters,
    rule_parameters,
    rule_title,
)
from quota_opt.scenario.strict import refused
from quota_opt.scenario.uncertainty import Uncertainty
from quota_opt.scenario.units import read_unit, unit_words
from quota_opt.scenario.workbook_writer import write_workbook

__all__ = [
    "FUELS",
    "TABLES",
    "Accounted",
    "ActionDefaults",
    "Choice",
    "ColumnSpec",
    "RuleParameters",
    "Scenario",
    "Settings",
    "TableSpec",
    "Uncertainty",
    "accounted",
    "read",
    "read_unit",
    "refused",
    "register_rule_parameters",
    "resource_column",
    "resource_unit",
    "resource_words",
    "rule_parameters",
    "rule_title",
    "unit_words",
    "write_case",
    "write_workbook",
]

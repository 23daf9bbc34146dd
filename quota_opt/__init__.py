"""quota-opt: reallocate freed energy quota, carbon space and land to projects; proven, verified, explained.

    import quota_opt as qo
    case = qo.read("zhuji")
    plan = qo.solve(case)
    plan.awards, plan.measures["value_added"]
    plan.write("out/")

Everything a user imports is here; names are loaded when first used, so that importing the package costs little.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quota_opt.analysis.addresses import read_result
    from quota_opt.analysis.compare.compare import Comparison, compare
    from quota_opt.analysis.compare.diff import Difference, diff
    from quota_opt.analysis.explain.explain import Explanations, explain, explanations
    from quota_opt.analysis.explain.prices import Prices, prices
    from quota_opt.analysis.explain.types import Explanation
    from quota_opt.analysis.front.pareto import Front, pareto
    from quota_opt.analysis.infeasible.infeasible import Clash, explain_infeasible
    from quota_opt.analysis.late_reports import write_reports
    from quota_opt.analysis.near.alternatives import Alternatives, alternatives
    from quota_opt.analysis.near.replan import Replan, replan
    from quota_opt.analysis.near.sweep import Sweep, sweep
    from quota_opt.analysis.receipt import Receipt, override
    from quota_opt.analysis.replay import Replay, replay
    from quota_opt.analysis.trace import Trace, trace
    from quota_opt.analysis.uncertain.evaluate import Evaluation, evaluate
    from quota_opt.analysis.uncertain.robust import RobustPlans, robust
    from quota_opt.analysis.uncertain.two_stage import TwoStage, two_stage
    from quota_opt.batch.cluster_blocks import cluster
    from quota_opt.batch.run import Batch, run_batch
    from quota_opt.errors import (
        Conflict,
        EngineFailed,
        EngineUnavailable,
        Finding,
        InfeasibleScenario,
        InputError,
        Level,
        NoPlanFound,
        OutputExists,
        QuotaOptError,
        StoreUnavailable,
        Text,
        UnboundedScenario,
        VerificationFailed,
        Where,
    )
    from quota_opt.facade import (
        CaseInfo,
        Scenario,
        Session,
        address,
        build,
        check,
        dictionary_page,
        engines,
        export,
        migrate,
        new,
        read,
        rule_example,
        rule_page,
        rule_titles,
        scenarios,
        schema,
        solve,
        verify,
        write_handbook,
    )
    from quota_opt.model.build import Problem
    from quota_opt.plan.migrating import Migration
    from quota_opt.plan.plan import Plan, RuleAudit
    from quota_opt.plan.verify import Verification
    from quota_opt.report.drawings import Drawing, figures
    from quota_opt.scenario.generate import generate_case
    from quota_opt.solving.engine import EngineState
    from quota_opt.solving.profile import Profile, read_profile
    from quota_opt.solving.status import Progress, Status
    from quota_opt.store.store import Store

_HOMES = {
    "quota_opt.analysis.addresses": ("read_result",),
    "quota_opt.analysis.late_reports": ("write_reports",),
    "quota_opt.analysis.near.alternatives": ("Alternatives", "alternatives"),
    "quota_opt.analysis.compare.compare": ("Comparison", "compare"),
    "quota_opt.analysis.compare.diff": ("Difference", "diff"),
    "quota_opt.analysis.explain.explain": ("Explanations", "explain", "explanations"),
    "quota_opt.analysis.explain.types": ("Explanation",),
    "quota_opt.analysis.infeasible.infeasible": ("Clash", "explain_infeasible"),
    "quota_opt.analysis.front.pareto": ("Front", "pareto"),
    "quota_opt.analysis.explain.prices": ("Prices", "prices"),
    "quota_opt.analysis.receipt": ("Receipt", "override"),
    "quota_opt.analysis.replay": ("Replay", "replay"),
    "quota_opt.analysis.uncertain.two_stage": ("TwoStage", "two_stage"),
    "quota_opt.analysis.near.replan": ("Replan", "replan"),
    "quota_opt.analysis.uncertain.robust": ("RobustPlans", "robust"),
    "quota_opt.analysis.near.sweep": ("Sweep", "sweep"),
    "quota_opt.analysis.trace": ("Trace", "trace"),
    "quota_opt.analysis.uncertain.evaluate": ("Evaluation", "evaluate"),
    "quota_opt.batch.cluster_blocks": ("cluster",),
    "quota_opt.batch.run": ("Batch", "run_batch"),
    "quota_opt.errors": (
        "Conflict", "EngineFailed", "EngineUnavailable", "Finding", "InfeasibleScenario", "InputError", "Level",
        "NoPlanFound", "OutputExists", "QuotaOptError", "StoreUnavailable", "Text", "UnboundedScenario",
        "VerificationFailed", "Where",
    ),
    "quota_opt.facade": (
        "CaseInfo", "Scenario", "Session", "address", "build", "check", "dictionary_page", "engines", "export",
        "migrate", "new",
        "read", "rule_example", "rule_page", "rule_titles", "scenarios", "schema", "solve", "verify", "write_handbook",
    ),
    "quota_opt.model.build": ("Problem",),
    "quota_opt.plan.migrating": ("Migration",),
    "quota_opt.plan.plan": ("Plan", "RuleAudit"),
    "quota_opt.plan.verify": ("Verification",),
    "quota_opt.report.drawings": ("Drawing", "figures"),
    "quota_opt.scenario.generate": ("generate_case",),
    "quota_opt.solving.engine": ("EngineState",),
    "quota_opt.solving.profile": ("Profile", "read_profile"),
    "quota_opt.solving.status": ("Progress", "Status"),
    "quota_opt.store.store": ("Store",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Alternatives",
    "Batch",
    "CaseInfo",
    "Clash",
    "Comparison",
    "Conflict",
    "Difference",
    "Drawing",
    "EngineFailed",
    "EngineState",
    "EngineUnavailable",
    "Evaluation",
    "Explanation",
    "Explanations",
    "Finding",
    "Front",
    "InfeasibleScenario",
    "InputError",
    "Level",
    "Migration",
    "NoPlanFound",
    "OutputExists",
    "Plan",
    "Prices",
    "Problem",
    "Profile",
    "Progress",
    "QuotaOptError",
    "Receipt",
    "Replan",
    "Replay",
    "RobustPlans",
    "RuleAudit",
    "Scenario",
    "Session",
    "Status",
    "Store",
    "StoreUnavailable",
    "Sweep",
    "Text",
    "Trace",
    "TwoStage",
    "UnboundedScenario",
    "Verification",
    "VerificationFailed",
    "Where",
    "address",
    "alternatives",
    "build",
    "check",
    "cluster",
    "compare",
    "dictionary_page",
    "diff",
    "engines",
    "evaluate",
    "explain",
    "explain_infeasible",
    "explanations",
    "export",
    "figures",
    "generate_case",
    "migrate",
    "new",
    "override",
    "pareto",
    "prices",
    "read",
    "read_profile",
    "read_result",
    "replan",
    "replay",
    "robust",
    "rule_example",
    "rule_page",
    "rule_titles",
    "run_batch",
    "scenarios",
    "schema",
    "solve",
    "sweep",
    "trace",
    "two_stage",
    "verify",
    "write_handbook",
    "write_reports",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

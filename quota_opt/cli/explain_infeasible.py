"""`explain CASE --infeasible`: which clauses clash where a case has no plan, and the menu of repairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.session import Session
from quota_opt.errors import Language, Text

if TYPE_CHECKING:
    from quota_opt.analysis.infeasible.infeasible import Clash
    from quota_opt.analysis.infeasible.repair import Repair
    from quota_opt.scenario import Scenario


def explain_infeasible(
    session: Session,
    case: Scenario | str,
    *,
    profile: str = "auto",
    time_limit: float | None = None,
    out: Path | None = None,
    order: Sequence[str] = (),
) -> int:
    """Explain why a case has no plan; 0 when explained or when the case has a plan, 4 where a limit came first.

    `out` is a folder for tables and reports, or the one report FILE.html, .xlsx or .docx; nothing is written where
    there is a plan. `order` names the rules that give first.
    """
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo
    from quota_opt.analysis.infeasible.infeasible import TIME_LIMIT
    from quota_opt.report.document import terminal_view

    limit = TIME_LIMIT if time_limit is None else time_limit
    found = qo.explain_infeasible(case, profile, time_limit=limit, order=order)
    code = 4 if found.feasible is None else 0
    written = _write(found, out, session.language) if out is not None and not found.feasible else None
    session.document({"exit_code": code, "folder": written, **_record(found)})
    if found.feasible:
        session.show(Text("本案例有可行方案，没有矛盾可解释。", "This case has a plan: there is nothing to explain."))
    elif session.speaking:
        session.show(terminal_view(found.document(), session.language, written))
    return code


def _write(found: Clash, out: Path, language: Language) -> Path:
    from quota_opt.report.document import write_docx, write_html, write_xlsx

    writer = {".html": write_html, ".xlsx": write_xlsx, ".docx": write_docx}.get(out.suffix.lower())
    if writer is None:
        return found.write(out, language)
    out.parent.mkdir(parents=True, exist_ok=True)
    return writer(found.document(), out, language)


def _record(found: Clash) -> dict[str, Any]:
    return {
        "case": found.scenario.name,
        "variant": found.scenario.variant,
        "feasible": found.feasible,
        "whole": found.whole,
        "seconds": found.seconds,
        "order": found.order,
        "clashes": [
            {
                "minimal": clash.minimal,
                "clauses": [
                    {
                        "rule": clause.rule,
                        "item": clause.item,
                        "title": clause.title,
                        "clause": clause.clause,
                        "where": {key: value for key, value in vars(clause.where).items() if value is not None},
                    }
                    for clause in clash.clauses
                ],
            }
            for clash in found.clashes
        ],
        "repairs": [_repair(repair) for repair in found.repairs],
    }


def _repair(repair: Repair) -> dict[str, Any]:
    return {
        "confirmed": repair.confirmed,
        "minimal": repair.minimal,
        "changes": [
            {
                "rule": change.clause.rule,
                "what": change.words,
                "path": change.path,
                "before": change.before,
                "after": change.after,
                "difference": change.difference,
                "set": change.setting,
                "where": {key: value for key, value in vars(change.where).items() if value is not None},
            }
            for change in repair.changes
        ],
        "rows": [vars(row) for row in repair.rows],
    }

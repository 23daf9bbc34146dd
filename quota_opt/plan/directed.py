"""What a plan does because it was laid down: each directive, the clauses bent for it, and what it costs where known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from quota_opt.errors import Finding, Text
from quota_opt.messages import table
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import RuleAudit
from quota_opt.plan.verify import problem
from quota_opt.scenario.standing import clause_words, standings

RECEIPT = "receipt.json"
RULE = "directives"


@dataclass(frozen=True)
class Bent:
    """A bar of a rule that was lifted for a project or firm, with clause, figures, and who wanted it."""

    id: str
    rule: str
    title: Text
    clause: Text
    text: Text
    figure: str
    by: str


@dataclass(frozen=True)
class Directed:
    """One directive: what it is about (`kind`: project, firm, measure …), what it says, who laid it down, what bent."""

    kind: str
    id: str
    words: Text
    by: str
    bent: tuple[Bent, ...] = ()


def directed(outcome: Outcome | None, audit: Sequence[RuleAudit]) -> tuple[Directed, ...]:
    """The directives of a plan, in the order of the case; none where the rule is off."""
    entry = next((entry for entry in audit if entry.rule == RULE), None)
    if entry is None or outcome is None or "words" not in entry.figures:
        return ()
    bent = bent_clauses(outcome)
    found = []
    for row in entry.figures[entry.figures["part"] == ""].to_dict("records"):
        kind = next(kind for kind in ("project", "firm", "measure", "what") if row[kind])
        own = tuple(one for one in bent if one.id == row[kind])
        found.append(Directed(kind, str(row[kind]), Text(row["words"], row["words_en"]), str(row["clause"]), own))
    return tuple(found)


def bent_clauses(outcome: Outcome) -> tuple[Bent, ...]:
    """The bars that the plan's own actions and awards would have met."""
    case, of, found = outcome.case, standings(outcome.case.scenario), []
    for rule, bar in case.bent:
        names, row, year = case.projects["project"], outcome.award_row, outcome.award_year
        if bar.kind == "action":
            names, row, year = case.actions["firm"], outcome.action_row, outcome.action_year
        at = dict(zip(row.tolist(), year.tolist(), strict=True))
        for i, r in enumerate(bar.rows.tolist()):
            if r in at and bar.forbidden[i, at[r]]:
                name = str(names.iat[r])
                wanted = [b for b in case.bends if b.id == name and (b.action is None) == (bar.kind != "action")]
                by = next((" · ".join(filter(None, (b.by, b.reason))) for b in wanted), "")
                clause = clause_words(rule.clause, of) if rule.clause else table("clause")["none"]
                found.append(Bent(name, rule.name, rule.title, clause, bar.texts[i], bar.figures[i], by))
    return tuple(found)


def with_directives(reasons: pd.DataFrame, lines: Sequence[Directed]) -> pd.DataFrame:
    """The reasons with the directive that decided in place of the price: what a plan was told needs no other reason."""
    table = reasons.copy()
    for line in lines:
        hit = (table["kind"] == line.kind) & (table["id"] == line.id)
        bent = line.bent[0] if line.bent else None
        zh = f"，突破{bent.title.zh}【{bent.clause.zh}】（{bent.figure}）" if bent else ""
        en = f", bending {bent.title.en} [{bent.clause.en}] ({bent.figure})" if bent else ""
        by, of = (f"（{line.by}）", f" ({line.by})") if line.by else ("", "")
        table.loc[hit, ["rule", "clause", "document_status"]] = [RULE, line.by, ""]
        table.loc[hit, "text"] = f"按指定事项：{line.words.zh}{by}{zh}。"
        table.loc[hit, "text_en"] = f"By directive: {line.words.en}{of}{en}."
    return table


def directives_record(lines: Sequence[Directed]) -> list[dict[str, Any]]:
    """The directives as run.json states them."""
    return [
        {
            "kind": line.kind,
            "id": line.id,
            "text": line.words._asdict(),
            "by": line.by,
            "bent": [
                {
                    "rule": bent.rule,
                    "clause": bent.clause._asdict(),
                    "text": bent.text._asdict(),
                    "figure": bent.figure,
                    "by": bent.by,
                }
                for bent in line.bent
            ],
        }
        for line in lines
    ]


def write_receipt(receipt: Mapping[str, Any], folder: Path) -> str:
    """Write `receipt.json`; returns its hash."""
    content = (json.dumps(receipt, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
    (folder / RECEIPT).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def read_receipt(folder: Path) -> Mapping[str, Any] | None:
    """The receipt of a result folder, None where it has none."""
    path = folder / RECEIPT
    if not path.is_file():
        return None
    made: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return made


def directive_problems(
    record: Mapping[str, Any], folder: Path, outcome: Outcome, audit: Sequence[RuleAudit]
) -> list[Finding]:
    """Directives that the inputs do not have (or have besides), and a receipt that is not this plan's."""
    found = _receipt_problems(record, folder, outcome.measures())
    if (record.get("directives") or []) != directives_record(directed(outcome, audit)):
        what = Text("run.json 所写的指定事项与输入不符。", "run.json states other directives than the inputs.")
        found.append(problem("directives", what, "run.json", rule=RULE))
    return found


def _receipt_problems(record: Mapping[str, Any], folder: Path, measures: Mapping[str, float]) -> list[Finding]:
    """A receipt that is not the one sealed in run.json, or that speaks of another plan."""
    stated, path = record.get("receipt"), folder / RECEIPT
    if stated is None and not path.is_file():
        return []
    actual = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    content = read_receipt(folder) or {}
    if stated is None or stated.get("sha256") != actual or stated.get("objective") != content.get("objective"):
        what = Text("代价清单与求解时所封的不同。", "The receipt is not the one sealed with the plan.")
        return [problem("receipt", what, RECEIPT)]
    given = {str(row["measure"]): float(row["with"]) for row in content.get("measures", [])}
    off = [
        name
        for name, value in given.items()
        if name in measures and abs(value - measures[name]) > 1e-6 * max(1.0, abs(value))
    ]
    if off:
        what = Text(
            f"代价清单所写的 {'、'.join(off[:3])} 与方案不同。",
            f"The receipt states other figures: {', '.join(off[:3])}.",
        )
        return [problem("receipt", what, RECEIPT)]
    return []

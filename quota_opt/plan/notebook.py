"""A plan as a notebook shows it: status, objective, bound, gap and measures, in both languages.

It brings no colours of its own, so that it reads on light and on dark pages alike, and no links or scripts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from quota_opt.errors import Text
from quota_opt.messages import table
from quota_opt.solving.status import Status

if TYPE_CHECKING:
    from quota_opt.plan.plan import Plan

_SYNTHETIC = {
    "synthetic": Text("合成数据", "synthetic data"),
    "mixed": Text("部分数据为合成", "partly synthetic data"),
}


def plan_html(plan: Plan) -> str:
    """The plan as a fragment of HTML; everything a case says is escaped."""
    scenario = plan.scenario
    variant = f" / {scenario.variant}" if scenario.variant else ""
    title = _both(scenario.title)
    notes = [f"{scenario.name}{variant}", f"{scenario.first_year}–{scenario.last_year}"]
    if scenario.data in _SYNTHETIC:
        notes.append(_both(_SYNTHETIC[scenario.data]))
    held = sum(entry.ok for entry in plan.audit)
    said = Text("在要求的差距内证明最优", "proven within the gap asked for")
    if plan.status is not Status.OPTIMAL:
        said = Text("先到了时限，或已取消", "a limit, or a cancellation, came first")
    facts = [
        ("status", str(plan.status), _both(said)),
        ("objective", _number(plan.objective), ""),
        ("bound", _number(plan.bound), ""),
        ("gap", f"{plan.gap:.4%}" if math.isfinite(plan.gap) else "–", ""),
        ("awards", f"{len(plan.awards):,}", _both(Text("安排的项目", "projects awarded"))),
        ("actions", f"{len(plan.actions):,}", _both(Text("采取的措施", "actions on firms"))),
        ("audit", f"{held}/{len(plan.audit)}", _both(Text("规则复核通过", "rules hold, re-checked"))),
    ]
    measures = [
        (name, _number(value), _measure(name, plan.measure_units[name])) for name, value in plan.measures.items()
    ]
    return (
        f"<div><p><strong>{escape(title)}</strong><br>{escape(' · '.join(notes))}</p>{_rows(facts)}"
        f"<details><summary>measures ({len(measures)})</summary>{_rows(measures)}</details></div>"
    )


def _rows(lines: Iterable[tuple[str, str, str]]) -> str:
    cells = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:right">{escape(value)}</td>'
        f'<td style="text-align:left">{escape(said)}</td></tr>'
        for name, value, said in lines
    )
    return f"<table><tbody>{cells}</tbody></table>"


def _measure(name: str, unit: str) -> str:
    """The unit of a measure and what it is called; a measure of the case's own has its unit alone."""
    titles = table("measure")
    return f"{unit} · {_both(titles[name])}" if name in titles else unit


def _both(text: Text) -> str:
    return text.zh if text.zh == text.en else f"{text.zh} {text.en}"


def _number(value: float) -> str:
    return f"{value:,.2f}" if math.isfinite(value) else "–"

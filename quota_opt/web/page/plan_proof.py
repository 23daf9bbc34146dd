"""Whether a plan holds: rules re-checked, the certificate, hashes, and the check done again on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quota_opt.errors import Text
from quota_opt.plan.verify import Verification
from quota_opt.report import tables
from quota_opt.report.html import proof_lines
from quota_opt.report.numbers import figure, gap
from quota_opt.report.values import Cell
from quota_opt.report.words import WORDS
from quota_opt.web.page import kit
from quota_opt.web.page.acting import asked, is_there
from quota_opt.web.page.rows import rows
from quota_opt.web.page.view import View
from quota_opt.web.page.why import open_why

if TYPE_CHECKING:
    from quota_opt.web.page.plan_result import Shown


def show_rules(shown: Shown) -> None:
    """Every rule with its clause, whether it holds and binds, and what one more unit of it is worth."""
    content = shown.read.content
    count, held = len(content.rules), sum(line.ok for line in content.rules)
    binding = sum(line.binding for line in content.rules)
    kit.answer(
        shown.say(
            Text(
                f"{count} 项规则复核，{held} 项通过，{binding} 项起约束作用。复核只看输入表和方案，不用求解时的模型。",
                f"{count} rules re-checked, {held} hold, {binding} bind. The check uses the input tables and the plan, "
                "not the model that was solved.",
            )
        ),
        live=False,
    )
    named = {shown.say(line.title): line.name for line in content.rules}

    async def ask(cells: Sequence[Cell]) -> None:
        name = named.get(shown.say(cells[0] if isinstance(cells[0], Text) else str(cells[0])))
        if name in shown.read.scenario.rules:
            await open_why(shown.view, shown.state.id, ("rule", str(name)))

    rows(shown.view, tables.rules(content).only("rule", "clause", "state", "headline", "ok", "price"), on_open=ask)
    reported = sum(line.only_reported for line in content.clauses)
    if reported:
        more = Text(
            f"另有 {reported} 条只报告不建模，见“条款”。", f"{reported} more are reported, not modelled: see Clauses."
        )
        shown.anchor(shown.say(more), "clauses")


def show_proof(shown: Shown) -> None:
    """How sure the plan is: value, bound, gap; what it was made from; and the whole check again."""
    view, content = shown.view, shown.read.content
    sure = (
        Text(
            f"已证明最优：目标值 {figure(content.objective, 1)}，任何方案都不会超过 {figure(content.bound, 1)}，"
            f"差距 {gap(content.gap)}。",
            f"Proven optimal: the objective is {figure(content.objective, 1)}, no plan can exceed "
            f"{figure(content.bound, 1)}; gap {gap(content.gap)}.",
        )
        if content.proven
        else Text(
            f"没有证明到要求的差距：目标值 {figure(content.objective, 1)}，最多还能好到 {figure(content.bound, 1)}，"
            f"差距 {gap(content.gap)}。",
            f"Not proven to the gap asked for: the objective is {figure(content.objective, 1)}, at best "
            f"{figure(content.bound, 1)}; gap {gap(content.gap)}.",
        )
    )
    kit.answer(shown.say(sure), live=False)
    with kit.part("div", "qo-row"):
        again = kit.button(shown.say(Text("重新核验", "Check again")), main=True)
        kit.note(
            shown.say(
                Text(
                    "从输入和结果表重新核对散列、规则、台账和界，不用求解器。",
                    "Checks hashes, rules, ledger and bound anew from the inputs and tables, without a solver.",
                )
            )
        )
    told = kit.part("div").props("role=status aria-live=polite")

    async def check() -> None:
        again.set_enabled(False)
        told.clear()
        with told:
            kit.words(shown.say(Text("正在核验……", "Checking …")), "", "p")
        found = await asked(view, view.desk.plans.verify, view.user, shown.state.id)
        if not is_there(told):
            return
        again.set_enabled(True)
        told.clear()
        if found is not None:
            with told:
                outcome(view, found)

    again.on_click(check)
    pairs(proof_lines(content, view.language))
    kit.heading(shown.say(WORDS["inputs_table"]), 3)
    pairs(list(content.hashes.items()))


def outcome(view: View, found: Verification) -> None:
    """What a check found: a badge, and what is off, if anything."""
    held = sum(entry.ok for entry in found.audit)
    if found.ok:
        kit.badge(
            view.say(
                Text(
                    f"核验通过：{held} 项规则都符合，散列、台账和界都对得上",
                    f"It holds: all {held} rules, and hashes, ledger and bound agree",
                )
            ),
            "good",
        )
    else:
        count = len(found.problems)
        kit.badge(view.say(Text(f"核验未通过：{count} 处不符", f"It does not hold: {count} things are off")), "bad")
        kit.findings(view, found.problems)
    kit.findings(view, found.notes)


def pairs(lines: list[tuple[str, str]]) -> None:
    """Names and values, one pair a line."""
    with kit.part("dl", "qo-pairs"):
        for name, value in lines:
            kit.words(name, "", "dt")
            kit.words(value, "", "dd")

"""The box of directives in every report of a plan that has any: what was laid down, by whom, at what cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quota_opt.errors import Text
from quota_opt.plan.directed import Directed, directed
from quota_opt.report.numbers import running, short
from quota_opt.report.words import unit_name

SHOWN = 5


def directives_box(lines: Sequence[Directed], receipt: Mapping[str, Any] | None) -> tuple[Text, ...]:
    """What was laid down and what it costs, then each clause that was bent for it; nothing without directives."""
    if not lines:
        return ()
    said = [_said(line) for line in lines]
    more = len(said) > SHOWN
    zh, en = "；".join(text.zh for text in said[:SHOWN]), "; ".join(text.en for text in said[:SHOWN])
    cost = cost_words(receipt)
    head = Text(
        f"指定事项 {len(lines)} 项：{zh}{'；等' if more else ''}。{cost.zh}",
        f"Directives ({len(lines)}): {en}{'; …' if more else ''}. {cost.en}",
    )
    return (head, *(bent for line in lines for bent in _bent(line)))


def plan_box(plan: Any) -> tuple[Text, ...]:
    """The box of one plan."""
    return directives_box(directed(plan.outcome, plan.audit), plan.receipt)


def cost_words(receipt: Mapping[str, Any] | None) -> Text:
    """What the directives cost the objective, or that nobody has computed it."""
    if receipt is None:
        return Text("代价未计算（quota-opt override 可算）。", "Cost not computed (quota-opt override does).")
    given = receipt["objective"]
    if given["cost"] is None:
        return Text("代价见代价清单的各项指标。", "Its cost is in the measures of the receipt.")
    cost, unit = running(given["cost"], given["unit"]), str(given["unit"])
    which = Text("代价", "Cost")
    if receipt["others"]:
        zh, en = ("、".join(str(line[key]) for line in receipt["directives"]) for key in ("zh", "en"))
        which = Text(f"其中“{zh}”的代价", f"Cost of “{en}” alone")
    if abs(given["cost"]) <= 1e-6 * max(1.0, abs(given["without"])):
        return Text(f"{which.zh}：无，目标值不变。", f"{which.en}: none, the objective stays.")
    if given["cost"] < 0:
        gain, most = running(-given["cost"], unit), running(given["at_most"], unit)
        if given["at_most"] > 0:
            within = Text(f"在两个方案的差距之内，至多 {most.zh}", f"within the gaps of the plans, {most.en} at most")
            return Text(f"{which.zh}：{within.zh}。", f"{which.en}: {within.en}.")
        return Text(f"{which.zh}：无，目标值多 {gain.zh}。", f"{which.en}: none, the objective gains {gain.en}.")
    name, sides = unit_name(unit.removesuffix(" eq")), f"{short(given['without'])} → {short(given['with'])}"
    return Text(
        f"{which.zh}：目标值少 {cost.zh}（{sides} {name.zh}）{_losers(receipt).zh}。",
        f"{which.en}: {cost.en} of the objective ({sides} {name.en}){_losers(receipt).en}.",
    )


def _losers(receipt: Mapping[str, Any]) -> Text:
    lost = [row["id"] for row in receipt["decisions"] if row["change"] == "lost" and not row["asked"]]
    if not lost:
        return Text("", "")
    some, more = lost[:SHOWN], len(lost) > SHOWN
    return Text(f"，落选 {'、'.join(some)}{' 等' if more else ''}", f", out: {', '.join(some)}{' …' if more else ''}")


def _said(line: Directed) -> Text:
    by = Text(f"（{line.by}）", f" ({line.by})") if line.by else Text("", "")
    return Text(line.words.zh + by.zh, line.words.en + by.en)


def _bent(line: Directed) -> list[Text]:
    made = []
    for bent in line.bent:
        by = Text(f"（{bent.by} 指定）", f" (by {bent.by})") if bent.by else Text("", "")
        made.append(
            Text(
                f"破例：{bent.id} 突破{bent.title.zh}【{bent.clause.zh}】：{bent.text.zh.rstrip('。')}{by.zh}。",
                f"Bent: {bent.id} against {bent.title.en} [{bent.clause.en}]: {bent.text.en.rstrip('.')}{by.en}.",
            )
        )
    return made

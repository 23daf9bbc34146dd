"""Chains a project would serve: which of their stages lack a supplier in the plan, and who else could supply them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quota_opt.analysis.explain.pricing import Pricing
from quota_opt.errors import Text
from quota_opt.model.case import IntArray

SHOWN = 3
"""Partners named for one stage."""


@dataclass(frozen=True)
class Gap:
    """A chain that is not complete in the last year, its stages without a supplier beside the project's own, and the
    projects that are out and could supply one of them."""

    chain: str
    own: tuple[str, ...]
    missing: tuple[str, ...]
    partners: IntArray


def gaps_of(pricing: Pricing, p: int) -> tuple[Gap, ...]:
    """The incomplete chains a project would serve; none where the rule `chain` is off."""
    case = pricing.case
    if case.rule("chain") is None or not case.chains.size:
        return ()
    chains, lacking = case.chains, pricing.outcome.chain_supply[:, -1] <= 0.5
    serves = chains.projects[:, p].astype(bool)
    free = np.array(case.start_allowed.any(axis=1))
    free[[*pricing.outcome.award_row.tolist(), p]] = False
    made = []
    for c, name in enumerate(chains.names):
        mine = serves & (chains.chain == c)
        missing = lacking & (chains.chain == c) & ~mine
        if not mine.any() or not (lacking & (chains.chain == c)).any():
            continue
        able = (
            np.flatnonzero(chains.projects[missing].astype(bool).any(axis=0) & free) if missing.any() else np.zeros(0)
        )
        stages = chains.stages
        made.append(
            Gap(
                str(name),
                tuple(str(stage) for stage in stages[mine]),
                tuple(str(stage) for stage in stages[missing]),
                able.astype(np.int64)[:SHOWN],
            )
        )
    return tuple(made)


def chain_sentences(pricing: Pricing, p: int) -> list[Text]:
    """What the chains it would serve still lack."""
    names = pricing.case.projects["project"].to_numpy(dtype=object)
    made = []
    for gap in gaps_of(pricing, p):
        own, own_en = "、".join(gap.own), ", ".join(gap.own)
        if not gap.missing:
            made.append(
                Text(
                    f"有了它，产业链“{gap.chain}”就完整了（{own}环节）。",
                    f"With it the chain {gap.chain} would be complete ({own_en}).",
                )
            )
            continue
        able = [str(names[q]) for q in gap.partners]
        lack, lack_en = "、".join(gap.missing), ", ".join(gap.missing)
        who = Text(
            f"，可由 {'、'.join(able)} 补上" if able else "，没有项目能补",
            f"; {', '.join(able)} could supply it" if able else "; no project could supply it",
        )
        made.append(
            Text(
                f"它供给产业链“{gap.chain}”的{own}环节，而该链还缺{lack}环节{who.zh}。",
                f"It supplies {own_en} of the chain {gap.chain}, which still lacks {lack_en}{who.en}.",
            )
        )
    return made

"""What `clearance` and `one_treatment` share: firms that must be treated by a year, rows, findings and audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quota_opt.errors import Finding, Level, Text
from quota_opt.model.build import Build, RowInfo
from quota_opt.model.case import Case
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule
from quota_opt.rules._shared import note

SHOWN = 5


@dataclass(frozen=True)
class Duty:
    """Firms (F,) that must have one action of the kinds (None: any) by the year position `last`."""

    firms: NDArray[np.bool_]
    kinds: tuple[str, ...] | None
    last: int

    def candidates(self, case: Case) -> NDArray[np.bool_]:
        """(A, T): the actions and years that fulfil it."""
        chosen = self.of_kind(case)[:, None] & (np.arange(case.horizon) <= self.last)
        candidates: NDArray[np.bool_] = case.act_allowed & chosen
        return candidates

    def of_kind(self, case: Case) -> NDArray[np.bool_]:
        """(A,): actions of the kinds that count."""
        if self.kinds is None:
            return np.ones(len(case.actions), dtype=bool)
        return case.actions["action"].isin(list(self.kinds)).to_numpy()

    def possible(self, case: Case) -> NDArray[np.bool_]:
        """(F,): firms that some action, in some year, can treat in time."""
        possible = np.zeros(len(case.firms), dtype=bool)
        possible[case.actions["firm_code"].to_numpy()[self.candidates(case).any(axis=1)]] = True
        return possible

    def bound(self, case: Case, allow_untreatable: bool) -> NDArray[np.bool_]:
        """(F,): firms the plan answers for; those no action can treat are let off where that is allowed."""
        return self.firms & self.possible(case) if allow_untreatable else self.firms


def duty_rows(rule: Rule[Any], build: Build, duty: Duty, *, upper: float = np.inf) -> None:
    """One row per firm that can be treated: at least one action in time."""
    case = build.case
    wanted = duty.firms & duty.possible(case)
    firms = np.flatnonzero(wanted)
    if not len(firms):
        return
    owner = case.actions["firm_code"].to_numpy()
    row, t = np.nonzero(duty.candidates(case) & (build.act >= 0) & wanted[owner][:, None])
    build.add_rows(
        RowInfo(rule.name, rule.clause, "firms"),
        {"firm": firms},
        {"firm": case.firms["firm"].to_numpy(dtype=object)},
        entries=(np.searchsorted(firms, owner[row]), build.act[row, t], np.ones(len(row))),
        lower=1.0,
        upper=upper,
    )


def untreatable(
    rule: Rule[Any], case: Case, duty: Duty, because: Sequence[Text | None], allow_untreatable: bool
) -> list[Finding]:
    """One finding about the firms that must be treated and have no possible action; a note where that is allowed."""
    firms = np.flatnonzero(duty.firms & ~duty.possible(case))
    if not len(firms):
        return []
    names = case.firms["firm"].to_numpy(dtype=object)
    shown = [(str(names[i]), because[i]) for i in firms[:SHOWN]]
    zh = "、".join(f"{name}（{why.zh}）" if why else name for name, why in shown)
    en = ", ".join(f"{name} ({why.en})" if why else name for name, why in shown)
    more = len(firms) > SHOWN
    year = int(case.years[duty.last])
    return [
        note(
            rule,
            "untreatable-firms",
            Text(
                f"{len(firms)} 家企业须在 {year} 年底前整治，却没有可采取的措施：{zh}{' 等' if more else ''}。",
                f"{len(firms)} firm{'' if len(firms) == 1 else 's'} must be treated by {year} and can have no action: "
                f"{en}{' …' if more else ''}.",
            ),
            Text(
                "请为其补上措施，或检查名单、保护和年份；若确实无法整治，写 allow_untreatable = true。",
                "Add an action for them, or see list, protection and years; "
                "if they cannot be treated, write allow_untreatable = true.",
            ),
            level=Level.INFO if allow_untreatable else Level.ERROR,
            seen=str(len(firms)),
        )
    ]


def duty_figures(outcome: Outcome, duty: Duty, because: Sequence[Text | None], allow_untreatable: bool) -> pd.DataFrame:
    """One row per firm the plan answers for: how often it is treated in time, at least once."""
    case = outcome.case
    row = outcome.action_row
    counted = duty.of_kind(case)[row] & (outcome.action_year <= duty.last)
    times = np.bincount(case.actions["firm_code"].to_numpy()[row[counted]], minlength=len(case.firms)).astype(float)
    bound = np.flatnonzero(duty.bound(case, allow_untreatable)).tolist()
    why = [because[i] or Text("", "") for i in bound]
    return pd.DataFrame(
        {
            "firm": case.firms["firm"].to_numpy(dtype=object)[bound],
            "year": int(case.years[duty.last]),
            "reason": [text.zh for text in why],
            "reason_en": [text.en for text in why],
            "figure": times[bound],
            "lower": 1.0,
        }
    )

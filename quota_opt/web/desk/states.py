"""How far a run is, in words: the same on every screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from quota_opt.errors import Text
from quota_opt.report import numbers
from quota_opt.store.jobs import CANCELLED, DONE, FAILED, QUEUED, SOLVE
from quota_opt.store.workspace_values import PageRun

Tone = Literal["good", "bad", "warn", "plain"]

_FAILURES: Mapping[str, Text] = {
    "infeasible": Text("没有可行方案", "no plan satisfies all rules"),
    "input": Text("输入需更正", "the input needs correcting"),
    "no-plan-found": Text("时限内没有找到方案", "no plan found in time"),
    "timeout": Text("超过时限，已中止", "stopped: took too long"),
    "out-of-memory": Text("内存超限，已中止", "stopped: too much memory"),
    "verification-failed": Text("复核未通过", "failed its check"),
    "lost": Text("已中断", "interrupted"),
    "unbounded": Text("目标没有上限", "the objective has no limit"),
}
_INTERNAL = Text("内部错误", "internal error")


def state_words(run: PageRun) -> tuple[Text, Tone]:
    """The state of a run, and how good that is."""
    if run.state == QUEUED:
        return Text("排队", "waiting"), "plain"
    if run.state == CANCELLED:
        return (
            (_with_gap(Text("已取消，保留方案", "cancelled, plan kept"), run), "warn")
            if run.has_plan
            else (
                Text("已取消", "cancelled"),
                "plain",
            )
        )
    if run.state == FAILED:
        kind = str((run.error or {}).get("kind", ""))
        return _FAILURES.get(kind, _INTERNAL), "bad"
    if run.state == DONE:
        return _done(run)
    if run.cancelling:
        return Text("正在取消", "being cancelled"), "plain"
    gap = (run.progress or {}).get("gap")
    return _add_gap(Text("运行中", "running"), gap), "plain"


def _done(run: PageRun) -> tuple[Text, Tone]:
    if run.kind != SOLVE:
        return Text("完成", "done"), "good"
    if (run.ending or {}).get("status") == "OPTIMAL":
        return _with_gap(Text("已证明最优", "proven optimal"), run), "good"
    return _with_gap(Text("已到时限", "stopped at a limit"), run), "warn"


def _with_gap(words: Text, run: PageRun) -> Text:
    return _add_gap(words, (run.ending or {}).get("gap"))


def _add_gap(words: Text, gap: Any) -> Text:
    if not isinstance(gap, int | float):
        return words
    shown = numbers.gap(float(gap))
    return Text(f"{words.zh}（差距 {shown}）", f"{words.en} (gap {shown})")


def seconds_words(seconds: float) -> Text:
    """A length of time as people say it."""
    if seconds < 10:
        return Text(f"{seconds:.1f} 秒", f"{seconds:.1f} s")
    if seconds < 90:
        return Text(f"{seconds:.0f} 秒", f"{seconds:.0f} s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 90:
        return Text(f"{minutes} 分 {rest} 秒", f"{minutes} min {rest} s")
    hours, minutes = divmod(minutes, 60)
    return Text(f"{hours} 小时 {minutes} 分", f"{hours} h {minutes} min")


def time_used(run: PageRun) -> Text | None:
    """How long a run took, or has taken by now; None of one that has not begun."""
    if run.started is None:
        return Text("用已有结果", "taken from the store") if run.reused and run.finished is not None else None
    return seconds_words(max(0.0, ((run.finished or datetime.now(UTC)) - run.started).total_seconds()))


def moment_words(moment: datetime) -> Text:
    """A moment as people say it on this day, by the clock of this machine."""
    local, today = moment.astimezone(), datetime.now().astimezone()
    clock = local.strftime("%H:%M")
    days = (today.date() - local.date()).days
    if days == 0:
        return Text(f"今天 {clock}", f"today {clock}")
    if days == 1:
        return Text(f"昨天 {clock}", f"yesterday {clock}")
    day = f"{local.month} 月 {local.day} 日" if local.year == today.year else local.strftime("%Y-%m-%d")
    return Text(f"{day} {clock}", f"{local.strftime('%Y-%m-%d')} {clock}")

"""The state of a run in words: no run is called proven that is not, and none is left without a word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quota_opt.errors import Text
from quota_opt.store.workspace_values import PageRun
from quota_opt.web.desk.states import moment_words, seconds_words, state_words, time_used
from quota_opt.web.runner import KINDS

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
RUN = PageRun(
    1, "a" * 32, "solve", "li", "zhuji", 1, "诸暨", "", None, {}, "queued", False, BEGAN, None, None, None, None, None,
    False, False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "zh", "tone"),
    [
        ({}, "排队", "plain"),
        ({"state": "running"}, "运行中", "plain"),
        ({"state": "running", "progress": {"gap": 0.004}}, "运行中（差距 0.4%）", "plain"),
        ({"state": "running", "cancelling": True}, "正在取消", "plain"),
        ({"state": "done", "ending": {"status": "OPTIMAL", "gap": 0.0001}}, "已证明最优（差距 0.01%）", "good"),
        ({"state": "done", "ending": {"status": "FEASIBLE", "gap": 0.003}}, "已到时限（差距 0.3%）", "warn"),
        ({"state": "done", "ending": {"status": "FEASIBLE", "gap": None}}, "已到时限", "warn"),
        ({"state": "done", "kind": "front"}, "完成", "good"),
        ({"state": "cancelled"}, "已取消", "plain"),
        ({"state": "cancelled", "has_plan": True, "ending": {"gap": 0.02}}, "已取消，保留方案（差距 2%）", "warn"),
        ({"state": "failed", "error": {"kind": "infeasible"}}, "没有可行方案", "bad"),
        ({"state": "failed", "error": {"kind": "something new"}}, "内部错误", "bad"),
    ],
)
def test_each_state_has_its_words(changes, zh, tone):
    words, how = state_words(replace(RUN, **changes))
    assert (words.zh, how) == (zh, tone)
    assert words.en and words.en.isascii()


def test_every_way_a_run_can_fail_has_words_of_its_own():
    kinds = set(KINDS.values()) - {"cancelled", "limit"}
    said = [state_words(replace(RUN, state="failed", error={"kind": kind}))[0].zh for kind in kinds]
    assert len(set(said)) == len(kinds) and "内部错误" not in said


def test_time_is_told_as_people_say_it():
    assert seconds_words(3.24).zh == "3.2 秒"
    assert seconds_words(125).zh == "2 分 5 秒"
    assert seconds_words(7300).zh == "2 小时 1 分"
    assert time_used(RUN) is None
    ended = replace(RUN, state="done", started=BEGAN, finished=BEGAN + timedelta(seconds=20))
    assert time_used(ended) == Text("20 秒", "20 s")
    assert time_used(replace(RUN, state="done", finished=BEGAN, reused=True)).zh == "用已有结果"
    now = datetime.now().astimezone()
    assert moment_words(now).zh.startswith("今天")
    assert moment_words(now - timedelta(days=400)).zh.startswith(f"{(now - timedelta(days=400)).year}-")

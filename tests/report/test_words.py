"""The catalogue has both languages for everything the data may hold, and one way to write numbers."""

import math
import re
from dataclasses import fields
from pathlib import Path

import pytest

from quota_opt.errors import Text
from quota_opt.report import numbers, words
from quota_opt.report import words as catalogue
from quota_opt.solving.status import Status

REPORT = Path(catalogue.__file__).parent
TABLES = [getattr(words, name) for name in dir(words) if name.isupper() and isinstance(getattr(words, name), dict)]
MEASURES = """value_added value_added_final value_added_gained_final value_added_lost_final tax tax_final
energy_freed energy_used energy_idle energy_net carbon_freed carbon_used carbon_idle carbon_net land_freed land_used
land_idle land_net firms_closed firms_upgraded firms_treated projects_started investment jobs_created jobs_lost jobs_net
public_cost priority_points chains_completed smallest_town_ratio"""
SCREEN_WORDS = """
案例 方案 基准方案 试算 求解 批量试算 对比 取舍 取舍曲线 区域 镇街 开发区 企业 项目 措施
关停 提升改造 搬迁 整合 重建 保留 战略新兴 强链补链 技术改造 腾出用能 安排使用 结余 用能指标
碳排放空间 用地 吨标准煤 等价值 当量值 镇街留用 上级统筹 调剂 准入强度上限 能耗强度 替代比例
条款 规则 出处 起约束作用 影子价格 有效范围 净增加值 亩均税收 财政支出 专项资金 岗位净增 投资
安排 未安排 不予准入 锁定 必须安排 不安排 已证明最优 差距 界 独立复核 凭据 台账 理由 入选办法
改法 后悔值 都入选 看方案而定 合成数据 问题清单 会上演示 安排结果 成效指标 存量指标 目标
"""


@pytest.mark.parametrize("name", MEASURES.split())
def test_every_built_in_measure_has_words(name):
    assert words.measure_name(name) in words.MEASURES.values()


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_words(status):
    assert re.search(r"[\u4e00-\u9fff]", words.STATUSES[str(status)].zh)


@pytest.mark.parametrize(
    "verdict", ["awarded", "not_awarded", "rejected", "treated", "kept", "protected", "not_listed"]
)
def test_every_verdict_has_words(verdict):
    assert words.VERDICTS[verdict].zh and words.VERDICTS[verdict].en


def test_every_rule_of_the_program_has_words():
    rules = pytest.importorskip("quota_opt.rules")
    assert rules.RULES
    assert set(rules.RULES) | {"pool", "choice"} <= set(words.RULES)


def test_every_unit_of_the_measures_has_words():
    measures = pytest.importorskip("quota_opt.model.measures")
    assert set(measures._UNITS.values()) <= set(words.UNITS)


def test_the_words_on_screen_are_all_in_the_catalogue():
    known = {text.zh for table in TABLES for text in table.values() if isinstance(text, Text)}
    assert [word for word in SCREEN_WORDS.split() if word not in known] == []


def test_no_entry_is_empty_or_untranslated():
    for table in TABLES:
        for key, text in table.items():
            if isinstance(text, Text) and key not in ("", "1", "-", "mixed"):
                assert text.zh and text.en, key
                assert not re.search(r"[\u4e00-\u9fff]", text.en), key


def test_every_key_that_modules_and_templates_ask_for_exists():
    asked = set()
    for file in [*REPORT.glob("*.py"), *(REPORT / "templates").glob("*.j2")]:
        text = file.read_text(encoding="utf-8")
        if "\n_WORDS: " in text:  # the handbook has words of its own
            continue
        asked |= set(re.findall(r'WORDS\["(\w+)"\]', text)) | set(re.findall(r'word\("(\w+)"', text))
        asked |= set(re.findall(r"\bw\.(\w+)", text)) if file.suffix == ".j2" else set()
        asked |= set(re.findall(r'_heading\("(\w+)"', text))
    assert asked and sorted(asked - set(words.WORDS)) == []


def test_a_resource_of_the_users_own_keeps_its_name():
    assert words.measure_name("sulphur_freed") == Text("腾出sulphur", "sulphur freed")
    assert words.unit_name("10k yuan/sulphur") == Text("万元/sulphur", "10k yuan/sulphur")


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (80_000, "tce", "8 万吨标准煤", "80,000 tce"),
        (6_383, "tce", "6,383 吨标准煤", "6,383 tce"),
        (196_000, "10k yuan", "19.6 亿元", "1,960 million yuan"),
        (12.5, "10k yuan", "12.5 万元", "125,000 yuan"),
        (-15_000, "tCO2", "−1.5 万吨二氧化碳", "−15,000 tCO2"),
    ],
)
def test_running_text_writes_amounts_as_county_documents_do(value, unit, zh, en):
    assert numbers.running(value, unit) == Text(zh, en)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(80_000.0, "80,000"), (-0.0, "0"), (-1234.6, "−1,235"), (math.nan, "–"), (math.inf, "∞"), (None, "–")],
)
def test_tables_write_figures_in_full(value, shown):
    assert numbers.figure(value) == shown


@pytest.mark.parametrize(("gap", "shown"), [(0.0, "0%"), (8e-5, "0.008%"), (0.0123, "1.2%"), (4e-8, "<0.0001%")])
def test_a_gap_is_never_rounded_to_zero(gap, shown):
    assert numbers.gap(gap) == shown


def test_a_price_is_written_with_its_units():
    assert numbers.worth(3.9, "10k yuan/tce") == Text("3.9 万元/吨标准煤", "39,000 yuan/tce")


def test_content_has_a_title_for_everything_it_holds(content):
    assert {field.name for field in fields(content)} >= {"awards", "actions", "reasons", "ledger", "rules", "documents"}

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_opt.scenario import TABLES, read_unit
from quota_opt.scenario.units import MONEY_PER_MU, WORDS, unit_words

KEPT = {
    "tce": {
        "tce": 1,
        "吨标准煤": 1,
        "吨标煤": 1,
        "万吨标准煤": 1e4,
        "kgce": 1e-3,
        "千克标准煤": 1e-3,
        "亿吨标准煤": 1e8,
    },
    "tCO2": {"吨CO2": 1, "吨二氧化碳": 1, "万吨CO2": 1e4, "万吨CO₂": 1e4, "tCO2e": 1},
    "mu": {"亩": 1, "万亩": 1e4, "公顷": 15, "km2": 1500, "km²": 1500, "平方公里": 1500, "m²": 0.0015, "万平方米": 15},
    "10k yuan": {"万元": 1, "亿元": 1e4, "元": 1e-4, "千元": 0.1, "百万元": 100, "10k yuan": 1, "yuan": 1e-4},
    "MWh": {"千瓦时": 1e-3, "度": 1e-3, "万千瓦时": 10, "亿千瓦时": 1e5, "MWh": 1, "kWh": 1e-3, "兆瓦时": 1},
    "m3": {"立方米": 1, "万立方米": 1e4, "m³": 1, "Nm3": 1},
    "t": {"吨": 1, "万吨": 1e4, "千克": 1e-3, "kg": 1e-3},
    "GJ": {"GJ": 1, "百万千焦": 1, "吉焦": 1, "MJ": 1e-3, "万吉焦": 1e4},
    "persons": {"人": 1, "万人": 1e4},
    "share": {"%": 0.01, "％": 0.01},
    MONEY_PER_MU: {"万元/亩": 1, "元/亩": 1e-4, "亿元/平方公里": 1e4 / 1500, "元/平方米": 1e-4 * 2000 / 3},
}


@pytest.mark.parametrize(("kept", "written", "factor"), [(k, w, f) for k, ws in KEPT.items() for w, f in ws.items()])
def test_each_unit_planners_write_is_worth_what_the_law_says(kept: str, written: str, factor: float) -> None:
    unit = read_unit(written)
    assert unit is not None
    assert unit.dimension == kept
    assert unit.factor == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("text", ["", "吨煤", "箱", "万", "tce2", "kW", "kgce/kWh/h", "万万"])
def test_a_unit_nobody_knows_is_not_guessed(text: str) -> None:
    assert read_unit(text) is None


@given(
    st.sampled_from([(k, w) for k, ws in KEPT.items() for w in ws]),
    st.sampled_from(["{}", " {} ", "{}/年", "{}/a"]),
    st.booleans(),
)
def test_blanks_width_and_a_yearly_mark_do_not_change_a_unit(
    spelling: tuple[str, str], frame: str, full_width: bool
) -> None:
    kept, written = spelling
    if "/" in written and "/" in frame:
        frame = "{}"
    text = frame.format(written)
    if full_width:
        text = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    unit, plain = read_unit(text), read_unit(written)
    assert unit is not None
    assert plain is not None
    assert unit.dimension == kept
    assert unit.factor == plain.factor


@given(
    st.sampled_from([("", 1.0), ("百", 1e2), ("千", 1e3), ("万", 1e4), ("亿", 1e8)]),
    st.sampled_from([("元", "10k yuan", 1e-4), ("吨标准煤", "tce", 1.0), ("亩", "mu", 1.0), ("立方米", "m3", 1.0)]),
)
def test_a_multiplier_multiplies(multiplier: tuple[str, float], root: tuple[str, str, float]) -> None:
    unit = read_unit(multiplier[0] + root[0])
    assert unit is not None
    assert unit == pytest.approx((root[1], multiplier[1] * root[2]))


def test_every_unit_a_column_keeps_reads_as_itself_in_both_languages() -> None:
    kept = {c.unit for t in TABLES for c in t.columns if c.unit}
    assert kept <= set(WORDS)
    for unit in kept:
        for words in unit_words(unit):
            found = read_unit(words)
            assert found is not None, words
            assert found.dimension == unit
            assert found.factor == pytest.approx(1.0)

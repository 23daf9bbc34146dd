"""`--set path=value`."""

import datetime

import pytest

from quota_opt.cli.overrides import read_overrides, toml_value
from quota_opt.errors import InputError


@pytest.mark.parametrize(
    ("written", "value"),
    [("0.49", 0.49), ("1e-3", 0.001), ("7", 7), ("true", True), ('"7"', "7"), ("'a b'", "a b"), ("reject", "reject"),
     ("two words", "two words"), ("战略", "战略"), ("", ""), ("2023-12-31", datetime.date(2023, 12, 31)),
     ('["town", "zone"]', ["town", "zone"]), ("{ strategic = 1.3 }", {"strategic": 1.3}), ("a=b", "a=b")],
)  # fmt: skip
def test_a_value_is_toml_and_a_bare_word_is_text(written, value):
    assert toml_value(written) == value


def test_a_line_break_adds_no_second_setting():
    assert toml_value("1\nother = 2") == "1\nother = 2"


def test_the_path_ends_at_the_first_equals_sign():
    assert read_overrides(["scenario.name=a=b"]) == {"scenario.name": "a=b"}


def test_all_wrong_assignments_are_reported_at_once_and_name_their_path():
    with pytest.raises(InputError) as caught:
        read_overrides(["no-equals", "=3", "rules.budget.places=[1,", "a.b=1", "a.b=2"])
    findings = caught.value.findings
    assert [finding.code for finding in findings] == ["set-syntax", "set-syntax", "set-value", "set-twice"]
    assert [finding.where.path for finding in findings] == ["no-equals", None, "rules.budget.places", "a.b"]
    assert "rules.budget.places" in findings[2].what.zh
    assert "rules.budget.places" in findings[2].what.en

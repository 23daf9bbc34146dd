"""Rules and settings as the page shows them: units, ranges and clauses; what is typed keeps the comments."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quota_opt as qo
from quota_opt.errors import InputError
from quota_opt.rules import RULES
from quota_opt.scenario.paths import flattened
from quota_opt.web.desk.case_files import document_of
from quota_opt.web.desk.differences import differences, setting_changes
from quota_opt.web.desk.edits import AddItem, AddRows, RemoveSetting, SetSetting, SetSettingsText
from quota_opt.web.desk.placed import findings
from quota_opt.web.desk.rule_settings import Group, Knob, origin_of, rule_cards, setting_sections
from quota_opt.web.desk.tables import edit

FILES = dict(qo.read("zhuji").files)
LIMIT = "rules.admission.limits.0.value"


def cards(files, base=None):
    return {card.name: card for card in rule_cards(files, base)}


def knobs(files, base=None):
    return {knob.path: knob for card in rule_cards(files, base) for knob in card.knobs()}


def text_of(files):
    return files["scenario.toml"].decode()


def test_every_rule_has_a_card_that_says_whether_it_is_on():
    found = cards(FILES)
    assert set(found) == set(RULES)
    assert {name for name, card in found.items() if card.on} == set(qo.read("zhuji").rules)
    assert all(card.title.zh and card.about.zh and card.about.en for card in found.values())


def test_a_limit_stands_with_its_unit_its_range_and_the_words_of_its_clause():
    knob = knobs(FILES)[LIMIT]
    assert (knob.value, knob.unit.zh, knob.low, knob.required) == (0.52, "吨标准煤/万元", 0.0, True)
    assert (knob.label.zh, knob.label.en) == ("上限", "limit")
    clauses = {c.clause: c for c in cards(FILES)["admission"].clauses}
    assert clauses["ZJ 三(二)2"].standing.zh == "征求意见稿"
    assert not clauses["ZJ 三(二)2"].in_force
    assert "两高" in clauses["ZJ 三(二)2"].text.zh
    assert clauses["PROV22"].in_force


def test_the_fund_of_each_year_is_a_number_with_its_unit():
    found = knobs(FILES)
    assert {p: found[p].value for p in found if p.startswith("rules.budget.by_year.")} == {
        "rules.budget.by_year.2021": 16000.0,
        "rules.budget.by_year.2022": 6000.0,
        "rules.budget.by_year.2023": 6000.0,
    }
    assert found["rules.budget.by_year.2021"].unit.zh == "万元"


def test_every_value_that_a_built_in_case_writes_in_a_rule_has_a_field():
    for name in ("zhuji", "wenzhou", "cixi"):
        files = dict(qo.read(name).files)
        rules = document_of(files)[0]["rules"]
        there = set(knobs(files))
        for path in flattened({"rules": rules}):
            skipped = path.endswith((".clause", ".enabled")) and path.count(".") == 2
            held = path in there or any(path.startswith(f"{p}.") for p in there)
            assert skipped or held or path in {f"rules.{r}" for r in rules}, path


def test_every_field_has_a_label_in_both_languages_and_no_value_is_shown_as_code_in_chinese():
    for knob in knobs(FILES).values():
        assert knob.label.zh, knob.path
        assert knob.label.en, knob.path
        for choice in knob.choices:
            assert not choice.words.zh.isascii() or choice.value[:1].isupper(), (knob.path, choice)


def test_a_number_that_is_changed_changes_one_line_and_is_marked_against_the_built_in_case():
    mine = edit(FILES, [SetSetting(LIMIT, 0.49)])
    old, new = text_of(FILES).splitlines(), text_of(mine).splitlines()
    assert [(a, b) for a, b in zip(old, new, strict=True) if a != b] == [
        (
            '  { value = 0.52, applies_to = "new_projects", action = "reject", clause = "PROV22" },',
            '  { value = 0.49, applies_to = "new_projects", action = "reject", clause = "PROV22" },',
        )
    ]
    assert origin_of(mine) == "zhuji"
    changed = {path: knob for path, knob in knobs(mine, FILES).items() if knob.changed}
    assert set(changed) == {LIMIT}
    assert changed[LIMIT].before == 0.52
    assert {name for name, card in cards(mine, FILES).items() if card.changed} == {"admission"}
    assert edit(mine, [SetSetting(LIMIT, 0.52)]) == FILES


def test_a_rule_is_switched_on_and_off():
    on = edit(FILES, [SetSetting("rules.jobs.enabled", True)])
    assert cards(on)["jobs"].on
    assert "jobs" in findings(on).scenario.rules
    off = edit(on, [SetSetting("rules.jobs.enabled", False)])
    assert not cards(off)["jobs"].on
    assert "# No clause bounds the jobs lost" in text_of(off)


def test_targets_hold_without_a_word_in_the_settings_until_they_are_switched_off():
    example = dict(qo.read("worked-example").files)
    silent = edit(example, [AddRows("targets", (("energy_freed", ">=", "1"),))])
    assert not cards(example)["targets"].on
    assert cards(silent)["targets"].on
    assert "targets" in findings(silent).scenario.rules
    off = edit(silent, [SetSetting("rules.targets.enabled", False)])
    assert not cards(off)["targets"].on
    assert "targets" not in findings(off).scenario.rules


def test_a_rule_that_is_switched_on_without_its_numbers_says_which_are_missing_at_the_field():
    checked = findings(edit(FILES, [SetSetting("rules.clearance", {})]))
    missing = {p.path for p in checked.findings if p.finding.code == "missing-setting"}
    assert "rules.clearance.measure" in missing
    assert checked.at_path("rules.clearance.measure")
    assert checked.errors == len(missing)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("rules.retention.keep", 3, "out-of-range"),
        ("rules.retention.keep", "很多", "wrong-kind"),
        ("rules.priority.form", "随便", "unknown-choice"),
        ("rules.admission.limits.0.valu", 1, "unknown-key"),
        ("rules.retentoin", {"keep": 0.5}, "unknown-rule"),
    ],
)
def test_a_wrong_value_is_found_at_its_field_and_said_in_words(path, value, code):
    checked = findings(edit(FILES, [SetSetting(path, value)]))
    (found,) = [p for p in checked.findings if p.finding.code == code]
    assert (found.place, found.path) == ("rules", path)
    assert path not in found.lines("zh")[0]
    assert findings(edit(edit(FILES, [SetSetting(path, value)]), [RemoveSetting(path)])).at_path(path) == ()


def test_items_are_added_to_lists_and_removed_and_the_other_lines_stay():
    more = edit(FILES, [AddItem("rules.admission.limits", {"value": 0.3, "sectors": ["造纸"]})])
    assert len(document_of(more)[0]["rules"]["admission"]["limits"]) == 5
    assert 'action = "reject", clause = "PROV22" },' in text_of(more)
    less = edit(more, [RemoveSetting("rules.admission.limits.4")])
    assert document_of(less)[0] == document_of(FILES)[0]
    documents = edit(FILES, [AddItem("documents", {"id": "NEW", "title": "新文件"})])
    assert [d["id"] for d in document_of(documents)[0]["documents"]] == ["ZJ", "PROV22", "NEW"]
    begun = edit(FILES, [AddItem("rules.caps.caps", {"resource": "energy", "amount": 5.0})])
    assert document_of(begun)[0]["rules"]["caps"] == {"caps": [{"resource": "energy", "amount": 5.0}]}


def test_a_setting_that_is_not_there_cannot_be_removed_and_broken_settings_are_not_guessed_at():
    with pytest.raises(InputError):
        edit(FILES, [RemoveSetting("rules.nothing.at.all")])
    broken = {**FILES, "scenario.toml": b"[scenario\n"}
    with pytest.raises(InputError):
        edit(broken, [SetSetting(LIMIT, 1)])
    assert [p.place for p in findings(broken).findings][:1] == ["settings"]
    mended = edit(broken, [SetSettingsText(text_of(FILES))])
    assert findings(mended).errors == 0


PATHS = sorted(flattened(document_of(FILES)[0]))


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(PATHS), st.one_of(st.floats(-5, 5), st.booleans(), st.text(max_size=8), st.integers(0, 9)))
def test_setting_anything_anywhere_sets_just_that(path, value):
    new = edit(FILES, [SetSetting(path, value)])
    document = tomllib.loads(text_of(new))
    assert [c[0] for c in setting_changes(document_of(FILES)[0], document)] in ([], [path])
    assert flattened(document)[path] == value


def test_the_settings_beside_the_rules_stand_in_sections():
    sections = {s.path: s for s in setting_sections(FILES)}
    assert list(sections) == ["scenario", "objective", "actions", "measures", "factors", "uncertainty", "documents"]
    parts = {p.path: p for p in sections["scenario"].parts}
    assert isinstance(parts["scenario.first_year"], Knob)
    assert parts["scenario.data"].choices[1].words.zh == "合成"
    assert isinstance(parts["scenario.title"], Group)


def test_a_new_entry_of_a_table_by_key_begins_as_what_belongs_there():
    sections = {s.path: s for s in setting_sections(FILES)}
    assert sections["measures"].new == {}
    assert {c.value for c in sections["actions"].keys} == {"relocate", "merge"}
    by_year = next(p for p in cards(FILES)["budget"].parts if p.path == "rules.budget.by_year")
    assert by_year.new == 6000.0


def test_what_differs_is_said_in_sentences():
    mine = edit(FILES, [SetSetting(LIMIT, 0.49), SetSetting("rules.jobs.enabled", True)])
    said = [line.zh for line in differences(FILES, mine)]
    assert said == [
        "规则“项目准入” 准入上限 第 1 项 上限：0.52 → 0.49",
        "规则“岗位保护” 启用：否 → 是",
    ]

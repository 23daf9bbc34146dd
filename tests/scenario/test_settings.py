from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from quota_opt import resources
from quota_opt.errors import InputError, Text
from quota_opt.scenario import RuleParameters, Scenario, read, refused, register_rule_parameters, rule_parameters
from quota_opt.scenario import settings as settings_module
from quota_opt.scenario.paths import flattened, join_path, split_path, unflattened, with_values
from quota_opt.scenario.settings import ActionDefaults
from quota_opt.scenario.toml_values import written

HEAD = '[scenario]\nname = "d"\nfirst_year = 2024\nlast_year = 2026\n'


class Probe(RuleParameters):
    keep: float = Field(default=0.5, ge=0, le=1)
    levels: tuple[Literal["town", "zone"], ...] = ("town",)
    by_year: dict[int, float] = Field(default_factory=dict)
    limit: float | dict[str, float] = 1.0


@pytest.fixture(autouse=True)
def _probe_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_module, "_RULES", dict(settings_module._RULES))
    register_rule_parameters("probe", Probe)


# text after HEAD, code, dotted path, line, word the English fix must hold
FAULTS = [
    ("[objektive]\n", "unknown-key", "objektive", 5, "objective"),
    ("discount_rat = 0.05\n", "unknown-key", "scenario.discount_rat", 5, "discount_rate"),
    ('energy_basis = "equal"\n', "unknown-choice", "scenario.energy_basis", 5, "equal_value"),
    ('data = "synthetc"\n', "unknown-choice", "scenario.data", 5, "synthetic"),
    ("resources = []\n", "bad-setting", "scenario.resources", 5, "resources"),
    ('resources = ["energy", "energy"]\n', "bad-setting", "scenario.resources", 5, "once"),
    ("discount_rate = 5\n", "out-of-range", "scenario.discount_rate", 5, "less than 1"),
    ('price_year = "soon"\n', "wrong-kind", "scenario.price_year", 5, "whole number"),
    ("title = 3\n", "bad-setting", "scenario.title", 5, "zh and en"),
    ('title = { cn = "x" }\n', "bad-setting", "scenario.title", 5, "zh and en"),
    ("[rules.admision]\n", "unknown-rule", "rules.admision", 5, "admission"),
    ("[rules.probe]\nkep = 1\n", "unknown-key", "rules.probe.kep", 6, "keep"),
    ("[rules.probe]\nkeep = 1.5\n", "out-of-range", "rules.probe.keep", 6, "at most 1"),
    ('[rules.probe]\nlevels = ["twn"]\n', "unknown-choice", "rules.probe.levels.0", 6, "town"),
    ('[rules.probe]\nlimit = { x = "y" }\n', "wrong-kind", "rules.probe.limit.x", 6, "number"),
    ("[rules]\nprobe = 1\n", "not-a-table", "rules.probe", 6, "rules.probe"),
    ("[actions.closed]\nlag = 1\n", "unknown-key", "actions.closed", 5, "close"),
    ("[actions.close]\nlagg = 1\n", "unknown-key", "actions.close.lagg", 6, "lag"),
    ("[factors]\ngrid = 1\n", "bad-setting", "factors", 5, "grid_kgco2_per_kwh"),
    ("[measures.x]\nunit = 't'\n", "bad-setting", "measures.x", 5, "column"),
    ('[objective]\nform = "lexicographic"\n', "bad-setting", "objective", 5, "order"),
    ('[[documents]]\nid = "A"\ntitle = "a"\nstatus = "new"\n', "unknown-choice", "documents.0.status", 8, "draft"),
    ('[[documents]]\nid = "A"\n', "missing-setting", "documents.0.title", 5, "title"),
    ('[variants.v]\nset = { "rules.probe.kep" = 1 }\n', "unknown-key", "variants.v.set", 6, "keep"),
    ('[variants.v]\nset = { "documents.3.id" = 1 }\n', "wrong-kind", "variants.v.set", 6, "list"),
]


@pytest.mark.parametrize(("text", "code", "path", "line", "word"), FAULTS, ids=[f[2] + " " + f[1] for f in FAULTS])
def test_a_wrong_setting_is_one_finding_at_its_line_that_says_how_to_mend_it(
    case: Any, findings_of: Any, text: str, code: str, path: str, line: int, word: str
) -> None:
    (found,) = findings_of(case(settings=HEAD + text))
    assert (found.code, found.where.file, found.where.path) == (code, "scenario.toml", path)
    assert found.where.row == line
    assert word in found.fix.en


@pytest.mark.parametrize("text", ["[scenario\n", 'name = "x\n', "a = 1\na = 2\n", "= 3\n"])
def test_a_toml_syntax_error_is_a_finding_with_its_line(case: Any, findings_of: Any, text: str) -> None:
    (found,) = findings_of(case(settings=HEAD + text))
    assert found.code == "toml-syntax"
    assert found.where.row >= 5


def test_years_in_the_wrong_order_are_refused(case: Any, findings_of: Any) -> None:
    (found,) = findings_of(case(settings=HEAD.replace("2026", "2020")))
    assert (found.code, found.where.path, found.where.row) == ("bad-setting", "scenario.last_year", 4)


def test_a_validator_may_speak_both_languages() -> None:
    problem = refused(Text("不行", "no"), Text("改", "mend"))
    assert problem.context is not None
    assert (problem.context["zh"], problem.context["fix_en"]) == ("不行", "mend")


def test_without_an_objective_value_added_is_maximised(case: Any) -> None:
    for text in ("", "[objective]\n", '[objective]\nform = "weighted"\n'):
        assert read(case(settings=HEAD + text)).settings.objective.maximise == {"value_added": 1.0}


def test_action_defaults_depend_on_the_kind(case: Any) -> None:
    settings = read(
        case(settings=HEAD + "[actions.close]\n[actions.upgrade]\nfrees_share = { energy = 0.2 }\n")
    ).settings
    close, upgrade = settings.actions["close"], settings.actions["upgrade"]
    assert (close.frees_share, close.value_added_lost_share, close.jobs_lost_share) == (1.0, 1.0, 1.0)
    assert (upgrade.value_added_lost_share, upgrade.jobs_lost_share) == (0.0, 0.0)
    assert upgrade.frees_share_of("energy", "upgrade") == 0.2
    assert upgrade.frees_share_of("land", "upgrade") == 0.0
    assert upgrade.delivery_of("energy") == 1.0
    assert settings.action_defaults("relocate") == ActionDefaults().for_kind("relocate")


def test_rules_come_in_the_order_of_the_library_and_only_when_on(case: Any) -> None:
    text = "[rules.probe]\n[rules.retention]\nkeep = 0.5\nenabled = false\n[rules.budget]\nby_year = { 2024 = 5 }\n"
    scenario = read(case(settings=HEAD + text))
    assert list(scenario.rules) == ["budget", "probe"]
    assert list(rule_parameters())[-1] == "probe"


def test_rows_of_targets_are_enforced_unless_switched_off(case: Any) -> None:
    targets = "measure,sense,value\nenergy_freed,>=,1\n"
    scenario = read(case(targets=targets))
    assert list(scenario.rules) == ["targets"]
    assert "targets" not in scenario.with_(**{"rules.targets.enabled": False}).rules


def test_switching_off_a_rule_that_is_not_on_changes_nothing(case: Any) -> None:
    scenario = read(case())
    assert scenario.with_(**{"rules.admission.enabled": False}).settings == scenario.settings


def test_overrides_reach_into_lists_tables_and_variants(case: Any) -> None:
    text = (
        '[rules.admission]\nlimits = [{ value = 0.52 }]\n[variants.strict]\ntitle = "Strict"\n'
        'set = { "rules.admission.limits.0.value" = 0.49 }\n'
    )
    folder = case(settings=HEAD + text)
    scenario = read(folder)
    changed = scenario.with_(**{"rules.admission.limits.0.value": 0.4, "scenario.discount_rate": 0.1})
    assert changed.rules["admission"].limits[0].value == 0.4  # type: ignore[attr-defined]
    assert (changed.discount_rate, scenario.discount_rate) == (0.1, 0.0)
    assert dict(changed.overrides) == {"rules.admission.limits.0.value": 0.4, "scenario.discount_rate": 0.1}
    strict = read(f"{folder}/strict")
    assert strict.rules["admission"].limits[0].value == 0.49  # type: ignore[attr-defined]
    assert (strict.name, strict.variant) == ("d", "strict")
    assert strict.with_variant(None).equals(scenario)
    assert read(f"{folder}/base").equals(scenario)
    assert (
        read(folder, overrides={"rules.admission.limits.0.value": 0.4})
        .with_(**{"scenario.discount_rate": 0.1})
        .equals(changed)
    )


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("rules.admission.limits.3.value", "0"),
        ("rules.admision.limits", "admission"),
        ("scenario.last_yaer", "last_year"),
        ("scenario.name.zh", "scenario.name"),
        ("", "rules."),
        ("a..b", "rules."),
    ],
)
def test_an_unknown_path_is_refused_with_the_nearest(case: Any, path: str, word: str) -> None:
    scenario = read(case(settings=HEAD + "[rules.admission]\nlimits = [{ value = 0.52 }]\n"))
    with pytest.raises(InputError) as caught:
        scenario.with_(**{path: 1})
    (found,) = caught.value.findings
    assert found.where.path is not None
    assert word in found.fix.en


def test_changing_what_tables_depend_on_reads_them_again_and_other_changes_do_not(case: Any) -> None:
    scenario = read(case(projects="project,place,latest\nP1,N1,2025\n"))
    assert scenario.with_(**{"scenario.discount_rate": 0.1}).tables is scenario.tables
    shorter = scenario.with_(**{"scenario.first_year": 2026})
    assert [f.code for f in shorter.findings] == ["outside-horizon"]
    more = scenario.with_(**{"scenario.resources": ["energy", "coal"]})
    assert "uses_coal" in more.projects


def test_an_unknown_variant_names_those_there_are(case: Any) -> None:
    with pytest.raises(InputError) as caught:
        read(case()).with_variant("other")
    assert "base" in caught.value.findings[0].fix.en


def test_parameters_are_frozen_and_refuse_unknown_keys() -> None:
    with pytest.raises(ValidationError):
        Probe(keep=0.1).keep = 0.2  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Probe.model_validate({"x": 1})


KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=6)


@given(st.lists(KEYS, min_size=1, max_size=4))
def test_a_path_splits_into_the_keys_it_was_joined_from(keys: list[str]) -> None:
    assert split_path(join_path(keys)) == tuple(keys)


LEAVES = st.one_of(
    st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_on_one_line_reads_back_as_itself(value: object) -> None:
    assert tomllib.loads(f"v = {written(value)}")["v"] == value


@pytest.mark.parametrize("name", resources.builtin("scenarios"))
def test_flat_rows_of_a_built_in_case_give_its_document_again(name: str) -> None:
    path = resources.data_root("scenarios") / name / "scenario.toml"
    document = tomllib.loads(path.read_text("utf-8"))
    assert unflattened({split_path(p): v for p, v in flattened(document).items()}) == document


def test_setting_values_leaves_the_document_alone() -> None:
    document: dict[str, Any] = {"a": {"b": [1, {"c": 2}]}}
    changed, findings = with_values(document, {"a.b.1.c": 3, "a.d.e": 4})
    assert not findings
    assert changed == {"a": {"b": [1, {"c": 3}], "d": {"e": 4}}}
    assert document == {"a": {"b": [1, {"c": 2}]}}


def test_scenarios_travel_between_processes(case: Any) -> None:
    import pickle

    scenario = read(case())
    copy: Scenario = pickle.loads(pickle.dumps(scenario))
    assert copy.equals(scenario)
    assert copy.where("firms", 0, "firm") == scenario.where("firms", 0, "firm")
    assert Path(copy.source).name == "demo"

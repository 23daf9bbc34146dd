"""Every clause of the five documents that touches quota: carried by a rule of its county, or reported with a reason."""

import tomllib

import pytest

from quota_opt.resources import data_root

qo = pytest.importorskip("quota_opt")

# Written from the documents by hand: id -> kind.
CLAUSES = {
    "cixi": {
        "CX-LIST-1": "report", "CX-LIST-2": "report", "CX-LIST-3": "report", "CX-EXIT": "hard", "CX-SUB": "hard",
        "CX-GATE": "hard", "CX-CHAIN": "soft", "CX-ALLOC": "soft", "CX-POOL": "hard", "CX-DIFF": "soft",
        "CX-GRADE-B": "hard", "CX-FUND": "param", "CX-HOUSING": "report",
    },
    "zhuji": {
        "ZJ-LIST-1": "report", "ZJ-LIST-2": "report", "ZJ-4WAYS": "hard", "ZJ-TWOHIGH": "report", "ZJ-SUB-1": "hard",
        "ZJ-SUB-2": "hard", "ZJ-SUB-3": "hard", "ZJ-AIR": "hard", "ZJ-ALLOC": "soft", "ZJ-POOL": "hard",
        "ZJ-FAVOUR": "soft", "ZJ-DIFF": "soft", "ZJ-FUND": "param", "ZJ-LAND": "hard",
    },
    "fenghua": {
        "FH-LIST-1": "report", "FH-PROTECT": "hard", "FH-LIST-2": "report", "FH-TWOHIGH": "hard",
        "FH-FAVOUR": "soft", "FH-SUB": "hard", "FH-RETAIN": "soft", "FH-POOL": "soft", "FH-REWARD": "soft",
        "FH-DIFF": "soft", "FH-GRADE-B": "hard", "FH-FUND": "param", "FH-LAND": "hard",
    },
    "ouhai": {
        "OH-LIST-1": "report", "OH-CLEAR": "hard", "OH-EXIT": "hard", "OH-BUDGET": "hard", "OH-TWOHIGH": "hard",
        "OH-INT049": "report", "OH-ALLOC": "soft", "OH-DIFF": "soft", "OH-BANK": "soft", "OH-FUND": "param",
        "OH-LAND": "hard",
    },
    "yueqing": {
        "YQ-LIST-1": "report", "YQ-LIST-2": "report", "YQ-LIST-3": "report", "YQ-EXIT": "hard", "YQ-REJECT": "hard",
        "YQ-INTENSITY": "hard", "YQ-REVIEW": "hard", "YQ-SLOW": "hard", "YQ-ALLOC": "soft", "YQ-FUND": "param",
        "YQ-LAND": "hard",
    },
}  # fmt: skip
# The doubtful clauses, and the variants that stand for their other readings.
READINGS = {
    "cixi": {
        "CX-R-POOL": {"half-retention", "full-retention"},
        "CX-R-ORDER": {"priority-weights", "priority-order", "priority-shares"},
        "CX-R-BASE": set(),
        "CX-R-GROSS": {"net-delivery"},
        "CX-R-PRICES": set(),
    },
    "zhuji": {
        "ZJ-R-PLOTS": set(),
        "ZJ-R-ORDER": {"priority-weights", "priority-order", "priority-shares"},
        "ZJ-R-GROSS": {"net-delivery"},
        "ZJ-R-COUNT": set(),
    },
    "fenghua": {
        "FH-R-AREAS": {"tax5-firms"},
        "FH-R-KEEP": {"full-retention", "full-pooling"},
        "FH-R-POOL": {"pool-30"},
        "FH-R-YEARS": {"intensity-2023"},
        "FH-R-COUNT": set(),
    },
    "ouhai": {
        "OH-R-LIST": {"list-cascade"},
        "OH-R-TWOHIGH": {"two-high-only"},
        "OH-R-ORDER": {"priority-weights", "priority-order", "priority-shares"},
    },
    "yueqing": {
        "YQ-R-MEAN": {"mean-90", "mean-10", "mean-points"},
        "YQ-R-YEARS": {"mean-each-year"},
        "YQ-R-CLASS": {"c-class-all"},
        "YQ-R-PRICES": set(),
    },
}
COUNTIES = tuple(CLAUSES)


def settings_of(county):
    return tomllib.loads((data_root("scenarios") / county / "scenario.toml").read_text(encoding="utf-8"))


def rules_on(county):
    """Rules that are on in the base case or in any of its variants."""
    scenario = qo.read(county)
    cases = [scenario, *(scenario.with_variant(name) for name in scenario.variants)]
    return {rule for case in cases for rule in case.rules}


def value_at(document, path):
    """What stands at a dotted path; KeyError, IndexError where nothing does."""
    for part in path.split("."):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


@pytest.mark.parametrize("county", COUNTIES)
def test_every_clause_is_there_with_its_kind(county):
    found = {entry.id: entry.kind for entry in qo.read(county).settings.clauses}
    assert {name: found.get(name) for name in CLAUSES[county]} == CLAUSES[county]


@pytest.mark.parametrize("county", COUNTIES)
def test_a_clause_is_carried_by_rules_that_are_on_or_says_why_it_is_not(county):
    on = rules_on(county)
    for entry in qo.read(county).settings.clauses:
        assert set(entry.rules) <= on, (entry.id, set(entry.rules) - on)
        assert entry.rules or (entry.reported.zh and entry.reported.en), entry.id


@pytest.mark.parametrize("county", COUNTIES)
def test_every_rule_that_is_on_carries_some_clause(county):
    """`jobs` is the planner's own: no document bounds the jobs lost."""
    carried = {rule for entry in qo.read(county).settings.clauses for rule in entry.rules}
    assert rules_on(county) - carried <= {"jobs"}


@pytest.mark.parametrize("county", COUNTIES)
def test_clauses_and_readings_cite_documents_of_the_case_in_both_languages(county):
    settings = qo.read(county).settings
    known = {document.id for document in settings.documents}
    for entry in settings.clauses:
        assert entry.clause.split()[0] in known, entry.id
        assert entry.text.zh != entry.text.en, entry.id
        assert any("\u4e00" <= letter <= "\u9fff" for letter in entry.text.zh), entry.id
    for reading in settings.readings:
        assert reading.clause.split()[0] in known, reading.id
        assert reading.question.zh != reading.question.en, reading.id
        assert reading.taken.zh != reading.taken.en, reading.id


@pytest.mark.parametrize("county", COUNTIES)
def test_every_doubtful_clause_names_its_setting_and_the_variants_of_the_other_readings(county):
    readings = {reading.id: reading for reading in qo.read(county).settings.readings}
    variants = set(settings_of(county)["variants"])
    for name, expected in READINGS[county].items():
        assert set(readings[name].variants) == expected, name
    for reading in readings.values():
        assert set(reading.variants) <= variants, reading.id


@pytest.mark.parametrize("county", COUNTIES)
def test_the_setting_of_a_reading_is_one_that_the_case_has(county):
    scenario = qo.read(county)
    whole = scenario.settings.model_dump(mode="json")
    for reading in scenario.settings.readings:
        value_at(whole, reading.setting)


@pytest.mark.parametrize("county", COUNTIES)
def test_a_variant_changes_settings_that_its_county_has(county):
    """A variant that sets nothing new is one whose title says that it is the base."""
    document = settings_of(county)
    for name, variant in document["variants"].items():
        base = {}
        for path, value in variant["set"].items():
            try:
                base[path] = value_at(document, path) == value
            except (KeyError, IndexError):
                base[path] = False
        assert not all(base.values()) or "与基本方案相同" in variant["title"]["zh"], name


def test_yueqing_reads_the_mean_as_under_nine_tenths_unless_asked_otherwise():
    """Above-scale firms listed by the mean alone: most at 90 %, fewest at a tenth of it."""
    base = qo.read("yueqing").settings.rules["listing"].any_of[0]
    assert base.sector_mean.below == 0.9
    assert base.over == "mean"
    lines = {name: qo.read(f"yueqing/{name}").settings.rules["listing"].any_of[0] for name in READING_NAMES}
    assert lines["mean-90"] == base
    assert lines["mean-10"].sector_mean.below == 0.1
    assert lines["mean-points"].sector_mean.points == 10.0
    assert lines["mean-each-year"].over == "each"


READING_NAMES = ("mean-90", "mean-10", "mean-points", "mean-each-year")


def test_every_rule_of_the_library_but_the_market_is_on_in_some_county():
    used = set().union(*(rules_on(county) for county in COUNTIES))
    expected = {
        "listing", "protection", "clearance", "one_treatment", "retention", "admission", "two_high", "slow_approval",
        "priority", "targets", "intensity_decline", "caps", "budget", "jobs", "chain", "fairness",
    }  # fmt: skip
    assert expected <= used

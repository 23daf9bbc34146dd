"""Neither language lacks an entry: same keys, same places to fill, every rule with a sentence for every state."""

import re
from pathlib import Path

import pytest

from quota_opt.messages import LANGUAGES, MessageError, catalogue, message, places, table
from quota_opt.plan.headlines import ALWAYS
from quota_opt.rules import RULES

PACKAGE = Path(__file__).parents[2] / "quota_opt"
STATES = ("binding", "slack", "broken", "overriding", "off")
COMING = {"accounting", "trading"}  # rules whose sentences are there before or beside their files
FIGURES = {"figure", "limit", "slack", "excess", "count", "barred", "broken", "passed"}
TABLES = ("unit", "measure", "category", "resource", "what", "state", "rule")
CHINESE = re.compile(r"[\u3400-\u9fff，。；：、（）【】“”]")
SENTENCES = [
    (rule, state, language) for rule in (*sorted(RULES), *ALWAYS, "any") for state in STATES for language in LANGUAGES
]


def test_both_catalogues_have_the_same_keys():
    assert sorted(catalogue("zh")) == sorted(catalogue("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_stands_twice_in_a_file(language):
    text = (PACKAGE / "messages" / f"{language}.po").read_text(encoding="utf-8")
    keys = re.findall(r'^msgid "(.+)"$', text, re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(catalogue(language))


@pytest.mark.parametrize("key", sorted(catalogue("zh")))
def test_an_entry_says_the_same_in_both_languages(key):
    zh, en = catalogue("zh")[key], catalogue("en")[key]
    assert zh.strip() and en.strip()
    assert places(key, "zh") == places(key, "en")
    assert not CHINESE.search(en), en
    # A unit may be a symbol and a pattern nothing but places; every other entry speaks Chinese.
    assert CHINESE.search(zh) or key.startswith("at."), zh


@pytest.mark.parametrize(("rule", "state", "language"), SENTENCES)
def test_every_rule_has_a_sentence_of_its_own_for_every_state_with_clause_figure_and_unit(rule, state, language):
    key = f"rule.{rule}.{state}"
    filled = places(key, language)
    assert "clause" in filled
    if state == "off":
        return
    assert filled & FIGURES, key
    counted = {
        "zh": r"家|个|处|次|类|项",
        "en": r"firms|projects|places|times|items|kinds|exceptions|counted|soft targets",
    }
    assert "unit" in filled or re.search(counted[language], catalogue(language)[key]), key


def test_sentences_differ_from_rule_to_rule():
    for state in STATES:
        said = [catalogue("zh")[f"rule.{rule}.{state}"] for rule in (*RULES, *ALWAYS)]
        assert len(said) == len(set(said))


def test_no_entry_is_left_that_nothing_asks_for():
    code = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    asked = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', code))
    rules = {f"rule.{rule}.{state}" for rule in {*RULES, *ALWAYS, *COMING, "any"} for state in STATES}
    unused = [
        key
        for key in catalogue("zh")
        if key not in asked | rules and key.split(".")[0] not in {name for name in TABLES if name != "rule"}
    ]
    assert unused == []


def test_a_key_no_catalogue_has_is_a_clear_error():
    with pytest.raises(MessageError, match=r"no message 'rule\.nothing\.binding'"):
        message("rule.nothing.binding")


def test_a_place_nothing_fills_is_a_clear_error():
    with pytest.raises(MessageError, match=r"price\.known.*price"):
        message("price.known", unit="tce")


def test_a_text_among_the_figures_gives_each_language_its_own():
    said = message("price.known", unit=table("unit")["tce"], price="3")
    assert "吨标准煤" in said.zh and "tce" in said.en and "吨标准煤" not in said.en

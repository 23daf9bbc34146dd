"""Finding runs again: by name, words, tags, time; and beside the baseline of their case."""

from datetime import UTC, datetime, timedelta

import pytest

import quota_opt as qo


@pytest.fixture
def filled(store, case, done, strict, failed):
    """A store with three runs of one case: solved, stricter, failed."""
    task, ending = failed
    store.add(done.files, done.ending, tags=["草案", "county"], note="presented on Monday")
    store.add(strict.files, strict.ending, tags=["草案"], batch="night 7", source="batch")
    store.add({}, ending, task=task, case=case, batch="night 7", source="batch")
    return store


def found(store, **asked):
    return set(store.runs(**asked)["address"])


def test_runs_are_found_by_all_that_is_known_of_them(filled, done, strict, failed):
    solved, stricter, without = done.ending.address, strict.ending.address, failed[1].address
    every = {solved, stricter, without}
    assert found(filled) == found(filled, case="worked-example") == every
    assert found(filled, case="zhuji") == set()
    assert found(filled, status="OPTIMAL") == {solved, stricter}
    assert found(filled, status=["invalid", "ERROR"]) == {without}
    assert found(filled, tag="草案") == {solved, stricter}
    assert found(filled, tag=["草案", "county"]) == {solved}
    assert found(filled, batch="night 7") == {stricter, without}
    assert found(filled, batch="night 7", status="OPTIMAL") == {stricter}


LOOKED_FOR = {
    "MONDAY": "solved",
    "草案 county": "solved",
    "limits.0.value": "stricter",
    "0.49": "stricter",
    "镇": "all",
    "手算示例": "all",
    "worked two": "all",
    "keep-70": "without",
    "invalid": "without",
    "county keep-70": "none",
    "%": "none",
    "_": "none",
    "": "all",
}


def test_words_are_looked_for_in_names_changes_tags_and_notes(filled, done, strict, failed):
    known = {"solved": done.ending.address, "stricter": strict.ending.address, "without": failed[1].address}
    for words, expected in LOOKED_FOR.items():
        wanted = set(known.values()) if expected == "all" else {known[expected]} if expected in known else set()
        assert found(filled, search=words) == wanted, words


def test_the_newest_come_first_and_a_limit_counts_from_there(filled, failed):
    table = filled.runs()
    assert list(table["created"]) == sorted(table["created"], reverse=True)
    assert list(filled.runs(limit=1)["address"]) == [failed[1].address]
    assert found(filled, since=datetime.now(UTC) - timedelta(hours=1)) == set(table["address"])
    assert found(filled, since=datetime.now(UTC) + timedelta(hours=1)) == set()
    assert table["created"].iloc[0].tzinfo is not None


def test_a_run_is_named_by_the_beginning_of_its_address(filled, like, done):
    address = done.ending.address
    assert filled.find(address[:8].upper()) == filled.find(f" {address} ") == address
    with pytest.raises(qo.InputError, match="no run in the store begins"):
        filled.find("zzzz")
    with pytest.raises(qo.InputError, match="no run in the store begins"):
        filled.find("")
    with pytest.raises(qo.InputError, match="no run in the store begins"):
        filled.find("%")
    filled.add(like(address=address[:-1] + ("0" if address[-1] != "0" else "1")))
    with pytest.raises(qo.InputError, match="more than one run"):
        filled.find(address[:-1])
    assert filled.find(address) == address


def test_a_baseline_is_what_other_runs_of_the_case_are_compared_with(filled, done, strict):
    solved, stricter = done.ending.address, strict.ending.address
    assert filled.runs()["change"].isna().all()
    filled.pin(solved)
    table = filled.runs().set_index("address")
    assert table.loc[solved, "baseline"] and not table.loc[stricter, "baseline"]
    assert table.loc[stricter, "change"] == pytest.approx(-800.0)
    assert table.loc[solved, "change"] == 0.0
    by_measure = filled.runs(measure="value_added_gained_final").set_index("address")
    gained = by_measure.loc[[solved, stricter], "value"]
    assert by_measure.loc[stricter, "change"] == pytest.approx(gained[stricter] - gained[solved]) != 0.0
    assert by_measure.loc[solved, "unit"] == "10k yuan/yr"


def test_one_run_of_a_case_is_the_baseline_and_earlier_ones_are_remembered(filled, done, strict):
    solved, stricter = done.ending.address, strict.ending.address
    filled.pin(solved)
    filled.pin(stricter)
    assert list(filled.runs().query("baseline")["address"]) == [stricter]
    assert list(filled.cases()["baseline"]) == [stricter]
    pins = filled.run(solved)["pins"]
    assert [pin["run"] for pin in pins] == [stricter, solved]
    assert [pin["unpinned"] is None for pin in pins] == [True, False]
    filled.unpin(solved)
    assert not filled.runs()["baseline"].any()


def test_a_run_without_a_plan_is_no_baseline(filled, failed):
    with pytest.raises(qo.InputError, match="no plan"):
        filled.pin(failed[1].address)


def test_tags_come_and_go(filled, done):
    name = done.ending.address[:9]
    filled.tag(name, "会上", "会上", " final ")
    assert filled.run(name)["tags"] == tuple(sorted(["county", "final", "会上", "草案"]))
    filled.tag(name, "county", "final", "never there", remove=True)
    assert set(filled.run(name)["tags"]) == {"草案", "会上"}


@pytest.mark.parametrize("word", ["", "  ", "a\nb", "x" * 101, "零\0"])
def test_what_is_no_tag_is_refused(filled, done, word):
    with pytest.raises(qo.InputError, match="tag"):
        filled.tag(done.ending.address, word)
    with pytest.raises(qo.InputError, match="tag"):
        filled.add(done.files, tags=[word])


def test_an_empty_store_answers_with_empty_tables(store):
    assert store.runs().empty and store.cases().empty
    assert "change" in store.runs().columns
    assert store.info()["runs"] == 0

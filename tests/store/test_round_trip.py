"""What goes into a store comes out as it was: result folders byte for byte, runs that failed with their reason."""

import json
from dataclasses import replace

import pytest
import tiny_search
from small import FINAL
from small import case as small_case

import quota_opt as qo
from quota_opt.batch.task import unpack
from quota_opt.solving import structure


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Result folders with everything one may hold."""
    root = tmp_path_factory.mktemp("results")
    with_reports = qo.solve("worked-example").write(root / "reports")
    order = qo.override("worked-example", refuse=["P1"], reason="环评未过")
    receipt = replace(order, plan=replace(order.plan, reporters=())).write(root / "receipt", "en")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structure, "LARGE", 1)
        patch.setattr(structure, "_ask", lambda blocks, *given: tiny_search.ask(*given))
        projects = [
            {"project": f"P{i}", "place": "N1", "energy_tce": 600.0, "value_added": 600.0 - i} for i in range(3)
        ]
        held = [{"place": "N1", "resource": "energy", "year": "*", "amount": 1000.0}]
        plan = qo.solve(small_case(objective=FINAL, first=2024, last=2024, quotas=held, projects=projects))
    proof = replace(plan, reporters=()).write(root / "proof")
    qo.new(root / "book.xlsx", "worked-example")
    workbook = replace(qo.solve(root / "book.xlsx"), reporters=()).write(root / "workbook")
    return {"reports": with_reports, "receipt": receipt, "proof": proof, "workbook": workbook}


@pytest.mark.parametrize(
    ("kind", "holds"),
    [("reports", "report.html"), ("receipt", "receipt.json"), ("proof", "proof.csv.gz"), ("workbook", "rounded.csv")],
)
def test_a_result_folder_comes_out_byte_for_byte_and_verifies(store, folders, tmp_path, kind, holds):
    folder = folders[kind]
    before = contents(folder)
    assert holds in before
    address = store.add(folder)
    again = store.export(address, tmp_path / "再 来")
    assert contents(again) == before
    assert qo.verify(again).ok
    assert address == json.loads(before["run.json"])["address"]


def test_the_title_and_the_years_of_a_case_are_known_whatever_its_files(store, folders):
    store.add(folders["workbook"])
    store.add(folders["reports"])
    cases = store.cases()
    assert list(cases["name"]) == ["worked-example", "worked-example"]
    assert set(cases["title_en"]) == {"Worked example: two towns, three firms, four projects"}
    assert set(zip(cases["first_year"], cases["last_year"], strict=True)) == {(2024, 2025)}


def test_a_run_that_is_there_already_changes_nothing_but_its_tags(store, done):
    first = store.add(done.files, done.ending, tags=["one"], batch="monday")
    before = store.run(first)
    assert store.add(done.files, tags=["two"]) == first
    after = store.run(first)
    assert after.pop("tags") == ("one", "two") and before.pop("tags") == ("one",)
    assert {k: str(v) for k, v in after.items()} == {k: str(v) for k, v in before.items()}
    assert len(store.runs()) == 1


def test_a_file_that_runs_share_is_kept_once(store, done, strict):
    store.add(done.files)
    files = store.info()["files"]
    store.add(strict.files)
    changed = {name for name in strict.files if strict.files[name] != done.files.get(name)}
    assert store.info()["files"] == files + len(changed)
    assert store.info()["cases"] == 1


def test_measures_by_place_and_year_can_be_asked_of_several_runs(store, done, strict):
    names = sorted(store.add(run.files, batch="b") for run in (done, strict))
    table = store.measures([name[:10] for name in names], "value_added_final")
    whole = table[table["place"].isna() & table["year"].isna()].set_index("run")["value"]
    assert whole.to_dict() == {done.ending.address: 2000.0, strict.ending.address: 1200.0}
    assert set(table["unit"]) == {"10k yuan/yr"}
    assert store.measures(batch="b", measure="value_added_final").equals(table)
    assert {"N1", "N2"} <= set(table["place"].dropna())


def test_a_run_without_a_plan_is_kept_with_its_reason_and_its_case(store, case, failed):
    task, ending = failed
    address = store.add({}, ending, task=task, case=case, batch="grid", source="batch")
    told = store.run(address)
    assert (told["status"], told["exit_code"], told["batch"], told["source"]) == ("INVALID", 2, "grid", "batch")
    assert (told["case"], told["variant"]) == ("worked-example", "keep-70")
    assert told["overrides"] == {"rules.retention.keep": "镇"}
    assert told["profile"]["name"] == "auto"
    assert told["reason_zh"] and told["reason_en"]
    assert store.files(address) == {}
    assert store.case_files(address) == dict(case.files)
    with pytest.raises(qo.InputError, match="no plan"):
        store.export(address, "nowhere")


def test_a_plan_takes_the_place_of_a_failure_and_never_the_other_way(store, case, done):
    class Lost:
        address, status, exit_code = done.ending.address, "LOST", 1
        reason = qo.Text("进程消失", "the process is gone")
        objective = bound = gap = peak_mb = None
        seconds = 1.0

    address = store.add({}, Lost, tags=["night"])
    store.note(address, "看一下")
    store.add(done.files, done.ending)
    store.add({}, Lost)
    told = store.run(address)
    assert (told["status"], told["objective"], told["reason_en"]) == ("OPTIMAL", 2000.0, None)
    assert (told["tags"], told["note"]) == (("night",), "看一下")
    assert store.files(address) == dict(done.files)
    assert len(store.measures(address))


def test_a_folder_of_a_version_without_address_and_measures_is_taken_in(store, like):
    files = like()
    record = json.loads(files["run.json"])
    for name in ("address", "profile"):
        del record[name]
    files["run.json"] = json.dumps(record).encode()
    del files["measures.csv"]
    address = store.add(files)
    assert store.add(files) == address
    assert store.run(address)["profile"]["name"] == "auto"
    measures = store.measures(address).set_index("measure")["value"]
    assert measures["value_added_final"] == 2000.0


def test_a_folder_whose_inputs_were_changed_is_refused(store, done):
    files = {**done.files, "inputs/firms.csv": done.files["inputs/firms.csv"] + b"\n"}
    with pytest.raises(qo.InputError, match=r"firms\.csv is not the one that was solved"):
        store.add(files)
    assert store.runs().empty


@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"status": 3}'])
def test_what_is_no_result_folder_is_refused(store, tmp_path, content):
    if content is not None:
        (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(qo.InputError, match="not a result folder"):
        store.add(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [{"status": None}, {"address": "../x"}, {"address": "AB" * 12}, {"engine": []}, {"objective": "9"}, {"inputs": 3}],
    ids=str,
)
def test_a_record_that_cannot_be_understood_is_refused(store, like, wrong):
    with pytest.raises(qo.InputError, match="not a result folder"):
        store.add(like(**wrong))
    assert store.runs().empty


@pytest.mark.parametrize("table", [b"\xff\xfe", b"a,b\n1,2\n", b"place,year,measure,unit,value\n,x,m,u,1\n"])
def test_measures_that_cannot_be_read_are_refused(store, done, table):
    with pytest.raises(qo.InputError, match=r"measures\.csv cannot be read"):
        store.add({**done.files, "measures.csv": table})


def test_a_folder_that_is_not_as_it_was_sealed_is_refused(store, done, tmp_path):
    folder = unpack(done.files, tmp_path / "run")
    (folder / "awards.csv").write_bytes(b"project\n")
    with pytest.raises(qo.InputError, match=r"awards\.csv"):
        store.add(folder)
    assert store.runs().empty


@pytest.mark.parametrize(
    "name", ["../out.csv", "/etc/out.csv", "a/../../out.csv", "C:/out.csv", "a\\b.csv", "a\nb", "."]
)
def test_a_file_name_that_leads_out_of_the_folder_is_refused(store, done, name):
    with pytest.raises(qo.InputError, match="file name"):
        store.add({**done.files, name: b"x"})
    assert store.runs().empty


def test_a_store_somebody_tampered_with_writes_nothing_outside_the_folder(store, done, tmp_path):
    from sqlalchemy import update

    from quota_opt.store.schema import RunFile

    address = store.add(done.files)
    with store.session(writing=True) as session:
        session.execute(update(RunFile).where(RunFile.name == "awards.csv").values(name="../awards.csv"))
    with pytest.raises(qo.InputError, match="file name"):
        store.export(address, tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("awards.csv"))


def test_a_file_that_is_not_what_it_was_is_noticed(store, done):
    from sqlalchemy import update

    from quota_opt.store.schema import Blob

    address = store.add(done.files)
    with store.session(writing=True) as session:
        session.execute(update(Blob).values(content=b"something else"))
    with pytest.raises(qo.StoreUnavailable, match="damaged"):
        store.files(address)


def test_an_export_never_overwrites(store, done, tmp_path):
    address = store.add(done.files)
    store.export(address, tmp_path / "out")
    with pytest.raises(qo.OutputExists):
        store.export(address, tmp_path / "out")


HOSTILE = [
    "\x1b[2J\x1b[31m清屏",
    "Robert'); DROP TABLE runs;--",
    "零\0字节",
    "半个\ud800字",
    "😀" * 50,
    "100%_\\",
    "x" * 5000,
    "a\nb",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_of_any_kind_go_in_and_are_found(store, like, name):
    record = {"case": name, "variant": name, "overrides": {name: name}}
    files = like(**record)
    address = store.add(files, note=name, batch="b", source="batch", parent="p")
    told = store.run(address)
    clean = name.replace("\0", "\ufffd").replace("\x1b", "\ufffd").replace("\ud800", "?")
    assert (told["case"], told["variant"], told["note"]) == (clean, clean, clean)
    assert told["overrides"] == {clean: clean}
    assert list(store.runs(case=clean)["address"]) == [address]
    if not any(letter.isspace() for letter in clean):
        assert list(store.runs(search=clean)["address"]) == [address]
    assert store.files(address) == files

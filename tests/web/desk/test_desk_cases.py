"""The library of cases behind the page: uploads of every kind, what changed since, workbooks out, runs begun."""

import csv
import io
import zipfile
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

import quota_opt as qo
from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.store.store import Store
from quota_opt.store.workspace import Workspace
from quota_opt.store.workspace_values import AuditEntry, Changed, NoSuchCase
from quota_opt.web.desk import cases as desk_cases
from quota_opt.web.desk.audit import audit_csv
from quota_opt.web.desk.cases import Cases, findings_workbook
from quota_opt.web.limits import ServerLimits
from quota_opt.web.packages import TooLarge
from quota_opt.web.service import Service


@pytest.fixture
def service(tmp_path):
    limits = ServerLimits(upload_mb=1, unpacked_mb=4, members=60, ratio=100, cells=20_000, queue=3)
    made = Service(Store.open(tmp_path / "store.db"), limits, running=False)
    yield made
    made.stop(0)


@pytest.fixture
def cases(service):
    return Cases(service, Workspace(service.store))


@pytest.fixture(scope="module")
def case():
    return qo.read("worked-example")


@pytest.fixture(scope="module")
def folder(case):
    """The worked example as a browser sends a folder that was chosen."""
    return [(f"算例/{name}", content) for name, content in case.files.items()]


@pytest.fixture(scope="module")
def workbook(case, tmp_path_factory):
    return qo.new(tmp_path_factory.mktemp("w") / "第12周.xlsx", "worked-example").read_bytes()


def changed(folder, name, before, after):
    made = [(path, content.replace(before, after) if path.endswith(name) else content) for path, content in folder]
    assert made != folder
    return made


def test_a_workbook_is_kept_as_it_was_and_comes_back_byte_for_byte(cases, case, workbook):
    made = cases.upload("li", [("第12周.xlsx", workbook)])
    assert (made.entry.title, made.entry.source, made.entry.errors) == ("第12周", "第12周.xlsx", 0)
    assert (made.remarks, made.changes) == ((), None)
    assert cases.read("li", made.entry.key).equals(case)
    name, content = cases.workbook("li", made.entry.key)
    assert name.endswith(".xlsx") and content == workbook


def test_a_folder_and_a_zip_of_it_are_the_same_case(cases, case, folder):
    whole, packed = cases.upload("li", folder), cases.upload("li", [("算例.zip", zipped(dict(folder)))])
    assert (whole.entry.source, packed.entry.source) == ("算例", "算例.zip")
    assert cases.workspace.files("li", whole.entry.key) == cases.workspace.files("li", packed.entry.key)
    assert cases.read("li", packed.entry.key).equals(case)


def test_what_is_no_table_is_left_out_and_said(cases, folder):
    made = cases.upload("li", [*folder, ("算例/README.md", b"# read me"), ("算例/图.png", b"\x89PNG")])
    [remark] = made.remarks
    assert "README.md、图.png" in remark.zh and "README.md, 图.png" in remark.en
    assert "README.md" not in cases.workspace.files("li", made.entry.key)


def with_macros(workbook):
    """The workbook with a program in it, as Excel keeps one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.infolist():
            part = old.read(member)
            if member.filename == "[Content_Types].xml":
                part = part.replace(
                    b"openxmlformats-officedocument.spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"
                )
                kind = b'<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/>'
                part = part.replace(b"</Types>", kind + b"</Types>")
            if member.filename == "xl/_rels/workbook.xml.rels":
                kind = b"http://schemas.microsoft.com/office/2006/relationships/vbaProject"
                link = b'<Relationship Id="rId999" Type="' + kind + b'" Target="vbaProject.bin"/>'
                part = part.replace(b"</Relationships>", link + b"</Relationships>")
            new.writestr(member.filename, part)
        new.writestr("xl/vbaProject.bin", b"Attribute VB_Name = evil")
    return buffer.getvalue()


def test_macros_are_left_out_and_said(cases, case, workbook):
    made = cases.upload("li", [("宏.xlsm", with_macros(workbook))])
    assert [remark.zh for remark in made.remarks] == ["工作簿中的宏没有保存，也不会运行。"]
    [(name, content)] = cases.workspace.files("li", made.entry.key).items()
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        everything = b"".join(package.read(part) for part in package.namelist()).lower()
    assert name == "case.xlsx" and b"vba" not in everything and b"macroenabled" not in everything
    load_workbook(io.BytesIO(content))
    assert cases.read("li", made.entry.key).equals(case)


def test_a_case_with_faults_is_kept_with_its_findings(cases, folder):
    made = cases.upload("li", changed(folder, "projects.csv", b",500,", b",many,"))
    assert made.entry.errors == 1
    [finding] = [each for each in cases.findings("li", made.entry.key) if each.level is Level.ERROR]
    assert finding.where.row == 2 and finding.seen == "many"
    with pytest.raises(InputError):
        cases.read("li", made.entry.key)
    with pytest.raises(InputError):
        cases.run("li", made.entry.key)
    name, content = cases.workbook("li", made.entry.key)
    assert name.endswith(".xlsx") and load_workbook(io.BytesIO(content))["项目"]["E2"].value == "many"
    sheet = load_workbook(io.BytesIO(findings_workbook(cases.findings("li", made.entry.key), "有错", "zh"))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1][0] == "错误" and "many" in rows[1][1]


def test_tables_whose_settings_cannot_be_read_come_back_as_they_were(cases, folder, case):
    made = cases.upload("li", changed(folder, "scenario.toml", b"[scenario]", b"[scenario"))
    name, content = cases.workbook("li", made.entry.key)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert name.endswith(".zip")
        assert package.read("projects.csv") == case.files["projects.csv"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([("a.xlsx", b"not a workbook")], "no scenario.toml|damaged|called 'a.xlsx'"),
        ([("a.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 600)], "old .xls"),
        ([("projects.csv", b"project,place\n")], "no scenario.toml"),
        ([("prjects.csv", b"project,place\n")], "called 'prjects.csv'"),
        ([("../../scenario.toml/../x.csv", b"a")], "called 'x.csv'"),
        ([("a.zip", b"PK\x03\x04 broken")], "damaged"),
        ([("a.zip", b"PK\x03\x04"), ("b.csv", b"a")], "a zip among them"),
        ([], "no scenario.toml"),
    ],
)
def test_what_is_no_case_is_refused_and_written_down(cases, given, said):
    with pytest.raises(InputError, match=said):
        cases.upload("li", given)
    assert cases.workspace.cases("li") == []
    assert [entry.action for entry in cases.workspace.audit("li")] == ["upload-refused"]


def test_bombs_are_refused(cases, folder):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("firms.csv", b"0" * 9_000_000)
    for given in ([("a.zip", buffer.getvalue())], [*folder, ("算例/firms.csv", b"a,b\n" * 12_000)]):
        with pytest.raises(TooLarge):
            cases.upload("li", given)


def test_the_next_upload_is_a_version_and_says_what_changed(cases, folder):
    first = cases.upload("li", folder).entry
    next_week = changed(folder, "projects.csv", b",500,", b",550,")
    next_week = [
        (
            name,
            content.rstrip() + "\nP9,N1,新项目,chain,100,300\n".encode() if name.endswith("projects.csv") else content,
        )
        for name, content in next_week
    ]
    second = cases.upload("li", next_week, into=first.key)
    assert second.entry.version == 2
    assert second.changes == Text(
        "新增 1 个项目，项目的综合能耗有 1 处改动", "1 project added, 1 change of energy_tce in projects"
    )
    assert cases.workspace.versions("li", first.key)[0].note == second.changes.zh
    again = cases.upload("li", next_week, into=first.key)
    assert (again.entry.version, again.changes.zh) == (2, "数据没有变化")
    with pytest.raises(Changed):
        cases.upload("li", folder, into=first.key, based_on=1)
    with pytest.raises(NoSuchCase):
        cases.upload("wang", folder, into=first.key)


def test_a_new_case_is_compared_with_the_one_of_the_same_name(cases, folder, workbook, case):
    first = cases.upload("li", [("第11周.xlsx", workbook)]).entry
    other = case.files["scenario.toml"].replace(b'name = "worked-example"', b'name = "other"')
    cases.upload("li", [("别的.zip", zipped({**case.files, "scenario.toml": other}))])
    made = cases.upload("li", changed(folder, "projects.csv", b",500,", b",550,"))
    assert made.before == first
    assert made.changes.zh == "项目的综合能耗有 1 处改动"
    assert made.entry.version == 1 and made.entry.key != first.key
    assert cases.upload("wang", folder).before is None


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, content in files.items():
            package.writestr(name, content)
    return buffer.getvalue()


def test_some_tables_replace_those_of_a_case_and_leave_the_others(cases, folder, case):
    first = cases.upload("li", folder).entry
    table = case.files["projects.csv"].replace(b",500,", b",550,")
    second = cases.upload("li", [("projects.csv", table)], into=first.key)
    assert cases.workspace.files("li", first.key) == {**case.files, "projects.csv": table}
    assert second.changes.zh == "项目的综合能耗有 1 处改动"


def test_a_case_that_extends_a_built_in_one_is_kept_whole(cases, case):
    made = cases.upload("li", [("scenario.toml", b'extends = "worked-example"\n[scenario]\nname = "mine"\n')])
    assert made.entry.errors == 0 and made.entry.projects == 4
    assert b"extends" not in cases.workspace.files("li", made.entry.key)["scenario.toml"]
    with pytest.raises(InputError, match="built-in case only"):
        cases.upload("li", [("scenario.toml", b'extends = "/etc"\n')])


def test_what_is_kept_read_is_bounded_by_its_size(cases, folder, monkeypatch):
    monkeypatch.setattr(desk_cases, "KEPT_BYTES", 1)
    entries = [cases.upload("li", folder).entry for _ in range(3)]
    assert len(cases._opened) == 1
    assert all(cases.read("li", entry.key).name == "worked-example" for entry in entries)


def test_versions_are_read_each_as_it_was(cases, folder):
    first = cases.upload("li", folder).entry
    cases.upload("li", changed(folder, "projects.csv", b",500,", b",550,"), into=first.key)
    energy = [cases.read("li", first.key, version).projects["energy_tce"].iloc[0] for version in (1, 2, None)]
    assert energy == [500, 550, 550]
    with pytest.raises(NoSuchCase):
        cases.read("wang", first.key, 1)


def test_a_run_of_the_page_is_the_job_of_the_api_and_stands_in_the_history(cases, service):
    job = cases.run("li", "worked-example", overrides={"rules.admission.limits.0.value": 0.49}, label="收紧")
    [run] = cases.workspace.runs("li")
    assert (run.job, run.case, run.state, run.label) == (job.id, "worked-example", "queued", "收紧")
    assert run.overrides == {"rules.admission.limits.0.value": 0.49}
    assert cases.workspace.runs("wang") == []
    service.cancel(job.id, "li")
    assert cases.workspace.runs("li")[0].state == "cancelled"
    assert [entry.action for entry in cases.workspace.audit("li")] == ["cancel", "run"]


def test_the_blank_workbook_opens(cases):
    name, content = cases.blank_workbook()
    assert name == "空白工作簿.xlsx" and "项目" in load_workbook(io.BytesIO(content)).sheetnames


def test_nothing_of_a_finding_or_of_the_log_becomes_a_formula():
    hostile = "=cmd|'/c calc'!A1"
    finding = Finding(Level.ERROR, "x", Text(hostile, hostile), Where(file=hostile), Text("+1", "+1"), hostile)
    sheet = load_workbook(io.BytesIO(findings_workbook([finding], hostile, "zh"))).active
    assert [cell.data_type for cell in sheet[2]] == ["s"] * 4
    entry = AuditEntry(1, datetime(2026, 1, 2, tzinfo=UTC), "@li", "login-refused", hostile, {"-": hostile})
    text = audit_csv([entry], "zh").decode("utf-8-sig")
    for cell in list(csv.reader(io.StringIO(text)))[1]:
        assert not cell.startswith(("=", "+", "-", "@"))
    assert "拒绝登录" in text

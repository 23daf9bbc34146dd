"""A draft, a document in force, one that ends within the horizon and an expired one are told apart in every output."""

import csv
import json
from datetime import date
from types import SimpleNamespace

import openpyxl
import pytest
from rich.console import Console

import quota_opt as qo
from quota_opt.report.text import documents_view, scenarios_view, summary_view
from quota_opt.scenario.standing import clause_code, clause_words, documents_record, standing, standings
from tests.small import FINAL, case

DOCUMENTS = [
    {"id": "OLD", "title": "旧办法", "status": "issued", "valid_to": date(2023, 12, 31)},
    {"id": "NEW", "title": "现行方案", "status": "issued", "valid_to": date(2025, 12, 31)},
    {"id": "IDEA", "title": "征求意见的方案", "status": "draft"},
    {"id": "SOON", "title": "期内到期的方案", "status": "issued", "valid_to": date(2024, 12, 31)},
]
SAID = {"OLD": "已失效", "NEW": "已印发", "IDEA": "征求意见稿", "SOON": "规划期内 2024-12-31 到期"}
CODES = {"OLD": "expired", "NEW": "issued", "IDEA": "draft", "SOON": "expires"}
CLAUSES = [
    {"id": "C1", "clause": "IDEA 一", "text": {"zh": "总量不超 400", "en": "no more than 400"}, "rules": ["caps"]},
    {"id": "C2", "clause": "OLD 二", "text": {"zh": "保岗位", "en": "keep jobs"}, "rules": ["jobs", "targets"]},
    {
        "id": "C3", "clause": "SOON 三", "kind": "report", "text": {"zh": "加强宣传", "en": "tell people"},
        "reported": {"zh": "与指标数量无关", "en": "no figure of quota in it"},
    },
]  # fmt: skip
READINGS = [
    {
        "id": "R1", "clause": "IDEA 一", "question": {"zh": "总量含不含存量？", "en": "Does it count what is there?"},
        "taken": {"zh": "只计新增", "en": "new use only"}, "setting": "rules.caps.caps.0.amount", "variants": ["loose"],
    }
]  # fmt: skip


def scenario(**more):
    settings = {
        "actions": {"close": {}},
        "documents": DOCUMENTS,
        "clauses": CLAUSES,
        "readings": READINGS,
        "variants": {
            "loose": {"title": {"zh": "放宽总量", "en": "a looser cap"}, "set": {"rules.caps.caps.0.amount": 900}}
        },
        **more,
    }
    return case(
        objective=FINAL,
        rules={
            "caps": {"clause": "IDEA 一", "caps": [{"resource": "energy", "amount": 400}]},
            "admission": {"clause": "SOON 三；NEW 二", "limits": [{"value": 0.3, "places": ["county"]}]},
        },
        settings=settings,
        firms=[{"firm": "A", "place": "N1", "energy_tce": 1000, "value_added": 100, "tax": 1, "jobs": 9, "land_mu": 9}],
        projects=[
            {"project": "P", "place": "N1", "category": "other", "energy_tce": 800, "value_added": 4000,
             "divisible": True},
            {"project": "Q", "place": "N1", "category": "other", "energy_tce": 800, "value_added": 100},
        ],
        targets=[{"measure": "energy_used", "sense": ">=", "value": 10, "clause": "OLD 五"}],
    )  # fmt: skip


@pytest.fixture(scope="module")
def plan():
    return qo.solve(scenario())


@pytest.fixture(scope="module")
def folder(plan, tmp_path_factory):
    return plan.write(tmp_path_factory.mktemp("standing") / "out", "zh")


def shown(view):
    console = Console(width=200, record=True)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


@pytest.mark.parametrize(
    ("status", "until", "code"),
    [
        ("issued", None, "issued"),
        ("issued", date(2025, 12, 31), "issued"),
        ("issued", date(2025, 12, 30), "expires"),
        ("issued", date(2024, 1, 1), "expires"),
        ("issued", date(2023, 12, 31), "expired"),
        ("draft", None, "draft"),
        ("draft", date(2024, 6, 30), "draft"),
        ("draft", date(2023, 12, 31), "expired"),
        ("expired", None, "expired"),
        ("expired", date(2030, 12, 31), "expired"),
    ],
)
def test_the_standing_of_a_document_over_2024_to_2025(status, until, code):
    assert standing(SimpleNamespace(status=status, valid_to=until), 2024, 2025).code == code


def test_a_clause_says_which_of_its_documents_is_in_doubt():
    of = standings(scenario())
    assert clause_words("NEW 一", of).zh == "NEW 一"
    assert clause_words("IDEA 一", of) == ("IDEA 一〔征求意见稿〕", "IDEA 一 [draft]")
    assert clause_words("NEW 一；IDEA 二", of).zh == "NEW 一；IDEA 二〔IDEA 征求意见稿〕"
    assert clause_code("NEW 一；IDEA 二；NOBODY 三", of) == "issued;draft"


def test_run_json_tells_them_apart(folder):
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert {d["id"]: d["standing"] for d in record["documents"]} == CODES
    assert record["audit"]["caps"]["document_status"] == "draft"
    assert record["audit"]["admission"]["document_status"] == "expires;issued"
    assert record["audit"]["targets"]["document_status"] == "expired"


def test_reasons_csv_tells_them_apart(folder):
    with (folder / "reasons.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert (rows["Q"]["clause"], rows["Q"]["document_status"]) == ("SOON 三；NEW 二", "expires;issued")


def test_html_tells_them_apart(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    documents = text.split('<h3 id="documents">')[1].split("</table>")[0]
    for name, words in SAID.items():
        [row] = [row for row in documents.split("<tr>") if f">{name}</td>" in row]
        assert words in row
    assert "IDEA 一〔征求意见稿〕" in text


def test_the_workbook_tells_them_apart(folder):
    sheet = openpyxl.load_workbook(folder / "report.xlsx")["条款"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    for name, words in SAID.items():
        [row] = [row for row in rows if row[0] == name]
        assert words in row[2]


def test_the_terminal_tells_them_apart(plan):
    text = shown(summary_view(plan, "zh"))
    assert "IDEA 一〔征求意见稿〕" in text
    assert "OLD 五〔已失效（2023-12-31 到期）〕" in text
    assert "SOON 三；NEW 二〔SOON 已印发，规划期内 2024-12-31 到期〕" in text


@pytest.mark.parametrize("view", ["check", "scenarios"])
def test_check_and_the_list_of_cases_tell_them_apart(view):
    documents = documents_record(scenario())
    info = SimpleNamespace(
        name="c", title="c", first_year=2024, last_year=2025, data="real", variants=(), documents=documents
    )
    text = shown(documents_view(documents) if view == "check" else scenarios_view([info]))
    text = "".join(text.split()) if view == "scenarios" else text
    assert len({SAID[name] for name in SAID}) == 4
    if view == "check":
        for name, words in SAID.items():
            [line] = [line for line in text.splitlines() if f"· {name}（" in line]
            assert words in line
    else:
        for name in SAID:
            assert f"{name}（" in text


def test_the_built_in_cases_carry_their_documents():
    infos = {info.name: info for info in qo.scenarios()}
    assert {d["id"]: d["standing"] for d in infos["zhuji"].documents}["ZJ"] == "draft"


# --- clauses and readings -------------------------------------------------------------------------------------------


def test_run_json_lists_clauses_with_the_state_of_the_rules_that_carry_them(folder):
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    found = {entry["id"]: entry for entry in record["clauses"]}
    assert [(c["rule"], c["state"]) for c in found["C1"]["rules"]] == [("caps", "binding")]
    # Jobs is no rule of this case; targets is, with some to spare.
    assert [(c["rule"], c["state"]) for c in found["C2"]["rules"]] == [("jobs", "off"), ("targets", "slack")]
    assert found["C2"]["rules"][0]["headline"]["zh"] == "【未注明条款】岗位保护已停用：减少岗位不设上限。"
    assert found["C3"]["modelled"] is False and found["C3"]["reported"]["zh"] == "与指标数量无关"
    assert [(d["id"], d["document_status"]) for d in record["clauses"]] == [
        ("C1", "draft"), ("C2", "expired"), ("C3", "expires"),
    ]  # fmt: skip


def test_run_json_lists_readings_with_their_alternatives(folder):
    [reading] = json.loads((folder / "run.json").read_text(encoding="utf-8"))["readings"]
    assert reading["setting"] == "rules.caps.caps.0.amount" and reading["taken"]["zh"] == "只计新增"
    assert [(v["name"], v["title"]["zh"]) for v in reading["variants"]] == [("loose", "放宽总量")]


def test_html_and_workbook_show_clauses_and_readings(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    book = openpyxl.load_workbook(folder / "report.xlsx")["条款"]
    cells = " ".join(str(cell.value) for row in book.iter_rows() for cell in row if cell.value)
    for words in (
        "总量上限〔顶格〕",
        "〔停用〕",
        "与指标数量无关",
        "只报告，不建模",
        "总量含不含存量？",
        "放宽总量（loose）",
    ):
        assert words in cells, words
        assert words in text, words


def test_the_terminal_says_how_many_clauses_are_only_reported(plan):
    assert "另有 1 条只报告不建模" in shown(summary_view(plan, "zh"))
    assert "1 more clauses are reported, not modelled" in shown(summary_view(plan, "en"))


def test_a_case_without_clauses_says_nothing_of_them():
    text = shown(summary_view(qo.solve("worked-example"), "zh"))
    assert "只报告不建模" not in text


@pytest.mark.parametrize(
    ("changes", "code", "seen", "near"),
    [
        ({"clauses": [{**CLAUSES[0], "rules": ["cap"]}]}, "unknown-rule", "cap", "caps"),
        ({"readings": [{**READINGS[0], "setting": "rules.caps.caps.7.amount"}]}, "unknown-path",
         "rules.caps.caps.7.amount", "rules.caps.caps.0.amount"),
        ({"readings": [{**READINGS[0], "variants": ["lose"]}]}, "unknown-variant", "lose", "loose"),
    ],
)  # fmt: skip
def test_what_clauses_and_readings_point_at_must_be_there(changes, code, seen, near):
    with pytest.raises(qo.InputError) as error:
        scenario(**changes)
    [found] = [f for f in error.value.findings if f.code == code]
    assert found.seen == seen and near in found.fix.zh and found.where.path


def test_a_reading_may_point_at_a_default_and_a_clause_at_a_table():
    # `enabled` is not written anywhere: it is a default of the rule; the objective carries a clause as rules do.
    reading = {**READINGS[0], "setting": "rules.admission.enabled"}
    clause = {**CLAUSES[0], "rules": ["objective", "measures", "actions", "targets"]}
    assert scenario(readings=[reading], clauses=[clause]).settings.readings[0].setting == "rules.admission.enabled"

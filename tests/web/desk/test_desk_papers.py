"""Papers as a planner takes them away: what the office wrote on them, a package that verifies, firms left out."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
from docx import Document as Word

import quota_opt as qo
from quota_opt.batch.task import files_of
from quota_opt.errors import Text
from quota_opt.report.document import Document, Section
from quota_opt.report.paper import Paper
from quota_opt.store.jobs import COMPARE, DONE, EXPLAIN, RUNNING, SOLVE, Job, NoSuchJob
from quota_opt.store.workspace import Workspace
from quota_opt.web.desk.papers import PAPERS, Papers
from quota_opt.web.desk.plans import Plans

FIRMS = re.compile("示例企业|\\bF[123]\\b")


class Questions:
    """What was asked about a plan: one way in, one answer that is not there yet, one comparison."""

    def asked(self, user, job, kind):
        return {
            EXPLAIN: [SimpleNamespace(id="later", state=RUNNING), SimpleNamespace(id="why", state=DONE)],
            COMPARE: [SimpleNamespace(id="compared", state=DONE)],
        }.get(kind, [])

    def confirmed(self, user, asked):
        assert asked == "why"
        ways = (SimpleNamespace(text=Text("多 1 吨", "one more"), enough=False),
                SimpleNamespace(text=Text("强度降到 0.52", "0.52"), enough=True))  # fmt: skip
        return SimpleNamespace(item=SimpleNamespace(kind="project", id="P3"), awarded=False, ways=ways)

    def answer(self, user, asked):
        section = Section(Text("差别", "Differences"), (Text("乙方案多安排一个项目。", "One more."),))
        return SimpleNamespace(document=Document("c", Text("方案对比", "Comparison"), (), (section,)))


@pytest.fixture(scope="module")
def files():
    return files_of(replace(qo.solve("worked-example"), reporters=()), "zh")


@pytest.fixture
def papers(service):
    return Papers(service, Plans(service), Questions(), Workspace(service.store))


@pytest.fixture
def job(service, files):
    made = Job(kind=SOLVE, owner="anna", case_name="worked-example", state=DONE, result=service.store.add(files))
    return service.jobs.submit(made, most=100)[0].id


def paragraphs(content):
    return [paragraph.text for paragraph in Word(io.BytesIO(content)).paragraphs]


def cells(content):
    return [cell.text for table in Word(io.BytesIO(content)).tables for row in table.rows for cell in row.cells]


def test_the_word_paper_carries_what_the_office_wrote_and_the_log_says_who_took_it(papers, job):
    paper = Paper(heading="市人民政府", unit="发展和改革局", issued=date(2026, 7, 4))
    said = paragraphs(papers.write("anna", job, "report.docx", "zh", paper))
    assert "市人民政府：" in said and any(text.startswith("发展和改革局") for text in said)
    entry = papers.workspace.audit("anna")[0]
    assert (entry.action, entry.details["paper"]) == ("export", "report.docx")
    with pytest.raises(NoSuchJob):
        papers.write("boris", job, "report.docx", "zh", paper)


def test_the_package_is_a_result_that_verifies_with_every_paper_sealed(papers, job, tmp_path):
    content = papers.package("anna", job, "zh", Paper())
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path / "run")
    assert set(PAPERS) | {"run.json", "inputs"} <= {path.name for path in (tmp_path / "run").iterdir()}
    found = qo.verify(tmp_path / "run")
    assert found.ok and found.notes == ()
    (tmp_path / "run" / "report.docx").write_bytes(b"other")
    assert [note.where.file for note in qo.verify(tmp_path / "run").notes] == ["report.docx"]


def test_a_package_without_names_of_firms_holds_nothing_that_has_them(papers, job):
    content = zipfile.ZipFile(io.BytesIO(papers.package("anna", job, "zh", Paper(hide_firms=True))))
    assert sorted(content.namelist()) == sorted(PAPERS)
    for name in ("report.docx", "one-page.docx"):
        paper = content.read(name)
        assert not FIRMS.search(" ".join(paragraphs(paper) + cells(paper)))
    assert "企业001" in cells(content.read("report.docx"))
    assert "示例企业" not in content.read("report.html").decode("utf-8")


def test_what_was_asked_about_the_plan_joins_the_paper(papers, job):
    paper = papers.with_answers("anna", job, Paper(unit="局"))
    assert paper.ways_in == {"P3": Text("强度降到 0.52", "0.52")} and paper.unit == "局"
    made = papers.write("anna", job, "report.docx", "zh", paper)
    assert "强度降到 0.52" in cells(made)
    said = paragraphs(made)
    assert any(text.endswith("方案对比") for text in said) and "乙方案多安排一个项目。" in said


def test_what_is_written_on_papers_is_kept_and_offered_for_the_next_plan(papers):
    papers.keep("anna", "one", {"unit": "发展和改革局", "hide_firms": True})
    papers.keep("anna", "two", {"unit": "经信局", "hide_firms": False})
    assert papers.kept("anna", "one")["unit"] == "发展和改革局"
    assert papers.kept("anna", "three")["unit"] == "经信局"
    assert papers.kept("boris", "one") == {}

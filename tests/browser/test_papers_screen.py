"""The screen of papers: what the office writes goes onto the Word paper, and the package verifies."""

import io
import zipfile

import pytest
from browsing import IN_BROWSER
from docx import Document as Word

import quota_opt as qo

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def job(server):
    return server.ended(server.submit(case="worked-example")["id"])["id"]


def taken(page, name, into):
    """The file that a button gives."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    waiting.value.save_as(into)
    page.wait_for_selector(f"text=已导出：{waiting.value.suggested_filename}")
    return waiting.value.suggested_filename, into.read_bytes()


def test_a_planner_leaves_with_a_word_paper_and_a_package_that_verifies(window, job, tmp_path):
    page = window.go(f"/papers/{job}")
    page.get_by_label("抬头（主送机关）").fill("市人民政府")
    page.get_by_label("单位（落款）").fill("铜加工<强链>&补链办")
    name, paper = taken(page, "Word 方案", tmp_path / "a.docx")
    assert name.endswith("-方案.docx")
    said = [paragraph.text for paragraph in Word(io.BytesIO(paper)).paragraphs]
    assert "市人民政府：" in said and any(text.startswith("铜加工<强链>&补链办") for text in said)
    page.reload()
    page.wait_for_selector("text=重新核验")
    assert page.get_by_label("抬头（主送机关）").input_value() == "市人民政府"
    _, package = taken(page, "全部打包", tmp_path / "a.zip")
    zipfile.ZipFile(io.BytesIO(package)).extractall(tmp_path / "run")
    assert qo.verify(tmp_path / "run").ok
    page.get_by_role("button", name="重新核验").click()
    page.wait_for_selector("text=核验通过")
    assert window.notes == [] and window.left == []

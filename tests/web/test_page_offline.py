"""With every other machine out of reach the page and all its papers are complete, and none is asked for."""

import os
import subprocess
import sys
import zipfile
from io import BytesIO

import httpx
import pytest
from serving import TOKEN, serving

SPY = """
import os, socket
own = ("127.0.0.1", "::1", "localhost")
plain = socket.socket.connect
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in own:
        with open(os.environ["ASKED"], "a") as file:
            file.write(f"{address}\\n")
        raise OSError("no network here")
    return plain(self, address)
socket.socket.connect = connect
"""
PAPERS = ("report.html", "report.xlsx", "report.docx", "result.zip")


@pytest.fixture
def surroundings(tmp_path):
    """Variables under which no process of Python reaches another machine, and each try is written down."""
    (tmp_path / "sitecustomize.py").write_text(SPY, encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path), "ASKED": str(tmp_path / "asked.txt")}


def test_no_request_leaves_while_screens_are_shown_and_papers_made(surroundings, tmp_path):
    asked = tmp_path / "asked.txt"
    trial = "import socket\ntry: socket.create_connection(('192.0.2.1', 9), 1)\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", trial], env={**os.environ, **surroundings}, check=True)
    assert "192.0.2.1" in asked.read_text()
    asked.unlink()
    with serving(tmp_path, "--jobs", "1", **surroundings) as server:
        job = server.ended(server.submit(case="worked-example")["id"])["id"]
        with httpx.Client(base_url=server.told["address"], timeout=120) as browser:
            browser.post("/login", data={"token": TOKEN})
            for path in (
                "/",
                "/data/worked-example",
                "/what-if/worked-example",
                f"/plan/{job}",
                f"/papers/{job}",
                "/audit",
            ):
                assert browser.get(path).status_code == 200, path
        papers = {name: server.api.get(f"/jobs/{job}/{name}").content for name in PAPERS}
        assert len(zipfile.ZipFile(BytesIO(papers["report.docx"])).read("word/document.xml")) > 10_000
        assert "word/media/" in "".join(zipfile.ZipFile(BytesIO(papers["report.docx"])).namelist())
        assert b"<svg" in papers["report.html"]
        assert all(papers.values())
    assert not asked.exists(), asked.read_text()

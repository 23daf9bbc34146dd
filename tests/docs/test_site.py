"""The documentation site: built without warnings and without the network, in both languages, and no link is wrong."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browsing import CHROMIUM

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
OFFLINE = (
    "import socket, sys\n"
    "def refused(*_, **__): raise OSError('no network')\n"
    "socket.socket.connect = socket.create_connection = refused\n"
    "from mkdocs.__main__ import cli\n"
    "cli()\n"
)
LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("video", "src")}


class Page(HTMLParser):
    """What a page loads, where it leads, and the names in it that others lead to."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.names = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.names.add(value)
            elif (tag, name) in LOADED:
                self.loads.append(value)
            elif (tag, name) == ("a", "href"):
                self.links.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("material")
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, encoding="utf-8", env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html") if path.name != "404.html"}


def test_a_page_loads_nothing_from_elsewhere(site, pages):
    assert len(pages) > 80
    for path, page in pages.items():
        for address in page.loads:
            parts = urlsplit(address)
            assert not parts.scheme and not parts.netloc, (path, address)
            assert (path.parent / unquote(parts.path)).resolve().exists(), (path, address)
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", text), sheet


def test_every_link_inside_the_site_leads_to_a_page_and_a_heading_that_are_there(pages):
    checked = 0
    for path, page in pages.items():
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            assert not parts.path.startswith("/"), (path, address)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), (path, address)
            if parts.fragment and target in pages and not parts.fragment.startswith("__"):
                assert unquote(parts.fragment) in pages[target].names, (path, address)
            checked += 1
    assert checked > 1000


def sources(language):
    return {path.relative_to(DOCS / language).as_posix(): path for path in (DOCS / language).rglob("*.md")}


def test_both_languages_have_the_same_pages_with_the_same_headings():
    def levels(path):
        text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
        return [line.split(" ")[0] for line in text.splitlines() if re.match(r"#+ ", line)]

    assert sources("zh").keys() == sources("en").keys()
    for name, path in sources("zh").items():
        assert levels(path) == levels(sources("en")[name]), name


def test_the_search_index_has_both_languages_for_pages_opened_from_disk(site):
    script = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    assert script.startswith("var __index = ")
    assert '"location":"rules/retention.html"' in script
    assert '"location":"en/rules/retention.html"' in script


def test_the_reference_of_the_library_is_that_of_its_docstrings():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from make_python_reference import reference_page
    finally:
        sys.path.remove(str(ROOT / "tools"))
    for language in ("zh", "en"):
        assert (DOCS / language / "python.md").read_text(encoding="utf-8") == reference_page(language), (
            "python tools/make_python_reference.py"
        )


def test_the_first_page_shows_the_run_of_the_readmes():
    for readme, language in (("README.md", "en"), ("README.zh-CN.md", "zh")):
        runs = [re.search(r"<!-- run -->.*?<!-- /run -->", path.read_text(encoding="utf-8"), flags=re.S)[0]
                for path in (ROOT / readme, DOCS / language / "start.md")]  # fmt: skip
        assert runs[0] == runs[1]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_page_opened_from_disk_finds_chinese_and_asks_nothing_of_the_network(site):
    playwright = pytest.importorskip("playwright.sync_api")
    asked = []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(120_000)
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "start.html").as_uri())
        page.locator(".md-search__input").click()
        page.keyboard.type("镇街留用")
        page.keyboard.press("End")  # keys of a Chinese input method end with one
        page.locator(".md-search-result__item").first.wait_for()
        assert "镇街留用" in page.locator(".md-search-result__item").first.inner_text()
        browser.close()
    assert {urlsplit(address).scheme for address in asked} <= {"file", "data", "blob", "about"}

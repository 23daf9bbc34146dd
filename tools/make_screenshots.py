"""Take the pictures of the page that the documentation shows: each screen, in Chinese and English.

python tools/make_screenshots.py            (needs the extras web and browser, and Chromium; two minutes)
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).resolve().parents[1] / "docs"
LANGUAGES = {"zh": "", "en": "/en"}
WINDOW = {"width": 1366, "height": 768}
LONGEST_S = 180
SHRINK = """async (png) => {
  const picture = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const canvas = document.createElement("canvas");
  canvas.width = picture.width; canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.toDataURL("image/webp", 0.8).split(",")[1];
}"""
"""A picture of a screen as WebP, about a third of what it takes as PNG."""


@contextmanager
def server(folder: Path) -> Iterator[dict[str, Any]]:
    """`quota-opt serve` on a free port with a store of its own."""
    surroundings = {key: value for key, value in os.environ.items() if key != "QUOTA_OPT_TOKEN"}
    process = subprocess.Popen(
        [sys.executable, "-m", "quota_opt", "--json", "serve", "--port", "0", "--no-open", "--store", folder / "s.db"],
        stdout=subprocess.PIPE, text=True, env=surroundings,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines = []
        while not (lines and lines[-1].startswith("}")):
            lines.append(process.stdout.readline())
        yield json.loads("".join(lines))
    finally:
        process.terminate()
        process.wait(60)


def ask(told: dict[str, Any], path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the API answers."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {told['token']}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(told["api"] + path, content, headers)) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def ended(told: dict[str, Any], job: str) -> str:
    """The id of a job, once it has ended."""
    deadline = time.monotonic() + LONGEST_S
    while ask(told, f"/jobs/{job}")["state"] not in ("done", "failed"):
        if time.monotonic() > deadline:
            raise SystemExit(f"{job} was not solved in {LONGEST_S} s")
        time.sleep(0.3)
    return job


def solved_by_hand(told: dict[str, Any], page: Page) -> str:
    """The id of a job begun on the page, as a planner does it."""
    page.goto(f"{told['address']}/data/zhuji")
    page.get_by_role("button", name="求解", exact=True).click()
    page.wait_for_url("**/plan/*")
    return ended(told, page.url.rpartition("/")[2].partition("?")[0])


def settled(page: Page) -> None:
    """Wait until nothing on the page changes any more."""
    before, deadline = b"", time.monotonic() + 30
    while time.monotonic() < deadline:
        page.wait_for_timeout(1500)
        now = page.screenshot()
        if now == before:
            return
        before = now


def take(page: Page, path: Path) -> None:
    """Save what the window shows."""
    png = base64.b64encode(page.screenshot()).decode()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(base64.b64decode(page.context.browser.contexts[0].pages[0].evaluate(SHRINK, png)))


def tighter(page: Page) -> None:
    """The access limit at 0.49, and the answer proven."""
    box = page.locator(".qo-slider-box input").first
    box.fill("0.49")
    box.press("Enter")
    page.wait_for_timeout(3000)
    page.locator(".qo-badge", has_text=re.compile("已证明最优|proven optimal")).first.wait_for()


def why(page: Page) -> None:
    """The drawer of the first project that is left out."""
    page.locator("table tbody button, table tbody a").first.click()
    page.wait_for_selector(".qo-drawer-body")


def compared(page: Page) -> None:
    """The comparison, once it has been made."""
    page.locator("#main table").first.wait_for()


def screens(job: str, other: str) -> dict[str, tuple[str, Callable[[Page], None] | None]]:
    """What is shown: the address, and what is done there first."""
    return {
        "cases": ("/", None),
        "data": ("/data/zhuji", None),
        "what-if": ("/what-if/zhuji", tighter),
        "plan": (f"/plan/{job}", None),
        "why": (f"/plan/{job}?part=left-out", why),
        "compare": (f"/compare?jobs={job},{other}", compared),
        "papers": (f"/papers/{job}", None),
        "audit": ("/audit", None),
    }


def main() -> None:
    """Take every picture."""
    folder = Path(tempfile.mkdtemp(prefix="screenshots-"))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        with server(folder) as told, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            first = browser.new_context().new_page()
            job = solved_by_hand(told, first)
            shown = screens(job, ended(told, ask(told, "/jobs", {"case": "zhuji/strict-access"})["id"]))
            first.goto("about:blank")  # where pictures are made smaller from now on
            for language, prefix in LANGUAGES.items():
                page = browser.new_context(viewport=WINDOW).new_page()
                page.set_default_timeout(1000 * LONGEST_S)
                for name, (path, done) in shown.items():
                    page.goto(f"{told['address']}{prefix}{path}")
                    settled(page)
                    if done is not None:
                        done(page)
                        settled(page)
                    take(page, DOCS / language / "pictures" / f"{name}.webp")
                page.context.close()
            browser.close()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

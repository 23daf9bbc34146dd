"""Ten people at once on one server: nobody sees another's work, none is lost, and a moved slider is answered soon."""

from __future__ import annotations

import asyncio
import re
import statistics
import sys
import time

import pytest
from browsing import CHROMIUM, IN_BROWSER
from serving import serving

import quota_opt as qo

pytestmark = [*IN_BROWSER, pytest.mark.bench]
NAMES = [f"user{number}" for number in range(10)]
LIMITS = (0.5, 0.49, 0.48, 0.5)


def test_ten_people_move_sliders_at_once(tmp_path, capsys):
    """Figures are printed: seconds from Enter to the new answer on the screen, for each question of each person."""
    book = tmp_path / "county.xlsx"
    qo.new(book, "zhuji", xlsx=True)
    tokens = tmp_path / "tokens.txt"
    tokens.write_text("\n".join(f"{name} a-long-token-of-{name}" for name in NAMES), encoding="utf-8")
    with serving(tmp_path, "--jobs", "1", "--token-file", str(tokens), QUOTA_OPT_TOKEN="") as server:
        waits, titles = asyncio.run(everyone(server.told["address"], book))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(waits)} moves by {len(NAMES)} people: median {statistics.median(waits):.2f} s, "
            f"90 % within {sorted(waits)[int(0.9 * len(waits))]:.2f} s, worst {max(waits):.2f} s\n"
        )
    for name in NAMES:
        assert [title for title in titles[name] if title in NAMES] == [name]


async def everyone(address, book):
    from playwright.async_api import async_playwright

    waits: list[float] = []
    titles: dict[str, list[str]] = {}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        pages = {name: await signed_in(browser, address, name) for name in NAMES}
        for name, page in pages.items():
            await page.locator("input[type=file]").first.set_input_files(
                {"name": f"{name}.xlsx", "mimeType": "application/octet-stream", "buffer": book.read_bytes()}
            )
            await page.wait_for_selector("text=已保存为")
        await asyncio.gather(*(opened(address, page, name) for name, page in pages.items()))
        for limit in LIMITS:
            waits += await asyncio.gather(*(moved(page, limit) for page in pages.values()))
        for name, page in pages.items():
            await page.goto(f"{address}/")
            await page.get_by_text(name, exact=True).last.wait_for()
            titles[name] = [text.strip() for text in await page.locator("h3, a, .qo-case-title").all_inner_texts()]
        await browser.close()
    return waits, titles


async def signed_in(browser, address, name):
    context = await browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    context.set_default_timeout(240_000)
    page = await context.new_page()
    await page.goto(f"{address}/login")
    await page.locator("#token").fill(f"a-long-token-of-{name}")
    await page.locator("button[type=submit]").click()
    await page.wait_for_selector("#main")
    return page


async def opened(address, page, name):
    link = page.get_by_role("link", name=name, exact=True)
    key = re.search(r"[0-9a-f]{12}", await link.get_attribute("href"))[0]
    await page.goto(f"{address}/what-if/{key}")
    await page.wait_for_selector(".qo-badge:has-text('差距')")


async def moved(page, limit):
    box = page.get_by_role("spinbutton", name="准入强度上限")
    before = await page.locator(".qo-answer").first.inner_text()
    await box.fill(str(limit))
    began = time.perf_counter()
    await box.press("Enter")
    await page.wait_for_function(
        "before => { const e = document.querySelector('.qo-answer'); return e && e.innerText !== before"
        " && !e.closest('.qo-stale') && !e.classList.contains('qo-stale'); }",
        arg=before,
    )
    return time.perf_counter() - began

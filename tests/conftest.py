"""What all tests share: helpers that live beside them can be imported, and random cases have no clock."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
settings.register_profile("house", deadline=None)  # machines are noisy
settings.load_profile("house")


@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium for the browser tests of a module; windows of their own come from `browsing.visit`.

    Closed with its module: while it is open its event loop runs in this thread, where other tests start their own.
    """
    from browsing import CHROMIUM

    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield launched
        launched.close()

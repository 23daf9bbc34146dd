"""The page in a real browser: a visit notes what the console says and every request that would leave the machine."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from serving import LONGEST_WAIT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
IN_BROWSER = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
"""The marks of a module whose tests drive a browser."""
OWN = ("127.0.0.1", "localhost", "")


@dataclass
class Visit:
    """One browser window of one person, with cookies of its own; `page` is Playwright's."""

    address: str
    context: Any
    page: Any = field(init=False)
    notes: list[str] = field(default_factory=list)
    """Errors of the console and of scripts."""
    left: list[str] = field(default_factory=list)
    """Requests to other machines; each was stopped."""

    def __post_init__(self) -> None:
        self.context.set_default_timeout(LONGEST_WAIT * 1000 / 2)
        self.context.route("**/*", self._mind)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: message.type == "error" and self.notes.append(message.text))
        self.page.on("pageerror", lambda problem: self.notes.append(str(problem)))

    def _mind(self, route: Any) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in OWN:
            self.left.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def sign_in(self, token: str) -> Visit:
        """Show a token at the login; not needed where the server asks for none."""
        self.page.goto(f"{self.address}/login")
        self.page.locator("#token").fill(token)
        self.page.locator("button[type=submit]").click()
        self.page.wait_for_selector("#main")
        return self

    def go(self, path: str) -> Any:
        """Open a screen and wait until it is there; returns the page."""
        self.page.goto(f"{self.address}{path}")
        self.page.wait_for_selector("#main")
        return self.page

    def close(self) -> None:
        """Close the window."""
        self.context.close()


def visit(chromium: Any, address: str, *, width: int = 1366, height: int = 768, **more: Any) -> Visit:
    """A new window at the address of a server."""
    asked = {"locale": "zh-CN", "accept_downloads": True, **more}
    return Visit(address, chromium.new_context(viewport={"width": width, "height": height}, **asked))

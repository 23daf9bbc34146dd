"""What the browser may do with a page: nothing from elsewhere, and no script but those the page begins with."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

ASSETS = ("/_nicegui/", "/static/", "/favicon.ico")
"""Scripts, styles and fonts of the page: the same for everyone, shown before a token is."""


def policy(nonce: str) -> str:
    """The content security policy of a page whose own scripts carry `nonce`.

    NiceGUI makes its components from templates in the browser, which counts as evaluating; a handler in an html
    attribute never runs, wherever it comes from.
    """
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


def quiet(headers: MutableHeaders) -> None:
    """Tell browsers neither to guess at a type nor to keep what they were given nor to say where they come from."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cache-Control"] = "no-store"
    headers["Referrer-Policy"] = "no-referrer"


def unpacked(scope: Scope) -> Scope:
    """The request of a page without the wish for compression, as its scripts are marked on the way out."""
    if scope["path"].startswith(ASSETS):
        return scope
    return {**scope, "headers": [each for each in scope["headers"] if each[0] != b"accept-encoding"]}


class PageAnswer:
    """Sends an answer of the page on with the headers it needs; html is held until its scripts are marked."""

    def __init__(self, send: Send, path: str) -> None:
        self._send = send
        self._asset = path.startswith(ASSETS)
        self._start: dict[str, Any] | None = None
        self._body = b""
        self._nonce = ""

    async def __call__(self, message: Message) -> None:
        """Take the next message of the answer."""
        if message["type"] == "http.response.start":
            await self._begin(dict(message))
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._whole(self._start)
        else:
            await self._send(message)

    async def _begin(self, start: dict[str, Any]) -> None:
        headers = MutableHeaders(raw=start["headers"])
        kept = headers.get("cache-control") if self._asset else None
        quiet(headers)
        if kept is not None:
            headers["Cache-Control"] = kept
        headers["X-Frame-Options"] = "DENY"
        # Without a referrer browsers hide the origin of a form, too, and signing in would be refused as foreign.
        headers["Referrer-Policy"] = "same-origin"
        html = headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
        self._nonce = secrets.token_urlsafe(16)
        headers["Content-Security-Policy"] = policy(self._nonce)
        if html:
            self._start = start
        else:
            await self._send(start)

    async def _whole(self, start: dict[str, Any]) -> None:
        # A text that someone typed is never a tag here: it stands escaped within the page's own script.
        body = self._body.replace(b"<script", f'<script nonce="{self._nonce}"'.encode("ascii"))
        MutableHeaders(raw=start["headers"])["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

"""What every request passes first: the host it names, the page it comes from, its token, and its size."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quota_opt.errors import Language, Text
from quota_opt.web.limits import ServerLimits
from quota_opt.web.problems import Refused, answer, language_of, problem_body

OPEN_PATHS = frozenset({"/api/v1/health"})
"""What is answered without a token."""
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

_HOST = Text(
    "请求所写的主机名不是本服务的。\n  怎么改：用启动时显示的地址，或启动时加 --allow-host。",
    "The request names a host that is not this server's.\n  Fix: use the address shown at the start, or --allow-host.",
)
_ORIGIN = Text("不接受别的网页发来的请求。", "Requests from other pages are not taken.")
_TOKEN = Text(
    "请求没有带令牌，或令牌不对。\n  怎么改：加请求头 Authorization: Bearer 令牌（启动时显示）。",
    "The token is missing or wrong.\n  Fix: send `Authorization: Bearer TOKEN`, as shown at the start.",
)


class Tokens:
    """Who may call, by name; compared in constant time."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._digests = {name: _digest(token) for name, token in tokens.items()}

    def owner_of(self, header: str | None) -> str | None:
        """The name of the token an Authorization header carries; None where it is none of ours."""
        scheme, _, token = (header or "").partition(" ")
        given = _digest(token.strip())
        found = [name for name, digest in self._digests.items() if hmac.compare_digest(given, digest)]
        return found[0] if found and scheme.lower() == "bearer" else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class Guard:
    """The ASGI application behind the checks of this module; `state.owner` is the name of the caller's token."""

    app: ASGIApp
    tokens: Tokens
    hosts: frozenset[str]
    limits: ServerLimits
    language: Language = "zh"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refused(scope, headers)
        if refused is None and scope["type"] == "http":
            await self.app(scope, _Counted(receive, self.limits), partial(_quietly, send))
        elif refused is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            language = language_of(headers.get("accept-language", ""), self.language)
            body = problem_body(refused.status_code, refused.kind, refused.text, language)
            await answer(body, refused.headers)(scope, receive, partial(_quietly, send))

    def _refused(self, scope: Scope, headers: Headers) -> Refused | None:
        host = headers.get("host", "")
        if _name(host) not in self.hosts:
            return Refused(403, "host", _HOST)
        origin = headers.get("origin")
        if origin is not None and (origin == "null" or urlsplit(origin).netloc.lower() != host.lower()):
            return Refused(403, "origin", _ORIGIN)
        if scope["path"].startswith("/api/") and scope["path"] not in OPEN_PATHS:
            owner = self.tokens.owner_of(headers.get("authorization"))
            if owner is None:
                return Refused(401, "token", _TOKEN, {"WWW-Authenticate": "Bearer"})
            scope.setdefault("state", {})["owner"] = owner
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > self.limits.upload_bytes:
            return too_long(self.limits)
        return None


async def _quietly(send: Send, message: Message) -> None:
    """Send on, telling browsers neither to guess at a type nor to keep what they were given."""
    if message["type"] == "http.response.start":
        headers = MutableHeaders(raw=message["headers"])
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cache-Control"] = "no-store"
        headers["Referrer-Policy"] = "no-referrer"
    await send(message)


def too_long(limits: ServerLimits) -> Refused:
    """What is said of a body that is too long."""
    return Refused(
        413,
        "too-large",
        Text(
            f"上传内容超过 {limits.upload_mb} MB。\n  怎么改：删去无关内容，或请管理员放宽 --max-upload。",
            f"More than {limits.upload_mb} MB were sent.\n  Fix: remove what is not needed, or ask for --max-upload.",
        ),
        {"Connection": "close"},
    )


class _Counted:
    """The body of a request, refused once it is too long."""

    def __init__(self, receive: Receive, limits: ServerLimits) -> None:
        self._receive, self._limits, self._seen = receive, limits, 0

    async def __call__(self) -> Message:
        message: dict[str, Any] = dict(await self._receive())
        self._seen += len(message.get("body", b""))
        if self._seen > self._limits.upload_bytes:
            raise too_long(self._limits)
        return message


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""

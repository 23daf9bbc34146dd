"""What every request passes first: the host it names, the page it comes from, its token, and its size."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quota_opt.errors import Language, Text
from quota_opt.web.limits import ServerLimits
from quota_opt.web.policy import ASSETS, PageAnswer, quiet, unpacked
from quota_opt.web.problems import Refused, answer, language_of, problem_body
from quota_opt.web.signing import Signer

OPEN_PATHS = frozenset({"/api/v1/health"})
"""What is answered without a token."""
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
LOCAL_USER = "default"
"""Who works at the page of a server that only this computer reaches and that was given no token."""
LOGIN = "/login"

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


class Access:
    """Who may see the page: who holds a cookie made for a token, or `visitor` where no token is asked for."""

    def __init__(self, tokens: Mapping[str, str], visitor: str | None = None) -> None:
        self.tokens = Tokens(tokens)
        self.signer = Signer(tokens)
        self.visitor = visitor

    def user_of(self, cookies: str | None) -> str | None:
        """Who sends these cookies; None for one who has to sign in."""
        return self.visitor or self.signer.name_of(cookies)


@dataclass(frozen=True)
class Guard:
    """The ASGI application behind the checks of this module; `state.owner` is the name of the caller.

    With a `desk` there is a page as well, for those `access` lets in; `state.desk` and `state.access` are there then.
    """

    app: ASGIApp
    access: Access
    hosts: frozenset[str]
    limits: ServerLimits
    language: Language = "zh"
    desk: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refused(scope, headers)
        shown = self.desk is not None and not scope["path"].startswith("/api/")
        if refused is None and shown and not self._let_in(scope, headers):
            await self._to_login(scope, receive, send)
        elif refused is None and scope["type"] == "http":
            passed: Send = PageAnswer(send, scope["path"]) if shown else partial(_quietly, send)
            await self.app(unpacked(scope) if shown else scope, _Counted(receive, self.limits), passed)
        elif refused is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            language = language_of(headers.get("accept-language", ""), self.language)
            body = problem_body(refused.status_code, refused.kind, refused.text, language)
            await answer(body, refused.headers)(scope, receive, partial(_quietly, send))

    def _let_in(self, scope: Scope, headers: Headers) -> bool:
        """Whether the page may be shown, with its desk and its user; assets and the login itself always."""
        state = scope.setdefault("state", {})
        state["desk"], state["access"] = self.desk, self.access
        user = self.access.user_of(headers.get("cookie"))
        if user is not None:
            state["owner"] = user
        asset = scope["path"].startswith(ASSETS) and scope.get("method") in ("GET", "HEAD")  # uploads stand there too
        return user is not None or scope["path"] == LOGIN or asset

    async def _to_login(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        query = scope.get("query_string", b"").decode("latin-1")
        target = f"{scope['path']}?{query}" if query else scope["path"]
        there = f"{LOGIN}?{urlencode({'next': target})}"
        await RedirectResponse(there, status_code=303)(scope, receive, partial(_quietly, send))

    def _refused(self, scope: Scope, headers: Headers) -> Refused | None:
        host = headers.get("host", "")
        if _name(host) not in self.hosts:
            return Refused(403, "host", _HOST)
        origin = headers.get("origin")
        if origin is not None and (origin == "null" or urlsplit(origin).netloc.lower() != host.lower()):
            return Refused(403, "origin", _ORIGIN)
        if scope["path"].startswith("/api/") and scope["path"] not in OPEN_PATHS:
            owner = self.access.tokens.owner_of(headers.get("authorization"))
            if owner is None:
                return Refused(401, "token", _TOKEN, {"WWW-Authenticate": "Bearer"})
            scope.setdefault("state", {})["owner"] = owner
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > self.limits.upload_bytes:
            return too_long(self.limits)
        return None


async def _quietly(send: Send, message: Message) -> None:
    """Send on, with the headers every answer has."""
    if message["type"] == "http.response.start":
        quiet(MutableHeaders(raw=message["headers"]))
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

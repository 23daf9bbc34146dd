"""The page that asks for a token where the server has some; plain html, without scripts."""

from __future__ import annotations

import asyncio
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from quota_opt.errors import Text
from quota_opt.web.guard import LOGIN
from quota_opt.web.page.plain import page_language, plain_page
from quota_opt.web.signing import COOKIE, LASTS_S

if TYPE_CHECKING:
    from fastapi import FastAPI

    from quota_opt.web.desk.desk import Desk
    from quota_opt.web.guard import Access

REFUSAL_TAKES_S = 0.5
"""A wrong token is answered after this, so that guessing is slow."""

_TITLE = Text("登录", "Sign in")
_ASK = Text("请输入您的令牌", "Your token")
_HELP = Text("令牌由启动本服务的人给出，每人一个。", "Whoever started this server gave each person a token.")
_WRONG = Text("令牌不对，请再试一次。", "That token is not known here; please try again.")
_ENTER = Text("进入", "Enter")


def add_login(app: FastAPI) -> None:
    """The two routes of signing in, and the one that ends it."""
    app.add_route(LOGIN, _ask, methods=["GET"], include_in_schema=False)
    app.add_route(LOGIN, _take, methods=["POST"], include_in_schema=False)
    app.add_route("/logout", _leave, methods=["POST"], include_in_schema=False)


async def _ask(request: Request) -> Response:
    return _page(request, _next(request.query_params.get("next", "/")), wrong=False)


async def _take(request: Request) -> Response:
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    access: Access = request.scope["state"]["access"]
    target = _next(form.get("next", ["/"])[0])
    desk: Desk = request.scope["state"]["desk"]
    address = request.client.host if request.client else ""
    name = access.tokens.owner_of(f"Bearer {form.get('token', [''])[0]}")
    if name is None:
        await asyncio.sleep(REFUSAL_TAKES_S)
        await to_thread.run_sync(desk.logged, "", "login-refused", address)
        return _page(request, target, wrong=True)
    await to_thread.run_sync(desk.logged, name, "login", address)
    answer = RedirectResponse(target, status_code=303)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        COOKIE, access.signer.sign(name), max_age=LASTS_S, httponly=True, samesite="strict", secure=secure, path="/"
    )
    return answer


async def _leave(request: Request) -> Response:
    answer = RedirectResponse(LOGIN, status_code=303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _next(target: str) -> str:
    """Where to go after signing in: a path of this server, whatever was asked."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if plain and target.isprintable() else "/"


def _page(request: Request, target: str, *, wrong: bool) -> Response:
    language = page_language(request, target)
    problem = f'<p class="qo-wrong" role="alert">{_WRONG.of(language)}</p>' if wrong else ""
    form = f"""{problem}<form method="post" action="{LOGIN}">
<input type="hidden" name="next" value="{escape(target, quote=True)}"><label for="token">{_ASK.of(language)}</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<p class="qo-help">{_HELP.of(language)}</p><button type="submit">{_ENTER.of(language)}</button></form>"""
    return plain_page(_TITLE.of(language), form, language, 401 if wrong else 200)

"""Pages without scripts: the login, an address that leads nowhere, and what is said when something breaks."""

from __future__ import annotations

import logging
import uuid
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from quota_opt.errors import Language, Text
from quota_opt.web.page.view import ENGLISH
from quota_opt.web.problems import language_of

log = logging.getLogger("quota_opt.web")

_MISSING = Text("没有这个页面", "There is no such page")
_MISSING_WHY = Text(
    "地址可能写错了，或者案例、结果已被删除。", "The address may be mistyped, or the case or plan was removed."
)
_BROKE = Text("程序内部出错", "Something went wrong inside the program")
_HOME = Text("回到案例页", "Back to the cases")


def plain_page(title: str, body: str, language: Language, status: int = 200) -> HTMLResponse:
    """A page of the given html with a title; `body` must be escaped already."""
    lang = "zh-CN" if language == "zh" else "en-US"
    return HTMLResponse(
        f"""<!doctype html><html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>
<link rel="stylesheet" href="/static/page.css"></head><body class="qo-login"><main>
<h1>{escape(title)}</h1>{body}</main></body></html>""",
        status_code=status,
    )


def page_language(request: Request, path: str) -> Language:
    """The language of a page at `path`: what the browser prefers, else that of the path."""
    fallback: Language = "en" if path.startswith(ENGLISH) else "zh"
    return language_of(request.headers.get("accept-language", ""), fallback)


async def missing(request: Request, error: Exception) -> Response:
    """The answer where there is no such page."""
    return _said(request, _MISSING, _MISSING_WHY, 404)


async def broke(request: Request, error: Exception) -> Response:
    """The answer where a page failed: a number, under which the server's log tells what happened."""
    number = uuid.uuid4().hex[:8]
    log.error("error %s: %s while showing %s", number, type(error).__name__, request.url.path)
    why = Text(
        f"错误编号 {number}。您的数据没有丢失。请把编号和服务窗口中的日志发给维护人员。",
        f"Error {number}. Nothing of your work is lost. Send this number and the log in the server's window to "
        "whoever maintains this server.",
    )
    return _said(request, _BROKE, why, 500)


def _said(request: Request, title: Text, why: Text, status: int) -> Response:
    path = request.url.path
    language: Language = "en" if path.startswith(f"{ENGLISH}/") or path == ENGLISH else "zh"
    home = f"{ENGLISH}/" if language == "en" else "/"
    body = f'<p>{escape(why.of(language))}</p><p><a href="{home}">{_HOME.of(language)}</a></p>'
    return plain_page(title.of(language), body, language, status)

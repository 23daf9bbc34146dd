"""Errors as problem documents (RFC 9457): what is wrong in both languages, findings, and the exit code."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from quota_opt.errors import (
    EngineUnavailable,
    Finding,
    InputError,
    Language,
    Level,
    QuotaOptError,
    StoreUnavailable,
    Text,
    Where,
)
from quota_opt.store.jobs import KeyReused, NoSuchJob, QueueFull, WrongState
from quota_opt.web.packages import TooLarge

MEDIA = "application/problem+json"
RETRY_AFTER = 5
"""Seconds after which a caller who was refused for want of room may try again."""

log = logging.getLogger("quota_opt.web")

_STATUS: tuple[tuple[type[QuotaOptError], int, str], ...] = (
    (TooLarge, 413, "too-large"),
    (InputError, 422, "input"),
    (EngineUnavailable, 422, "engine-unavailable"),
    (KeyReused, 422, "key-reused"),
    (NoSuchJob, 404, "no-such-job"),
    (WrongState, 409, "wrong-state"),
    (QueueFull, 429, "queue-full"),
    (StoreUnavailable, 503, "store-unavailable"),
)
_TITLES = {
    400: Text("请求有误", "Bad request"),
    401: Text("需要令牌", "A token is needed"),
    403: Text("不允许", "Forbidden"),
    404: Text("没有找到", "Not found"),
    405: Text("不支持这种方法", "Method not allowed"),
    406: Text("没有这种格式", "Not acceptable"),
    409: Text("当前状态下不能这样做", "Not in this state"),
    413: Text("超出大小限制", "Too large"),
    415: Text("不支持这种内容类型", "Unsupported media type"),
    422: Text("输入需更正", "The input needs correcting"),
    429: Text("暂时没有余量", "No room just now"),
    500: Text("程序内部错误", "Internal error"),
    503: Text("服务暂不可用", "Not available just now"),
}


class Refused(HTTPException):
    """A request that is refused: status, a stable `kind`, and why."""

    def __init__(self, status: int, kind: str, text: Text, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, text.en, dict(headers or {}))
        self.kind = kind
        self.text = text


def no_room(kind: str, text: Text) -> Refused:
    """A refusal for want of room, with when to try again."""
    return Refused(429, kind, text, {"Retry-After": str(RETRY_AFTER)})


def language_of(header: str, default: Language) -> Language:
    """The language an Accept-Language header prefers, of the two there are."""
    best: tuple[float, Language] | None = None
    for part in header.split(",")[:20]:
        name, _, weight = part.strip().partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        plain = name.lower()
        language: Language | None = "zh" if plain.startswith("zh") else "en" if plain.startswith("en") else None
        if language is not None and quality > 0 and (best is None or quality > best[0]):
            best = (quality, language)
    return default if best is None else best[1]


def asked_language(request: Request) -> Language:
    """The language a request is answered in."""
    default: Language = getattr(request.app.state, "language", "zh")  # the page's own application has none
    return language_of(request.headers.get("accept-language", ""), default)


def problem_body(
    status: int,
    kind: str,
    text: Text,
    language: Language,
    *,
    exit_code: int | None = None,
    findings: Sequence[Finding] = (),
) -> dict[str, Any]:
    """The document of a problem, see `models.Problem`."""
    return {
        "type": "about:blank",
        "title": _TITLES.get(status, Text("出错", "Error")).of(language),
        "status": status,
        "kind": kind,
        "detail": text.of(language),
        "message": text._asdict(),
        "exit_code": exit_code,
        "findings": [finding.as_dict(language) for finding in findings],
    }


def answer(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """The response of a problem document."""
    return JSONResponse(dict(body), int(body["status"]), dict(headers or {}), media_type=MEDIA)


def add_handlers(app: FastAPI) -> None:
    """Have every error of `app` answered as a problem document."""

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, QuotaOptError)
        status, kind = next(
            ((status, kind) for cls, status, kind in _STATUS if isinstance(error, cls)), (500, "internal")
        )
        if error.exit_code == 2 and status == 500:
            status, kind = 422, "input"
        findings = error.findings if isinstance(error, InputError) else ()
        text = _counted(error.findings) if isinstance(error, InputError) else error.text
        if isinstance(error, TooLarge):
            text = error.findings[0].what
        body = problem_body(status, kind, text, asked_language(request), exit_code=error.exit_code, findings=findings)
        return answer(body, {"Retry-After": str(RETRY_AFTER)} if status in (429, 503) else None)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if isinstance(error, Refused):
            kind, text = error.kind, error.text
        else:
            text = _TITLES.get(error.status_code, Text(str(error.detail), str(error.detail)))
            kind = {404: "not-found", 405: "method", 400: "request"}.get(error.status_code, "http")
        return answer(problem_body(error.status_code, kind, text, asked_language(request)), error.headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError | ValidationError)
        findings = [_finding(dict(found)) for found in error.errors()[:50]]
        return answer(
            problem_body(422, "request", _counted(findings), asked_language(request), exit_code=2, findings=findings)
        )

    async def internal(request: Request, error: Exception) -> Response:
        log.error("%s while answering %s", type(error).__name__, request.url.path)
        text = Text("程序内部错误，不是输入的问题；详情在服务器的日志中。", "Internal error; the server's log has it.")
        return answer(problem_body(500, "internal", text, asked_language(request), exit_code=1))

    app.add_exception_handler(QuotaOptError, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ValidationError, invalid)
    app.add_exception_handler(Exception, internal)


def _counted(findings: Sequence[Finding]) -> Text:
    count = sum(finding.level is Level.ERROR for finding in findings)
    return Text(
        f"输入有 {count} 处错误，见 findings。",
        f"The input has {count} error{'' if count == 1 else 's'}, see findings.",
    )


def _finding(problem: Mapping[str, Any]) -> Finding:
    """What pydantic says of a request, as a finding."""
    path = ".".join(str(part) for part in problem.get("loc", ()))[:300]
    seen = None if problem["type"] == "missing" else str(problem.get("input"))[:200]
    said = str(problem["msg"]).removeprefix("Value error, ")
    name = path.rpartition(".")[2] or "body"
    if problem["type"] == "missing":
        what = Text(f"缺少“{name}”", f"{name!r} is missing")
    elif problem["type"] == "extra_forbidden":
        what = Text(f"不认识的键“{name}”", f"unknown key {name!r}")
    else:
        what = Text(f"“{name}”的值无效", f"the value of {name!r} is not allowed")
    return Finding(Level.ERROR, "bad-request", what, Where(path=path or None), Text(f"要求：{said}", said), seen)

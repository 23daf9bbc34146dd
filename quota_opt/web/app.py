"""The ASGI application: routes behind the guard, errors as problem documents, the service on its state."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import anyio
from fastapi import FastAPI
from starlette.types import ASGIApp

from quota_opt.errors import Language
from quota_opt.web.api import ROOT, add_routes
from quota_opt.web.desk.desk import Desk
from quota_opt.web.guard import LOCAL_HOSTS, Access, Guard
from quota_opt.web.openapi import describe
from quota_opt.web.problems import add_handlers
from quota_opt.web.service import READERS, Service


def make_app(
    service: Service,
    tokens: Mapping[str, str],
    *,
    hosts: frozenset[str] = LOCAL_HOSTS,
    language: Language = "zh",
    desk: Desk | None = None,
    visitor: str | None = None,
) -> ASGIApp:
    """The application of a service that is started and stopped by the caller.

    `tokens` are names and tokens of who may call, `hosts` the names under which the server may be asked for, `language`
    what is spoken where a request does not say. There is no page of documentation, which would load scripts from
    elsewhere: the description is at `/api/v1/openapi.json`, a guide in docs/.

    With a `desk` there is the planner's page as well; `visitor` is who works there where no token is asked for.
    """
    app = FastAPI(openapi_url=f"{ROOT}/openapi.json", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.service = service
    app.state.language = language
    app.state.reading = anyio.CapacityLimiter(READERS)
    add_routes(app)
    add_handlers(app)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    if desk is not None:
        from quota_opt.web.page.shell import install

        install(app)
    return Guard(app, Access(tokens, visitor), hosts, service.limits, language, desk)

"""Work that a screen asks for: in a thread, with what goes wrong shown, and for a page that may be gone by then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from nicegui import run
from nicegui.element import Element

from quota_opt.errors import QuotaOptError, Text
from quota_opt.web.page.view import View

P = ParamSpec("P")
T = TypeVar("T")


class Stopping(QuotaOptError):
    """The server is being stopped, and takes no more work."""

    exit_code = 4


async def in_thread(work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """What `work` returns, or raises; done in a thread. Raises Stopping where the server ends meanwhile."""
    found = await run.io_bound(lambda: (work(*args, **named),))
    if found is None:
        raise Stopping(Text("服务正在停止，请稍后再来。", "The server is being stopped; come back later."))
    return found[0]


async def asked(view: View, work: Callable[..., T], *args: Any, **values: Any) -> T | None:
    """What the work returns, done in a thread; None where it was refused, which is shown."""
    try:
        return await in_thread(work, *args, **values)
    except QuotaOptError as error:
        view.trouble(error)
        return None


def is_there(element: Element) -> bool:
    """Whether an element still stands on a page somebody has open."""
    return not element.is_deleted and not element.client.is_deleted

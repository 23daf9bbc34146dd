"""Work for a thread, so that a screen never keeps the others waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from nicegui import run

from quota_opt.errors import QuotaOptError, Text

P = ParamSpec("P")
R = TypeVar("R")


class Stopping(QuotaOptError):
    """The server is being stopped, and takes no more work."""

    exit_code = 4


async def in_thread(work: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
    """What `work` returns, or raises; done in a thread. Raises Stopping where the server ends meanwhile."""
    found = await run.io_bound(lambda: (work(*args, **named),))
    if found is None:
        raise Stopping(Text("服务正在停止，请稍后再来。", "The server is being stopped; come back later."))
    return found[0]

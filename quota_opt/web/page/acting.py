"""Work that a screen asks for: in a thread, with what goes wrong shown, and for a page that may be gone by then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from nicegui.element import Element

from quota_opt.errors import QuotaOptError
from quota_opt.web.page.threads import in_thread
from quota_opt.web.page.view import View

T = TypeVar("T")


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

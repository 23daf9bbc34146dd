"""The screens of the page, each with its path, its title and what draws it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from quota_opt.errors import Text

Show = Callable[..., Awaitable[None] | None]


@dataclass(frozen=True)
class Screen:
    """One screen. `module` draws it with its function `show(view, **parameters of the path)`, loaded when asked for."""

    key: str
    path: str
    title: Text
    module: str
    numbered: str = ""
    """Its number in the bar; none for a screen that is reached from others."""

    def show(self, *args: Any, **parameters: str) -> Awaitable[None] | None:
        """Draw it."""
        drawn: Awaitable[None] | None = import_module(f"quota_opt.web.page.{self.module}").show(*args, **parameters)
        return drawn


SCREENS = (
    Screen("cases", "/", Text("案例", "Cases"), "cases", "①"),
    Screen("plan", "/plan/{job}", Text("结果", "Plan"), "plan", "④"),
)

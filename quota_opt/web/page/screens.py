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
    Screen("data", "/data/{case}", Text("数据", "Data"), "data", "②"),
    Screen("what-if", "/what-if/{case}", Text("试算", "What-if"), "what_if", "③"),
    Screen("plan", "/plan/{job}", Text("结果", "Plan"), "plan", "④"),
    Screen("compare", "/compare", Text("对比", "Compare"), "compare", "⑤"),
    Screen("papers", "/papers/{job}", Text("成果", "Papers"), "papers", "⑥"),
    Screen("front", "/front/{job}", Text("取舍曲线", "Trade-off front"), "front"),
    Screen("audit", "/audit", Text("审计日志", "Audit log"), "audit"),
)

"""What the workspace hands out: cases, versions, variants, runs and audit entries; and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quota_opt.errors import Language, QuotaOptError, Text


@dataclass(frozen=True)
class CaseEntry:
    """A case of the library: built-in and read-only, or a planner's own."""

    key: str
    """Name of a built-in case, or the id of an own one (12 hexadecimal digits)."""
    title: str
    """Of a built-in case the Chinese one."""
    owner: str
    """"" of a built-in case."""
    builtin: bool
    version: int
    source: str
    """Where its files came from: the name of an upload, or the title of the case it is a copy of."""
    changed: datetime | None
    """When it was saved last; None of a built-in case."""
    errors: int
    warnings: int
    data: str | None
    """`real`, `synthetic` or `mixed`; None, as the figures below, where the case cannot be read."""
    first_year: int | None = None
    last_year: int | None = None
    firms: int | None = None
    projects: int | None = None
    title_en: str = ""
    removed: datetime | None = None

    def named(self, language: Language) -> str:
        """Its title in that language, where it has one."""
        return self.title_en if language == "en" and self.title_en else self.title

    @property
    def sound(self) -> bool:
        """Whether it can be solved."""
        return self.errors == 0


@dataclass(frozen=True)
class CaseVersion:
    """A version of an own case."""

    number: int
    source: str
    note: str
    saved: datetime
    errors: int
    warnings: int


@dataclass(frozen=True)
class SavedVariant:
    """A variant saved of a case: what is changed, and what came out when it was saved."""

    case: str
    name: str
    variant: str | None
    """The variant of the case it starts from."""
    overrides: Mapping[str, Any]
    measures: Mapping[str, Any]
    note: str
    created: datetime


@dataclass(frozen=True)
class PageRun:
    """A run as the history shows it: which case it came from, and how far its job is."""

    number: int
    """In the order of submission."""
    job: str
    kind: str
    user: str
    case: str | None
    """Key of the case; None of a run asked for through the API."""
    version: int | None
    title: str
    label: str
    variant: str | None
    overrides: Mapping[str, Any]
    state: str
    cancelling: bool
    submitted: datetime
    started: datetime | None
    finished: datetime | None
    progress: Mapping[str, Any] | None
    ending: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    has_plan: bool
    reused: bool

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in ("queued", "running")


@dataclass(frozen=True)
class AuditEntry:
    """Something somebody did, or was refused."""

    number: int
    moment: datetime
    user: str
    action: str
    object: str
    details: Mapping[str, Any]


ACTIONS: Mapping[str, Text] = {
    "upload": Text("上传案例", "case uploaded"),
    "upload-refused": Text("拒绝上传", "upload refused"),
    "copy": Text("复制案例", "case copied"),
    "save": Text("保存修改", "changes saved"),
    "restore": Text("恢复旧版本", "version restored"),
    "rename": Text("改名", "renamed"),
    "remove": Text("删除案例", "case removed"),
    "bring-back": Text("撤销删除", "removal undone"),
    "download": Text("下载工作簿", "workbook downloaded"),
    "variant": Text("存为方案", "variant saved"),
    "lock": Text("锁定", "locked"),
    "run": Text("求解", "solve begun"),
    "cancel": Text("取消求解", "solve cancelled"),
    "stopped": Text("求解中止", "solve stopped"),
    "export": Text("导出成果", "papers exported"),
    "login": Text("登录", "login"),
    "logout": Text("退出", "logout"),
    "login-refused": Text("拒绝登录", "login refused"),
    "request-refused": Text("拒绝访问", "request refused"),
}
"""What is written in the audit log, and what people call it."""


class NoSuchCase(QuotaOptError):
    """There is no such case, or it is another user's."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__(
            Text(
                "没有这个案例。\n  怎么改：回到案例页，从列表中选择。",
                "There is no such case.\n  Fix: choose one on the page of cases.",
            )
        )


class BuiltIn(QuotaOptError):
    """A built-in case is not changed."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__(
            Text(
                "内置案例不能修改。\n  怎么改：先由它复制一个自己的案例。",
                "A built-in case cannot be changed.\n  Fix: make a copy of it and change that.",
            )
        )


class Changed(QuotaOptError):
    """Somebody saved the case since it was opened; `newer` is the version there is now."""

    exit_code = 2

    def __init__(self, newer: CaseVersion) -> None:
        moment = newer.saved.astimezone().strftime("%H:%M:%S")
        super().__init__(
            Text(
                f"案例已在别处保存过（第 {newer.number} 版，{moment}），这次修改没有保存。\n"
                "  怎么改：看过差别后，在新版本上再改。",
                f"The case was saved elsewhere since (version {newer.number}, {moment}); nothing was overwritten.\n"
                "  Fix: look at the difference, and make the change in the new version.",
            )
        )
        self.newer = newer

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.newer,)


class WorkspaceFull(QuotaOptError):
    """More than one user may keep."""

    exit_code = 2

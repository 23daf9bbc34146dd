"""The audit log in words, on the screen and as a table to keep."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from quota_opt.errors import Language, Text
from quota_opt.store.workspace import Workspace
from quota_opt.store.workspace_values import ACTIONS, AuditEntry
from quota_opt.web.guard import LOCAL_USER


def sees_all(user: str) -> bool:
    """Whether someone sees what everybody did: who works at this computer, or came with a token without a name."""
    return user == LOCAL_USER


def entries_for(workspace: Workspace, user: str, **asked: Any) -> list[AuditEntry]:
    """What of the log a user may see: his own entries, or all of them; `asked` as in `Workspace.audit`."""
    return workspace.audit(None if sees_all(user) else user, **asked)


def audit_csv(entries: Sequence[AuditEntry], language: Language) -> bytes:
    """The audit log as a table that Excel opens right; nothing in it is taken for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(text.of(language) for text in HEADINGS)
    for entry in entries:
        action = ACTIONS.get(entry.action, Text(entry.action, entry.action)).of(language)
        details = details_words(entry, language)
        writer.writerow(
            _harmless(cell) for cell in (clock_words(entry.moment), entry.user, action, entry.object, details)
        )
    return buffer.getvalue().encode("utf-8-sig")


def details_words(entry: AuditEntry, language: Language) -> str:
    """What is known beside who, what and when, in words; what is empty is left out."""
    parts = []
    for name, value in entry.details.items():
        if value in (None, {}, "", []):
            continue
        shown = "; ".join(f"{key} = {each}" for key, each in value.items()) if isinstance(value, dict) else value
        parts.append(f"{_DETAILS.get(name, Text(name, name)).of(language)} {shown}")
    return ("，" if language == "zh" else ", ").join(parts)


def clock_words(moment: datetime) -> str:
    """A moment on the clock of this machine."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


HEADINGS = (
    Text("时间", "time"),
    Text("谁", "who"),
    Text("做了什么", "what"),
    Text("对象", "object"),
    Text("详情", "details"),
)
_DETAILS = {
    "case": Text("案例编号", "case"),
    "version": Text("版本", "version"),
    "source": Text("来自", "from"),
    "note": Text("改动", "change"),
    "before": Text("原名", "before"),
    "job": Text("任务", "job"),
    "variant": Text("方案", "variant"),
    "overrides": Text("改动", "changed"),
    "reason": Text("原因", "reason"),
    "file": Text("文件", "file"),
    "status": Text("状态", "status"),
}

"""The contract of cases and results: one number, raised when what was right before would be read otherwise."""

from __future__ import annotations

from quota_opt.errors import Finding, Level, Text, Where

CONTRACT = 1
"""The contract this program reads and writes; `quota-opt migrate` brings older data to it."""


def newer_contract(seen: int, where: Where) -> Finding:
    """That a case or result was made by a program newer than this one."""
    what = Text(
        f"由更新版本的程序写成（数据约定 {seen}，本程序只认到 {CONTRACT}）",
        f"this was made by a newer program (contract {seen}; this one knows up to {CONTRACT})",
    )
    fix = Text("请升级 quota-opt 后再打开。", "Update quota-opt, then open it again.")
    return Finding(Level.ERROR, "newer-contract", what, where, fix, str(seen))

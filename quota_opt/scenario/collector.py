"""Gathers findings, and keeps one fault repeated down a column from drowning the others."""

from __future__ import annotations

from collections import Counter

from quota_opt.errors import Finding, Level, Text, Where

MOST_ALIKE = 100
"""Findings of one code in one column that are listed one by one; the rest are counted."""


class Collector:
    """A list of findings under construction."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._alike: Counter[tuple[str, str | None, str | None, str | None]] = Counter()
        self._last: dict[tuple[str, str | None, str | None, str | None], Finding] = {}

    def add(self, level: Level, code: str, what: Text, where: Where, fix: Text, seen: object = None) -> None:
        """One more finding; alike ones beyond the first hundred are only counted."""
        key = (code, where.file, where.sheet, where.column)
        self._alike[key] += 1
        finding = Finding(level, code, what, where, fix, None if seen is None else str(seen))
        if self._alike[key] <= MOST_ALIKE:
            self._findings.append(finding)
        else:
            self._last[key] = finding

    def error(self, code: str, what: Text, where: Where, fix: Text, seen: object = None) -> None:
        """An error."""
        self.add(Level.ERROR, code, what, where, fix, seen)

    def warning(self, code: str, what: Text, where: Where, fix: Text, seen: object = None) -> None:
        """A warning."""
        self.add(Level.WARNING, code, what, where, fix, seen)

    def room(self, code: str, where: Where) -> bool:
        """Whether a finding of this code in this column would still be listed."""
        return self._alike[(code, where.file, where.sheet, where.column)] < MOST_ALIKE

    def count(self, code: str, where: Where, more: int) -> None:
        """Count findings nobody will read one by one."""
        if more > 0:
            key = (code, where.file, where.sheet, where.column)
            self._alike[key] += more

    def extend(self, findings: tuple[Finding, ...] | list[Finding]) -> None:
        """Findings made elsewhere."""
        self._findings.extend(findings)

    def all(self) -> tuple[Finding, ...]:
        """Everything found, with one line for each kind that was cut short."""
        result = list(self._findings)
        for (code, file, sheet, column), number in self._alike.items():
            if number > MOST_ALIKE:
                level = next(f.level for f in self._findings if f.code == code)
                more = number - MOST_ALIKE
                result.append(
                    Finding(
                        level,
                        code,
                        Text(f"同类问题还有 {more} 处", f"{more} more of the same kind"),
                        Where(file=file, sheet=sheet, column=column),
                        Text("请先改正已列出的，再检查一次。", "Mend those listed, then check again."),
                    )
                )
        return tuple(result)

"""One person's open case: what was edited since the version it was opened from, undone and redone, kept until saved."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.store.case_files import judged_of
from quota_opt.store.workspace import Workspace
from quota_opt.store.workspace_values import CaseEntry, Changed, WorkspaceFull
from quota_opt.web.desk.case_files import Editable, Files, editable, workbook_in
from quota_opt.web.desk.differences import apart, differences
from quota_opt.web.desk.edits import AddRows, Edit, RemoveRows, SetCell, edits_of, kept_edits
from quota_opt.web.desk.placed import Checked, Placed, findings, placed
from quota_opt.web.desk.tables import Table, edit, tables

MOST_UNDO = 200
"""Steps that can be undone; older ones stay done."""
NEW = Text("页面上修改", "edited on the page")


@dataclass(frozen=True)
class State:
    """A case as it stands: its files, its tables, and which row is which (an id stays with a row)."""

    files: Files
    tables: Mapping[str, Table]
    ids: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Touched:
    """What a step changed: rows of tables by id where only cells did, whole tables otherwise, and settings."""

    rows: Mapping[str, tuple[int, ...]]
    whole: frozenset[str]
    settings: bool


class Editing:
    """The case of one page. Everything that changes it takes the lock; the page calls it from threads."""

    def __init__(self, workspace: Workspace, user: str, key: str) -> None:
        self._workspace, self._user, self._key = workspace, user, key
        self._lock = threading.RLock()
        self.stale: list[list[Edit]] = []
        """Steps kept from a version that is no longer the newest."""
        self._open()

    def _open(self) -> None:
        self.entry: CaseEntry = self._workspace.case(self._user, self._key)
        original = self._workspace.files(self._user, self._key)
        self.original: Files = original
        form: Editable = editable(original)
        self.from_workbook = workbook_in(original) is not None
        self._base = self._begin(form.files)
        self.lost: tuple[Placed, ...] = placed(form.lost, self._base.tables)
        """Faults of the workbook that cannot be mended here: they stand until the case is saved without them."""
        self._states: list[State] = [self._base]
        self._steps: list[list[Edit]] = []
        self._redo: list[list[Edit]] = []
        self._next_id = max((len(t.rows) for t in self._base.tables.values()), default=0)
        self._checked: tuple[State, Checked] | None = None
        self._restore()

    def _restore(self) -> None:
        kept = self._workspace.kept(self._user, self._name) or {}
        try:
            steps = [edits_of(step) for step in kept.get("steps", [])]
        except (ValueError, TypeError, AttributeError):
            steps = []  # Kept by another version of the program.
        if not steps:
            return
        if kept.get("version") != self.entry.version:
            self.stale = steps
            return
        try:
            for step in steps:
                self._do(step)
        except (InputError, IndexError):
            self.stale = steps

    @property
    def _name(self) -> str:
        return f"data/{self._key}"

    @staticmethod
    def _begin(files: Files) -> State:
        known = tables(files)
        return State(files, known, {name: tuple(range(len(t.rows))) for name, t in known.items()})

    # What stands

    @property
    def read_only(self) -> bool:
        """Whether it is a built-in case, of which a copy must be made first."""
        return self.entry.builtin

    @property
    def state(self) -> State:
        """The case as it stands."""
        return self._states[-1]

    @property
    def base(self) -> State:
        """The case as it was opened."""
        return self._base

    @property
    def unsaved(self) -> int:
        """Steps since the version it was opened from."""
        return len(self._steps)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return len(self._states) > 1

    @property
    def can_redo(self) -> bool:
        """Whether a step that was undone can be done again."""
        return bool(self._redo)

    def check(self) -> Checked:
        """All findings about the case as it stands; takes tenths of a second for a county."""
        state = self.state
        if self._checked is None or self._checked[0] is not state:
            found = findings(state.files, state.tables)
            self._checked = state, Checked((*self.lost, *found.findings), found.scenario)
        return self._checked[1]

    def edited(self, table: str, rows: Iterable[int] | None = None) -> dict[int, frozenset[int]]:
        """Columns whose cell differs from the version opened, by row; all columns of a row that is new."""
        now, before = self.state.tables[table], self._base.tables[table]
        same = now.columns == before.columns
        old = {c.header: c.index for c in before.columns}
        places = {c.index: c.index if same else old.get(c.header) for c in now.columns}
        ids = self.state.ids[table]
        found: dict[int, frozenset[int]] = {}
        for row in range(len(now.rows)) if rows is None else rows:
            if ids[row] >= len(before.rows):
                found[row] = frozenset(range(len(now.columns)))
                continue
            was, cells = before.rows[ids[row]], now.rows[row]
            if same and was == cells:
                continue
            found[row] = frozenset(c for c, old in places.items() if cells[c] != ("" if old is None else was[old]))
        return {row: columns for row, columns in found.items() if columns}

    # What is done

    def apply(self, edits: Sequence[Edit]) -> Touched:
        """Do one step, and keep it. Raises InputError where it cannot be done."""
        with self._lock:
            before = self.state
            self._do(list(edits))
            self._redo = []
            self._keep()
            return self._touched(before, self.state)

    def undo(self) -> Touched | None:
        """Take back the last step."""
        with self._lock:
            if not self.can_undo:
                return None
            before = self._states.pop()
            self._redo.append(self._steps.pop())
            self._keep()
            return self._touched(before, self.state)

    def redo(self) -> Touched | None:
        """Do again what was undone last."""
        with self._lock:
            if not self._redo:
                return None
            before = self.state
            step = self._redo.pop()
            self._do(step)
            self._keep()
            return self._touched(before, self.state)

    def _do(self, step: list[Edit]) -> None:
        state = self.state
        files = edit(state.files, step)
        known = tables(files, (state.files, state.tables))
        ids = dict(state.ids)
        for each in step:
            if isinstance(each, AddRows):
                new = tuple(range(self._next_id, self._next_id + len(each.rows)))
                self._next_id += len(new)
                at = len(ids[each.table]) if each.at is None else each.at
                ids[each.table] = (*ids[each.table][:at], *new, *ids[each.table][at:])
            elif isinstance(each, RemoveRows):
                gone = set(each.rows)
                ids[each.table] = tuple(i for row, i in enumerate(ids[each.table]) if row not in gone)
        self._states.append(State(files, known, ids))
        self._states = self._states[-MOST_UNDO - 1 :]
        self._steps.append(step)

    def _touched(self, before: State, after: State) -> Touched:
        rows: dict[str, tuple[int, ...]] = {}
        whole: set[str] = set()
        for name, table in after.tables.items():
            old = before.tables[name]
            if old.columns != table.columns or before.ids[name] != after.ids[name]:
                whole.add(name)
            elif before.files.get(f"{name}.csv") != after.files.get(f"{name}.csv"):
                changed = [i for i, a, b in zip(after.ids[name], old.rows, table.rows, strict=True) if a != b]
                rows[name] = tuple(changed)
        return Touched(rows, frozenset(whole), before.files.get("scenario.toml") != after.files.get("scenario.toml"))

    def _keep(self) -> None:
        """Write down what is not saved, so that a reload or a restart finds it again."""
        if self.read_only:
            return
        value = {"version": self.entry.version, "steps": [kept_edits(step) for step in self._steps]}
        self._workspace.keep(self._user, self._name, value if self._steps else {})

    # Saving

    def save(self, note: str = "") -> CaseEntry:
        """Save a new version. Raises Changed where somebody saved since the version it was opened from."""
        with self._lock:
            return self._save(self.entry.version, note)

    def save_over(self, newest: int) -> CaseEntry:
        """Save on top of version `newest`, whose changes are given up (it stays among the versions)."""
        with self._lock:
            return self._save(newest, "")

    def _save(self, based_on: int, note: str) -> CaseEntry:
        checked = self.check()
        seen = [p.finding for p in checked.findings if p not in self.lost]
        entry = self._workspace.save(
            self._user, self._key, self.state.files, based_on=based_on, note=note or NEW.zh,
            judged=judged_of(checked.scenario, seen),
        )  # fmt: skip
        self._workspace.keep(self._user, self._name, {})
        self.entry = entry
        self._base = State(self.state.files, self.state.tables, self._begin(self.state.files).ids)
        self._states, self._steps, self._redo = [self._base], [], []
        self._next_id = max((len(t.rows) for t in self._base.tables.values()), default=0)
        self.lost, self.from_workbook, self.original = (), False, self.state.files
        return entry

    def newer(self) -> tuple[CaseEntry, list[Text], bool]:
        """The version saved since, what it changed, and whether the steps done here can be done on it as well."""
        entry = self._workspace.case(self._user, self._key)
        theirs = editable(self._workspace.files(self._user, self._key)).files
        steps = [edit for step in self._steps for edit in step]
        return entry, differences(self._base.files, theirs), apart(self._base.files, theirs, steps)

    def take_newer(self, *, with_mine: bool) -> None:
        """Go on from the newest version: with the steps done here on top, or without them."""
        with self._lock:
            steps = self._steps
            self._workspace.keep(self._user, self._name, {})
            self._open()
            if with_mine:
                for step in steps:
                    self._do(step)
                self._keep()

    def drop_stale(self, *, use: bool) -> None:
        """Forget what was kept from an older version, or do it on this one. Raises InputError where that cannot be."""
        with self._lock:
            steps, self.stale = self.stale, []
            if use:
                try:
                    for step in steps:
                        self._do(step)
                except IndexError as problem:
                    raise InputError([_NO_PLACE]) from problem
            self._keep()

    def copy(self, title: str, step: Sequence[Edit] = ()) -> CaseEntry:
        """An own copy of this case as it is saved; `step` is kept as the first thing done to it."""
        entry = self._workspace.copy(self._user, self._key, title)
        if step:
            kept = {"version": entry.version, "steps": [kept_edits(step)]}
            self._workspace.keep(self._user, f"data/{entry.key}", kept)
        return entry

    def differences(self) -> list[Text]:
        """What was changed since the version opened, in sentences."""
        return differences(self._base.files, self.state.files)


_NO_PLACE = Finding(
    Level.ERROR,
    "changed-since",
    Text("保留的修改与新版本对不上", "the changes that were kept do not fit the newer version"),
    Where(),
    Text("请在新版本上重新修改。", "Make them again on the newer version."),
)

__all__ = ["Changed", "Editing", "SetCell", "State", "Touched", "WorkspaceFull"]

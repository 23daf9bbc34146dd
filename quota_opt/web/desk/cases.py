"""The library of cases: uploads kept as cases, cases read once and shared, workbooks out, and runs begun."""

from __future__ import annotations

import csv
import io
import posixpath
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from quota_opt.errors import Finding, InputError, Language, QuotaOptError, Text
from quota_opt.facade import Scenario, check
from quota_opt.scenario import write_workbook
from quota_opt.scenario.settings_reading import SETTINGS_FILE
from quota_opt.store.case_files import WORKBOOK_NAMES, case_of_files, judged_of
from quota_opt.store.jobs import Job
from quota_opt.store.workspace import Workspace
from quota_opt.store.workspace_values import ACTIONS, AuditEntry, CaseEntry
from quota_opt.web.limits import ServerLimits
from quota_opt.web.models import Options
from quota_opt.web.service import READERS, Service
from quota_opt.web.uploads import MACROS, folder_files

KEPT_READ = 12
"""Cases kept read; a county is some ten megabytes."""
_NAMED = 3
"""Files left aside that are named."""


@dataclass(frozen=True)
class Opened:
    """A case as it was read: `scenario` is None where its faults do not let it be."""

    scenario: Scenario | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Uploaded:
    """What became of an upload: the case, what is to be said of it, and what changed where it replaced another."""

    entry: CaseEntry
    remarks: tuple[Text, ...]
    changes: Text | None = None


class Cases:
    """The cases of all users of a server; safe from several threads."""

    def __init__(self, service: Service, workspace: Workspace) -> None:
        self.workspace = workspace
        self._service = service
        self._opened: OrderedDict[tuple[str, int], Opened] = OrderedDict()
        self._lock = threading.Lock()
        self._reading = threading.BoundedSemaphore(READERS)

    @property
    def limits(self) -> ServerLimits:
        """What may be sent."""
        return self._service.limits

    def opened(self, user: str, key: str, version: int | None = None) -> Opened:
        """A case as it was read, and all findings about it; versions read lately are kept. Raises NoSuchCase."""
        entry = self.workspace.case(user, key)
        number = entry.version if version is None else version
        with self._lock:
            found = self._opened.get((key, number))
            if found is not None:
                self._opened.move_to_end((key, number))
                return found
        files = self.workspace.files(user, key, None if entry.builtin else number)
        made = self._read(files)
        self._remember(key, number, made)
        return made

    def read(self, user: str, key: str, version: int | None = None) -> Scenario:
        """The case of that key. Raises InputError with all findings where it cannot be read, NoSuchCase."""
        opened = self.opened(user, key, version)
        if opened.scenario is None:
            raise InputError(opened.findings)
        return opened.scenario

    def findings(self, user: str, key: str) -> tuple[Finding, ...]:
        """All findings about a case, whether it can be read or not. Raises NoSuchCase."""
        return self.opened(user, key).findings

    def _read(self, files: Mapping[str, bytes]) -> Opened:
        with self._reading:
            try:
                scenario = case_of_files(files)
            except InputError as error:
                return Opened(None, error.findings)
            return Opened(scenario, check(scenario))

    def _remember(self, key: str, version: int, opened: Opened) -> None:
        with self._lock:
            self._opened[key, version] = opened
            while len(self._opened) > KEPT_READ:
                self._opened.popitem(last=False)

    def upload(
        self, user: str, given: Sequence[tuple[str, bytes]], *, into: str | None = None, based_on: int | None = None
    ) -> Uploaded:
        """Keep files that were chosen together as a case, or as the next version of the case `into`.

        They are a workbook, a zip, or the tables of a case folder (name and content); for `into` some of the tables
        will do. A case with faults is kept. Raises InputError where it is none at all, TooLarge beyond the limits,
        WorkspaceFull, Changed where `into` has a newer version than `based_on`.
        """
        aside: list[str] = []
        try:
            files = folder_files(given, self.limits, aside, whole=into is None)
        except QuotaOptError as error:
            self.workspace.log(user, "upload-refused", _name(given), {"reason": error.text.zh.splitlines()[0]})
            raise
        if into is not None:
            files = _completed(files, self.workspace.files(user, into))
        opened = self._read(files)
        judged = judged_of(opened.scenario, opened.findings)
        if opened.scenario is not None and SETTINGS_FILE in files:
            files = dict(opened.scenario.files)  # with those of the case it extends
        remarks = _remarks(aside)
        if into is None:
            title = opened.scenario.title.zh if opened.scenario is not None else ""
            entry = self.workspace.add_case(
                user, files, title=title or Path(_name(given)).stem, source=_name(given), judged=judged
            )
            self._remember(entry.key, entry.version, opened)
            return Uploaded(entry, remarks)
        current = self.workspace.case(user, into)
        before = self.opened(user, into, current.version).scenario
        changes = None
        if before is not None and opened.scenario is not None:
            from quota_opt.analysis.compare.in_short import changes_in_short

            changes = changes_in_short(before, opened.scenario)
        entry = self.workspace.save(
            user,
            into,
            files,
            based_on=current.version if based_on is None else based_on,
            note="" if changes is None else changes.zh,
            source=_name(given),
            judged=judged,
            action="upload",
        )
        self._remember(entry.key, entry.version, opened)
        return Uploaded(entry, remarks, changes)

    def copy(self, user: str, key: str, title: str) -> CaseEntry:
        """An own case with the files of another. Raises NoSuchCase, WorkspaceFull."""
        return self.workspace.copy(user, key, title)

    def workbook(self, user: str, key: str) -> tuple[str, bytes]:
        """A case as a file to work on in Excel, and its name: the workbook that was uploaded as it was, else one that
        is written; a case of tables that cannot be read as a zip of them. Raises NoSuchCase."""
        entry = self.workspace.case(user, key)
        files = self.workspace.files(user, key)
        stem = _file_stem(entry.title)
        self.workspace.log(user, "download", entry.title, {"case": key, "version": entry.version})
        workbook = next((name for name in files if name in WORKBOOK_NAMES.values()), None)
        if workbook is not None:
            return f"{stem}{posixpath.splitext(workbook)[1]}", files[workbook]
        opened = self.opened(user, key)
        if opened.scenario is None:
            return f"{stem}.zip", _zip(files)
        return f"{stem}.xlsx", _workbook(opened.scenario)

    def blank_workbook(self) -> tuple[str, bytes]:
        """The workbook a planner fills in, and its name."""
        return "空白工作簿.xlsx", _workbook(None)

    def problems_workbook(self, user: str, key: str, language: Language) -> tuple[str, bytes]:
        """All findings about a case as a workbook, and its name. Raises NoSuchCase."""
        entry = self.workspace.case(user, key)
        words = _PROBLEMS.of(language)
        return f"{_file_stem(entry.named(language))}-{words}.xlsx", findings_workbook(
            self.findings(user, key), entry.named(language), language
        )

    def run(
        self,
        user: str,
        key: str,
        *,
        version: int | None = None,
        variant: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        profile: str = "auto",
        gap: float | None = None,
        time_limit: float | None = None,
        label: str = "",
        language: Language = "zh",
    ) -> Job:
        """Queue a solve of a case as it stands; the same job as one asked for through the API, noted as the user's.

        Raises NoSuchCase, InputError where the case needs correcting, QueueFull, EngineUnavailable.
        """
        entry = self.workspace.case(user, key)
        number = entry.version if version is None else version
        options = Options(profile=profile, gap=gap, time_limit=time_limit, language=language)
        job = self._service.submit_case(
            user, self.read(user, key, number), variant=variant, overrides=overrides, options=options
        )
        self.workspace.note_run(user, key, number, job.id, label)
        details = {
            "case": key,
            "version": number,
            "job": job.id,
            "variant": variant,
            "overrides": dict(overrides or {}),
        }
        self.workspace.log(user, "run", entry.title, details)
        return job

    def cancel(self, user: str, job: str) -> None:
        """Cancel a run; the plan it has so far is kept. Raises NoSuchJob."""
        self._service.cancel(job, user)
        run = self.workspace.run(user, job)
        self.workspace.log(user, "cancel", "" if run is None else run.title, {"job": job})


def findings_workbook(findings: Sequence[Finding], title: str, language: Language) -> bytes:
    """问题清单: findings as a sheet to filter."""
    from quota_opt.report.sheets import Book
    from quota_opt.report.tables import findings_of

    with tempfile.TemporaryDirectory(prefix="quota-opt-") as folder:
        path = Path(folder) / "findings.xlsx"
        words = _PROBLEMS.of(language)
        book = Book.at(path, language, title=f"{title} · {words}", note="", foot=title)
        table = findings_of(findings, language)
        sheet = book.sheet(_PROBLEMS)
        place = book.table(sheet, table, 0, widths=True)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        if table.rows:
            sheet.autofilter(0, 0, place.last, len(table.columns) - 1)
        book.workbook.close()
        return path.read_bytes()


def audit_csv(entries: Sequence[AuditEntry], language: Language) -> bytes:
    """The audit log as a table that Excel opens right; nothing in it is taken for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(text.of(language) for text in _AUDIT_HEADINGS)
    for entry in entries:
        details = "; ".join(f"{name}={value}" for name, value in entry.details.items() if value not in (None, {}, ""))
        action = ACTIONS.get(entry.action, Text(entry.action, entry.action)).of(language)
        writer.writerow(
            _harmless(cell) for cell in (moment_words(entry.moment), entry.user, action, entry.object, details)
        )
    return buffer.getvalue().encode("utf-8-sig")


def moment_words(moment: datetime) -> str:
    """A moment on the clock of this machine."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _name(given: Sequence[tuple[str, bytes]]) -> str:
    """What an upload is called: its one file, or the folder the files come from, or the first of them."""
    name = given[0][0].replace("\\", "/") if given else ""
    if len(given) > 1 and "/" in name:
        return name.split("/")[0]
    return posixpath.basename(name)


def _file_stem(title: str) -> str:
    """A title as a file name takes it."""
    return "".join("_" if letter in '\\/:*?"<>|' or not letter.isprintable() else letter for letter in title)[:80]


def _completed(files: Mapping[str, bytes], before: Mapping[str, bytes]) -> dict[str, bytes]:
    """Some tables of a folder with the others as they were; a workbook or a whole folder as it is."""
    if SETTINGS_FILE in files or SETTINGS_FILE not in before or any(name in WORKBOOK_NAMES.values() for name in files):
        return dict(files)
    return {**before, **files}


def _remarks(aside: Sequence[str]) -> tuple[Text, ...]:
    made = []
    if MACROS in aside:
        made.append(
            Text("工作簿中的宏没有保存，也不会运行。", "The macros of the workbook were left out; none is ever run.")
        )
    others = [posixpath.basename(name) for name in aside if name != MACROS]
    if others:
        listed = "、".join(others[:_NAMED])
        more = f" 等 {len(others)} 个文件" if len(others) > _NAMED else ""
        made.append(
            Text(
                f"与案例无关的文件没有保存：{listed}{more}。",
                f"Files that are no tables of a case were left out: {', '.join(others[:_NAMED])}"
                f"{f' and {len(others) - _NAMED} more' if len(others) > _NAMED else ''}.",
            )
        )
    return tuple(made)


def _workbook(scenario: Scenario | None) -> bytes:
    with tempfile.TemporaryDirectory(prefix="quota-opt-") as folder:
        return write_workbook(Path(folder) / "case.xlsx", scenario).read_bytes()


def _zip(files: Mapping[str, bytes]) -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return buffer.getvalue()


_PROBLEMS = Text("问题清单", "findings")
_AUDIT_HEADINGS = (
    Text("时间", "time"),
    Text("谁", "who"),
    Text("做了什么", "what"),
    Text("对象", "object"),
    Text("详情", "details"),
)

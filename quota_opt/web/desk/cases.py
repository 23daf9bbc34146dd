"""The library of cases: uploads kept as cases, cases read once and shared, workbooks out, and runs begun."""

from __future__ import annotations

import io
import posixpath
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quota_opt.errors import Finding, InputError, Language, QuotaOptError, Text
from quota_opt.facade import Scenario, check
from quota_opt.resources import builtin
from quota_opt.scenario import write_workbook
from quota_opt.scenario.settings_reading import SETTINGS_FILE, read_toml
from quota_opt.store.case_files import WORKBOOK_NAMES, case_of_files, judged_of
from quota_opt.store.jobs import Job
from quota_opt.store.workspace import Workspace
from quota_opt.store.workspace_values import CaseEntry, PageRun
from quota_opt.web.desk.workbooks import workbook_of
from quota_opt.web.limits import MEBIBYTE, ServerLimits
from quota_opt.web.models import Options
from quota_opt.web.service import READERS, Service
from quota_opt.web.uploads import MACROS, folder_files

KEPT_READ = 12
"""Cases kept read."""
KEPT_BYTES = 64 * MEBIBYTE
"""Of their files together, beyond the newest; read they are several times that."""
_LOOKED_AT = 4
"""Own cases that a new one is compared with by name, those changed last."""
_NAMED = 3
"""Files left aside that are named."""


@dataclass(frozen=True)
class Opened:
    """A case as it was read: `scenario` is None where its faults do not let it be."""

    scenario: Scenario | None
    findings: tuple[Finding, ...]
    size: int = 0
    """Bytes of its files."""


@dataclass(frozen=True)
class Uploaded:
    """What became of an upload: the case, what is to be said of it, and how it differs from the version before.

    Of a new case that is how it differs from `before`, another of the user's own of the same name.
    """

    entry: CaseEntry
    remarks: tuple[Text, ...]
    changes: Text | None = None
    before: CaseEntry | None = None


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

    def variant_title(self, run: PageRun) -> Text | None:
        """What the variant of a run is called; its name where its case is not read just now, None without a variant."""
        if not run.variant:
            return None
        key, version = (run.title, 1) if run.case is None else (run.case, run.version or 1)
        with self._lock:
            opened = self._opened.get((key, version))
        if opened is None and key in builtin("scenarios"):
            opened = self.opened(run.user, key)
        chosen = (
            None if opened is None or opened.scenario is None else opened.scenario.settings.variants.get(run.variant)
        )
        return chosen.title if chosen is not None and chosen.title is not None else Text(run.variant, run.variant)

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
        size = sum(len(content) for content in files.values())
        with self._reading:
            try:
                scenario = case_of_files(files)
            except InputError as error:
                return Opened(None, error.findings, size)
            return Opened(scenario, check(scenario), size)

    def _remember(self, key: str, version: int, opened: Opened) -> None:
        with self._lock:
            self._opened[key, version] = opened
            while len(self._opened) > 1 and (
                len(self._opened) > KEPT_READ or sum(each.size for each in self._opened.values()) > KEPT_BYTES
            ):
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
            similar = self._similar(user, opened.scenario)
            title = Path(_name(given)).stem if len(given) == 1 and _name(given) != SETTINGS_FILE else ""
            title = title or (_stated_title(files) if opened.scenario is None else opened.scenario.title.zh)
            entry = self.workspace.add_case(user, files, title=title, source=_name(given), judged=judged)
            self._remember(entry.key, entry.version, opened)
            if similar is None or opened.scenario is None:
                return Uploaded(entry, remarks)
            return Uploaded(entry, remarks, _changes(similar[1], opened.scenario), similar[0])
        current = self.workspace.case(user, into)
        before = self.opened(user, into, current.version).scenario
        changes = None if before is None or opened.scenario is None else _changes(before, opened.scenario)
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

    def _similar(self, user: str, scenario: Scenario | None) -> tuple[CaseEntry, Scenario] | None:
        """The newest of the user's own cases that has the name of this one."""
        sound = [entry for entry in self.workspace.cases(user) if entry.sound] if scenario is not None else []
        for entry in sound[:_LOOKED_AT]:
            found = self.opened(user, entry.key, entry.version).scenario
            if found is not None and scenario is not None and found.name == scenario.name:
                return entry, found
        return None

    def workbook(self, user: str, key: str) -> tuple[str, bytes]:
        """A case as a file to work on in Excel, and its name: the workbook that was uploaded as it was, else one that
        is written; tables that cannot be read at all come as a zip of them. Raises NoSuchCase."""
        entry = self.workspace.case(user, key)
        files = self.workspace.files(user, key)
        stem = _file_stem(entry.title)
        self.workspace.log(user, "download", entry.title, {"case": key, "version": entry.version})
        workbook = next((name for name in files if name in WORKBOOK_NAMES.values()), None)
        if workbook is not None:
            return f"{stem}{posixpath.splitext(workbook)[1]}", files[workbook]
        try:
            return f"{stem}.xlsx", workbook_of(files, self.opened(user, key).scenario)
        except InputError:
            return f"{stem}.zip", _zip(files)

    def blank_workbook(self) -> tuple[str, bytes]:
        """The workbook a planner fills in, and its name."""
        with tempfile.TemporaryDirectory(prefix="quota-opt-") as folder:
            return "空白工作簿.xlsx", write_workbook(Path(folder) / "case.xlsx").read_bytes()

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
            user,
            self.read(user, key, number),
            variant=variant,
            overrides=overrides,
            options=options,
            title=entry.title,
        )
        self.workspace.note_run(user, key, number, job.id, label)
        return job


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


def _changes(before: Scenario, after: Scenario) -> Text:
    from quota_opt.analysis.compare.in_short import changes_in_short

    return changes_in_short(before, after)


def _name(given: Sequence[tuple[str, bytes]]) -> str:
    """What an upload is called: its one file, or the folder the files come from, or the first of them."""
    name = given[0][0].replace("\\", "/") if given else ""
    if len(given) > 1 and "/" in name:
        return name.split("/")[0]
    return posixpath.basename(name) if len(given) < 2 else f"{posixpath.basename(name)} +{len(given) - 1}"


def _stated_title(files: Mapping[str, bytes]) -> str:
    """The title a scenario.toml states, whatever else is wrong with the case; "" where there is none."""
    document, _ = read_toml(files.get(SETTINGS_FILE, b""), SETTINGS_FILE)
    about = document.get("scenario")
    title = about.get("title") or about.get("name") if isinstance(about, Mapping) else None
    stated = title.get("zh") if isinstance(title, Mapping) else title
    return stated if isinstance(stated, str) else ""


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


def _zip(files: Mapping[str, bytes]) -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return buffer.getvalue()


_PROBLEMS = Text("问题清单", "findings")

"""The papers of a plan as a planner takes them away: each for itself, or all with the result in one sealed package."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from quota_opt.batch.task import unpack
from quota_opt.errors import Language, Text
from quota_opt.plan.seal import add_to_seal
from quota_opt.report.paper import Paper
from quota_opt.report.reporters import ONE_PAGE, REPORTS, write_report
from quota_opt.store.jobs import COMPARE, DONE, EXPLAIN, FRONT
from quota_opt.store.workspace import Workspace
from quota_opt.web.desk.asking import Asking
from quota_opt.web.desk.plans import Plans
from quota_opt.web.results import zip_folder
from quota_opt.web.service import Service

PAPERS = (*REPORTS, ONE_PAGE)
EXPORT = "export"
"""What the audit log calls a paper that leaves."""
_KEPT = "papers"


@dataclass(frozen=True)
class Papers:
    """Papers of the plans of one server. What they make takes a second or more: for a thread."""

    service: Service
    plans: Plans
    asking: Asking
    workspace: Workspace

    def write(self, user: str, job: str, name: str, language: Language, paper: Paper) -> bytes:
        """One of PAPERS. Raises NoSuchJob, WrongState, VerificationFailed."""
        read = self.plans.read(user, job)
        with tempfile.TemporaryDirectory(prefix="quota-opt-") as scratch:
            made = write_report(read.content, Path(scratch) / name, language, paper).read_bytes()
        self.workspace.log(user, EXPORT, job, {"paper": name, "hide_firms": paper.hide_firms})
        return made

    def package(self, user: str, job: str, language: Language, paper: Paper) -> bytes:
        """The result folder with all papers, sealed, as a zip that `quota-opt verify` accepts when unpacked.

        With firms left out by name the package holds the papers alone: inputs and tables name every firm.
        """
        read = self.plans.read(user, job)
        _, files = self.service.result(job, user)
        with tempfile.TemporaryDirectory(prefix="quota-opt-") as scratch:
            folder = Path(scratch) / "run"
            if paper.hide_firms:
                folder.mkdir()
            else:
                unpack({name: content for name, content in files.items() if name not in PAPERS}, folder)
            for name in PAPERS:
                write_report(read.content, folder / name, language, paper)
            if not paper.hide_firms:
                add_to_seal(folder, list(PAPERS))
            made = zip_folder(_files(folder))
        self.workspace.log(user, EXPORT, job, {"paper": "zip", "hide_firms": paper.hide_firms})
        return made

    def with_answers(self, user: str, job: str, paper: Paper) -> Paper:
        """A paper that also says what the user has asked about this plan: ways in, the last comparison and front."""
        ways: dict[str, Text] = {}
        for asked in reversed(self.asking.asked(user, job, EXPLAIN)):
            if asked.state == DONE:
                why = self.asking.confirmed(user, asked.id)
                enough = [way.text for way in why.ways if way.enough]
                if why.item.kind == "project" and not why.awarded and enough:
                    ways[why.item.id] = enough[0]
        more = []
        for kind in (COMPARE, FRONT):
            done = [asked for asked in self.asking.asked(user, job, kind) if asked.state == DONE]
            more += [self.asking.answer(user, asked.id).document for asked in done[:1]]
        return replace(paper, ways_in=ways, more=tuple(more))

    def keep(self, user: str, job: str, said: Mapping[str, str | bool]) -> None:
        """Remember what a user wrote on the papers of a job, and offer it for the next one too."""
        self.workspace.keep(user, f"{_KEPT}/{job}", dict(said))
        self.workspace.keep(user, _KEPT, dict(said))

    def paper(self, user: str, job: str) -> Paper:
        """What stands on the papers of a job as the user left it."""
        said = self.kept(user, job)
        issued = str(said.get("issued") or "")
        return Paper(
            heading=str(said.get("heading") or ""),
            unit=str(said.get("unit") or ""),
            issued=date.fromisoformat(issued) if issued else None,
            hide_firms=bool(said.get("hide_firms")),
        )

    def kept(self, user: str, job: str) -> dict[str, str | bool]:
        """What the user wrote on the papers of this job, else of the last one."""
        return self.workspace.kept(user, f"{_KEPT}/{job}") or self.workspace.kept(user, _KEPT) or {}


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}

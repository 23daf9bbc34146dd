"""Reports of a result that was written without them: a run of a batch, a point of a front."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from quota_opt.analysis.addresses import read_result
from quota_opt.errors import Language, OutputExists, Text
from quota_opt.plan.folder import whole_folder
from quota_opt.plan.plan import Plan
from quota_opt.plan.seal import add_to_seal
from quota_opt.report.content import gather
from quota_opt.report.paper import Paper
from quota_opt.report.reporters import ONE_PAGE, REPORTS, write_report


def write_reports(
    folder: str | Path, out: str | Path | None = None, language: Language = "zh", paper: Paper | None = None
) -> list[Path]:
    """Write the reports of a result folder that it lacks, into it or into a new folder `out`; returns their paths.

    The folder is verified first. Its seal gains the new reports and nothing else. With a `quota_opt.report.Paper` they
    say what an office adds (whom they are to, who issues them, whether firms are named), and a note of one page is
    among them.

    Raises
    ------
    InputError, VerificationFailed
        It is no result folder, or does not hold any more.
    OutputExists
        It has all its reports, or `out` is there already.
    """
    plan = read_result(folder)
    if out is not None:
        target = Path(out)
        with whole_folder(target) as work:
            names = _write(plan, work, language, paper)
        return [target / name for name in names]
    target = Path(folder)
    with tempfile.TemporaryDirectory(prefix=".reports-", dir=target) as scratch:
        work = Path(scratch)
        new = [name for name in _write(plan, work, language, paper) if not (target / name).exists()]
        if not new:
            raise OutputExists(
                Text(
                    f"{target} 已有报告，不会覆盖。请用 --out 写到别处，或先移走它们。",
                    f"{target} has its reports; they are never overwritten. Name another folder, or move them away.",
                )
            )
        for name in new:
            shutil.move(work / name, target / name)
    add_to_seal(target, new)
    return [target / name for name in new]


def _write(plan: Plan, folder: Path, language: Language, paper: Paper | None) -> list[str]:
    if paper is None:
        for reporter in plan.reporters:
            reporter(plan, folder, language)
    else:
        content = gather(plan)
        for name in (*REPORTS, ONE_PAGE):
            write_report(content, folder / name, language, paper)
    return sorted(path.name for path in folder.iterdir())

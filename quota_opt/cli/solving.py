"""Commands that build or solve a case, and the one that re-checks what was solved."""

from __future__ import annotations

import json
import math
import re
import time
from contextlib import nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quota_opt.cli.boundary import Usage, error_document, findings_document
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.options import Case, ProfileName
from quota_opt.cli.overrides import read_overrides
from quota_opt.cli.progress import Watch
from quota_opt.cli.session import Session
from quota_opt.errors import Text

if TYPE_CHECKING:
    from rich.table import Table

    from quota_opt.plan.plan import RuleAudit

RESULTS = Path("results")


class ModelFormat(StrEnum):
    """File formats other solvers read."""

    MPS = "mps"
    LP = "lp"


def run(
    session: Session,
    *,
    case: Case,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="PATH=VALUE", help="改参数 Change one setting; repeat for more.", show_default=False
        ),
    ] = None,
    profile: ProfileName = "auto",
    gap: Annotated[
        float | None, typer.Option(help="差距 Stop at this relative gap, e.g. 0.001.", show_default=False)
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="时限 Stop after this many seconds.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Result folder; default results/CASE.", show_default=False),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="集群 Counties of a large case at work on a Dask cluster: its scheduler, or local:N.",
            show_default=False,
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="运行库 Add the run to this store too: a file, or postgresql://….", show_default=False
        ),
    ] = None,
) -> int:
    """运行 Solve, verify, write the result folder and print the summary.

    Ctrl-C once stops the solver and keeps the best plan so far; twice gives up and writes nothing.
    """
    refuse_limits(gap, time_limit)
    overrides = read_overrides(assignments or [])
    if out is not None:
        refuse_existing(out)
    import quota_opt as qo

    read = qo.read  # loads the package, which is not part of reading
    began = time.perf_counter()
    scenario = read(case, overrides=overrides)
    seconds = time.perf_counter() - began
    folder = out if out is not None else default_folder(scenario.name, scenario.variant)
    refuse_existing(folder)
    if store is not None:
        qo.Store.open(store).close()  # what is wrong with it is told before the work, not after it
    with nullcontext() if dask is None else qo.cluster(dask), Watch(session) as watch:
        plan = qo.solve(scenario, profile, gap=gap, time_limit=time_limit, on_progress=watch)
        if watch.aborted:
            raise KeyboardInterrupt
        plan = replace(plan, seconds={**plan.seconds, "read": seconds})
        watch(qo.Progress("write", 0.0))
        written = plan.write(folder, session.language)
    if store is not None:
        with qo.Store.open(store) as opened:
            opened.add(written)
    code = 0 if plan.status == "OPTIMAL" else 4
    if session.json:
        identity = json.loads((written / "run.json").read_text(encoding="utf-8"))
        findings = findings_document(session, plan.findings)
        session.document({"folder": written, "exit_code": code, "findings": findings, **identity})
    elif session.quiet:
        session.answer(str(written))
    else:
        from quota_opt.report.text import summary_view

        session.show(summary_view(plan, session.language, written))
    return code


def verify(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A result folder.", show_default=False)],
) -> int:
    """复核 Re-audit a result folder from its inputs and tables; needs no solver."""
    import quota_opt as qo

    found = qo.verify(folder)
    document: dict[str, Any] = {
        "folder": folder,
        "ok": found.ok,
        "audit": {
            audit.rule: {
                "ok": audit.ok,
                "worst_excess": audit.worst_excess,
                "unit": audit.unit,
                "clause": audit.clause,
                "overrides": audit.overrides,
            }
            for audit in found.audit
        },
        "findings": findings_document(session, (*found.problems, *found.notes)),
    }
    failure = _failure(found.audit)
    if not found.ok:
        document = {"error": error_document("verification-failed", session.text(failure), 5), **document}
    session.document(document)
    if session.speaking:
        session.show(_audit_table(session, found.audit))
        for audit in found.audit:
            if audit.state == "overriding":
                session.show(audit.headline)
    session.findings(found.notes, wrong=False)
    session.findings(found.problems, wrong=True)
    if found.ok:
        session.show(Text("复核通过：方案满足全部规则。", "Verified: the plan holds for every rule."))
        return 0
    session.complain(failure)
    return 5


def export(
    session: Session,
    *,
    case: Case,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.", show_default=False)],
    file_format: Annotated[
        ModelFormat | None, typer.Option("--format", help="格式 Default: the ending of FILE.", show_default=False)
    ] = None,
) -> None:
    """导出 Write the model as MPS or LP, for any other solver."""
    if file_format is None:
        ending = out.suffix.lower().removeprefix(".")
        if ending not in set(ModelFormat):
            raise Usage(Text("请写明 --format mps 或 lp。", "Say which: --format mps or lp."))
        file_format = ModelFormat(ending)
    refuse_existing(out)
    if out.is_dir():
        raise IsADirectoryError(21, "is a folder", str(out))
    import quota_opt as qo

    scenario = qo.read(case)
    path = qo.export(scenario, out, file_format.value)
    session.document({"path": path, "format": file_format})
    session.show(Text(f"已写出模型 {path}", f"Model written: {path}"))


def default_folder(name: str, variant: str | None) -> Path:
    """`results/<case>[-variant][-n]`: the first that is free."""
    stem = file_name("-".join(part for part in (name, variant) if part))
    number = 1
    while True:
        folder = RESULTS / (stem if number == 1 else f"{stem}-{number}")
        if not folder.exists():
            return folder
        number += 1


def file_name(name: str) -> str:
    """`name` as a folder name every system takes."""
    kept = re.sub(r'[<>:"/\\|?*\x00-\x1f]+', "-", name).strip(" .-")
    return kept[:80] or "case"


def refuse_limits(gap: float | None, time_limit: float | None) -> None:
    """Raise where a gap or a time limit makes no sense."""
    if gap is not None and not 0 <= gap < 1:
        raise Usage(
            Text(
                f"--gap {gap:g}：差距须不小于 0、小于 1，例如 0.001。",
                f"--gap {gap:g}: a gap is from 0 to below 1, e.g. 0.001.",
            )
        )
    if time_limit is not None and not 0 < time_limit < math.inf:
        raise Usage(
            Text(
                f"--time-limit {time_limit:g}：时限须为大于 0 的秒数。",
                f"--time-limit {time_limit:g}: give seconds above 0.",
            )
        )


def _failure(audit: tuple[RuleAudit, ...]) -> Text:
    broken = [entry.rule for entry in audit if not entry.ok]
    if not broken:
        return Text(
            "复核未通过：结果文件夹与其输入不符。", "Verification failed: the folder does not agree with its inputs."
        )
    return Text(f"复核未通过：{'、'.join(broken)}。", f"Verification failed: {', '.join(broken)}.")


def _audit_table(session: Session, audit: tuple[RuleAudit, ...]) -> Table:
    from rich.table import Table
    from rich.text import Text as Words

    headings = (Text("规则", "rule"), Text("出处", "source"), Text("复核", "holds"), Text("最大超出", "worst excess"))
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(session.text(heading), justify="right" if heading is headings[-1] else "left")
    for entry in audit:
        excess = "" if entry.ok else f"{entry.worst_excess:,.6g} {entry.unit}"
        mark = Words("✓", style="green") if entry.ok else Words("✗", style="bold red")
        table.add_row(Words(entry.rule), Words(entry.clause or ""), mark, Words(excess))
    return table

"""Batches of `quota-opt bench`: the same variants of a generated county solved by one process and by two.

Variants are drawn by Latin hypercube: the share of retention and the discount rate. Each batch writes all its result
folders and tables, as `quota-opt batch` does.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quota_opt.cli.session import Session
from quota_opt.errors import Text

COUNTY: dict[str, int | str] = {"towns": 5, "years": 3, "shape": "tight", "seed": 0}
"""What firms and projects are spread over; with 300 and 60 of them a variant takes a second or two to solve."""
PROFILE = "quick"
RANGES = {"rules.retention.keep": {"from": 0.3, "to": 0.7}, "scenario.discount_rate": {"from": 0.03, "to": 0.07}}
JOBS = (1, 2)


@dataclass(frozen=True)
class Row:
    """One batch. Of the time its processes had (`jobs` × `seconds`), `solver` is the share that solvers took, `solve`
    that of solves as a whole (build, solve, verify), `run` that of runs (results written, too). `faster`: beside one
    process."""

    jobs: int
    runs: int
    planned: int
    seconds: float
    solver_seconds: float
    solver: float
    solve: float
    run: float
    faster: float
    peak_mb: float


def raced(case: str, runs: int) -> list[Row]:
    """`runs` variants of the case with each number of `JOBS`, one batch after the other."""
    rows: list[Row] = []
    for jobs in JOBS:
        with tempfile.TemporaryDirectory(prefix="quota-opt-bench-") as folder:
            row = _batch(case, runs, jobs, Path(folder) / "batch", rows[0].seconds if rows else None)
        rows.append(row)
    return rows


def _batch(case: str, runs: int, jobs: int, out: Path, alone: float | None) -> Row:
    import quota_opt as qo

    drawn = {"sampling": "latin-hypercube", "samples": runs, "seed": 0, "parameters": RANGES}
    grid = {"grid": {"cases": [case], "profile": PROFILE, **drawn}}
    began = time.perf_counter()
    batch = qo.run_batch(grid, out, jobs=jobs)
    seconds = time.perf_counter() - began
    records = [json.loads(path.read_text(encoding="utf-8")) for path in out.glob("runs/*/run.json")]
    solver = sum(record["seconds"]["solve"] for record in records)
    solves = sum(sum(record["seconds"][part] for part in ("build", "solve", "verify")) for record in records)
    return Row(
        jobs,
        batch.counts["total"],
        batch.counts["planned"],
        round(seconds, 2),
        round(solver, 2),
        round(solver / (jobs * seconds), 4),
        round(solves / (jobs * seconds), 4),
        round(float(batch.runs["seconds"].sum()) / (jobs * seconds), 4),
        1.0 if alone is None else round(alone / seconds, 3),
        float(batch.runs["peak_mb"].max()),
    )


def table(session: Session, rows: list[Row]) -> Any:
    """The rows for people."""
    from rich.table import Table

    headings = (
        Text("进程", "jobs"),
        Text("运行", "runs"),
        Text("有方案", "planned"),
        Text("秒", "seconds"),
        Text("每次秒", "s each"),
        Text("求解器", "solver"),
        Text("求解", "solve"),
        Text("运行全程", "run"),
        Text("倍", "faster"),
        Text("MB", "MB"),
    )
    made = Table(box=None, pad_edge=False)
    for heading in headings:
        made.add_column(session.text(heading), justify="right")
    for row in rows:
        made.add_row(
            str(row.jobs),
            f"{row.runs:,}",
            f"{row.planned:,}",
            f"{row.seconds:,.1f}",
            f"{row.solver_seconds / max(row.planned, 1):.2f}",
            f"{row.solver:.1%}",
            f"{row.solve:.1%}",
            f"{row.run:.1%}",
            f"{row.faster:.2f}",
            f"{row.peak_mb:,.0f}",
        )
    return made


def flat(rows: list[Row]) -> list[dict[str, Any]]:
    """The rows as lines of a table."""
    return [asdict(row) for row in rows]

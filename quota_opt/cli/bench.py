"""`quota-opt bench`: how long reading, building and handing over take, each measured in a process of its own."""

from __future__ import annotations

import csv
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from quota_opt.cli.bench_solvers import GAPS, Race, races
from quota_opt.cli.session import Session
from quota_opt.errors import Text


class Size(StrEnum):
    """Synthetic cases to measure; `million` is about a million columns."""

    TOWN = "town"
    COUNTY = "county"
    MILLION = "million"


CASES: dict[Size, dict[str, int]] = {
    Size.TOWN: {"firms": 100, "projects": 20, "towns": 1, "counties": 1, "years": 5},
    Size.COUNTY: {"firms": 2_000, "projects": 200, "towns": 15, "counties": 1, "years": 5},
    Size.MILLION: {"firms": 140_000, "projects": 5_000, "towns": 450, "counties": 30, "years": 5},
}


@dataclass(frozen=True)
class Row:
    """One measurement; `peak_mb` is the largest memory of its process so far, where the system tells."""

    size: str
    step: str
    seconds: float
    cpu_seconds: float | None = None  # less than `seconds` where other programs kept the processor busy
    peak_mb: float | None = None
    columns: int | None = None
    rows: int | None = None
    entries: int | None = None


@dataclass
class _Worker:
    """Measurements of one case, written by the measuring process."""

    size: str
    rows: list[Row] = field(default_factory=list)

    def time(self, step: str, work: Any, **counts: Any) -> Any:
        began, began_cpu = time.perf_counter(), time.process_time()
        result = work()
        seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        sizes = {name: int(count(result)) for name, count in counts.items()}
        self.rows.append(Row(self.size, step, round(seconds, 3), round(cpu, 3), peak_mb(), **sizes))
        return result


def bench(
    session: Session,
    size: Annotated[
        list[Size] | None,
        typer.Option("--size", help="规模 Which cases; repeat for more.", show_default="county, million"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV to write; default bench-results/TIME.csv.", show_default=False),
    ] = None,
    against: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=1.0,
            help="求解对比 Solve with the default profile and general solvers, each this long.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """测速 Time start-up, reading, building and hand-over to the solver, with peak memory; or solvers side by side."""
    if against is not None:
        _races(session, size or [Size.COUNTY], against, out)
        return
    rows = _start_up()
    for chosen in size or [Size.COUNTY, Size.MILLION]:
        rows += measure(chosen)
    path = _written(rows, out)
    session.document({"rows": rows, "file": path})
    session.show(_table(session, rows))
    session.show(Text(f"已写出 {path}", f"Written: {path}"))


def _written(rows: Sequence[Row | Race], out: Path | None) -> Path:
    """The rows as a CSV; its path."""
    path = out or Path("bench-results") / f"{datetime.now():%Y%m%d-%H%M%S}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(asdict(rows[0])))
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
    return path


def _races(session: Session, sizes: list[Size], seconds: float, out: Path | None) -> None:
    """The default profile beside general solvers on the same generated cases, and the table of it."""
    from rich.table import Table

    rows: list[Race] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="quota-opt-bench-") as folder:
            subprocess.run([sys.executable, "-c", _GENERATE, folder, json.dumps(CASES[size])], check=True)
            rows += races(size.value, str(Path(folder) / "case"), seconds)
    path = _written(rows, out)
    session.document({"rows": rows, "file": path})
    headings = (
        Text("规模", "size"),
        Text("求解方案", "solver"),
        Text("结果", "status"),
        Text("秒", "seconds"),
        Text("差距", "gap"),
        *(Text(f"到 {gap:g} 的秒数", f"s to {gap:g}") for gap in GAPS),
        Text("内存峰值 MB", "peak MB"),
    )
    table = Table(box=None, pad_edge=False)
    for i, heading in enumerate(headings):
        table.add_column(session.text(heading), justify="left" if i < 3 else "right")
    for row in rows:
        figures = (row.seconds, row.gap, *row.within, row.peak_mb)
        shown = ("–" if value is None else f"{value:.3g}" for value in figures)
        table.add_row(row.size, row.solver, row.status, *shown)
    session.show(table)
    session.show(Text(f"已写出 {path}", f"Written: {path}"))


def measure(size: Size) -> list[Row]:
    """Generate the case of that size and time each step on it, in a fresh process."""
    with tempfile.TemporaryDirectory(prefix="quota-opt-bench-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "quota_opt.cli.bench", size.value, folder],
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
        return [Row(**row) for row in json.loads(done.stdout)]


def peak_mb() -> float | None:
    """Largest resident memory of this process so far, in MB; None where the system does not say (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


def _start_up() -> list[Row]:
    rows = []
    commands = {"quota-opt --version": ["-m", "quota_opt", "--version"], "import quota_opt": ["-c", "import quota_opt"]}
    for step, arguments in commands.items():
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        rows.append(Row("start", step, round(time.perf_counter() - began, 3)))
    return rows


def _work(size: str, folder: str) -> list[Row]:
    # In a process of its own, so that its memory does not count.
    subprocess.run([sys.executable, "-c", _GENERATE, folder, json.dumps(CASES[Size(size)])], check=True)
    import quota_opt as qo

    worker = _Worker(size)
    worker.time("load", lambda: importlib.import_module("quota_opt.facade"))
    scenario = worker.time("read", lambda: qo.read(str(Path(folder) / "case")))
    problem = worker.time(
        "build",
        lambda: qo.build(scenario),
        columns=lambda built: built.arrays.columns,
        rows=lambda built: built.arrays.rows,
        entries=lambda built: built.arrays.matrix.nnz,
    )
    from quota_opt.solving.highs import load

    worker.time("hand over", lambda: load(problem.arrays))
    return worker.rows


_GENERATE = """
import json, sys
from pathlib import Path
from quota_opt.scenario.generate import generate_case
generate_case(Path(sys.argv[1]) / "case", first_year=2021, seed=0, **json.loads(sys.argv[2]))
"""


def _table(session: Session, rows: list[Row]) -> Any:
    from rich.table import Table

    headings = (
        Text("规模", "size"),
        Text("步骤", "step"),
        Text("秒", "seconds"),
        Text("处理器秒", "CPU s"),
        Text("内存峰值 MB", "peak MB"),
        Text("列", "columns"),
        Text("行", "rows"),
        Text("非零元", "non-zeros"),
    )
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(session.text(heading), justify="left" if heading in headings[:2] else "right")
    for row in rows:
        counts = ("" if count is None else f"{count:,}" for count in (row.columns, row.rows, row.entries))
        memory = "" if row.peak_mb is None else f"{row.peak_mb:,.0f}"
        cpu = "" if row.cpu_seconds is None else f"{row.cpu_seconds:.3f}"
        table.add_row(row.size, row.step, f"{row.seconds:.3f}", cpu, memory, *counts)
    return table


if __name__ == "__main__":
    json.dump([asdict(row) for row in _work(sys.argv[1], sys.argv[2])], sys.stdout)

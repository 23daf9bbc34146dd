"""`quota-opt bench`: how long a generated case takes to read, build and hand over, or to solve beside other solvers."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from quota_opt.cli.bench_solvers import GAPS, PULP, RELAXATION, TABLES, WAYS, Race, Solver, races
from quota_opt.cli.session import Session
from quota_opt.errors import Text


class Size(StrEnum):
    """Synthetic cases to measure; `county-heavy` has few large firms, `million` about a million columns."""

    TOWN = "town"
    COUNTY = "county"
    COUNTY_HEAVY = "county-heavy"
    CITY = "city"
    PROVINCE = "province"
    NATION = "nation"
    MILLION = "million"


def _sizes(firms: int, projects: int, counties: int = 1, towns: int = 15, shape: str = "tight") -> dict[str, int | str]:
    """As the generator takes them; `towns` is per county."""
    return {
        "firms": firms,
        "projects": projects,
        "towns": towns,
        "counties": counties,
        "years": 5,
        "shape": shape,
    }


CASES: dict[Size, dict[str, int | str]] = {
    Size.TOWN: _sizes(100, 20, towns=1),
    Size.COUNTY: _sizes(2_000, 200),
    Size.COUNTY_HEAVY: _sizes(2_000, 200, shape="heavy"),
    Size.CITY: _sizes(20_000, 2_000, counties=10),
    Size.PROVINCE: _sizes(200_000, 20_000, counties=90),
    Size.NATION: _sizes(1_000_000, 100_000, counties=500),
    Size.MILLION: _sizes(150_000, 5_000, counties=30),
}
PULP_AT_MOST = Size.COUNTY
"""PuLP makes an object a column and a row: its rate is measured on a case no larger than this."""


@dataclass(frozen=True)
class Row:
    """One measurement; `peak_mb` is the largest memory of its process so far, where the system tells."""

    size: str
    seed: int
    step: str
    seconds: float | None = None
    cpu_seconds: float | None = None  # less than `seconds` where other programs kept the processor busy
    peak_mb: float | None = None
    columns: int | None = None
    rows: int | None = None
    entries: int | None = None
    columns_per_second: int | None = None  # of processor time
    solve_seconds: float | None = None  # of a re-solve, the solver's part
    gap: float | None = None


def bench(
    session: Session,
    size: Annotated[
        list[Size] | None,
        typer.Option("--size", help="规模 Which cases; repeat for more.", show_default="county, million"),
    ] = None,
    seed: Annotated[
        list[int] | None,
        typer.Option("--seed", min=0, help="种子 Seeds of the cases; repeat for more.", show_default="0"),
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
    solvers: Annotated[
        list[Solver] | None,
        typer.Option("--solvers", help="对比对象 Who takes part with --against; repeat for more.", show_default="all"),
    ] = None,
    relaxation: Annotated[
        bool, typer.Option("--relaxation", help="松弛 Also time HiGHS on the linear relaxation, to its end.")
    ] = False,
    modelling: Annotated[
        bool, typer.Option("--modelling", help="建模对比 Columns per second, beside linopy and PuLP.")
    ] = False,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="重算 Solve once, then with one number changed at a time.")
    ] = False,
    front: Annotated[
        bool,
        typer.Option("--front", help="取舍 Exact fronts beside PyAUGMECON; with --size, 25 points beside one solve."),
    ] = False,
    batch: Annotated[
        bool, typer.Option("--batch", help="批量 Variants of one county with one process and with two.")
    ] = False,
    what_if: Annotated[
        bool, typer.Option("--what-if", help="试算 What a moved slider waits for, alone and among many users.")
    ] = False,
    users: Annotated[int, typer.Option(metavar="N", min=2, help="How many users at once with --what-if.")] = 10,
    runs: Annotated[int, typer.Option(metavar="N", min=2, help="How many variants with --batch.")] = 40,
    firms: Annotated[int, typer.Option(metavar="N", min=1, help="Firms of that county.")] = 300,
    projects: Annotated[int, typer.Option(metavar="N", min=1, help="Its projects.")] = 60,
) -> None:
    """测速 Time start-up, reading, building and hand-over to the solver, with peak memory; or solvers side by side."""
    seeds = seed or [0]
    if against is not None:
        chosen = tuple(str(solver) for solver in solvers or Solver)
        _races(session, size or [Size.COUNTY], seeds, against, chosen, out, relaxation=relaxation)
        return
    if front:
        _fronts(session, size or [], seeds, out)
        return
    if batch:
        _batches(session, firms, projects, runs, out)
        return
    if what_if:
        _what_ifs(session, users, out)
        return
    rows: list[Row] = [] if modelling or resolve else _start_up()
    for chosen_size in size or ([Size.COUNTY] if resolve else [Size.COUNTY, Size.MILLION]):
        for number in seeds:
            if resolve:
                with _generated(chosen_size, number) as case:
                    told = json.loads(_child("bench_resolve", case))
                rows += [Row(chosen_size.value, number, **line) for line in told]
            elif modelling:
                rows += _modelled(chosen_size, number)
            else:
                rows += measure(chosen_size, number, relaxation=relaxation)
    path = _written([asdict(row) for row in rows], out or _default_path())
    session.document({"rows": rows, "file": path})
    session.show(_table(session, rows))
    for program in dict.fromkeys(WAYS[row.step] for row in rows if row.seconds is None):
        session.show(
            Text(
                f"未安装 {program}，没有测它；安装：pip install {program}",
                f"{program} is not installed here and was left out; install it: pip install {program}",
            )
        )
    session.show(Text(f"已写出 {path}", f"Written: {path}"))


def _fronts(session: Session, sizes: list[Size], seeds: list[int], out: Path | None) -> None:
    """Fronts as `bench_front` measures them."""
    from quota_opt.cli import bench_front

    rows = [row for seed in seeds for row in bench_front.raced(seed)]
    for size in sizes:
        for seed in seeds:
            with _generated(size, seed) as case:
                rows += bench_front.spread(f"{size.value} {seed}", case)
    path = _written(bench_front.flat(rows), out or _default_path())
    session.document({"rows": rows, "file": path})
    session.show(bench_front.table(session, rows))
    if any(row.seconds is None and row.ratio is None for row in rows):
        name = bench_front.OTHER
        session.show(
            Text(
                f"未安装 {name}，没有测它；安装：pip install {name}",
                f"{name} is not installed here and was left out; install it: pip install {name}",
            )
        )
    session.show(Text(f"已写出 {path}", f"Written: {path}"))


def _batches(session: Session, firms: int, projects: int, runs: int, out: Path | None) -> None:
    """One batch with one process and with two, as `bench_batch` measures them."""
    from quota_opt.cli import bench_batch

    with _made({**bench_batch.COUNTY, "firms": firms, "projects": projects}) as case:
        rows = bench_batch.raced(case, runs)
    path = _written(bench_batch.flat(rows), out or _default_path())
    session.document({"rows": rows, "file": path})
    session.show(bench_batch.table(session, rows))
    session.show(Text(f"已写出 {path}", f"Written: {path}"))


def _what_ifs(session: Session, users: int, out: Path | None) -> None:
    """Questions of the what-if screen, as `bench_what_if` times them."""
    from quota_opt.cli import bench_what_if

    rows = bench_what_if.timed(users)
    path = _written(bench_what_if.flat(rows), out or _default_path())
    session.document({"rows": rows, "file": path})
    session.show(bench_what_if.table(session, rows))
    session.show(Text(f"已写出 {path}", f"Written: {path}"))


def measure(size: Size, seed: int = 0, *, relaxation: bool = False) -> list[Row]:
    """Generate the case of that size and time each step on it, in a fresh process."""
    with _generated(size, seed) as case:
        told = _child("bench_steps", "steps", case, *(["relaxation"] if relaxation else []))
        return [Row(size.value, seed, **line) for line in json.loads(told)]


def _modelled(size: Size, seed: int) -> list[Row]:
    """The same model built in each of `WAYS`; a row without seconds for what is not installed."""
    from importlib.util import find_spec

    large = int(CASES[size]["firms"]) > int(CASES[PULP_AT_MOST]["firms"])
    own = (TABLES, "quota_opt: arrays")
    plan = (
        {size: tuple(way for way in WAYS if way != PULP), PULP_AT_MOST: (*own, PULP)} if large else {size: tuple(WAYS)}
    )
    rows = []
    for one, ways in plan.items():
        with _generated(one, seed) as case:
            model = str(Path(case).with_name("model.npz"))
            _child("bench_race", "export", case, model)
            for way in ways:
                if find_spec(WAYS[way]) is None:
                    rows.append(Row(one.value, seed, way))
                else:
                    rows.append(Row(one.value, seed, **json.loads(_child("bench_steps", "model", way, case, model))))
    return rows


@contextmanager
def _generated(size: Size, seed: int) -> Iterator[str]:
    """The folder of the case of that size."""
    with _made({**CASES[size], "seed": seed}) as case:
        yield case


@contextmanager
def _made(sizes: dict[str, int | str]) -> Iterator[str]:
    """The folder of a generated case, made in a process of its own so that its memory does not count."""
    with tempfile.TemporaryDirectory(prefix="quota-opt-bench-") as folder:
        case = str(Path(folder) / "case")
        _child("bench_steps", "generate", case, json.dumps(sizes))
        yield case


def _child(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", f"quota_opt.cli.{module}", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def _start_up() -> list[Row]:
    rows = []
    commands = {"quota-opt --version": ["-m", "quota_opt", "--version"], "import quota_opt": ["-c", "import quota_opt"]}
    for step, arguments in commands.items():
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        rows.append(Row("start", 0, step, round(time.perf_counter() - began, 3)))
    return rows


def _default_path() -> Path:
    return Path("bench-results") / f"{datetime.now():%Y%m%d-%H%M%S}.csv"


def _written(lines: Sequence[dict[str, Any]], path: Path) -> Path:
    """The lines as a CSV; its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


def _races(
    session: Session,
    sizes: list[Size],
    seeds: list[int],
    seconds: float,
    solvers: tuple[str, ...],
    out: Path | None,
    *,
    relaxation: bool,
) -> None:
    """The default profile beside general solvers: a table, every point of the way, and a chart for each case."""
    path = out or _default_path()
    rows: list[Race] = []
    charts: list[Path] = []
    for size in sizes:
        for seed in seeds:
            with _generated(size, seed) as case:
                raced = races(size.value, seed, case, seconds, solvers, relaxation=relaxation)
            rows += raced
            charts += _charted(session, raced, path.with_name(f"{path.stem}-{size.value}-{seed}.svg"))
    _written([race.flat() for race in rows], path)
    points = [
        {"size": race.size, "seed": race.seed, "solver": race.solver, **vars(point)}
        for race in rows
        for point in race.points
    ]
    files = [path, *charts]
    if points:
        files.insert(1, _written(points, path.with_name(f"{path.stem}-points.csv")))
    session.document({"rows": [race.flat() for race in rows], "file": path, "files": files})
    session.show(_race_table(session, rows))
    if any(race.rounded for race in rows):
        session.show(
            Text(
                "* 连续量取整后求解（份额取千分之一，调拨量取 0.1）：方案对原模型有效，界只对取整后的模型成立。",
                "* Solved with continuous quantities in whole steps (shares 0.001, transfers 0.1): the plan holds in "
                "the model, the bound only in the rounded one.",
            )
        )
    session.show(Text(f"已写出 {'、'.join(map(str, files))}", f"Written: {', '.join(map(str, files))}"))


def _charted(session: Session, raced: list[Race], path: Path) -> list[Path]:
    """The chart of one case as a file; none where it cannot be drawn here."""
    from quota_opt.cli.bench_chart import gap_chart
    from quota_opt.report.draw import draw_svg

    first = raced[0]
    title = Text(f"{first.size} {first.seed}：差距随时间的变化", f"{first.size} {first.seed}: gap over time")
    axes = (Text("秒", "seconds"), Text("差距", "gap"))
    lines = Text(
        "实线：求解器自己证明的差距；虚线：它的方案与本程序证明的界之差",
        "solid: the gap a solver proves itself; dashed: its plan beside the bound proven by auto",
    )
    named = session.text(axes[0]), session.text(axes[1])
    figure = gap_chart(raced, session.text(title), named, session.text(lines))
    [svg] = draw_svg([figure]) if figure is not None else [None]
    if svg is None:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding="utf-8")
    return [path]


def _race_table(session: Session, rows: list[Race]) -> Any:
    """Seconds to each gap twice: proven by the solver, and (after the stroke) its plan beside our bound."""
    from rich.table import Table

    headings = (
        Text("算例", "case"),
        Text("求解方案", "solver"),
        Text("秒", "seconds"),
        Text("自证差距", "own gap"),
        Text("距我方界", "to our bound"),
        *(Text(f"到 {gap:g} 秒", f"s to {gap:g}") for gap in GAPS),
        Text("内存 MB", "peak MB"),
    )
    table = Table(box=None, pad_edge=False)
    for i, heading in enumerate(headings):
        table.add_column(session.text(heading), justify="left" if i < 2 else "right")
    for row in rows:
        seconds = [f"{_figure(own)} / {_figure(near)}" for own, near in zip(row.within, row.near, strict=True)]
        name = f"{row.solver}*" if row.rounded else row.solver
        if row.solver == RELAXATION:
            seconds = ["–"] * len(GAPS)
        table.add_row(
            f"{row.size} {row.seed}",
            name,
            _figure(row.seconds),
            _figure(row.gap) if row.gap is not None else row.status,
            _figure(row.gap_to_ours),
            *seconds,
            "–" if row.peak_mb is None else f"{row.peak_mb:,.0f}",
        )
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


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
        Text("列/秒", "columns/s"),
        Text("其中求解秒", "solve s"),
        Text("差距", "gap"),
    )
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(session.text(heading), justify="left" if heading in headings[:2] else "right")
    for row in rows:
        counts = (row.columns, row.rows, row.entries, row.columns_per_second)
        shown = ("" if count is None else f"{count:,}" for count in counts)
        memory = "" if row.peak_mb is None else f"{row.peak_mb:,.0f}"
        times = ("" if second is None else f"{second:.3f}" for second in (row.seconds, row.cpu_seconds))
        again = (_figure(row.solve_seconds), _figure(row.gap)) if row.solve_seconds is not None else ("", "")
        table.add_row(row.size, row.step, *times, memory, *shown, *again)
    return table

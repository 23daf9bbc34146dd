"""One PuLP solve in a process of its own; see `children.py`. Imports nothing of quota_opt, to start fast."""

import os
import pickle
import signal
import struct
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any


def main() -> None:
    """Read a pickled request (made by `pulp_engine.py`), solve it, answer with pickled values and codes."""
    # A handler, not SIG_IGN: the solver's own process must hear the interrupt and hand over its incumbent.
    signal.signal(signal.SIGINT, lambda *_: None)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    writing = threading.Lock()

    def tell(kind: bytes, payload: bytes) -> None:
        with writing:
            out.write(struct.pack(">cQ", kind, len(payload)) + payload)
            out.flush()

    source = sys.stdin.buffer
    (size,) = struct.unpack(">Q", source.read(8))
    request = pickle.loads(source.read(size))
    warnings.simplefilter("ignore")
    try:
        import pulp
    except ImportError as error:
        tell(b"E", str(error).encode())
        return
    threading.Thread(target=_wait_for_end, args=(source,), daemon=True).start()
    problem, variables, upper, lower = _problem(pulp, request)
    finish = _pass_on_log(request["arguments"], tell) if request["has_log"] else None
    try:
        solver = pulp.getSolver(request["solver"], **request["arguments"])
        solver.tmpDir = str(Path.cwd())
        problem.solve(solver)
    except TypeError as error:
        tell(b"E", f"option: {error}".encode())
        return
    except pulp.PulpSolverError as error:
        tell(b"E", str(error).encode())
        return
    finally:
        if finish is not None:
            finish()
    tell(b"R", pickle.dumps(_result(problem, variables, upper, lower)))


def _pass_on_log(arguments: dict[str, Any], tell: Callable[[bytes, bytes], None]) -> Callable[[], None]:
    """Let the solver write its log so that the parent hears it; returns what ends this.

    A program that writes to a file keeps back up to 4,096 characters; to a terminal it writes line by line.
    """
    if not hasattr(os, "openpty"):
        path = Path.cwd() / "solver.log"
        arguments["logPath"] = str(path)
        return lambda: tell(b"L", path.read_bytes() if path.exists() else b"")
    master, slave = os.openpty()
    arguments["logPath"] = os.ttyname(slave)

    def pass_on() -> None:
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # Linux's way to say that nobody writes any more
                return
            if not data:
                return
            tell(b"L", data.replace(b"\r\n", b"\n"))

    reader = threading.Thread(target=pass_on, daemon=True)
    reader.start()

    def finish() -> None:
        os.close(slave)
        reader.join(timeout=2.0)

    return finish


def _problem(pulp: Any, request: dict[str, Any]) -> tuple[Any, list[Any], list[Any], list[Any]]:
    """The model as a PuLP problem; a row with two sides becomes two constraints."""
    infinity = float("inf")
    problem = pulp.LpProblem("quota", pulp.LpMaximize)
    variables = [
        pulp.LpVariable(
            f"x{j}",
            None if low == -infinity else low,
            None if high == infinity else high,
            pulp.LpInteger if whole else pulp.LpContinuous,
        )
        for j, (low, high, whole) in enumerate(zip(request["lower"], request["upper"], request["integer"], strict=True))
    ]
    terms = [(x, c) for x, c in zip(variables, request["objective"], strict=True) if c]
    if request["offset"]:
        # CBC leaves constants out of its gap; a column fixed at one brings them in.
        terms.append((pulp.LpVariable("one", 1, 1), request["offset"]))
    problem += pulp.LpAffineExpression(terms)
    start = request["start"]
    if start is not None:
        for variable, value in zip(variables, start, strict=True):
            variable.setInitialValue(value, check=False)
    pointer, index, value = request["pointer"], request["index"], request["value"]
    upper: list[Any] = []
    lower: list[Any] = []
    for i, (low, high) in enumerate(zip(request["row_lower"], request["row_upper"], strict=True)):
        entries = [(variables[index[k]], value[k]) for k in range(pointer[i], pointer[i + 1])]
        both = None
        if low == high:
            both = pulp.LpConstraint(pulp.LpAffineExpression(entries), pulp.LpConstraintEQ, f"r{i}", high)
            problem += both
        above = below = both
        if both is None and high < infinity:
            above = pulp.LpConstraint(pulp.LpAffineExpression(entries), pulp.LpConstraintLE, f"u{i}", high)
            problem += above
        if both is None and low > -infinity:
            below = pulp.LpConstraint(pulp.LpAffineExpression(entries), pulp.LpConstraintGE, f"l{i}", low)
            problem += below
        upper.append(above)
        lower.append(None if both is not None else below)
    return problem, variables, upper, lower


def _result(problem: Any, variables: list[Any], upper: list[Any], lower: list[Any]) -> dict[str, Any]:
    prices = [
        sum(float(side.pi or 0.0) for side in sides if side is not None) for sides in zip(upper, lower, strict=True)
    ]
    known = any(side is not None and side.pi is not None for side in upper + lower)
    values = [x.varValue for x in variables]
    if any(value is not None for value in values):
        # PuLP leaves out columns that stand in no row and have no price; any value within their bounds will do.
        values = [_idle(x) if value is None else value for x, value in zip(variables, values, strict=True)]
    return {
        "status": problem.status,
        "sol_status": problem.sol_status,
        "values": None if any(value is None for value in values) else values,
        "duals": prices if known else None,
    }


def _idle(variable: Any) -> float:
    """Zero, or the bound nearest to it."""
    low = -float("inf") if variable.lowBound is None else variable.lowBound
    high = float("inf") if variable.upBound is None else variable.upBound
    return float(min(max(0.0, low), high))


def _wait_for_end(source: IO[bytes]) -> None:
    """The end of the parent ends the solver too; a stop request only concerns the solver, which is signalled."""
    if source.read(1) == b"" and hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()

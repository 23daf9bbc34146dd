"""One MathOpt solve in a process of its own; see `children.py`. Imports nothing of quota_opt, to start fast."""

import os
import signal
import struct
import sys
import threading
from collections.abc import Sequence
from typing import IO, Any


def main() -> None:
    """Read a SolveRequest, solve it, answer with a SolveResultProto."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the solver prints must not mix with the frames
    writing = threading.Lock()

    def tell(kind: bytes, payload: bytes) -> None:
        with writing:
            out.write(struct.pack(">cQ", kind, len(payload)) + payload)
            out.flush()

    source = sys.stdin.buffer
    (size,) = struct.unpack(">Q", source.read(8))
    data = source.read(size)
    try:
        from ortools.math_opt import callback_pb2, parameters_pb2, rpc_pb2
        from ortools.math_opt.core.python import solver
        from ortools.util.python import solve_interrupter
        from pybind11_abseil.status import StatusNotOk  # type: ignore[import-untyped]
    except ImportError as error:
        tell(b"E", str(error).encode())
        return
    request = rpc_pb2.SolveRequest.FromString(data)
    interrupter = solve_interrupter.SolveInterrupter()
    deaf = request.solver_type == parameters_pb2.SOLVER_TYPE_HIGHS
    threading.Thread(target=_wait_for_stop, args=(source, interrupter, deaf), daemon=True).start()

    def log(lines: Sequence[str]) -> None:
        tell(b"L", "\n".join(lines).encode())

    registration = callback_pb2.CallbackRegistrationProto()
    callback: Any = None
    if request.solver_type == parameters_pb2.SOLVER_TYPE_CP_SAT:
        registration.request_registration.extend(
            [callback_pb2.CALLBACK_EVENT_MIP_SOLUTION, callback_pb2.CALLBACK_EVENT_MIP]
        )
        registration.mip_solution_filter.filter_by_ids = True

        def tell_bounds(event: Any) -> Any:
            stats = event.mip_stats
            tell(b"B", struct.pack(">dd", stats.primal_bound, stats.dual_bound))
            return callback_pb2.CallbackResultProto()

        callback = tell_bounds

    try:
        result = solver.solve(
            request.model,
            request.solver_type,
            request.initializer,
            request.parameters,
            request.model_parameters,
            None if callback else log,
            registration,
            callback,
            interrupter.pybind_interrupter,
        )
    except StatusNotOk as error:
        tell(b"E", str(error).encode())
        return
    tell(b"R", result.SerializeToString())


def _wait_for_stop(source: IO[bytes], interrupter: Any, deaf: bool) -> None:
    """One more byte, or the end of the parent, means stop."""
    source.read(1)
    if deaf:
        os._exit(3)
    interrupter.interrupt()


if __name__ == "__main__":
    main()

"""Watch a solve, stop it from another thread when it is good enough, and keep the plan.

python examples/progress_and_cancel.py [FOLDER]
"""

import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import quota_opt as qo

GOOD_ENOUGH = 0.05


def main(folder: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        case = qo.read(qo.generate_case(Path(scratch) / "county", firms=150, projects=30, towns=5, years=3, seed=1))

    good_enough, enough = threading.Event(), threading.Event()
    seen: list[qo.Progress] = []

    def told(progress: qo.Progress) -> bool:
        """Called about ten times a second; False stops the solver and keeps the best plan so far."""
        seen.append(progress)
        if progress.gap is not None and progress.gap <= GOOD_ENOUGH:
            good_enough.set()
        return not enough.is_set()

    # The solve runs in a thread of its own, as below the window of a program; this one decides when to stop.
    with ThreadPoolExecutor(1) as pool:
        solving = pool.submit(qo.solve, case, gap=0.0, time_limit=30, on_progress=told)
        solving.add_done_callback(lambda _: good_enough.set())
        good_enough.wait()
        enough.set()
        try:
            plan = solving.result()
        except qo.NoPlanFound as error:
            print(error.of("en"))
            return
    print(f"{plan.status} after {len(seen)} reports: gap {plan.gap:.2%}, {len(plan.awards)} projects")
    print("verified:", qo.verify(plan).ok)
    if folder is not None:
        print(f"written to {plan.write(folder)}")


if __name__ == "__main__":
    main(*sys.argv[1:])

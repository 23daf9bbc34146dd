"""The command line. Thin: it parses, calls the façade, shows what comes back and turns errors into exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `argv` defaults to that of the process."""
    from quota_opt.cli.boundary import Boundary
    from quota_opt.cli.session import Session

    arguments = list(sys.argv[1:] if argv is None else argv)
    session = Session.early(arguments)
    session.prepare_streams()
    with Boundary(session) as boundary:
        from quota_opt.cli.app import command

        boundary.code = int(
            command().main(args=arguments, prog_name="quota-opt", standalone_mode=False, obj=session) or 0
        )
    code = session.close(boundary.code)
    if session.given_up and argv is None:
        # A solver that is slow to stop runs in a thread the interpreter would wait for.
        os._exit(code)
    return code

"""Global options, accepted before and after the verb, and the decorator that gives them to every command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from quota_opt.cli import complete
from quota_opt.cli.session import Session
from quota_opt.cli.version import version

_PANEL = "Global options"


class LanguageChoice(StrEnum):
    """Languages of the output."""

    ZH = "zh"
    EN = "en"


def _say_version(context: typer.Context, asked: bool) -> None:
    if asked:
        session = context.find_root().obj
        if isinstance(session, Session):
            session.document({"version": version()})
            session.answer(f"quota-opt {version()}")
        raise typer.Exit


Lang = Annotated[
    LanguageChoice | None,
    typer.Option("--lang", help="语言 Language of the output; default from the locale.", rich_help_panel=_PANEL),
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout and nothing else.", rich_help_panel=_PANEL)
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No summary and no progress.", rich_help_panel=_PANEL)]
Debug = Annotated[bool, typer.Option("--debug", help="Tracebacks and the log on stderr.", rich_help_panel=_PANEL)]
Version = Annotated[
    bool,
    typer.Option(
        "--version", help="Show the version and stop.", callback=_say_version, is_eager=True, rich_help_panel=_PANEL
    ),
]

Case = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help="案例 A built-in case (`quota-opt scenarios`), a folder or an .xlsx workbook; CASE/VARIANT for a variant.",
        autocompletion=complete.cases,
        show_default=False,
    ),
]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile", help="Solver profile (`quota-opt engines`) or a .toml.", autocompletion=complete.profiles
    ),
]
Gap = Annotated[float | None, typer.Option(help="差距 Relative gap of each solve, e.g. 0.001.", show_default=False)]
TimeLimit = Annotated[
    float | None, typer.Option(help="时限 Stop each solve after this many seconds.", show_default=False)
]

_GLOBALS: tuple[tuple[str, Any, Any], ...] = (
    ("lang", Lang, None),
    ("as_json", Json, False),
    ("quiet", Quiet, False),
    ("debug", Debug, False),
    ("show_version", Version, False),
)


def with_globals(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Give a command the global options; `function` takes the `Session` first, then its own parameters."""
    signature = inspect.signature(function, eval_str=True)
    own = list(signature.parameters.values())[1:]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in _GLOBALS
    ]
    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)

    def command(context: typer.Context, **given: Any) -> int | None:
        session = take_globals(context, given)
        session.command = context.command_path
        try:
            return function(session, **given)
        except KeyboardInterrupt:
            # Typer would end with 130, which is none of our exit codes.
            raise typer.Abort from None

    parameters = [context, *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own), *shared]
    command.__name__ = function.__name__
    command.__doc__ = function.__doc__
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def take_globals(context: typer.Context, given: dict[str, Any]) -> Session:
    """Move the global options out of `given` into the session of this call."""
    session = context.find_root().obj
    if not isinstance(session, Session):
        session = Session.early([])
    language = given.pop("lang")
    session.take(
        language.value if language is not None else None,
        as_json=given.pop("as_json"),
        quiet=given.pop("quiet"),
        debug=given.pop("debug"),
    )
    given.pop("show_version")
    if session.debug:
        from quota_opt.cli.boundary import log_to_stderr

        log_to_stderr()
    return session

"""The commands by name, in the order of the handbook."""

from __future__ import annotations

import functools
from typing import Any

import typer

from quota_opt.cli import (
    batching,
    bench,
    commands,
    comparing,
    explaining,
    fronts,
    ledger,
    library,
    nearby,
    overriding,
    schemas,
    sealed,
    serving,
    solving,
    storing,
    uncertain,
)
from quota_opt.cli.boundary import Usage
from quota_opt.cli.options import Debug, Json, Lang, Quiet, Version, take_globals, with_globals
from quota_opt.errors import Text

_ABOUT = """腾笼换鸟：把腾出的用能、碳排放空间和土地安排给项目。

Allocate freed energy quota, carbon space and land to projects: proven, verified and explained plans.
"""

_ENDINGS = (
    "退出码 Exit codes: 0 done · 1 internal error · 2 the input needs correcting · 3 no plan satisfies the rules · "
    "4 a limit came first · 5 the plan failed verification."
)

_ORDER = (
    commands.new,
    commands.scenarios,
    commands.engines,
    library.rules,
    library.dictionary,
    schemas.schema,
    commands.check,
    sealed.migrate,
    solving.run,
    solving.verify,
    sealed.replay,
    sealed.report,
    comparing.compare,
    comparing.diff,
    fronts.pareto,
    nearby.alternatives,
    nearby.sweep,
    nearby.replan,
    overriding.override,
    explaining.explain,
    ledger.ledger,
    uncertain.evaluate,
    uncertain.robust,
    uncertain.two_stage,
    batching.batch,
    serving.serve,
    solving.export,
    commands.generate,
    bench.bench,
)


def _root(
    context: typer.Context,
    *,
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
    show_version: Version = False,
) -> None:
    given: dict[str, Any] = {
        "lang": lang,
        "as_json": as_json,
        "quiet": quiet,
        "debug": debug,
        "show_version": show_version,
    }
    session = take_globals(context, given)
    if context.invoked_subcommand is None:
        if session.json:
            raise Usage(Text("缺少命令。", "No command given."))
        typer.echo(context.get_help())


@functools.cache
def command() -> Any:
    """The whole command line as one click command."""
    app = typer.Typer(
        name="quota-opt",
        help=_ABOUT,
        epilog=_ENDINGS,
        invoke_without_command=True,
        no_args_is_help=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    for function in _ORDER:
        app.command(name=function.__name__.replace("_", "-"))(with_globals(function))
    store = typer.Typer(name="store", help=storing.ABOUT, rich_markup_mode="rich")
    store.callback(invoke_without_command=True)(_root)
    for name, below in storing.COMMANDS.items():
        store.command(name=name)(with_globals(below))
    app.add_typer(store)
    return typer.main.get_command(app)

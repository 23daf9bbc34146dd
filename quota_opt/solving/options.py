"""Errors about options a profile passes through to a solver, and the way to install one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import metadata

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.solving.profile import Profile


def how_to_install(package: str) -> str:
    """The command that installs `package` in a version this project works with."""
    try:
        requirements = metadata.requires("quota-opt") or []
    except metadata.PackageNotFoundError:
        requirements = []
    wanted = next((line for line in requirements if line.startswith(package)), package)
    return f'pip install "{wanted}"'


def bad_option(profile: Profile, name: str, known: Iterable[str]) -> InputError:
    """The solver does not know an option of that name."""
    near = get_close_matches(name, list(known), n=1)
    fix = (
        Text(f"是不是 {near[0]}？", f"did you mean {near[0]}?")
        if near
        else Text(f"看 {profile.solver} 的参数手册", f"see the options {profile.solver} documents")
    )
    what = Text(f"{profile.solver} 没有参数“{name}”", f"{profile.solver} has no option {name!r}")
    return _error(profile, name, what, fix, name)


def bad_option_value(profile: Profile, name: str, value: object) -> InputError:
    """The solver refuses the value of an option."""
    what = Text(f"{profile.solver} 不接受 {name} = {value}", f"{profile.solver} does not accept {name} = {value}")
    fix = Text("看它的参数手册里的类型和范围", "see its documented type and range")
    return _error(profile, name, what, fix, str(value))


def _error(profile: Profile, name: str, what: Text, fix: Text, seen: str) -> InputError:
    where = Where(file=f"{profile.name}.toml", path=f"options.{name}")
    return InputError([Finding(Level.ERROR, "bad-solver-option", what, where, fix, seen)])

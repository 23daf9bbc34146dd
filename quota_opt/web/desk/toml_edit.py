"""Settings changed in the text of `scenario.toml`, whose comments and order stay."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w
import tomlkit
from tomlkit.exceptions import TOMLKitError

from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.resources import builtin
from quota_opt.scenario.folder import LARGEST_SETTINGS
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.paths import BadPathError, split_path, with_values
from quota_opt.scenario.settings_reading import SETTINGS_FILE, plain_document, read_toml
from quota_opt.web.desk.edits import AddItem, RemoveSetting, SetSetting, SetSettingsText, SettingsEdit


def edited_settings(files: Mapping[str, bytes], step: SettingsEdit) -> dict[str, bytes]:
    """The files with one setting set or removed, or with another text of the settings.

    Raises InputError where the settings cannot be read, the path leads nowhere, or the text builds on other files.
    """
    if isinstance(step, SetSettingsText):
        content = step.text.encode("utf-8")
        if len(content) > LARGEST_SETTINGS:
            what = Text("设置文本太长", "the text of the settings is too long")
            raise InputError([Finding(Level.ERROR, "file-too-large", what, Where(file=SETTINGS_FILE), _SHORTER)])
        document, _ = read_toml(content, SETTINGS_FILE)
        _refuse_base(document.get("extends"))
        return {**files, SETTINGS_FILE: content}
    old = files.get(SETTINGS_FILE, b"")
    document, findings = read_toml(old, SETTINGS_FILE)
    if findings:
        raise InputError(findings)
    if isinstance(step, AddItem):
        there, item = _at(document, step.path), plain_value(step.value)
        if not isinstance(there, list):
            return edited_settings(files, SetSetting(step.path, [item]))
        wanted, findings = with_values(document, {step.path: [*there, item]})
    elif isinstance(step, SetSetting):
        wanted, findings = with_values(document, {step.path: plain_value(step.value)})
    else:
        wanted, findings = _without(document, step.path)
    if findings:
        raise InputError(findings)
    _refuse_base(wanted.get("extends"))
    text = old.decode("utf-8-sig") if not old or _is_utf8(old) else old.decode("gb18030")
    return {**files, SETTINGS_FILE: _written(text, step, wanted).encode("utf-8")}


_SHORTER = Text("请删去无关内容。", "Remove what is not needed.")


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _refuse_base(base: object) -> None:
    """`extends` may name a built-in case; otherwise it is a path on the server."""
    if base is not None and base not in builtin("scenarios"):
        what = Text("extends 只能指向内置案例", "extends can name a built-in case only")
        where = Where(file=SETTINGS_FILE, path="extends")
        fix = mend_name(str(base), builtin("scenarios"))
        raise InputError([Finding(Level.ERROR, "unknown-case", what, where, fix, str(base))])


def plain_value(value: Any) -> Any:
    """A value in TOML's own types."""
    return plain_document({"value": value})["value"]


def _at(document: Any, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    spot = document
    try:
        for key in split_path(path):
            spot = spot[int(key)] if isinstance(spot, list) else spot[key]
    except (BadPathError, KeyError, IndexError, ValueError, TypeError):
        return None
    return spot


def _without(document: Mapping[str, Any], path: str) -> tuple[dict[str, Any], list[Finding]]:
    result: dict[str, Any] = copy.deepcopy(dict(document))
    try:
        *above, last = split_path(path)
        spot: Any = result
        for key in above:
            spot = spot[int(key)] if isinstance(spot, list) else spot[key]
        del spot[int(last) if isinstance(spot, list) else last]
    except (BadPathError, KeyError, IndexError, ValueError, TypeError):
        what = Text(f"没有设置“{path}”", f"there is no setting {path!r}")
        fix = Text("请刷新页面后再试。", "Reload the page and try again.")
        return result, [Finding(Level.ERROR, "unknown-path", what, Where(path=path), fix)]
    return result, []


def _written(text: str, step: SetSetting | AddItem | RemoveSetting, wanted: Mapping[str, Any]) -> str:
    """The text with the step done, comments kept; written anew where that does not give what is wanted."""
    try:
        document = tomlkit.parse(text)
        _do(document, step)
        made = tomlkit.dumps(document)
        if tomllib.loads(made) == wanted:
            return made
    except (TOMLKitError, tomllib.TOMLDecodeError, KeyError, IndexError, ValueError, TypeError, AttributeError):
        pass  # Tables written in pieces are beyond the library; the settings matter more than their comments.
    return tomli_w.dumps(dict(wanted))


def _do(document: Any, step: SetSetting | AddItem | RemoveSetting) -> None:
    keys = split_path(step.path)
    spot = document
    for depth, key in enumerate(keys[:-1]):
        if isinstance(spot, list):
            spot = spot[int(key)]
            continue
        if key not in spot:
            inline = isinstance(spot, tomlkit.items.InlineTable) or depth > 1
            spot[key] = tomlkit.inline_table() if inline else tomlkit.table(is_super_table=depth == 0)
        spot = spot[key]
    last: Any = int(keys[-1]) if isinstance(spot, list) else keys[-1]
    if isinstance(step, RemoveSetting):
        del spot[last]
        return
    if isinstance(step, AddItem):
        inline = not isinstance(spot[last], tomlkit.items.AoT)
        spot[last].append(_item(plain_value(step.value), inline=inline))
        return
    value = _item(plain_value(step.value), inline=len(keys) > 2 or isinstance(spot, list))
    old = spot[last] if isinstance(spot, list) or last in spot else None
    if (
        old is not None
        and hasattr(old, "trivia")
        and hasattr(value, "trivia")
        and not isinstance(value, tomlkit.items.Table)
    ):
        value.trivia.comment, value.trivia.comment_ws = old.trivia.comment, old.trivia.comment_ws
    spot[last] = value


def _item(value: Any, *, inline: bool) -> Any:
    made: Any
    if isinstance(value, dict):
        made = tomlkit.inline_table() if inline else tomlkit.table()
        for key, below in value.items():
            made[key] = _item(below, inline=True)
        return made
    if isinstance(value, list):
        made = tomlkit.array()
        for below in value:
            made.append(_item(below, inline=True))
        return made
    return tomlkit.item(value)

"""`read`: from an address (folder, workbook, built-in case, with or without a variant) to a Scenario."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from quota_opt import resources
from quota_opt.errors import Finding, InputError, Level, Text, Where
from quota_opt.scenario.folder import read_folder
from quota_opt.scenario.nearest import mend_name
from quota_opt.scenario.raw import RawCase
from quota_opt.scenario.scenario import Scenario, make_scenario
from quota_opt.scenario.settings_reading import SETTINGS_FILE
from quota_opt.scenario.workbook import read_workbook

WORKBOOKS = (".xlsx", ".xlsm")
_DEEPEST = 8


def read(source: str | Path, *, overrides: Mapping[str, object] | None = None) -> Scenario:
    """Read a case: a folder, a workbook, the name of a built-in case, or one of these followed by `/VARIANT`.

    Raises
    ------
    InputError
        With every problem found in settings and tables at once, each with its place and how to mend it.
    """
    raw, variant = find_case(source)
    return make_scenario(raw, variant, dict(overrides or {}))


def find_case(source: str | Path) -> tuple[RawCase, str | None]:
    """What an address names, unvalidated, and the variant it asks for."""
    found = _locate(source)
    if found is None:
        _not_found(source)
    path, name, variant = found
    return _read_path(path, name, 0), variant


def _locate(source: str | Path) -> tuple[Path, str, str | None] | None:
    """Path, name to show, variant. A path that exists wins over a built-in case, the whole over a part of it."""
    text = str(source)
    path = Path(source)
    if _is_case(path):
        return path, text, None
    root = resources.data_root("scenarios")
    plain = text.replace("\\", "/").rstrip("/")
    if "/" not in plain and _is_case(root / plain):
        return root / plain, plain, None
    above, _, variant = plain.rpartition("/")
    if above and variant:
        if _is_case(Path(above)):
            return Path(above), above, variant
        if "/" not in above and _is_case(root / above):
            return root / above, above, variant
    if path.is_dir():
        return path, text, None
    return None


def _is_case(path: Path) -> bool:
    if path.is_file():
        return path.suffix.casefold() in WORKBOOKS
    return path.is_dir() and (
        (path / SETTINGS_FILE).is_file() or any(path.glob("*.csv")) or len(workbooks_in(path)) == 1
    )


def workbooks_in(folder: Path) -> list[Path]:
    """The workbooks of a folder, by name."""
    # Excel keeps a lock file `~$name.xlsx` beside a workbook that is open.
    return sorted(p for p in folder.glob("*") if p.suffix.casefold() in WORKBOOKS and not p.name.startswith("~$"))


def _read_path(path: Path, name: str, depth: int) -> RawCase:
    if path.is_file():
        return read_workbook(path, name)
    if not (path / SETTINGS_FILE).is_file() and not any(path.glob("*.csv")) and len(workbooks_in(path)) == 1:
        return read_workbook(workbooks_in(path)[0], name)

    def read_base(base: str, folder: Path) -> RawCase:
        where = Where(file=SETTINGS_FILE, path="extends")
        beside = folder / base
        root = resources.data_root("scenarios")
        target = beside if _is_case(beside) and beside.is_dir() else root / base
        if "\x00" in base or not _is_case(target) or not target.is_dir():
            names = [*resources.builtin("scenarios"), *(p.name for p in folder.parent.glob("*") if _is_case(p))]
            raise InputError(
                [
                    Finding(
                        Level.ERROR,
                        "unknown-case",
                        Text(f"extends 指向的案例“{base}”不存在", f"extends names {base!r}, which is no case folder"),
                        where,
                        mend_name(base, names),
                        base,
                    )
                ]
            )
        if depth >= _DEEPEST:
            raise InputError(
                [
                    Finding(
                        Level.ERROR,
                        "circular-extends",
                        Text(
                            f"extends 一层套一层超过 {_DEEPEST} 层，可能成环",
                            f"extends goes more than {_DEEPEST} cases deep, perhaps in a circle",
                        ),
                        where,
                        Text("请让 extends 指向一个完整的案例。", "Let extends name a case that is whole."),
                        base,
                    )
                ]
            )
        return _read_path(target, base, depth + 1)

    return read_folder(path, name, read_base)


def _not_found(source: str | Path) -> NoReturn:
    text = str(source)
    path = Path(source)
    if path.is_file():
        what = Text(f"“{text}”不是 .xlsx 工作簿", f"{text!r} is not an .xlsx workbook")
        fix = Text("请用 Excel 或 WPS 另存为 .xlsx，或给出案例文件夹。", "Save it as .xlsx, or give a case folder.")
    else:
        what = Text(f"没有案例“{text}”", f"there is no case {text!r}")
        fix = mend_name(
            text.split("/", maxsplit=1)[0], resources.builtin("scenarios"),
            else_zh="也可给出文件夹或 .xlsx 的路径。", else_en=" A path of a folder or an .xlsx will do as well.",
        )  # fmt: skip
    raise InputError([Finding(Level.ERROR, "unknown-case", what, Where(file=text), fix, text)])

"""What the house rules say about the tree itself."""

import ast
import re
from pathlib import Path

import pytest

from quota_opt.resources import builtin, data_root

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "quota_opt"
MODULES = sorted(PACKAGE.rglob("*.py"))
LEVELS = [
    {"cli", "web", "batch"}, {"store"}, {"", "facade"}, {"report", "analysis"}, {"plan"}, {"solving"}, {"rules"},
    {"model"}, {"scenario"}, {"errors", "messages", "resources"},
]  # fmt: skip


def level_of(module):
    """How high a module stands; 0 is highest. `quota_opt` itself is the façade."""
    head = module.split(".")[1] if "." in module else ""
    return next(i for i, names in enumerate(LEVELS) if head in names)


@pytest.mark.parametrize("kind", ["solvers", "scenarios"])
def test_data_folders_hold_no_python(kind):
    assert not list(data_root(kind).rglob("*.py"))
    assert not list(data_root(kind).rglob("__pycache__"))
    assert builtin(kind)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_short_and_says_what_it_is(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < 600
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "no module docstring"


def imports_of(path):
    """Modules of this package imported at the top of a file, type-checking blocks aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "quota_opt":
            if node.module == "quota_opt":
                yield from (f"quota_opt.{name.name}" for name in node.names if (PACKAGE / name.name).exists())
            else:
                yield node.module


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path):
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    if module in ("quota_opt.__main__", "quota_opt"):
        return
    for imported in imports_of(path):
        assert level_of(imported) >= level_of(module), f"{module} imports {imported}"


def test_only_the_screens_know_their_framework():
    pages = PACKAGE / "web" / "page"
    elsewhere = [path for path in MODULES if pages not in path.parents]
    assert [
        path.name for path in elsewhere if re.search(r"^\s*(from|import) nicegui", path.read_text("utf-8"), re.M)
    ] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_catches_everything_or_prints(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert ast.unparse(node.type) not in ("Exception", "BaseException") or any(
                isinstance(inner, ast.Raise) for inner in ast.walk(node)
            )
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            pytest.fail("print")


def test_no_notes_to_self_are_left():
    words = re.compile(r"\b(TODO|FIXME|XXX)\b")
    examples = [path for path in (ROOT / "examples").rglob("*") if path.is_file()]
    for path in [*MODULES, *examples, *(ROOT / "solvers").glob("*")]:
        assert not words.search(path.read_text(encoding="utf-8")), path

"""The wheel carries every tracked solver profile and case, nothing that git ignores, and runs without the checkout."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ("solvers", "scenarios")


def tracked(*folders):
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout")
    listed = subprocess.run(
        ["git", "-c", "core.quotepath=off", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    names = listed.stdout.decode("utf-8").split("\0")
    return {name for name in names if name and (ROOT / name).exists()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    [path] = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("kind", DATA)
def test_the_data_in_the_wheel_is_the_data_in_the_repository(names, kind):
    inside = f"quota_opt/_data/{kind}/"
    shipped = {f"{kind}/{name.removeprefix(inside)}" for name in names if name.startswith(inside)}
    assert shipped == tracked(kind)
    assert shipped


def test_every_module_and_asset_is_in_the_wheel(names):
    assert tracked("quota_opt") <= names


def test_the_source_archive_carries_handbook_examples_and_tests(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    [path] = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked("docs", "examples", "tests") <= inside


def test_the_wheel_is_marked_as_typed_and_carries_the_licence(names):
    assert "quota_opt/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_finds_its_data_without_the_checkout(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    script = (
        "import quota_opt.resources as r; from pathlib import Path; "
        f"assert Path(r.__file__).is_relative_to({str(tmp_path)!r}), r.__file__; "
        "print(*r.builtin('solvers'), *r.builtin('scenarios'))"
    )
    # The site directory first, so that the editable install of this checkout is not the one that answers.
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert {"auto", "exact", "quick", "second-opinion", "worked-example"} <= set(done.stdout.split())

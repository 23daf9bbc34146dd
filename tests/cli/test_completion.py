"""What the shell offers when Tab is pressed."""

import os
import subprocess
import sys

import pytest

from quota_opt.cli import complete
from quota_opt.resources import builtin


@pytest.fixture
def offered():
    def call(words):
        environment = dict(
            os.environ, _QUOTA_OPT_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(len(words.split(" ")) - 1)
        )
        done = subprocess.run(
            [sys.executable, "-m", "quota_opt"], env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout.split()

    return call


def test_verbs_complete(offered):
    assert offered("quota-opt sc") == ["scenarios", "schema"]
    assert offered("quota-opt sce") == ["scenarios"]


def test_case_names_complete(offered):
    assert "worked-example" in offered("quota-opt run wor")


def test_profile_names_complete(offered):
    assert offered("quota-opt run zhuji --profile qui") == ["quick"]


def test_every_built_in_case_and_profile_is_offered():
    assert set(complete.cases("")) >= set(builtin("scenarios"))
    assert set(complete.profiles("")) == set(builtin("solvers"))


def test_variants_are_offered_after_the_slash():
    assert "worked-example/strict-access" in complete.cases("worked-example/")


def test_folders_and_workbooks_here_are_offered_and_other_files_are_not(tmp_path):
    folder = tmp_path / "desk"
    (folder / "my-county").mkdir(parents=True)
    (folder / "book.xlsx").touch()
    (folder / "letter.docx").touch()
    here = f"{folder}/"
    assert complete.cases(here)[-2:] == [f"{here}book.xlsx", f"{here}my-county/"]


def test_a_broken_case_file_offers_nothing_and_does_not_fail(tmp_path, monkeypatch):
    monkeypatch.setattr(complete, "data_root", lambda kind: tmp_path)
    monkeypatch.setattr(complete, "builtin", lambda kind: ["odd"])
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "scenario.toml").write_text("[variants", encoding="utf-8")
    assert complete.cases("odd/") == []

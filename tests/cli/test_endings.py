"""Every way a command can end: its exit code, what is said, and that nothing is written where nothing should be.

The façade is replaced here, so that each ending can be brought about; `test_real_runs.py` goes the whole way.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

import quota_opt
from quota_opt.errors import (
    Conflict,
    EngineFailed,
    EngineUnavailable,
    Finding,
    InfeasibleScenario,
    InputError,
    Level,
    NoPlanFound,
    OutputExists,
    Text,
    UnboundedScenario,
    VerificationFailed,
    Where,
)

WORDS = Text("说明", "explained")
FINDING = Finding(
    Level.ERROR,
    "unknown-place",
    Text("没有叫“诸塈”的区域。", "No place is called 'Zhuij'."),
    Where(file="firms.csv", row=3, column="place"),
    Text("改正名称。", "Correct the name."),
    "Zhuij",
)
CONFLICT = Conflict("retention", "ZJ 四(四)", 12.5, "tce", {"place": "N1"})


@dataclass
class FakePlan:
    status: str = "OPTIMAL"
    findings: tuple = ()
    seconds: dict = field(default_factory=dict)

    def write(self, folder, language):
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({"status": self.status, "gap": 0.0}), encoding="utf-8")
        return folder


@pytest.fixture
def solving(monkeypatch):
    """Makes `solve` return or raise what the test wants."""

    def install(outcome):
        def solve(case, profile="auto", *, gap=None, time_limit=None, on_progress=None):
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr(quota_opt, "solve", solve, raising=False)

    def read(address, overrides=None):
        return SimpleNamespace(name="town", variant=None)

    monkeypatch.setattr(quota_opt, "read", read, raising=False)
    return install


ENDINGS = [
    (InputError([FINDING]), 2, "input"),
    (UnboundedScenario(WORDS), 2, "unbounded"),
    (EngineUnavailable(WORDS), 2, "engine-unavailable"),
    (OutputExists(WORDS), 2, "output-exists"),
    (InfeasibleScenario(WORDS, [CONFLICT]), 3, "infeasible"),
    (NoPlanFound(WORDS), 4, "no-plan-found"),
    (KeyboardInterrupt(), 4, "interrupted"),
    (VerificationFailed(WORDS), 5, "verification-failed"),
    (EngineFailed(WORDS), 1, "engine-failed"),
    (PermissionError(13, "Permission denied", "firms.csv"), 2, "file"),
    (ZeroDivisionError("secret figure 123"), 1, "internal"),
    (MemoryError(), 1, "internal"),
]


@pytest.mark.parametrize(
    ("error", "code", "kind"), ENDINGS, ids=lambda value: str(value) if isinstance(value, str) else ""
)
def test_each_error_has_its_exit_code_and_nothing_is_written(cli, solving, tmp_path, error, code, kind):
    solving(error)
    call = cli("run", "town")
    assert call.code == code
    assert call.out == ""
    assert call.err.strip()
    assert "Traceback" not in call.err
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code", "kind"), ENDINGS, ids=lambda value: str(value) if isinstance(value, str) else ""
)
def test_each_error_is_one_json_document_where_json_is_asked_for(cli, solving, error, code, kind):
    solving(error)
    call = cli("run", "town", "--json")
    assert call.code == code
    assert call.err == ""
    assert call.document["error"]["kind"] == kind
    assert call.document["error"]["exit_code"] == code
    assert isinstance(call.document["findings"], list)


def test_findings_are_in_the_document_with_where_and_how_to_mend(cli, solving):
    solving(InputError([FINDING]))
    [finding] = cli("run", "town", "--json", "--lang", "zh").document["findings"]
    assert finding["level"] == "error"
    assert finding["what"] == "没有叫“诸塈”的区域。"
    assert finding["at"] == {"file": "firms.csv", "row": 3, "column": "place"}


def test_conflicts_of_an_impossible_case_are_in_the_document(cli, solving):
    solving(InfeasibleScenario(WORDS, [CONFLICT]))
    [conflict] = cli("run", "town", "--json").document["conflicts"]
    assert conflict == {
        "rule": "retention",
        "clause": "ZJ 四(四)",
        "amount": 12.5,
        "unit": "tce",
        "labels": {"place": "N1"},
    }


def test_an_internal_error_names_a_log_that_holds_the_frames_and_no_figures(cli, solving, tmp_path):
    solving(ZeroDivisionError("secret figure 123"))
    call = cli("run", "town", "--json")
    [log] = (tmp_path / "state" / "quota-opt").iterdir()
    assert call.document["error"]["log"] == str(log)
    text = log.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in text
    assert "test_endings.py" in text
    assert "secret figure" not in text


def test_a_traceback_is_shown_with_debug_only(cli, solving):
    solving(ZeroDivisionError("secret figure 123"))
    call = cli("run", "town", "--debug")
    assert (call.code, "Traceback" in call.err) == (1, True)


def test_a_plan_within_the_gap_is_exit_code_0_and_lies_in_results(cli, solving, tmp_path):
    solving(FakePlan())
    call = cli("run", "town", "--quiet")
    assert call.code == 0
    assert (tmp_path / "work" / "results" / "town" / "run.json").is_file()
    assert call.out.split() == [str(Path("results/town"))]


def test_a_plan_of_a_limit_that_came_first_is_written_and_exit_code_4(cli, solving):
    solving(FakePlan("FEASIBLE"))
    call = cli("run", "town", "--out", "here", "--json")
    assert call.code == 4
    assert call.document["status"] == "FEASIBLE"
    assert call.document["exit_code"] == 4


def test_a_second_run_gets_a_folder_of_its_own(cli, solving):
    solving(FakePlan())
    folders = [cli("run", "town", "--quiet").out.strip() for _ in range(3)]
    assert folders == [str(Path("results", name)) for name in ("town", "town-2", "town-3")]


def test_the_variant_is_in_the_name_of_the_folder(cli, solving, monkeypatch):
    solving(FakePlan())
    monkeypatch.setattr(quota_opt, "read", lambda *_, **__: SimpleNamespace(name='a:b/"c', variant="strict"))
    assert cli("run", "town", "--quiet").out.strip() == str(Path("results/a-b-c-strict"))


def test_an_existing_folder_is_refused_before_solving_and_left_alone(cli, solving, tmp_path):
    solving(AssertionError("solved all the same"))
    taken = tmp_path / "work" / "mine"
    taken.mkdir()
    (taken / "notes.txt").write_text("keep", encoding="utf-8")
    call = cli("run", "town", "--out", "mine", "--json")
    assert (call.code, call.document["error"]["kind"]) == (2, "output-exists")
    assert [path.name for path in taken.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("out", ["a-file", "a-file/below"])
def test_a_file_in_the_way_is_refused_before_solving(cli, solving, tmp_path, out):
    solving(AssertionError("solved all the same"))
    (tmp_path / "work" / "a-file").touch()
    assert cli("run", "town", "--out", out).code == 2


def test_overrides_and_limits_reach_the_facade(cli, monkeypatch):
    seen = {}

    def read(address, overrides=None):
        seen.update(address=address, overrides=overrides)
        return SimpleNamespace(name="town", variant=None)

    def solve(case, profile="auto", *, gap=None, time_limit=None, on_progress=None):
        seen.update(profile=profile, gap=gap, time_limit=time_limit)
        return FakePlan()

    monkeypatch.setattr(quota_opt, "read", read, raising=False)
    monkeypatch.setattr(quota_opt, "solve", solve, raising=False)
    arguments = ["--set", "a.b=0.7", "--set", "c=x", "--profile", "quick", "--gap", "0.01", "--time-limit", "9"]
    assert cli("run", "town/strict", *arguments, "--quiet").code == 0
    assert seen == {
        "address": "town/strict",
        "overrides": {"a.b": 0.7, "c": "x"},
        "profile": "quick",
        "gap": 0.01,
        "time_limit": 9.0,
    }


@pytest.mark.parametrize(
    ("levels", "code"), [([], 0), ([Level.WARNING, Level.INFO], 0), ([Level.WARNING, Level.ERROR], 2)]
)
def test_check_ends_in_2_only_where_an_error_is_found(cli, monkeypatch, levels, code):
    findings = tuple(Finding(level, "x", WORDS, Where(), WORDS) for level in levels)
    monkeypatch.setattr(quota_opt, "check", lambda case: findings, raising=False)
    call = cli("check", "town", "--json")
    assert call.code == code
    assert len(call.document["findings"]) == len(levels)
    assert ("error" in call.document) == (code == 2)


def test_check_reports_what_reading_refuses(cli, monkeypatch):
    def check(case):
        raise InputError([FINDING])

    monkeypatch.setattr(quota_opt, "check", check, raising=False)
    call = cli("check", "town", "--json")
    assert (call.code, call.document["counts"]["error"]) == (2, 1)


def test_global_options_count_before_and_after_the_verb(cli, monkeypatch):
    monkeypatch.setattr(quota_opt, "check", lambda case: (FINDING,), raising=False)
    before, after = cli("--json", "--lang", "zh", "check", "town"), cli("check", "town", "--json", "--lang", "zh")
    assert before.document == after.document
    assert before.document["findings"][0]["fix"] == "改正名称。"


@pytest.mark.parametrize("verb", [["new", "taken", "--from", "zhuji"], ["generate", "--out", "taken"],
                                  ["export", "zhuji", "--out", "taken", "--format", "lp"]])  # fmt: skip
def test_nothing_is_overwritten_by_any_command(cli, tmp_path, verb):
    (tmp_path / "work" / "taken").mkdir()
    (tmp_path / "work" / "taken" / "notes.txt").touch()
    assert cli(*verb).code == 2
    assert [path.name for path in (tmp_path / "work" / "taken").iterdir()] == ["notes.txt"]


def test_a_failed_verification_is_exit_code_5_and_names_the_rule(cli, monkeypatch):
    audit = SimpleNamespace(
        rule="retention", ok=False, worst_excess=3.5, unit="tce", clause="ZJ 四", state="broken", overrides=()
    )
    found = SimpleNamespace(ok=False, audit=(audit,), problems=(), notes=())
    monkeypatch.setattr(quota_opt, "verify", lambda folder: found, raising=False)
    call = cli("verify", "results/town")
    assert call.code == 5
    assert "retention" in call.err
    document = cli("verify", "results/town", "--json").document
    assert document["audit"]["retention"]["worst_excess"] == 3.5
    assert document["error"]["exit_code"] == 5

import pytest

from quota_opt.errors import EngineUnavailable, InputError
from quota_opt.resources import data_root
from quota_opt.solving.engine import engine_of, engines_state
from quota_opt.solving.profile import Profile, list_profiles, read_profile

PURPOSES = ["auto", "exact", "quick", "second-opinion"]


def findings_of(text, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_profile(path)
    return caught.value.findings


def test_the_promised_profiles_are_there():
    assert set(PURPOSES) <= set(list_profiles())
    assert read_profile("auto").relative_gap == 1e-4
    assert read_profile("exact").relative_gap == 0.0
    assert read_profile("quick").relative_gap == 1e-2
    auto, second = read_profile("auto"), read_profile("second-opinion")
    assert (auto.engine, auto.solver) != (second.engine, second.solver)
    assert second.solver != auto.solver


def test_every_profile_fixes_threads_and_seed_and_says_what_it_is_for():
    for name in list_profiles():
        profile = read_profile(name)
        assert profile.name == name
        assert (profile.threads, profile.random_seed) == (1, 0)
        assert profile.purpose.zh and profile.purpose.en


def test_the_folder_of_profiles_holds_data_only():
    names = {path.name for path in data_root("solvers").iterdir()}
    assert {name for name in names if not name.endswith(".toml")} == {"README.md"}


def test_the_readme_lists_every_profile():
    text = (data_root("solvers") / "README.md").read_text(encoding="utf-8")
    for name in list_profiles():
        assert f"`{name}`" in text


def test_a_profile_of_ones_own_is_read_from_a_file(tmp_path):
    path = tmp_path / "patient.toml"
    path.write_text(
        'description = { zh = "慢", en = "slow" }\nengine = "mathopt"\nsolver = "cp-sat"\ntime_limit_s = 3600\n'
        "[options]\nlinearization_level = 2\n",
        encoding="utf-8-sig",
    )
    profile = read_profile(path)
    assert (profile.name, profile.solver, profile.time_limit_s) == ("patient", "CP_SAT", 3600.0)
    assert profile.options == {"linearization_level": 2}


def test_an_unknown_key_is_refused_with_the_nearest_name(tmp_path):
    (finding,) = findings_of('description = { zh = "甲", en = "a" }\nengine = "highs"\ntime_limt = 5\n', tmp_path)
    assert (finding.code, finding.seen) == ("unknown-key", "time_limt")
    assert "time_limit_s" in finding.fix.en and "time_limit_s" in finding.fix.zh
    assert finding.where.file == "mine.toml"
    assert finding.where.path == "time_limt"


def test_all_faults_of_a_profile_are_told_at_once(tmp_path):
    findings = findings_of('engine = "highs"\nsolver = "SCIP"\nrelative_gap = -1\nthreads = 0\n', tmp_path)
    assert {finding.where.path for finding in findings} == {"description", "solver", "relative_gap", "threads"}


def test_a_file_that_is_not_toml_or_not_there_is_a_finding(tmp_path):
    assert findings_of("engine = \n", tmp_path)[0].code == "profile-not-toml"
    with pytest.raises(InputError) as caught:
        read_profile(tmp_path / "missing.toml")
    assert caught.value.findings[0].code == "profile-unreadable"


def test_an_unknown_profile_suggests_the_nearest():
    with pytest.raises(InputError) as caught:
        read_profile("exakt")
    (finding,) = caught.value.findings
    assert "exact" in finding.fix.en


def test_limits_can_be_set_for_one_run():
    profile = read_profile("auto").with_limits(gap=0.05, time_limit=7)
    assert (profile.relative_gap, profile.time_limit_s, profile.name) == (0.05, 7.0, "auto")
    assert read_profile("auto").with_limits() == read_profile("auto")
    with pytest.raises(InputError):
        profile.with_limits(gap=-0.1)
    with pytest.raises(InputError):
        profile.with_limits(time_limit=0)


def test_every_profile_has_a_line_in_the_listing_of_engines():
    states = engines_state()
    assert [state.profile for state in states] == list_profiles()
    assert all(state.ok and state.version and state.reason is None for state in states)


@pytest.mark.parametrize(
    ("module", "profile", "package"),
    [("highspy", "auto", "highspy"), ("ortools", "second-opinion", "ortools"), ("pulp", "cbc", "pulp")],
)
def test_a_missing_solver_is_named_with_the_way_to_get_it(module, profile, package, monkeypatch):
    import sys

    for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)  # importing it now fails
    with pytest.raises(EngineUnavailable) as caught:
        engine_of(read_profile(profile))
    assert package in str(caught.value) and "pip install" in str(caught.value)
    assert "pip install" in caught.value.of("zh")
    state = next(state for state in engines_state() if state.profile == profile)
    assert not state.ok and state.version == "" and "pip install" in state.reason.en


def test_a_solver_pulp_does_not_find_is_an_engine_that_is_unavailable():
    missing = Profile(name="mine", description={"zh": "甲", "en": "a"}, engine="pulp", solver="XPRESS")
    with pytest.raises(EngineUnavailable, match="not installed here"):
        engine_of(missing)
    with pytest.raises(EngineUnavailable, match="does not know"):
        engine_of(missing.model_copy(update={"solver": "NO_SUCH"}))


def test_another_solver_that_pulp_finds_is_used(make):
    # PuLP's own interface to highspy stands in for a commercial solver.
    profile = Profile(name="mine", description={"zh": "甲", "en": "a"}, engine="pulp", solver="HiGHS")
    engine = engine_of(profile)
    arrays = make([3, 2], [(-float("inf"), [2, 2], 5)], upper=9.0, integer=True)
    solution = engine.solve(arrays, profile)
    assert (str(solution.status), solution.objective) == ("OPTIMAL", 6.0)

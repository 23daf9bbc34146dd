import numpy as np
import pytest

from quota_opt.model.export import export_model
from quota_opt.model.linear import LinearModel
from quota_opt.solving.engine import engine_of
from quota_opt.solving.profile import read_profile

INF = float("inf")


@pytest.fixture
def labelled():
    """Every kind of bound, row and label."""
    model = LinearModel()
    firms = np.array(["F 甲", "F-2"], dtype=object)
    labels = {"firm": np.array([0, 1]), "year": np.array([2024, 2025])}
    act = model.add_columns("act", labels, upper=1, integer=True, categories={"firm": firms})
    move = model.add_columns("move", {"edge": np.arange(3)}, lower=-INF, upper=[INF, 7.5, INF])
    idle = model.add_columns("idle", {"n": np.arange(4)}, lower=[1.5, 1.5, 0, -4], upper=[1.5, 9, INF, -2.5])
    lots = model.add_columns("lots", {"n": np.arange(2)}, upper=[INF, 12], integer=True)
    model.add_rows("pool", {"place": np.array([0])}, entries=([0] * 3, [0, 2, 3], [1234.5, 1, -1]), lower=-5, upper=100)
    model.add_rows("eq", {"place": np.arange(2)}, entries=([0, 0, 1], [1, 2, 3], [1.1, 1, 1 / 3]), lower=-3, upper=-3)
    model.add_rows("free", {"k": np.array([0])}, entries=([0], [move[2]], [1.0]))
    model.add_rows("none", {"k": np.array([0])}, entries=([], [], []), upper=5)
    model.add_rows("low", {"k": np.array([0])}, entries=([0, 0], [idle[2], lots[0]], [-1, -2]), lower=-20.7)
    model.add_objective([act[0], act[1], move[0], move[1], idle[2], idle[3]], [3, 2, -0.1, -0.2, 0.01, 0.3])
    model.add_objective(lots, [1.0, 1e-7])
    model.offset = 12.5
    return model.arrays()


def read_back(path):
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return highs


@pytest.mark.parametrize("form", ["mps", "lp"])
def test_the_file_read_back_has_the_same_optimum_and_stays_a_maximisation(form, labelled, tmp_path):
    import highspy

    path = export_model(labelled, tmp_path / f"model.{form}", form)
    exact = read_profile("exact")
    expected = engine_of(exact).solve(labelled, exact)
    highs = read_back(path)
    assert highs.getObjectiveValue() == pytest.approx(expected.objective, rel=1e-9)
    assert highs.getObjectiveSense()[1] == highspy.ObjSense.kMaximize
    assert highs.getNumCol() == labelled.columns


@pytest.mark.parametrize("form", ["mps", "lp"])
def test_the_same_model_gives_the_same_bytes_whatever_the_file_is_called(form, labelled, tmp_path):
    first = export_model(labelled, tmp_path / f"a.{form}", form).read_bytes()
    second = export_model(labelled, tmp_path / "model-for-my-solver", form).read_bytes()
    assert first == second
    assert first.isascii()


def test_names_say_what_rows_and_columns_stand_for(labelled, tmp_path):
    mps = export_model(labelled, tmp_path / "m.mps", "mps").read_text()
    lp = export_model(labelled, tmp_path / "m.lp", "lp").read_text()
    assert " act[Fu20u7532,2024] pool[0] 1234.5\n" in mps
    assert "1234.5 act(Fu20u7532,2024)" in lp
    assert "    MAX\n" in mps and lp.startswith("Maximize\n")


def test_every_digit_is_kept(labelled, tmp_path):
    highs = read_back(export_model(labelled, tmp_path / "m.mps", "mps"))
    lp = highs.getLp()
    column = lp.col_names_.index("move[1]")
    start = lp.a_matrix_.start_
    assert 1 / 3 in list(lp.a_matrix_.value_)[start[column] : start[column + 1]]
    assert list(lp.col_cost_) == labelled.objective.tolist()


@pytest.mark.parametrize("form", ["mps", "lp"])
def test_cbc_reads_it_too(form, labelled, tmp_path):
    import subprocess

    import pulp

    path = export_model(labelled, tmp_path / f"m.{form}", form)
    program = pulp.PULP_CBC_CMD(msg=False).path
    log = subprocess.run(
        [program, str(path), *(["-max"] if form == "mps" else []), "-solve"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    ).stdout
    assert " 0 errors" in log or form == "lp"
    assert "Result - Optimal solution found" in log


@pytest.mark.parametrize("form", ["mps", "lp"])
def test_a_model_without_columns_or_rows_is_a_file(form, make, tmp_path):
    assert export_model(make([]), tmp_path / f"empty.{form}", form).stat().st_size > 0
    read_back(export_model(make([1.0], upper=2.0), tmp_path / f"one.{form}", form))

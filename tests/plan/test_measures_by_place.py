"""measures.csv: the measures of a plan by place and year."""

import pandas as pd
import pytest

import quota_opt as qo
from quota_opt.model.measures import nonlinear


@pytest.mark.parametrize("case", ["worked-example", "wenzhou", "ouhai"])
def test_each_line_is_the_measure_up_to_that_year_of_the_place_and_all_below(case):
    plan = qo.solve(case, "quick")
    table, outcome = plan.measures_table, plan.outcome
    whole = table[table["place"] == ""]
    assert dict(zip(whole["measure"], whole["value"], strict=True)) == dict(plan.measures)
    root = outcome.case.places.names[outcome.case.places.parent < 0]
    lines = table[table["place"] != ""]
    for line in lines[~lines["measure"].str.endswith("_idle")].itertuples():
        inside = outcome.case.places.within([line.place])
        expected = outcome.measure(line.measure, year=int(line.year), inside=inside)
        assert line.value == pytest.approx(expected, rel=1e-9, abs=1e-9)
    last = lines[(lines["year"] == str(outcome.case.years[-1])) & lines["place"].isin(root)]
    of_root = last.groupby("measure")["value"].sum()
    for name, value in plan.measures.items():
        if name not in nonlinear(outcome.case):
            assert of_root.get(name, 0.0) == pytest.approx(value, rel=1e-9, abs=1e-6), name


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return qo.solve("worked-example").write(tmp_path_factory.mktemp("plan") / "run")


def changed(folder, target, edit):
    """A copy of a result folder with another measures.csv."""
    import shutil

    shutil.copytree(folder, target)
    table = pd.read_csv(target / "measures.csv", encoding="utf-8-sig", dtype=str, keep_default_na=False)
    edit(table).to_csv(target / "measures.csv", index=False, encoding="utf-8-sig")
    return target


@pytest.mark.parametrize(
    "edit",
    [
        lambda table: table.assign(value=table["value"].where(table.index != 5, "12345")),
        lambda table: table.drop(index=len(table) - 1),
        lambda table: pd.concat([table, table.tail(1)]),
        lambda table: pd.concat([table, table.tail(1).assign(place="nowhere")]),
        lambda table: table.drop(columns="value"),
        lambda table: table.assign(value="many"),
    ],
    ids=["changed", "left out", "twice", "invented", "no column", "no number"],
)
def test_verify_notices_figures_that_are_not_the_plan_s(written, tmp_path, edit):
    assert qo.verify(written).ok
    found = qo.verify(changed(written, tmp_path / "run", edit))
    assert not found.ok
    assert any("measures.csv" in finding.what.en for finding in found.problems)


def test_a_folder_from_before_there_were_such_tables_still_verifies(written, tmp_path):
    import shutil

    shutil.copytree(written, tmp_path / "run")
    for later in ("measures.csv", "seal.json"):
        (tmp_path / "run" / later).unlink()
    assert qo.verify(tmp_path / "run").ok

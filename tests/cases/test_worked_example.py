"""The case to check by hand: 2,000; 1,200 at the stricter limit; 1,200 at more retention; and who is in it."""

import pytest

qo = pytest.importorskip("quota_opt")

ANSWERS = {
    "worked-example": (2_000, {"F1", "F2"}, {"P1", "P2", "P4"}),
    "worked-example/strict-access": (1_200, {"F1"}, {"P1", "P4"}),
    "worked-example/keep-70": (1_200, {"F1"}, {"P1", "P4"}),
}


@pytest.mark.parametrize("address", ANSWERS)
def test_the_answer_and_the_decisions_are_those_worked_out_by_hand(address):
    value, closed, started = ANSWERS[address]
    plan = qo.solve(qo.read(address), profile="exact")
    assert plan.objective == pytest.approx(value, abs=1e-6)
    assert set(plan.actions["firm"]) == closed
    assert set(plan.awards["project"]) == started
    assert qo.verify(plan).ok


def test_closing_f1_alone_is_worth_1200():
    """The fourth answer: without F2 and F3 only 400 tce may leave N1, so P2 stays out."""
    case = qo.read("worked-example")
    tables = {name: table for name, table in case.tables.items() if case.has_table(name)}
    tables["actions"] = tables["actions"][tables["actions"]["firm"] == "F1"]
    settings = case.settings.model_dump(mode="json", exclude_unset=True)
    plan = qo.solve(qo.Scenario.from_tables(settings, **tables), profile="exact")
    assert plan.objective == pytest.approx(1_200, abs=1e-6)
    assert set(plan.awards["project"]) == {"P1", "P4"}

"""A city over two counties: a project too large for either of them is possible through the city's pool alone."""

import pytest

qo = pytest.importorskip("quota_opt")

COUNTY = "yueqing"
SKETCH = {"profile": "quick", "gap": 0.02, "time_limit": 25.0}


def energy_within_reach(scenario, counties):
    """The city's own quota, the counties', and all that their listed firms use, were every one of them closed."""
    places, firms, quotas = (scenario.tables[name] for name in ("places", "firms", "quotas"))
    above = dict(zip(places["place"], places["parent"], strict=True))
    inside = firms[firms["place"].map(above).isin(counties)]
    low = (inside["tax"] / inside["land_mu"] <= 8.0) | (inside["violations"] > 0)
    held = quotas[(quotas["resource"] == "energy") & quotas["place"].isin(["wenzhou", *counties])]
    return inside.loc[low, "energy_tce"].sum() + held["amount"].sum()


def test_the_large_project_needs_more_than_its_county_and_the_city_hold_but_less_than_all_do():
    scenario = qo.read("wenzhou")
    large = scenario.tables["projects"].set_index("project").loc["L001"]
    assert energy_within_reach(scenario, [COUNTY]) < large["energy_tce"]
    assert large["energy_tce"] < energy_within_reach(scenario, ["ouhai", "yueqing"])


@pytest.mark.parametrize(
    ("address", "starts"),
    [("wenzhou", True), ("wenzhou/half-city-pool", True), ("wenzhou/no-city-pool", False),
     ("wenzhou/full-retention", False), ("wenzhou-decomposed", True)],
)  # fmt: skip
def test_the_large_project_starts_where_the_city_pools_and_only_there(address, starts):
    plan = qo.solve(qo.read(address), **SKETCH)
    assert ("L001" in set(plan.awards["project"])) is starts
    assert qo.verify(plan).ok


def test_targets_set_county_by_county_have_the_same_total_and_cost_value_added():
    """What satisfies each county's part satisfies the total, so the shared plan is never worse."""
    shared, parts = (qo.read(name).targets for name in ("wenzhou", "wenzhou-decomposed"))
    for measure in ("energy_freed", "firms_upgraded"):
        total = shared.loc[shared["measure"] == measure, "value"].sum()
        assert parts.loc[parts["measure"] == measure, "value"].sum() == total
    together = qo.solve(qo.read("wenzhou"), gap=0.002)
    apart = qo.solve(qo.read("wenzhou-decomposed"), gap=0.002)
    assert apart.objective <= together.bound * (1 + 1e-9)
    assert together.objective > apart.bound

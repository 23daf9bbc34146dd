"""A plan made by hand, with everything a report meets: hostile names, both verdicts, a soft target, findings."""

from __future__ import annotations

import math
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from quota_opt.errors import Finding, Level, Text, Where
from quota_opt.report.content import gather
from quota_opt.report.html import render
from quota_opt.solving.status import EngineInfo, Status

HOSTILE = [
    "<img src=x onerror=window.pwned=1>",
    "</script><script>window.pwned=1</script>",
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "@SUM(A1)",
    ":key",
    "铜加工<强链>&补链",
    "喆堃昇镕𠮷🚀",
    "长" * 300,
    "{{ 7*7 }}{% raw %}",
    "${1}'\"`",
    "http://example.invalid/x",
]
TOWNS = ["店口镇", "枫桥镇", "大唐街道", "次坞镇", "牌头镇", "璜山镇", "山下湖镇", "应店街镇", "经济开发区"]
SECTORS = ["袜业", "印染", "铜加工", "五金", "化纤", "机械", "包装", "塑料", "其他制造"]


def _title(zh, en):
    return SimpleNamespace(zh=zh, en=en)


def make_plan(
    firms=160, projects=24, hostile=True, language_titles=("诸暨市腾笼换鸟", "Zhuji vacate the cage"), seed=1
):
    """A consistent little county: firms close, free energy, the county pools part of it, projects use it."""
    draw = np.random.default_rng(seed)
    years = (2021, 2022, 2023)
    places = pd.DataFrame(
        [("zhuji", "county", "", "诸暨市")]
        + [(f"T{k}", "zone" if "区" in name[-1] else "town", "zhuji", name) for k, name in enumerate(TOWNS)],
        columns=["place", "level", "parent", "name"],
    )
    firm_table = pd.DataFrame(
        {
            "firm": [f"F{k:04d}" for k in range(firms)],
            "place": [f"T{k % len(TOWNS)}" for k in range(firms)],
            "name": [f"合成企业{k:04d}" for k in range(firms)],
            "sector": [SECTORS[int(k)] for k in draw.integers(0, len(SECTORS), firms)],
        }
    )
    project_table = pd.DataFrame(
        {
            "project": [f"P{k:02d}" for k in range(projects)],
            "place": [f"T{k % len(TOWNS)}" for k in range(projects)],
            "name": [f"项目{k:02d}" for k in range(projects)],
            "category": [("strategic", "chain", "upgrade", "other")[k % 4] for k in range(projects)],
            "energy": np.round(draw.uniform(500, 6000, projects), 0),
            "value_added": np.round(draw.uniform(4000, 15000, projects), 0),
        }
    )
    if hostile:
        for k, name in enumerate(HOSTILE):
            project_table.loc[k % projects, "name"] = name
            firm_table.loc[k % firms, "name"] = name
            firm_table.loc[k % firms, "sector"] = name[:40]
    treated = firm_table.iloc[: firms * 2 // 3].reset_index(drop=True)
    freed = np.round(draw.uniform(100, 900, len(treated)), 1)
    act_year = np.array([years[k % 3] for k in range(len(treated))])
    actions = treated.assign(
        action=np.where(np.arange(len(treated)) % 4 == 0, "upgrade", "close"),
        option="",
        year=act_year,
        effective=act_year,
        frees_energy_tce=freed,
        frees_carbon_t=np.round(freed * 2.1, 1),
        frees_land_mu=np.round(freed / 40, 1),
        cost=np.round(freed * 0.12, 1),
        value_added_lost=np.round(freed * 0.35, 1),
        tax_lost=np.round(freed * 0.03, 1),
        jobs_lost=np.round(freed / 20),
    )
    project_table["intensity"] = project_table["energy"] / project_table["value_added"]
    order = project_table.sort_values("intensity")
    winners = order[order["intensity"] <= 0.52]
    winners = winners[winners["energy"].cumsum() <= freed.sum()]
    start = np.array([years[k % 3] for k in range(len(winners))])
    awards = pd.DataFrame(
        {
            "project": winners["project"].to_numpy(),
            "name": winners["name"].to_numpy(),
            "place": winners["place"].to_numpy(),
            "category": winners["category"].to_numpy(),
            "sector": "机械",
            "year": start,
            "share": 1.0,
            "energy_tce": winners["energy"].to_numpy(),
            "carbon_t": winners["energy"].to_numpy() * 2.0,
            "land_mu": winners["energy"].to_numpy() / 50,
            "substitution_ratio": 1.0,
            "quota_energy_tce": winners["energy"].to_numpy(),
            "value_added": winners["value_added"].to_numpy(),
            "tax": winners["value_added"].to_numpy() * 0.08,
            "jobs": np.round(winners["value_added"].to_numpy() / 40),
            "investment": winners["value_added"].to_numpy() * 4,
            "intensity": winners["intensity"].to_numpy(),
        }
    )
    ledger = _ledger(actions, awards, years)
    reasons = []
    for row in project_table.itertuples():
        won = row.project in set(awards["project"])
        verdict = "awarded" if won else "rejected" if row.intensity > 0.52 else "not_awarded"
        rule = "" if won else "admission" if verdict == "rejected" else "retention"
        reasons.append(
            (
                "project",
                row.project,
                verdict,
                rule,
                "ZJ 四(四)",
                f"{row.intensity:.3f}",
                f"强度 {row.intensity:.3f}，{'不高于' if row.intensity <= 0.52 else '高于'} 0.52",
                f"Intensity {row.intensity:.3f}",
            )
        )
    for k, row in enumerate(firm_table.itertuples()):
        verdict = "treated" if k < len(treated) else ("kept", "protected", "not_listed")[k % 3]
        reasons.append(
            ("firm", row.firm, verdict, "listing", "ZJ 三(一)", "3.2", "亩均税收 3.2 万元，不高于 5 万元", "Tax 3.2")
        )
    total_freed, total_used = float(freed.sum()), float(awards["energy_tce"].sum())
    d = {y: 1.05 ** -(y - 2021) for y in years}
    annuity = {y: sum(d[s] for s in years if s >= y) for y in years}
    gained = sum(v * annuity[y] for v, y in zip(awards["value_added"], awards["year"], strict=True))
    lost = sum(v * annuity[y] for v, y in zip(actions["value_added_lost"], actions["year"], strict=True))
    cost = sum(v * d[y] for v, y in zip(actions["cost"], actions["year"], strict=True))
    measures = {
        "value_added": gained - lost,
        "value_added_final": float(awards["value_added"].sum() - actions["value_added_lost"].sum()),
        "energy_freed": total_freed,
        "energy_used": total_used,
        "energy_idle": total_freed - total_used,
        "carbon_freed": total_freed * 2.1,
        "carbon_used": total_used * 2.0,
        "carbon_net": total_used * 2.0 - total_freed * 2.1,
        "land_freed": total_freed / 40,
        "firms_closed": float((actions["action"] == "close").sum()),
        "firms_upgraded": float((actions["action"] == "upgrade").sum()),
        "firms_treated": float(len(actions)),
        "projects_started": float(len(awards)),
        "investment": float(awards["investment"].sum()),
        "jobs_created": float(awards["jobs"].sum()),
        "jobs_lost": float(actions["jobs_lost"].sum()),
        "jobs_net": float(awards["jobs"].sum() - actions["jobs_lost"].sum()),
        "public_cost": cost,
        "priority_points": 12345.0,
        "smallest_town_ratio": 0.61,
        "tax": 5000.0,
        "profit2": 17.5,
    }
    units = {
        "value_added": "10k yuan",
        "value_added_final": "10k yuan/yr",
        "energy_freed": "tce/yr",
        "energy_used": "tce/yr",
        "energy_idle": "tce/yr",
        "carbon_freed": "tCO2/yr",
        "carbon_used": "tCO2/yr",
        "carbon_net": "tCO2/yr",
        "land_freed": "mu",
        "firms_closed": "firms",
        "firms_upgraded": "firms",
        "firms_treated": "firms",
        "projects_started": "projects",
        "investment": "10k yuan",
        "jobs_created": "jobs",
        "jobs_lost": "jobs",
        "jobs_net": "jobs",
        "public_cost": "10k yuan",
        "priority_points": "points",
        "smallest_town_ratio": "ratio",
        "tax": "10k yuan",
        "profit2": "10k yuan",
    }
    prices = pd.DataFrame(
        [
            (
                f"T{k}",
                "energy",
                y,
                round(max(0.0, 3.1 - 0.37 * k + 0.4 * (y - 2021)), 3),
                "objective per tce",
                "dual",
                -800.0 if k else math.nan,
                1830.0 if k else math.nan,
            )
            for k in range(len(TOWNS))
            for y in years
        ],
        columns=["place", "resource", "year", "price", "unit", "method", "holds_from", "holds_to"],
    )
    audit = (
        SimpleNamespace(
            rule="admission",
            ok=True,
            worst_excess=0.0,
            unit="tce/10k yuan",
            clause="YQ 一.5",
            binding=True,
            figures=pd.DataFrame(),
            texts=(Text("3 个项目强度高于 0.52，不予准入。", "3 projects are above 0.52."),),
            price=None,
            state="binding",
            headline=Text("【admission】的结论。", "Headline of admission."),
        ),
        SimpleNamespace(
            rule="retention",
            ok=True,
            worst_excess=0.0,
            unit="tce",
            clause="ZJ 四(五)",
            binding=True,
            figures=pd.DataFrame(),
            texts=(Text("店口镇 2022 年上调已到 40%。", "Diankou sends up the full 40%."),),
            price=3.1,
            state="binding",
            headline=Text("【retention】的结论。", "Headline of retention."),
        ),
        SimpleNamespace(
            rule="budget",
            ok=True,
            worst_excess=0.0,
            unit="10k yuan",
            clause="ZJ 五(二)",
            binding=True,
            figures=pd.DataFrame(),
            texts=(Text("2021 年资金用完。", "All the money of 2021 is spent."),),
            price=1.4,
            state="binding",
            headline=Text("【budget】的结论。", "Headline of budget."),
        ),
        SimpleNamespace(
            rule="targets",
            ok=True,
            worst_excess=0.0,
            unit="",
            clause="ZJ 二",
            binding=False,
            figures=pd.DataFrame(),
            texts=(),
            price=None,
            state="slack",
            headline=Text("【targets】的结论。", "Headline of targets."),
        ),
        SimpleNamespace(
            rule="jobs",
            ok=True,
            worst_excess=0.0,
            unit="jobs",
            clause=None,
            binding=False,
            figures=pd.DataFrame(),
            texts=(),
            price=None,
            state="slack",
            headline=Text("【jobs】的结论。", "Headline of jobs."),
        ),
    )
    settings = SimpleNamespace(
        scenario=SimpleNamespace(
            title=_title(*language_titles), data="synthetic", price_year=2020, first_year=2021, last_year=2023
        ),
        documents=[
            SimpleNamespace(
                id="ZJ",
                title="诸暨市新一轮制造业“腾笼换鸟、凤凰涅槃”攻坚行动方案（征求意见稿）",
                status="draft",
                valid_to=date(2023, 12, 31),
            ),
            SimpleNamespace(id="YQ", title="乐清市实施方案", status="issued", valid_to=None),
        ],
        objective=SimpleNamespace(maximise={"value_added": 1.0}, minimise={"public_cost": 1.0}, order=None),
        measures={"profit2": SimpleNamespace(unit="10k yuan", title=_title("利润", "profit"))},
        factors={},
        clauses=(),
        readings=(),
        variants={"strict": SimpleNamespace(title=_title("从严准入", "strict access"))},
    )
    targets = pd.DataFrame(
        [
            ("energy_freed", ">=", 30000.0, "", math.nan, "hard", math.nan, "ZJ 二"),
            ("firms_closed", ">=", 60.0, "", 2023.0, "hard", math.nan, "ZJ 二"),
            ("carbon_net", "<=", -1000.0, "", math.nan, "soft", 2.0, "ZJ 二"),
        ],
        columns=["measure", "sense", "value", "place", "year", "kind", "penalty", "clause"],
    )
    scenario = SimpleNamespace(
        name="zhuji",
        variant=None,
        overrides={"rules.admission.limits.0.value": 0.52},
        settings=settings,
        years=years,
        first_year=2021,
        last_year=2023,
        resources=("energy", "carbon", "land"),
        energy_basis="equal_value",
        discount_rate=0.05,
        places=places,
        firms=firm_table,
        projects=project_table,
        targets=targets,
        files={"firms.csv": b"firm\n", "projects.csv": b"project\n"},
        rules={
            "admission": SimpleNamespace(
                limits=[
                    SimpleNamespace(
                        value=0.52, places=["zhuji"], applies_to="new_projects", action="reject", ratio=None
                    )
                ]
            ),
            "budget": SimpleNamespace(by_year={2021: 900.0, 2022: 1500.0, 2023: 2500.0}, carry_over=True),
        },
    )
    columns = ["kind", "id", "verdict", "rule", "clause", "figure", "text", "text_en"]
    return SimpleNamespace(
        scenario=scenario,
        status=Status.OPTIMAL,
        objective=gained - lost - cost,
        bound=(gained - lost - cost) * 1.00008,
        gap=8e-5,
        actions=actions,
        awards=awards,
        ledger=ledger,
        prices=prices,
        measures=measures,
        measure_units=units,
        trades=pd.DataFrame(columns=["place", "resource", "year", "side", "amount", "money", "for"]),
        transfers=pd.DataFrame(
            [("energy", 2023, "T0", "zhuji", 900.0), ("energy", 2023, "zhuji", "T1", 900.0)],
            columns=["resource", "year", "from_place", "to_place", "amount"],
        ),
        reasons=pd.DataFrame(reasons, columns=columns),
        balances=_balances(actions, awards, ledger, years),
        audit=audit,
        certificate={"objective": gained, "bound": gained * 1.0001, "method": "prices"},
        outcome=None,
        receipt=None,
        engine=EngineInfo("highs", "HIGHS", "1.14.0", {"threads": 1}),
        profile={"name": "auto", "relative_gap": 1e-4, "threads": 1, "random_seed": 0},
        seconds={"read": 0.2, "build": 0.1, "solve": 0.9, "verify": 0.1},
        findings=(
            Finding(
                Level.WARNING,
                "electricity-factor-unverified",
                Text(
                    "等价值电力折标系数 0.285 未核实，用于 160 家企业。",
                    "The equal-value electricity factor 0.285 is unverified.",
                ),
                Where(path="factors.electricity_equal_value"),
                Text("请填写本省当年系数。", "State the province's factor."),
                "0.285",
            ),
            Finding(
                Level.WARNING,
                "missing-amount",
                Text("3 家企业没有碳排放量，按 0 计。", "3 firms have no carbon amount."),
                Where(file="firms.csv", row=17, column="carbon_t"),
                Text("补上数值。", "Fill them in."),
                "",
            ),
        ),
    )


def _ledger(actions, awards, years):
    rows, entry = [], 0
    for year in years:
        supply = [[r.firm, r.action, r.place, r.frees_energy_tce] for r in actions.itertuples() if r.year <= year]
        demand = [[r.project, r.place, r.energy_tce] for r in awards.itertuples() if r.year <= year]
        for firm, action, place, amount in supply:
            left = amount
            while left > 1e-9 and demand:
                taken = min(left, demand[0][2])
                entry += 1
                path = place if place == demand[0][1] else f"{place} > zhuji > {demand[0][1]}"
                rows.append((entry, year, "energy", firm, action, path, demand[0][0], taken))
                left -= taken
                demand[0][2] -= taken
                if demand[0][2] <= 1e-9:
                    demand.pop(0)
            if left > 1e-9:
                entry += 1
                rows.append((entry, year, "energy", firm, action, place, "idle", left))
    return pd.DataFrame(rows, columns=["entry", "year", "resource", "from", "action", "pool_path", "to", "amount"])


def _balances(actions, awards, ledger, years):
    rows = []
    for place in ["zhuji", *(f"T{k}" for k in range(len(TOWNS)))]:
        for year in years:
            freed = actions[(actions["place"] == place) & (actions["year"] <= year)]["frees_energy_tce"].sum()
            used = awards[(awards["place"] == place) & (awards["year"] <= year)]["energy_tce"].sum()
            rows.append((place, "energy", year, 0.0, freed, max(0.0, used - freed), max(0.0, freed - used), used, 0.0))
    columns = ["place", "resource", "year", "initial", "freed", "inflow", "outflow", "used", "idle"]
    return pd.DataFrame(rows, columns=columns).assign(bought=0.0, sold=0.0)


@pytest.fixture(scope="session")
def make():
    """The maker of plans, for tests that want another size."""
    return make_plan


@pytest.fixture(scope="session")
def plan():
    """The plan made by hand, hostile names and all."""
    return make_plan()


@pytest.fixture(scope="session")
def content(plan):
    """What the reports gather from it."""
    return gather(plan)


@pytest.fixture(scope="session")
def pages(content):
    """The html report by language."""
    return {language: render(content, language) for language in ("zh", "en")}


@pytest.fixture(scope="session")
def hostile():
    """The names that try to break out."""
    return HOSTILE

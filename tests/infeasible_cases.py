"""Random small cases that ask for too much: two towns, a few firms and projects, and rules at odds with each other."""

from __future__ import annotations

import random
from typing import Any

Tables = dict[str, list[dict[str, Any]]]


def demanding(seed: int) -> tuple[dict[str, Any], Tables]:
    """Settings and tables of a case that most often has no plan."""
    draw = random.Random(seed)
    firms, actions, projects = [], [], []
    for name in [f"F{i}" for i in range(draw.randint(1, 3))]:
        energy = 100.0 * draw.randint(1, 8)
        protected = draw.choice(["", "", "high-tech"])
        row = {
            "firm": name,
            "place": draw.choice(["N1", "N2"]),
            "energy_tce": energy,
            "value_added": 10.0 * draw.randint(0, 9),
        }
        firms.append(
            {
                **row,
                "tax": 10.0,
                "jobs": 10.0 * draw.randint(0, 5),
                "land_mu": draw.choice([1.0, 2.0, 10.0]),
                "protected_as": protected,
            }
        )
        actions.append({"firm": name, "action": "close", "cost": 10.0 * draw.randint(1, 9)})
    for name in [f"P{i}" for i in range(draw.randint(1, 3))]:
        row = {
            "project": name,
            "place": draw.choice(["N1", "N2"]),
            "energy_tce": 100.0 * draw.randint(1, 7),
            "value_added": 200.0 * draw.randint(1, 6),
        }
        projects.append({**row, "category": draw.choice(["strategic", "chain"]), "jobs": 10.0 * draw.randint(0, 4)})
    rules: dict[str, Any] = {}
    chance = draw.random
    if chance() < 0.6:
        rules["budget"] = {"by_year": {"2024": 10.0 * draw.randint(0, 12), "2025": 10.0 * draw.randint(0, 5)}}
    if chance() < 0.6:
        rules["retention"] = {"keep": draw.choice([0.3, 0.5, 0.8, 1.0])}
    if chance() < 0.6:
        values = [draw.choice([0.3, 0.5, 0.7]), 0.9][: draw.randint(1, 2)]
        rules["admission"] = {"limits": [{"value": value, "action": "reject"} for value in values]}
    if chance() < 0.4:
        rules["jobs"] = {"max_lost": 10.0 * draw.randint(0, 4)}
    if chance() < 0.4:
        rules["caps"] = {
            "caps": [
                {"resource": "energy", "amount": 100.0 * draw.randint(0, 6), "place": draw.choice(["N1", "county"])}
            ]
        }
    if chance() < 0.4:
        rules["protection"] = {"protected_as": ["high-tech"]}
    if chance() < 0.3:
        rules["listing"] = {"any_of": [{"measure": "tax_per_mu", "op": "<=", "value": draw.choice([2.0, 5.0])}]}
    if chance() < 0.2:
        rules["priority"] = {"form": "shares", "min_shares": {"chain": draw.choice([0.3, 0.6])}}
    if chance() < 0.2:
        rules["fairness"] = {"min_ratio": draw.choice([0.5, 0.9])}
    targets: list[dict[str, Any]] = []
    asked = [
        ("energy_freed", 100.0, 12),
        ("energy_used", 100.0, 10),
        ("firms_closed", 1.0, 3),
        ("projects_started", 1.0, 3),
    ]
    for measure, unit, most in draw.sample(asked, draw.randint(1, 3)):
        targets.append(
            {
                "measure": measure,
                "sense": ">=",
                "value": unit * draw.randint(1, most),
                "year": draw.choice([2024, 2025]),
            }
        )
    settings = {
        "scenario": {
            "name": "demanding",
            "first_year": 2024,
            "last_year": 2025,
            "resources": ["energy"],
            "data": "synthetic",
        },
        "rules": rules,
    }
    places = [{"place": "county", "level": "county"}, {"place": "N1", "level": "town", "parent": "county"}]
    places.append({"place": "N2", "level": "town", "parent": "county"})
    tables = {"places": places, "firms": firms, "actions": actions, "projects": projects, "targets": targets}
    return settings, tables


def without(
    settings: dict[str, Any], tables: Tables, dropped: set[tuple[str, int | None]]
) -> tuple[dict[str, Any], Tables]:
    """The case without some clauses, by its settings and tables alone: rules struck out, lines taken away."""
    rules = {name: rule for name, rule in settings["rules"].items() if (name, None) not in dropped}
    if "admission" in rules:
        limits = rules["admission"]["limits"]
        reported = [
            limit | {"action": "report"} if ("admission", i) in dropped else limit for i, limit in enumerate(limits)
        ]
        rules["admission"] = {"limits": reported}
    if "caps" in rules:
        rules["caps"] = {"caps": [cap for i, cap in enumerate(rules["caps"]["caps"]) if ("caps", i) not in dropped]}
    targets = [line for i, line in enumerate(tables["targets"]) if ("targets", i) not in dropped]
    return {**settings, "rules": rules}, {**tables, "targets": targets}


def clauses_of(settings: dict[str, Any], tables: Tables) -> set[tuple[str, int | None]]:
    """Every clause of the case that can be dropped."""
    found: set[tuple[str, int | None]] = {("targets", i) for i in range(len(tables["targets"]))}
    for name, rule in settings["rules"].items():
        lines = rule.get("limits", rule.get("caps"))
        found |= {(name, None)} if lines is None else {(name, i) for i in range(len(lines))}
    return found

"""Industrial chains: their stages as a graph, and which firms and projects supply each.

Firms and projects name the stages they supply as `stage` (of every chain that has it) or `chain:stage` (of one).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Chains:
    """Shapes: C chains, S stages (rows of chains.csv). `chain` is the position of each stage's chain in `names`.

    `firms` (S, F) and `projects` (S, P) tell who supplies a stage; `weights` (C,) is the mean weight of a chain's
    stages; `unknown` holds what firms and projects name that no chain has.
    """

    names: NDArray[np.object_]
    weights: NDArray[np.float64]
    chain: NDArray[np.int64]
    stages: NDArray[np.object_]
    needs: Sequence[tuple[str, ...]]
    firms: NDArray[np.bool_]
    projects: NDArray[np.bool_]
    unknown: tuple[str, ...]

    @classmethod
    def of(cls, table: pd.DataFrame, firms: pd.Series, projects: pd.Series) -> Chains:
        """The chains of a checked `chains` table and the `stages` columns of firms and projects."""
        chain, found = pd.factorize(table["chain"].astype(object), sort=True)
        names = np.asarray(found, dtype=object)
        stages = table["stage"].to_numpy(dtype=object)
        titles = [f"{names[c]}:{stage}" for c, stage in zip(chain, stages, strict=True)]
        position = np.arange(len(table))
        known = pd.concat([pd.Series(position, index=stages), pd.Series(position, index=titles)])
        by_firm, lost_by_firm = _members(firms, known, len(table))
        by_project, lost_by_project = _members(projects, known, len(table))
        weights = np.zeros(len(names))
        np.add.at(weights, chain, table["weight"].to_numpy(dtype=float))
        return cls(
            names=names,
            weights=weights / np.maximum(np.bincount(chain, minlength=len(names)), 1),
            chain=chain.astype(np.int64),
            stages=stages,
            needs=[tuple(items) for items in table["needs"]],
            firms=by_firm,
            projects=by_project,
            unknown=tuple(sorted(lost_by_firm | lost_by_project)),
        )

    @property
    def size(self) -> int:
        """Number of stages, over all chains."""
        return len(self.stages)

    @cached_property
    def titles(self) -> NDArray[np.object_]:
        """Each stage as `chain:stage`."""
        return np.array([f"{self.names[c]}:{s}" for c, s in zip(self.chain, self.stages, strict=True)], dtype=object)

    @cached_property
    def graph(self) -> nx.DiGraph:
        """Positions of stages; an edge leads from a stage to each stage of its chain that needs it."""
        code = {title: i for i, title in enumerate(self.titles)}
        graph = nx.DiGraph()
        graph.add_nodes_from(range(self.size))
        for i, items in enumerate(self.needs):
            upstream = [code.get(f"{self.names[self.chain[i]]}:{item}") for item in items]
            graph.add_edges_from((j, i) for j in upstream if j is not None)
        return graph

    def cycles(self) -> list[list[int]]:
        """Stages that need one another in a circle, one circle for each chain that has any."""
        circles = []
        for stages in nx.strongly_connected_components(self.graph):
            part = self.graph.subgraph(stages)
            if part.number_of_edges():
                circles.append([edge[0] for edge in nx.find_cycle(part)])
        return sorted(circles)

    def downstream_order(self, chosen: NDArray[np.bool_]) -> list[int]:
        """The chosen stages, upstream ones first (in the order of the table where stages need one another)."""
        wanted = np.flatnonzero(chosen).tolist()
        if not nx.is_directed_acyclic_graph(self.graph):
            return wanted
        place = {stage: i for i, stage in enumerate(nx.lexicographical_topological_sort(self.graph))}
        return sorted(wanted, key=lambda stage: place[stage])


def _members(stages: pd.Series, known: pd.Series, size: int) -> tuple[NDArray[np.bool_], set[str]]:
    """(stage, firm or project) that go together, and the names that no stage bears."""
    places: dict[str, list[int]] = {}
    for name, place in zip(known.index, known, strict=True):
        places.setdefault(name, []).append(place)
    member = np.zeros((size, len(stages)), dtype=bool)
    lost = set()
    for row, names in enumerate(stages):
        for name in names:
            member[places.get(name, []), row] = True
            if name not in places:
                lost.add(str(name))
    return member, lost

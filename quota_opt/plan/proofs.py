"""The proof of a search in a result folder: written as one table, read back, and added up again without a solver.

`proof.csv.gz` has a line for each node, restriction and price:

==============  ====================  ===========================================
part            at                    value
==============  ====================  ===========================================
block           column                its block, and that of the columns after it
linking         row between blocks    its price
bound           parent of the node    the node's block
infeasible      parent of the node    the node's block
closes          column set to 0       -
forces          column set to 1       -
price           row                   its price, or its entry of the ray
unpriced        parent of the node    the node's block
==============  ====================  ===========================================

`stage` is the objective's place in the order, `node` the number of the node (empty for the first two parts). Columns
and rows are counted from 0 as `export` orders them, rows that restrict nothing counted too. A root has the parent -1.
`solving/proof.py` says what makes a proof.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from quota_opt.errors import Finding, Text
from quota_opt.model.build import Problem
from quota_opt.model.linear import FloatArray, IntArray
from quota_opt.plan.certificate import BETTER
from quota_opt.plan.verify import problem
from quota_opt.solving.proof import NOTHING, Kind, Node, Prices, Proof, ProofError, proven
from quota_opt.solving.stages import Solved, stage_arrays

log = logging.getLogger(__name__)

FILE = "proof.csv.gz"
COLUMNS = ("stage", "node", "part", "at", "value")
CLOSE = 1e-9
"""How far, relatively, a stated bound may be better than the proof: the order of sums, on another machine."""
COMPRESSION = 4
"""Of gzip's nine levels: half as long to write as the last, a tenth larger."""
UNPRICED = "unpriced"
PARTS = ("block", "linking", *Kind, UNPRICED, "closes", "forces", "price")


@dataclass(frozen=True)
class Backing:
    """The proofs of a plan, stage by stage, and what run.json says of each and of all together; None where none is.

    `verified` in what is said: the stated bound is one that the proof proves by itself. If not, it is the engine's
    word, and `bound` is what can be added up again.
    """

    proofs: tuple[Proof | None, ...]
    lines: tuple[dict[str, Any] | None, ...]
    whole: dict[str, Any] | None


def backing_of(built: Problem, solved: Solved) -> Backing:
    """The proofs of a solve, each added up once more; one that does not hold is left out."""
    lines: list[dict[str, Any] | None] = []
    objectives = [stage.objective for stage in solved.stages]
    for number, stage in enumerate(solved.stages):
        if stage.proof is None:
            lines.append(None)
            continue
        try:
            bound = proven(stage_arrays(built, number, objectives), stage.proof)
        except ProofError as error:
            log.warning("the proof of %s is left out: %s", stage.name, error.text.en)
            lines.append(None)
            continue
        sign = built.stages[number].sign
        lines.append(
            {
                "nodes": len(stage.proof.nodes),
                "leaves": stage.proof.leaves,
                "bound": sign * bound,
                "verified": not _better(stage.bound, sign * bound, sign),
            }
        )
    proofs = tuple(stage.proof if line else None for stage, line in zip(solved.stages, lines, strict=True))
    known = [line for line in lines if line is not None]
    if not known:
        return Backing(proofs, tuple(lines), None)
    complete = len(known) == len(built.stages) and all(line["verified"] for line in known)
    last = lines[-1]
    whole = {
        "method": "structure",
        "file": FILE,
        "nodes": sum(line["nodes"] for line in known),
        "bound": None if last is None else last["bound"],
        "verified": complete and solved.bound == solved.stages[-1].bound,
    }
    return Backing(proofs, tuple(lines), whole)


def _better(stated: float, bound: float, sign: float) -> bool:
    """Whether a stated bound claims more than the proven one."""
    if math.isinf(bound):
        return sign * bound > 0 and sign * stated < math.inf
    return sign * (bound - stated) > CLOSE * max(1.0, abs(bound))


def write_proofs(proofs: Sequence[Proof | None], folder: Path) -> str | None:
    """Write the file into a result folder; the SHA-256 of what is in it, None without a proof."""
    lines = [line for stage, proof in enumerate(proofs) if proof is not None for line in _lines(stage, proof)]
    if not lines:
        return None
    text = "\n".join([",".join(COLUMNS), *lines, ""]).encode("ascii")
    (folder / FILE).write_bytes(gzip.compress(text, COMPRESSION, mtime=0))
    return hashlib.sha256(text).hexdigest()


def _lines(stage: int, proof: Proof) -> Iterator[str]:
    """The lines of one proof; numbers have the fewest digits that read back as the same."""
    if proof.block is not None and len(proof.block):
        first = np.flatnonzero(np.diff(proof.block, prepend=-1))
        yield from _part(f"{stage},,block", first, proof.block[first].tolist())
    yield from _part(f"{stage},,linking", proof.linking.rows, proof.linking.values.tolist())
    for node in proof.nodes:
        kind = UNPRICED if node.prices is None else node.kind.value
        yield f"{stage},{node.number},{kind},{node.parent},{node.block}"
        yield from _part(f"{stage},{node.number},closes", node.closed)
        yield from _part(f"{stage},{node.number},forces", node.forced)
        if node.prices is not None:
            yield from _part(f"{stage},{node.number},price", node.prices.rows, node.prices.values.tolist())


def _part(head: str, at: IntArray, values: Sequence[float] | None = None) -> Iterator[str]:
    if values is None:
        return (f"{head},{i}," for i in at.tolist())
    return (f"{head},{i},{value!r}" for i, value in zip(at.tolist(), values, strict=True))


def proof_problems(record: Mapping[str, Any], folder: Path, build: Callable[[], Problem]) -> list[Finding]:
    """Where the proofs of a folder are missing, another, or prove less than it states."""
    certificate = record.get("certificate") or {}
    stated, stages = certificate.get("proof"), certificate.get("stages") or []
    lines = [stage.get("proof") for stage in stages]
    path = folder / FILE
    if stated is None and not any(lines) and not path.exists():
        return []
    if stated is None or not any(lines) or not path.is_file():
        what = Text(
            f"{FILE} 与 run.json 所写的证明应当同时具备，现缺其一。",
            f"{FILE} and what run.json says of a proof go together; one of them is missing.",
        )
        return [problem("certificate", what, FILE)]
    try:
        built = build()
        text = gzip.decompress(path.read_bytes())
        if hashlib.sha256(text).hexdigest() != stated.get("sha256"):
            raise ProofError(Text(f"{FILE} 与求解时不同。", f"{FILE} is not the one that was written."))
        proofs = _read(text, built.arrays.columns)
        if set(proofs) != {number for number, line in enumerate(lines) if line is not None}:
            raise ProofError(Text("证明与所写的目标次序不符。", "The proofs are not of the stages that state one."))
        if len(stages) > len(built.stages):
            raise ProofError(Text("目标多于本例。", "There are more stages than the case has."))
        objectives = [float(stage["objective"]) for stage in stages]
        for number, proof in proofs.items():
            bound = proven(stage_arrays(built, number, objectives), proof)
            _check_stated(bound, built.stages[number].sign, lines[number], stages[number])
        _check_whole(record, stated, stages, len(built.stages))
    except ProofError as error:
        return [problem("certificate", error.text, FILE)]
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, AttributeError) as error:
        what = Text(
            f"{FILE} 或 run.json 对它的说明读不出来：{error}",
            f"{FILE}, or what run.json says of it, cannot be read: {error}",
        )
        return [problem("certificate", what, FILE)]
    return []


def read_proofs(folder: Path, record: Mapping[str, Any]) -> tuple[Proof | None, ...]:
    """The proofs of a verified folder, stage by stage."""
    certificate = record.get("certificate") or {}
    stages, path = certificate.get("stages") or [], folder / FILE
    found = _read(gzip.decompress(path.read_bytes()), int(certificate["columns"])) if path.is_file() else {}
    return tuple(found.get(number) for number in range(len(stages)))


def _check_stated(bound: float, sign: float, line: Mapping[str, Any], stage: Mapping[str, Any]) -> None:
    """The stage's own figures against the bound that its proof proves."""
    known = sign * bound
    stated = float(line["bound"]) if line["bound"] is not None else sign * math.inf
    if _better(stated, known, sign):
        words = Text(
            f"证明所得的界写作 {stated:,.9g}，重算只得 {known:,.9g}。",
            f"The proof is said to prove a bound of {stated:,.9g}; added up again it proves {known:,.9g}.",
        )
        raise ProofError(words)
    if line["verified"] and (stage["bound"] is None or _better(float(stage["bound"]), known, sign)):
        words = Text(
            f"写作已验算的界是 {stage['bound']}，证明只得 {known:,.9g}。",
            f"The bound {stage['bound']} is said to be verified; the proof proves {known:,.9g} only.",
        )
        raise ProofError(words)
    if sign * float(stage["objective"]) > bound + BETTER * max(1.0, abs(bound)):
        raise ProofError(Text("目标值超过证明的界，不可能。", "The objective is beyond the proven bound: impossible."))


def _check_whole(record: Mapping[str, Any], stated: Mapping[str, Any], stages: Sequence[Any], count: int) -> None:
    """What is said of the whole against its stages: all of them verified, and the bound that of the last."""
    if not stated["verified"]:
        return
    last = stages[-1]
    whole = len(stages) == count and all(stage.get("proof") and stage["proof"]["verified"] for stage in stages)
    if not whole or record.get("bound") is None or float(record["bound"]) != float(last["bound"]):
        words = Text("写作已验算，但并非每一步都有证明。", "It claims to be verified, but not every part of it is.")
        raise ProofError(words)


def _read(text: bytes, columns: int) -> dict[int, Proof]:
    """The proofs of the table by stage. Raises ProofError where it is no such table."""
    table = pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False)
    if list(table.columns) != list(COLUMNS) or not table["part"].isin(PARTS).all():
        raise ProofError(Text(f"{FILE} 的列或内容种类不对。", f"{FILE} has other columns or parts than it should."))
    part = table["part"].to_numpy(dtype=object)
    unvalued, nodeless = np.isin(part, ["closes", "forces"]), np.isin(part, ["block", "linking"])
    numbers = {
        "stage": _whole(table["stage"]),
        "node": _whole(table["node"].mask(nodeless, "-1")),
        "part": part,
        "at": _whole(table["at"]),
        "value": _numbers(table["value"].mask(unvalued, "0")),
    }
    stages = numbers["stage"]
    return {
        stage: _proof({name: values[stages == stage] for name, values in numbers.items()}, columns)
        for stage in np.unique(stages).tolist()
    }


def _numbers(column: pd.Series[Any]) -> FloatArray:
    """The cells as finite numbers, to the last digit."""
    texts = column.to_numpy(dtype=object)
    if (texts == "").any():
        raise ProofError(Text(f"{FILE} 有缺失的数。", f"{FILE} lacks a number somewhere."))
    numbers = texts.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ProofError(Text(f"{FILE} 有不是有限数的值。", f"{FILE} holds a number that is not finite."))
    return numbers


def _whole(column: pd.Series[Any]) -> IntArray:
    numbers = _numbers(column)
    if ((numbers != np.round(numbers)) | (np.abs(numbers) >= 2**53)).any():
        raise ProofError(Text(f"{FILE} 有不是整数的位置。", f"{FILE} has a position that is no whole number."))
    return numbers.astype(np.int64)


def _proof(lines: Mapping[str, Any], columns: int) -> Proof:
    part, node, at, value = (lines[name] for name in ("part", "node", "at", "value"))
    runs = part == "block"
    block = None
    if runs.any():
        first = at[runs]
        fitting = first[0] == 0 and (np.diff(first) > 0).all() and first[-1] < columns
        if not fitting or (np.abs(value[runs]) > columns).any():
            raise ProofError(Text(f"{FILE} 的分块不合次序。", f"{FILE}: the blocks are not in order."))
        block = np.repeat(value[runs].astype(np.int64), np.diff(np.append(first, columns)))
    nodes = []
    told = np.flatnonzero(np.isin(part, [*Kind, UNPRICED]))
    listed = {name: _by_node(node, part == name) for name in ("closes", "forces", "price")}
    numbers = set(node[told].tolist())
    if any(not set(lines) <= numbers for lines in listed.values()):
        raise ProofError(Text(f"{FILE} 有不属于任何节点的行。", f"{FILE} has lines of a node that is not there."))
    for i in told.tolist():
        number = int(node[i])
        closed, forced, priced = (listed[name].get(number, NOTHING) for name in ("closes", "forces", "price"))
        prices = None if part[i] == UNPRICED else Prices(at[priced], value[priced])
        kind = Kind.INFEASIBLE if part[i] == Kind.INFEASIBLE else Kind.BOUND
        nodes.append(Node(number, int(at[i]), int(value[i]), at[closed], at[forced], prices, kind))
    linking = part == "linking"
    return Proof(tuple(nodes), math.inf, Prices(at[linking], value[linking]), block)


def _by_node(node: IntArray, chosen: Any) -> dict[int, IntArray]:
    """Positions of the chosen lines by their node."""
    lines = np.flatnonzero(chosen)
    lines = lines[np.argsort(node[lines], kind="stable")]
    numbers, first = np.unique(node[lines], return_index=True)
    return dict(zip(numbers.tolist(), np.split(lines, first[1:]), strict=True)) if len(lines) else {}

"""A result folder: written whole or not at all, and read back to be verified with neither model nor solver."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from quota_opt.errors import Finding, InputError, Language, Level, OutputExists, Text, Where
from quota_opt.model.build import Problem, build
from quota_opt.model.case import prepare
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule, RuleAudit
from quota_opt.plan.address import run_address
from quota_opt.plan.certificate import certificate_problems
from quota_opt.plan.clauses import clause_lines, clauses_record, reading_lines, readings_record
from quota_opt.plan.directed import directed, directive_problems, directives_record, write_receipt
from quota_opt.plan.places import MEASURES, measures_problems
from quota_opt.plan.plan import Plan
from quota_opt.plan.proofs import proof_problems, write_proofs
from quota_opt.plan.seal import seal_findings, seal_folder
from quota_opt.plan.tables import outcome_of_tables
from quota_opt.plan.verify import Stated, Verification, problem, verify_outcome
from quota_opt.plan.whole_check import whole_problems
from quota_opt.scenario import Scenario, read
from quota_opt.scenario.standing import Standing, clause_code, documents_record, standings
from quota_opt.solving.engine import engine_named
from quota_opt.solving.profile import Profile
from quota_opt.solving.status import EngineInfo, relative_gap

NEEDED = {
    "actions": (("firm", "action", "option"), ("year",)),
    "awards": (("project",), ("year", "share")),
    "transfers": (("resource", "from_place", "to_place"), ("year", "amount")),
    "ledger": (("resource", "from_kind", "from", "action", "pool_path", "to_kind", "to"), ("year", "amount")),
}
"""Columns a check cannot do without: texts and numbers, by table."""
TRADES = (("place", "resource", "side", "for"), ("year", "amount"))
"""The same for trades, which only a case with a market has."""
ROUNDED = "rounded.csv"
TABLES = ("actions", "awards", "transfers", "ledger", "prices", "reasons")
GAP_TOLERANCE = 2e-6
"""How far a gap may be off: the tolerances of a solver, not those of a proof."""
IDENTIFIERS = (
    "firm",
    "project",
    "place",
    "option",
    "from",
    "to",
    "from_place",
    "to_place",
    "for",
    "id",
    "name",
    "sector",
)


def ensure_free(folder: Path) -> None:
    """Raise OutputExists unless `folder` is absent or an empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExists(
            Text(
                f"{folder} 已经存在，不会覆盖。请换一个 --out，或先移走它。",
                f"{folder} is there already and is never overwritten. Choose another folder, or move it away first.",
            )
        )


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into, which appears as `folder` when all is written, and not at all if any part fails.

    Raises OutputExists where `folder` holds something already.
    """
    ensure_free(folder)
    parent = folder.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=parent))
    try:
        work.chmod(0o755)
        yield work
        if folder.exists():
            folder.rmdir()
        work.rename(folder)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files by relative posix path below `folder`, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def write_folder(plan: Plan, folder: Path, language: Language) -> Path:
    """Write a plan's result folder; see the README. Nothing is left behind if any part fails."""
    with whole_folder(folder) as work:
        write_files(plan.scenario.files, work / "inputs")
        for name in TABLES:
            write_table(_in_language(name, getattr(plan, name), language), work / f"{name}.csv")
        if plan.outcome is not None and plan.outcome.case.market is not None:
            write_table(plan.trades, work / "trades.csv")
        if plan.outcome is not None:
            write_table(plan.measures_table, work / MEASURES)
        if len(plan.row_prices):
            write_table(plan.row_prices, work / "certificate.csv")
        record = run_record(plan)
        if plan.whole is not None:
            write_table(plan.whole.table, work / ROUNDED)
            record["rounded"] = finite(plan.whole.record())
        digest = write_proofs(plan.proofs, work)
        if digest is not None:
            record["certificate"]["proof"]["sha256"] = digest
        if plan.receipt is not None:
            record["receipt"] = {"sha256": write_receipt(plan.receipt, work), "objective": plan.receipt["objective"]}
        text = json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False)
        (work / "run.json").write_text(text + "\n", encoding="utf-8")
        for reporter in plan.reporters:
            reporter(plan, work, language)
        seal_folder(work, version())
    return folder


def _in_language(name: str, table: pd.DataFrame, language: Language) -> pd.DataFrame:
    if name != "reasons":
        return table
    chosen = table["text"] if language == "zh" else table["text_en"]
    return table.assign(text=chosen).drop(columns="text_en")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """UTF-8 with BOM, so that Excel opens it right; numbers in full, so that a check re-adds them exactly."""
    path.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8-sig", newline="\n")


def read_table(path: Path) -> pd.DataFrame:
    """A table of a result folder; identifiers as text."""
    text = dict.fromkeys(IDENTIFIERS, str)
    return pd.read_csv(path, encoding="utf-8-sig", dtype=text, keep_default_na=False, na_values={
        column: [""] for column in ("amount", "share", "price", "intensity", "holds_from", "holds_to")
    })  # fmt: skip


def run_record(plan: Plan) -> dict[str, Any]:
    """The content of run.json; numbers that do not exist (no bound) are null."""
    scenario = plan.scenario
    of = standings(scenario)
    inputs = hashes(scenario.files)
    record = {
        "status": str(plan.status),
        "address": run_address(inputs, scenario.variant, scenario.overrides, plan.profile, versions(plan.engine)),
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "seconds": dict(plan.seconds),
        "engine": {
            "name": plan.engine.name,
            "solver": plan.engine.solver,
            "version": plan.engine.version,
            "profile": plan.profile.get("name"),
            "options": dict(plan.engine.options),
            "seed": plan.profile.get("random_seed"),
        },
        "profile": dict(plan.profile),
        "measures": {name: {"value": value, "unit": plan.measure_units[name]} for name, value in plan.measures.items()},
        "audit": {entry.rule: audit_record(entry, of) for entry in plan.audit},
        "clauses": clauses_record(clause_lines(scenario, plan.audit)),
        "readings": readings_record(reading_lines(scenario)),
        "directives": directives_record(directed(plan.outcome, plan.audit)),
        "certificate": dict(plan.certificate),
        "inputs": inputs,
        "case": scenario.name,
        "variant": scenario.variant,
        "overrides": dict(scenario.overrides),
        "data": scenario.data,
        "energy_basis": scenario.energy_basis,
        "documents": documents_record(scenario),
        "findings": [finding.as_dict("zh") for finding in plan.findings],
        "quota_opt": version(),
    }
    clean: dict[str, Any] = finite(record)
    return clean


def audit_record(entry: RuleAudit, of: dict[str, Standing]) -> dict[str, Any]:
    """One rule's line in run.json."""
    return {
        "ok": entry.ok,
        "state": entry.state,
        "headline": entry.headline._asdict(),
        "worst_excess": entry.worst_excess,
        "unit": entry.unit,
        "clause": entry.clause,
        "clauses": list(entry.clauses),
        "document_status": clause_code("；".join(entry.clauses) or entry.clause or "", of) or None,
        "binding": entry.binding,
        "price": entry.price,
        "price_unit": entry.price_unit,
        "price_note": entry.price_note._asdict() if entry.price is None and entry.price_note is not None else None,
        "overrides": list(entry.overrides),
        "text": {"zh": [t.zh for t in entry.texts], "en": [t.en for t in entry.texts]},
    }


def finite(value: Any) -> Any:
    """The value with every number that is not finite as null, ready for JSON."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if hasattr(value, "item"):
        return finite(value.item())
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each input file."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def identity_record(scenario: Scenario) -> dict[str, Any]:
    """Which case an analysis is of: its name, variant, overrides, the hashes of its files, and this program."""
    return {
        "case": scenario.name,
        "variant": scenario.variant,
        "overrides": dict(scenario.overrides),
        "inputs": hashes(scenario.files),
        "data": scenario.data,
        "quota_opt": version(),
    }


def versions(engine: EngineInfo) -> dict[str, str]:
    """Who answers: this program and the solver in it, with their versions."""
    return {"quota-opt": version(), f"{engine.name} {engine.solver}": engine.version}


def versions_of(profile: Profile) -> dict[str, str]:
    """Who would answer what this profile asks, here."""
    found = engine_named(profile.engine).availability(profile.solver).version
    return versions(EngineInfo(profile.engine, profile.solver, found))


def version() -> str:
    """The version of this program."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("quota-opt")
    except PackageNotFoundError:
        return "0+unknown"


def read_inputs(folder: Path, record: Mapping[str, Any]) -> Scenario:
    """The scenario of a result folder, from its `inputs/`, its variant and its overrides."""
    inputs = folder / "inputs"
    workbooks = sorted(inputs.glob("*.xlsx"))
    source = inputs if (inputs / "scenario.toml").is_file() or not workbooks else workbooks[0]
    variant = record.get("variant")
    address = f"{source}/{variant}" if variant else str(source)
    return read(address, overrides=record.get("overrides") or None)


@dataclass(frozen=True)
class Result:
    """A result folder as it was read: its record and tables, the decisions they state (None where its inputs cannot be
    read), and whether all of it holds."""

    record: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    outcome: Outcome | None
    verification: Verification


def verify_folder(folder: Path, rules: Any) -> Verification:
    """Re-audit a result folder from its inputs and tables; `rules` makes the rules of a scenario.

    Raises InputError where the folder is not a result folder at all.
    """
    return result_of(folder, rules).verification


def result_of(folder: Path, rules: Any) -> Result:
    """A result folder read and verified, see `verify_folder`."""
    record, tables = read_result_files(folder)
    sealed, notes = seal_findings(folder)
    problems = [finding for name, table in tables.items() for finding in _unreadable(name, table)]
    if problems:
        return Result(record, tables, None, Verification(False, (), (*sealed, *problems), tuple(notes)))
    problems += sealed
    stated_hashes = record.get("inputs") or {}
    files = {
        path.relative_to(folder / "inputs").as_posix(): path.read_bytes()
        for path in sorted((folder / "inputs").rglob("*"))
        if path.is_file()
    }
    actual = hashes(files)
    for name in sorted(set(stated_hashes) | set(actual)):
        if stated_hashes.get(name) != actual.get(name):
            what = Text(f"输入文件 {name} 与求解时不同。", f"The input file {name} is not the one that was solved.")
            problems.append(problem("inputs", what, f"inputs/{name}"))
    try:
        scenario = read_inputs(folder, record)
    except InputError as error:
        return Result(record, tables, None, Verification(False, (), (*problems, *error.findings), tuple(notes)))
    made: Sequence[Rule[Any]] = rules(scenario)
    case = prepare(scenario, made)
    trades = tables.get("trades")
    if (case.market is None) != (trades is None):
        what = Text(
            "trades.csv 与规则 trading 是否启用不一致。",
            "trades.csv is there exactly where the rule trading is on; here it is not so.",
        )
        problems.append(problem("tables", what, "trades.csv"))
    reread = outcome_of_tables(case, tables["actions"], tables["awards"], tables["transfers"], trades)
    stages = (record.get("certificate") or {}).get("stages") or [{}]
    stated = Stated(
        tables["actions"],
        tables["awards"],
        tables["ledger"],
        {name: float(entry["value"]) for name, entry in (record.get("measures") or {}).items()},
        record.get("objective"),
        record.get("bound"),
        stages[-1].get("sense", "max"),
        trades,
    )
    verification = verify_outcome(reread.outcome, stated, reread.problems)
    problems += verification.problems
    problems += _record_problems(record, verification.audit)
    problems += _rounding_problems(record, folder, reread.outcome, verification)
    if (folder / MEASURES).is_file():
        problems += measures_problems(reread.outcome, read_table(folder / MEASURES))
    built = cache(lambda: build(case))
    problems += _price_problems(record, folder, built)
    problems += proof_problems(record, folder, built)
    problems += directive_problems(record, folder, reread.outcome, verification.audit)
    whole = Verification(not problems, verification.audit, tuple(problems), tuple(notes))
    return Result(record, tables, reread.outcome, whole)


def _rounding_problems(
    record: Mapping[str, Any], folder: Path, outcome: Outcome, verification: Verification
) -> list[Finding]:
    """The whole numbers against the plan, where the record says that there are any."""
    stated = record.get("rounded")
    if stated is None:
        return []
    if not (folder / ROUNDED).is_file():
        return [problem("tables", Text(f"缺少 {ROUNDED}。", f"{ROUNDED} is missing."), ROUNDED)]
    broken = {entry.rule for entry in verification.audit if not entry.ok}
    table = read_table(folder / ROUNDED)
    wrong = whole_problems(outcome, table, may_fail=bool(stated.get("failing")), broken=broken)
    return [problem("rounded", words, ROUNDED) for words in wrong]


def _price_problems(record: Mapping[str, Any], folder: Path, built: Callable[[], Problem]) -> list[Finding]:
    """The bound from prices added up again, where the folder holds them; a record of one stage must have them."""
    certificate = record.get("certificate") or {}
    path = folder / "certificate.csv"
    if certificate.get("price_bound") is None or len(built().stages) > 1:
        return []
    if not path.is_file():
        # Without a price the bound is what all options give together: no file, nothing to read.
        return certificate_problems(record, pd.DataFrame(columns=["row", "price"]), built())
    table = read_table(path)
    missing = [column for column in ("row", "price") if column not in table]
    if missing:
        what = Text(f"certificate.csv 缺少“{missing[0]}”列。", f"certificate.csv lacks the column {missing[0]}.")
        return [problem("tables", what, path.name)]
    return certificate_problems(record, table, built())


def _unreadable(name: str, table: pd.DataFrame) -> list[Finding]:
    """Columns that are missing, or hold something else than numbers where numbers belong."""
    texts, numbers = NEEDED.get(name, TRADES)
    file = f"{name}.csv"
    found = []
    for column in (*texts, *numbers):
        if column not in table:
            found.append(
                problem("tables", Text(f"{file} 缺少“{column}”列。", f"{file} lacks the column {column}."), file)
            )
        elif column in numbers:
            values = pd.to_numeric(table[column], errors="coerce")
            whole = column != "year" or bool((values.dropna() % 1 == 0).all())
            if values.isna().any() or not whole:
                what = Text(
                    f"{file} 的“{column}”列有不是数的值。", f"{file}: the column {column} holds no number somewhere."
                )
                found.append(problem("tables", what, file))
    return found


def _record_problems(record: Mapping[str, Any], audit: tuple[RuleAudit, ...]) -> list[Finding]:
    """Rules missing from the record's audit, and a status that its own gap contradicts."""
    found = []
    stated = record.get("audit") or {}
    for entry in audit:
        if entry.rule not in stated or bool(stated[entry.rule].get("ok")) != entry.ok:
            what = Text(
                f"run.json 中规则 {entry.rule} 的复核结果不符。", f"run.json states another audit of {entry.rule}."
            )
            found.append(problem("record", what, "run.json", rule=entry.rule))
    objective: Any
    bound: Any
    gap: Any
    objective, bound, gap = (record.get(name) for name in ("objective", "bound", "gap"))
    whole = objective is not None and bound is not None and gap is not None
    if whole and abs(relative_gap(objective, bound) - gap) > GAP_TOLERANCE:
        what = Text("所写的差距与目标值、界不符。", "The stated gap is not that of the objective and the bound.")
        found.append(problem("certificate", what, "run.json"))
    if record.get("status") == "OPTIMAL":
        asked = (record.get("certificate") or {}).get("gap_asked")
        if not whole or asked is None or relative_gap(objective, bound) > asked + GAP_TOLERANCE:
            what = Text(
                "写作已证明最优，但界没有证明到所要求的差距。",
                "It claims to be optimal, but its bound does not prove it.",
            )
            found.append(problem("certificate", what, "run.json"))
    return found


def read_result_files(folder: Path) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """The record of a result folder and its tables, unchecked. Raises InputError where it is no result folder."""
    findings = []

    def bad(code: str, what: Text, file: str) -> None:
        fix = Text("请给出 run --out 写成的结果文件夹。", "Name a result folder as `run --out` writes it.")
        findings.append(Finding(Level.ERROR, code, what, Where(file=file), fix))

    record: dict[str, Any] = {}
    tables: dict[str, pd.DataFrame] = {}
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except OSError:
        bad(
            "no-result",
            Text("没有 run.json，不是结果文件夹。", "There is no run.json: not a result folder."),
            str(folder),
        )
    except ValueError as error:
        bad(
            "bad-result", Text(f"run.json 不是有效的 JSON：{error}", f"run.json is not valid JSON: {error}"), "run.json"
        )
    if findings:
        raise InputError(findings)
    for name in (*NEEDED, *(["trades"] if (folder / "trades.csv").is_file() else [])):
        try:
            tables[name] = read_table(folder / f"{name}.csv")
        except OSError:
            bad("no-table", Text(f"缺少 {name}.csv。", f"{name}.csv is missing."), f"{name}.csv")
        except ValueError as error:
            bad(
                "bad-table", Text(f"{name}.csv 读不出来：{error}", f"{name}.csv cannot be read: {error}"), f"{name}.csv"
            )
    if not (folder / "inputs").is_dir():
        bad("no-inputs", Text("缺少 inputs 文件夹。", "The folder inputs/ is missing."), "inputs")
    if findings:
        raise InputError(findings)
    return record, tables

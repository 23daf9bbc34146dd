"""Bringing cases and results of an earlier version to the present contract: beside the old ones, or in their place.

The new folder is whole before it appears, and what it replaces is kept. Results gain what can be computed from their
own decisions, are verified anew and sealed; nothing is solved.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from quota_opt.errors import Finding, InputError, Level, OutputExists, Text, VerificationFailed, Where
from quota_opt.model.build import build
from quota_opt.model.case import prepare
from quota_opt.model.outcome import Outcome
from quota_opt.model.rule import Rule
from quota_opt.plan.certificate import COLUMNS as CERTIFICATE
from quota_opt.plan.certificate import certificate_problems
from quota_opt.plan.directed import RECEIPT, directed, directives_record, read_receipt
from quota_opt.plan.folder import (
    Result,
    ensure_free,
    finite,
    hashes,
    read_inputs,
    read_result_files,
    read_table,
    run_record,
    verify_folder,
    version,
    whole_folder,
    write_table,
)
from quota_opt.plan.places import MEASURES, measures_table
from quota_opt.plan.plan import Plan
from quota_opt.plan.reading import stated_plan
from quota_opt.plan.seal import BEFORE, SEAL, read_seal, seal_folder
from quota_opt.plan.tables import actions_table, awards_table, outcome_of_tables
from quota_opt.plan.trades import KEY as TRADE
from quota_opt.plan.trades import trades_table
from quota_opt.plan.verify import Verification, audits
from quota_opt.scenario import Scenario, write_workbook
from quota_opt.scenario.contract import CONTRACT
from quota_opt.scenario.migrate import Change, migrated_folder, migrated_workbook
from quota_opt.scenario.reading import WORKBOOKS, find_case, workbooks_in
from quota_opt.scenario.scenario import make_scenario
from quota_opt.scenario.settings_reading import SETTINGS_FILE
from quota_opt.scenario.standing import clause_code, standings
from quota_opt.solving.profile import list_profiles, read_profile
from quota_opt.solving.status import Status

Rules = Callable[[Scenario], Sequence[Rule[Any]]]
NAMED = "named"
"""How run.json says that its profile was taken by name."""
KEYS = {"actions": ["firm", "action", "option", "year"], "awards": ["project", "year"], "trades": TRADE}


@dataclass(frozen=True)
class Migration:
    """What `migrate` did: each change by file, and where the result stands; no changes where there was nothing to do.

    `source` is what was brought up, `target` the folder or workbook of the present contract (None without changes),
    `kept` what holds the originals where it was done in place.
    """

    source: Path
    target: Path | None
    changes: tuple[Change, ...]
    kept: Path | None = None


def migrate_at(address: str | Path, out: Path | None, rules: Rules, *, in_place: bool) -> Migration:
    """Bring a case or a result folder to the present contract; see `quota_opt.migrate`."""
    source = Path(address)
    if (source / "run.json").is_file():
        return _migrate_result(source, out, rules, in_place=in_place)
    raw, _ = find_case(address)
    if not raw.document:
        raise InputError(raw.findings)
    if not source.exists():  # a built-in case, or a variant
        return Migration(source, None, ())
    if source.is_dir() and not (source / SETTINGS_FILE).is_file() and not any(source.glob("*.csv")):
        source = workbooks_in(source)[0]
    if source.suffix.casefold() in WORKBOOKS and source.is_file():
        made, changes = migrated_workbook(raw)
        if not changes:
            return Migration(source, None, ())
        scenario = make_scenario(made, None, {})
        return _place_file(source, out, changes, lambda path: write_workbook(path, scenario), in_place=in_place)
    files, changes = migrated_folder(source, raw.document)

    def apply(work: Path) -> tuple[Change, ...]:
        for name, content in files.items():
            (work / name).write_bytes(content)
        return changes

    return _place_folder(source, out, apply, in_place=in_place) if changes else Migration(source, None, ())


def _migrate_result(source: Path, out: Path | None, rules: Rules, *, in_place: bool) -> Migration:
    try:
        sealed = read_seal(source) is not None
    except ValueError as error:
        what = Text(f"{SEAL} 读不出来：{error}", f"{SEAL} cannot be read: {error}")
        fix = Text("请找回原来的结果文件夹。", "Take the result folder from where it was kept unchanged.")
        raise InputError([Finding(Level.ERROR, "bad-seal", what, Where(file=SEAL), fix)]) from error
    if sealed:
        return Migration(source, None, ())
    return _place_folder(source, out, lambda work: _bring_up(work, rules), in_place=in_place)


def _place_folder(
    source: Path, out: Path | None, apply: Callable[[Path], tuple[Change, ...]], *, in_place: bool
) -> Migration:
    """A copy of a folder with changes applied, beside it, at `out`, or in its place."""
    if not in_place:
        target = out or source.with_name(f"{source.name}-migrated")
        with whole_folder(target) as work:
            shutil.copytree(source, work, dirs_exist_ok=True)
            changes = apply(work)
        return Migration(source, target, changes)
    place = source.resolve()
    ensure_free(place / BEFORE)
    work = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    aside = work.with_name(f"{work.name}-old")
    try:
        shutil.copytree(place, work, dirs_exist_ok=True)
        changes = apply(work)
        _keep(place, work)
        place.rename(aside)
        try:
            work.rename(place)
        except OSError:
            aside.rename(place)
            raise
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    shutil.rmtree(aside, ignore_errors=True)
    return Migration(source, source, changes, source / BEFORE)


def _keep(old: Path, new: Path) -> None:
    """Put the files of `old` that are no longer the same in `new` into its folder of what was before."""
    for path in [path for path in sorted(old.rglob("*")) if path.is_file()]:
        name = path.relative_to(old)
        if not (new / name).is_file() or (new / name).read_bytes() != path.read_bytes():
            target = new / BEFORE / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def _place_file(
    source: Path, out: Path | None, changes: tuple[Change, ...], write: Callable[[Path], Path], *, in_place: bool
) -> Migration:
    """The same for a workbook, which is written anew."""
    kept = source.with_name(f"{source.stem}-{BEFORE}{source.suffix}") if in_place else None
    target = source if in_place else out or source.with_name(f"{source.stem}-migrated.xlsx")
    for path in (kept, None if in_place else target):
        if path is not None and path.exists():
            raise OutputExists(
                Text(
                    f"{path} 已经存在，不会覆盖。请先移走它，或换一个 --out。",
                    f"{path} is there already and is never overwritten. Move it away, or choose another --out.",
                )
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{source.stem}-", dir=target.parent) as scratch:
        made = write(Path(scratch) / target.name)
        if kept is not None:
            shutil.copy2(source, kept)
        made.replace(target)
    return Migration(source, target, changes, kept)


def _bring_up(work: Path, rules: Rules) -> tuple[Change, ...]:
    """Give a result what results of this contract have, verify it, and seal it.

    Raises VerificationFailed where it still does not hold: it must be run again.
    """
    record, tables = read_result_files(work)
    changes = _inputs(work, record)
    scenario = read_inputs(work, record)
    case = prepare(scenario, rules(scenario))
    outcome = outcome_of_tables(
        case, tables["actions"], tables["awards"], tables["transfers"], tables.get("trades")
    ).outcome
    changes += _columns(work, outcome, tables)
    changes += _reasons(work, scenario)
    changes += _measures(work, record, outcome)
    changes += _receipt(work, record)
    changes += _prices(work, record, outcome)
    plan = stated_plan(work, Result(record, tables, outcome, Verification(True, audits(outcome), ())), outcome)
    changes += _directives(record, plan)
    changes += _record(record, plan)
    changes.append(Change(SEAL, Text("封存全部文件。", "All files are sealed.")))
    told = [{"file": change.file, "what": change.what._asdict()} for change in changes]
    record["migrated"] = {**record.get("migrated", {}), "contract": CONTRACT, "quota_opt": version(), "changes": told}
    text = json.dumps(finite(record), ensure_ascii=False, indent=2, allow_nan=False)
    (work / "run.json").write_text(text + "\n", encoding="utf-8")
    seal_folder(work, version())
    found = verify_folder(work, rules)
    if not found.ok:
        listed = [finding.what for finding in found.problems[:10]]
        zh, en = ("\n  ".join(what.of(language) for what in listed) for language in ("zh", "en"))
        raise VerificationFailed(
            Text(
                f"补齐之后仍未通过复核，没有写出；请由 inputs 重新求解：\n  {zh}",
                f"It does not pass its check even so, and nothing is written; run it again from its inputs:\n  {en}",
            )
        )
    return tuple(changes)


def _inputs(work: Path, record: dict[str, Any]) -> list[Change]:
    """The inputs themselves, where they are a case folder of an older contract."""
    inputs = work / "inputs"
    if not (inputs / SETTINGS_FILE).is_file():
        return []
    raw, _ = find_case(inputs)
    files, found = migrated_folder(inputs, raw.document)
    for name, content in files.items():
        (inputs / name).write_bytes(content)
    if files and record.get("inputs"):
        record["inputs"] = {**record["inputs"], **hashes(files)}
    return [replace(change, file=f"inputs/{change.file}") for change in found]


def _columns(work: Path, outcome: Outcome, tables: dict[str, pd.DataFrame]) -> list[Change]:
    """Columns that tables did not have, from the decisions they state."""
    made = {"actions": actions_table, "awards": awards_table, "trades": trades_table}
    changes = []
    for name, table in tables.items():
        again = made[name](outcome) if name in made else pd.DataFrame()
        missing = [column for column in again.columns if column not in table.columns]
        if not missing or len(again) != len(table):
            continue
        key = KEYS[name]
        left, right = (frame.assign(**{k: frame[k].fillna("").astype(str) for k in key}) for frame in (table, again))
        joined = left.merge(right[[*key, *missing]], on=key, how="left", validate="one_to_one")
        whole = table.assign(**{column: joined[column].to_numpy() for column in missing})
        others = [column for column in table.columns if column not in again.columns]
        write_table(whole[[*again.columns, *others]], work / f"{name}.csv")
        listed = ", ".join(missing)
        changes.append(Change(f"{name}.csv", Text(f"补上列 {listed}。", f"It has the columns {listed}.")))
    return changes


def _reasons(work: Path, scenario: Scenario) -> list[Change]:
    """The standing of the document behind each reason."""
    path = work / "reasons.csv"
    table = read_table(path) if path.is_file() else pd.DataFrame()
    if "clause" not in table or "document_status" in table:
        return []
    of = standings(scenario)
    at = list(table.columns).index("clause") + 1
    table.insert(at, "document_status", [clause_code(str(clause), of) for clause in table["clause"].fillna("")])
    write_table(table, path)
    return [Change(path.name, Text("补上列 document_status。", "It has the column document_status."))]


def _measures(work: Path, record: dict[str, Any], outcome: Outcome) -> list[Change]:
    """Measures that came later, and the table of measures by place and year."""
    changes = []
    stated, units = record.setdefault("measures", {}), outcome.measure_units()
    missing = {name: value for name, value in outcome.measures().items() if name not in stated}
    stated.update({name: {"value": value, "unit": units[name]} for name, value in missing.items()})
    if missing:
        listed = ", ".join(missing)
        changes.append(Change("run.json", Text(f"补上指标 {listed}。", f"It has the measures {listed}.")))
    if not (work / MEASURES).is_file():
        write_table(measures_table(outcome), work / MEASURES)
        changes.append(Change(MEASURES, Text("补上分区域、分年度的指标。", "Measures by place and year.")))
    return changes


def _directives(record: dict[str, Any], plan: Plan) -> list[Change]:
    """The words in which directives are told; that they are those of the inputs is for the check to say."""
    stated, made = record.get("directives") or [], directives_record(directed(plan.outcome, plan.audit))
    named = [[(line.get("kind"), line.get("id"), line.get("by")) for line in lines] for lines in (stated, made)]
    if stated == made or named[0] != named[1]:
        return []
    record["directives"] = made
    return [Change("run.json", Text("指定事项改用现在的说法。", "Directives are told in the words of today."))]


def _record(record: dict[str, Any], plan: Plan) -> list[Change]:
    """What run.json did not say: standing of documents, clauses, states of rules; the profile where its name tells.

    A profile known by name alone may have had another time limit, which does not matter to a plan proven best.
    """
    name = str(plan.profile.get("name"))
    known = "profile" not in record and plan.status is Status.OPTIMAL and name in list_profiles()
    if known:
        asked = plan.certificate.get("gap_asked")
        plan = replace(plan, profile=read_profile(name).with_limits(gap=asked).model_dump())
    fresh = run_record(plan)
    if "profile" not in record and not known:
        del fresh["profile"], fresh["address"]
    missing = [key for key in fresh if key not in record]
    audit = {
        rule: {**fresh["audit"].get(rule, {}), **entry} for rule, entry in (record.get("audit") or {}).items()
    }  # fmt: skip
    changed = audit != record.get("audit") or record.get("documents") != fresh["documents"]
    record.update({key: fresh[key] for key in missing}, audit=audit, documents=fresh["documents"])
    changes = []
    if missing or changed:
        what = Text("补上规则、文件和条款的状态。", "It tells the states of rules, documents and clauses.")
        changes.append(Change("run.json", what))
    if known:
        what = Text(
            f"补上求解方案：按名称取现在的 {name} 和原差距，时限可能不同。",
            f"It has its solver profile: {name} as it is now, with the recorded gap; its time limit may differ.",
        )
        changes.append(Change("run.json", what))
        record["migrated"] = {"profile": NAMED}
    return changes


def _receipt(work: Path, record: dict[str, Any]) -> list[Change]:
    """What a receipt says of the objective, which run.json repeats."""
    sealed, receipt = record.get("receipt"), read_receipt(work)
    if not sealed or receipt is None or "objective" in sealed:
        return []
    record["receipt"] = {**sealed, "objective": receipt.get("objective")}
    return [Change("run.json", Text(f"补上 {RECEIPT} 的目标值。", f"It repeats the objective of {RECEIPT}."))]


def _prices(work: Path, record: dict[str, Any], outcome: Outcome) -> list[Change]:
    """A bound from prices that were not kept cannot be added up again: it is taken back, the engine's bound stays."""
    certificate = record.get("certificate") or {}
    if certificate.get("price_bound") is None or (work / "certificate.csv").is_file():
        return []
    built = build(outcome.case)
    if len(built.stages) > 1 or not certificate_problems(record, pd.DataFrame(columns=list(CERTIFICATE)), built):
        return []
    certificate["price_bound"] = None
    what = Text(
        "当时没有保存证明界的价格，撤去“价格证明的界”；求解器所证的界保留，可用 quota-opt replay 重新证明。",
        "The prices behind the bound from prices were not kept: that bound is taken back, the engine's own stays; "
        "quota-opt replay proves it anew.",
    )
    return [Change("run.json", what)]

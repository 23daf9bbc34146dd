"""The JSON schemas say what cases and results are: real ones fit, spoilt ones do not, nothing is left undescribed."""

import copy
import functools
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from small import case

import quota_opt as qo
from quota_opt.plan.columns import RESULT_TABLES, records_of
from quota_opt.plan.folder import read_table
from quota_opt.report.schemas import SCHEMAS
from quota_opt.resources import builtin
from quota_opt.scenario import TABLES, rule_parameters

jsonschema = pytest.importorskip("jsonschema")


@functools.cache
def validator(name):
    return jsonschema.Draft202012Validator(qo.schema(name))


def problems(name, document):
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(name).iter_errors(document)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema_and_stands_by_itself(name):
    made = qo.schema(name)
    jsonschema.Draft202012Validator.check_schema(made)
    assert made["$schema"].endswith("2020-12/schema")
    assert made["title"] and made["x-zh"]["title"]
    text = json.dumps(made, ensure_ascii=False)
    referred = {part.split('"')[0] for part in text.split('"$ref": "#/$defs/')[1:]}
    assert referred <= set(made.get("$defs", {}))
    assert qo.schema()["$defs"][name] == made


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(qo.InputError, match="case"):
        qo.schema("caes")


@pytest.mark.parametrize("name", builtin("scenarios"))
def test_built_in_cases_fit_the_schemas(name):
    scenario = qo.read(name)
    document = json.loads(json.dumps(scenario.as_document()))
    assert problems("case", document) == []
    assert problems("settings", document["settings"]) == []
    for variant in scenario.variants:
        assert problems("case", {**document, "variant": variant, "tables": {"places": []}}) == []


def document_of(**changes):
    return {**qo.read("zhuji").as_document(), **changes}


SPOILT = {
    "an unknown part": lambda d: d.update(extra=1),
    "no settings": lambda d: d.pop("settings"),
    "no places": lambda d: d["tables"].pop("places"),
    "an unknown table": lambda d: d["tables"].update(frims=[]),
    "an unknown column": lambda d: d["tables"]["firms"][0].update(energy=3),
    "an unknown column of places": lambda d: d["tables"]["places"][0].update(size=3),
    "a text for a number": lambda d: d["tables"]["firms"][0].update(energy_tce="many"),
    "a negative amount": lambda d: d["tables"]["firms"][0].update(energy_tce=-1),
    "a share above 1": lambda d: d["tables"]["projects"][0].update(min_share=1.5),
    "an unknown category": lambda d: d["tables"]["projects"][0].update(category="big"),
    "a number for yes or no": lambda d: d["tables"]["firms"][0].update(above_scale=2),
    "half a year": lambda d: d["tables"]["firms"][0].update(built_year=2010.5),
    "a record without its key": lambda d: d["tables"]["firms"][0].pop("firm"),
    "a target without a value": lambda d: d["tables"]["targets"][0].pop("value"),
    "an unknown setting": lambda d: d["settings"]["scenario"].update(last=2023),
    "an unknown section": lambda d: d["settings"].update(rule={}),
    "an unknown rule": lambda d: d["settings"]["rules"].update(retain={}),
    "an unknown parameter": lambda d: d["settings"]["rules"]["retention"].update(kept=0.5),
    "a share that is none": lambda d: d["settings"]["rules"]["retention"].update(keep=2),
    "a text for a year": lambda d: d["settings"]["scenario"].update(first_year="first"),
    "a kind of action there is not": lambda d: d["settings"]["actions"].update(burn={}),
    "an unknown factor": lambda d: d["settings"].update(factors={"coal": 1.0}),
    "a title in a third language": lambda d: d["settings"]["scenario"]["title"].update(fr="…"),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_spoilt_case_does_not_fit_and_is_not_read(fault):
    spoilt = copy.deepcopy(document_of())
    SPOILT[fault](spoilt)
    assert problems("case", spoilt)
    with pytest.raises(qo.InputError):
        qo.Scenario.from_document(spoilt)


def test_resources_and_measures_of_the_case_s_own_bring_columns():
    scenario = case(
        resources=("energy", "water"),
        settings={"measures": {"profit": {"unit": "10k yuan", "projects": "profit"}}},
        firms=[{"firm": "F", "place": "N1", "energy_tce": 1, "water": 2}],
        projects=[{"project": "P", "place": "N1", "energy_tce": 1, "uses_water": 2, "profit": 3}],
    )
    document = scenario.as_document()
    assert problems("case", document) == []
    document["tables"]["firms"][0]["water"] = "much"
    assert problems("case", document)


def test_a_target_left_to_the_level_above_needs_no_value():
    record = {"measure": "energy_freed", "sense": ">=", "ordered": True}
    assert problems("tables", {"places": [], "targets": [record]}) == []
    assert problems("tables", {"places": [], "targets": [{**record, "ordered": False}]})


def test_a_rule_switched_off_needs_none_of_its_parameters():
    settings = {"scenario": {"name": "t", "first_year": 2024, "last_year": 2025}}
    for name in rule_parameters():
        off = {**settings, "rules": {name: {"enabled": False}}}
        assert problems("settings", off) == [], name
        qo.Scenario.from_tables(off, places=[{"place": "C", "level": "county"}])


def test_every_column_and_every_setting_has_a_meaning_in_both_languages():
    made = qo.schema("case")
    for table in TABLES:
        columns = made["$defs"]["Tables"]["properties"][table.name]["items"]["properties"]
        assert list(columns) == [column.name for column in table.columns]
        assert all(column["description"] and column["x-zh"]["description"] for column in columns.values())
    assert made["$defs"]["Tables"]["properties"]["firms"]["items"]["properties"]["energy_tce"]["x-unit"] == "tce"
    assert set(made["$defs"]["Settings"]["properties"]["rules"]["properties"]) == set(rule_parameters())
    keep = made["$defs"]["RetentionParameters"]["properties"]["keep"]
    assert keep["description"] and "比例" in keep["x-zh"]["description"]
    for name, model in made["$defs"].items():
        for key, schema in model.get("properties", {}).items():
            assert schema.get("description") and schema["x-zh"].get("description"), (name, key)


def undescribed(schema, value, path=""):
    """Keys of a document that its schema says nothing of."""
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        free = schema.get("type") in ("object", ["object", "null"]) and not known and others is None
        for key, item in value.items():
            if key in known or isinstance(others, dict):
                yield from undescribed(known.get(key, others), item, f"{path}.{key}")
            elif not free:
                yield f"{path}.{key}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from undescribed(schema.get("items", {}), item, f"{path}[{index}]")


def fits(folder):
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert problems("result", record) == []
    assert list(undescribed(qo.schema("result"), record)) == []
    spec = {table.name: table for table in RESULT_TABLES}
    tables = {}
    for path in sorted(folder.glob("*.csv")):
        found = read_table(path)
        known = [column.name for column in spec[path.stem].columns]
        own = [column for column in found if column not in known]
        assert [column for column in found if column in known] == known, path.name
        assert all(column.startswith(("frees_", "uses_")) for column in own), path.name
        tables[path.stem] = json.loads(json.dumps(records_of(path.stem, found), allow_nan=False))
    assert problems("result-tables", tables) == []
    return record


CASES = ["worked-example", "zhuji/priority-order", "yueqing", "published"]


@pytest.mark.slow
@pytest.mark.parametrize("address", CASES)
def test_results_of_built_in_cases_fit_the_schemas(address, tmp_path):
    plan = qo.solve(address, gap=0.05)
    fits(replace(plan, reporters=()).write(tmp_path / "out", "en"))


def test_results_of_every_kind_fit_the_schemas(tmp_path):
    """Lexicographic, without an optimum proven, with trade, with orders, with a resource of the case's own."""
    lexicographic = {"form": "lexicographic", "order": [{"measure": "energy_used", "tolerance": 0.1},
                                                        {"measure": "value_added"}]}  # fmt: skip
    scenario = case(
        resources=("energy", "water"), objective=lexicographic,
        rules={"trading": {"buy_price": 0.1, "sell_price": 0.05}},
        actions=[{"firm": "F", "action": "close", "frees_energy_tce": 10, "frees_water": 5}],
        firms=[{"firm": "F", "place": "N1", "energy_tce": 10}],
        projects=[{"project": "P", "place": "N2", "energy_tce": 8.5, "uses_water": 1, "value_added": 20}],
    )  # fmt: skip
    record = fits(replace(qo.solve(scenario), reporters=()).write(tmp_path / "lexicographic"))
    assert len(record["certificate"]["stages"]) == 2
    receipt = qo.override("worked-example", award=["P3"], bend=True, by="county meeting")
    record = fits(receipt.write(tmp_path / "ordered"))
    assert record["directives"] and "receipt" in record
    plan = replace(receipt.without, bound=float("inf"), gap=float("inf"), status=qo.Status.FEASIBLE)
    assert problems("result", json.loads(json.dumps(_record(plan)))) == []


def _record(plan):
    from quota_opt.plan.folder import run_record

    return run_record(plan)


@pytest.mark.parametrize("key", ["status", "objective", "measures", "audit", "certificate", "inputs"])
def test_a_record_without_a_key_or_with_another_type_does_not_fit(key):
    record = _record(qo.solve("worked-example"))
    assert problems("result", record) == []
    assert problems("result", {name: value for name, value in record.items() if name != key})
    assert problems("result", {**record, key: ["x"]})


def test_findings_fit_their_schema():
    with pytest.raises(qo.InputError) as caught:
        qo.read("zhuji", overrides={"rules.retention.kep": 1, "scenario.discount_rate": 7})
    listed = [finding.as_dict("zh") for finding in (*caught.value.findings, *qo.check("fenghua"))]
    assert listed and problems("findings", listed) == []


def test_the_example_grid_fits_and_a_misspelt_key_does_not():
    grid = tomllib.loads((Path(__file__).parents[2] / "examples" / "grid.toml").read_text(encoding="utf-8"))
    assert problems("grid", grid) == []
    assert problems("grid", {**grid, "limit": {}})


def test_an_empty_plan_has_the_same_columns():
    plan = qo.solve(case(firms=[{"firm": "F", "place": "N1", "energy_tce": 0}], projects=[]))
    for table in RESULT_TABLES:
        frame = getattr(plan, "row_prices" if table.name == "certificate" else table.name, None)
        if isinstance(frame, pd.DataFrame) and table.name != "reasons":
            assert [column.name for column in table.columns] == list(frame.columns), table.name


def test_every_key_of_a_grid_says_in_both_languages_what_it_is():
    models = {name: model for name, model in qo.schema("grid")["$defs"].items() if "properties" in model}
    assert {"GridTable", "ListedRun", "LimitsTable"} <= set(models)
    keys = {f"{m}.{k}": body for m, model in models.items() for k, body in model["properties"].items() if m != "Range"}
    assert len(keys) > 15
    assert [name for name, body in keys.items() if not (body["description"] and body["x-zh"]["description"])] == []

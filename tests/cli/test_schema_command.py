"""`schema`: one document on stdout, or all of them as files."""

import json

import quota_opt as qo
from quota_opt.cli import complete
from quota_opt.report.schemas import SCHEMAS


def test_a_schema_is_printed_as_one_document_with_json_and_without(cli):
    assert cli("schema", "case").document == qo.schema("case")
    assert cli("schema", "case", "--json").document == qo.schema("case")
    assert cli("schema", "--quiet").document == qo.schema()


def test_all_schemas_are_written_and_nothing_is_written_over(cli, tmp_path):
    call = cli("schema", "--out", tmp_path / "schemas", "--json")
    assert call.code == 0
    assert [path.name for path in sorted((tmp_path / "schemas").iterdir())] == sorted(
        f"{name}.schema.json" for name in SCHEMAS
    )
    for name in SCHEMAS:
        assert json.loads((tmp_path / "schemas" / f"{name}.schema.json").read_text("utf-8")) == qo.schema(name)
    assert cli("schema", "--out", tmp_path / "schemas").code == 2


def test_what_there_is_not_is_refused(cli, tmp_path):
    assert cli("schema", "caes").code == 2
    assert cli("schema", "case", "--out", tmp_path / "x").code == 2


def test_names_complete():
    assert tuple(complete.schemas("")) == SCHEMAS

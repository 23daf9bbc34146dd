"""Any case the reader takes is, as a document, one the schema describes, and reads back as itself."""

import json

import pytest
from hypothesis import given
from strategies import Drawn, drawn, examples

import quota_opt as qo

jsonschema = pytest.importorskip("jsonschema")


@examples(30)
@given(drawn())
def test_random_cases_fit_the_schema_and_read_back(case: Drawn) -> None:
    scenario = qo.Scenario.from_tables(case.settings, **case.tables)
    document = json.loads(json.dumps(scenario.as_document(), allow_nan=False))
    found = [error.message[:200] for error in VALIDATOR.iter_errors(document)]
    assert found == []
    assert qo.Scenario.from_document(document).equals(scenario)


VALIDATOR = jsonschema.Draft202012Validator(qo.schema("case"))

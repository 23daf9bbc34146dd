"""The API against its own OpenAPI description: generated requests, right and wrong, and what must come back."""

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from schemathesis.config import ProjectConfig, ProjectsConfig, SchemathesisConfig
from serving import TOKEN

import quota_opt as qo
from quota_opt.batch.task import execute, task_of
from quota_opt.store.jobs import Job
from quota_opt.store.store import Store
from quota_opt.web.api import add_routes
from quota_opt.web.app import make_app
from quota_opt.web.limits import ServerLimits
from quota_opt.web.service import Service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
EXAMPLES = 12
"""Of each operation, right and wrong ones each."""


def operations():
    """Every operation of the API as (method, path, mode); wrong requests where something can be wrong."""
    app = FastAPI()
    add_routes(app)
    for path, found in app.openapi()["paths"].items():
        for method, operation in found.items():
            yield method, path, GenerationMode.POSITIVE
            if {"parameters", "requestBody"} & set(operation):
                yield method, path, GenerationMode.NEGATIVE


def checks_of(case):
    """The checks that make sense of a request."""
    left_out = []
    if (case.media_type or "").startswith("multipart/"):
        left_out.append(negative_data_rejection)  # a field of a form is text, whatever else it is meant to be
    if case.path.endswith("/events"):
        left_out.append(response_schema_conformance)  # it is text, not one document
    return [check for check in CHECKS if check not in left_out]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service that solves nothing, where many jobs may wait."""
    folder = tmp_path_factory.mktemp("contract")
    made = Service(Store.open(folder / "store.db"), ServerLimits(queue=10_000), running=False)
    made.drain()  # so that no stream stays open
    yield made
    made.stop(0)


@pytest.fixture(scope="module")
def done(service):
    """A job that has ended, with its plan."""
    case = qo.read("worked-example")
    task = task_of(case, qo.read_profile("auto"))
    run = execute(task, case)
    address = service.store.add(run.files, run.ending, task=task, case=case, source="api")
    job = Job(kind="solve", state="done", owner="default", result=address, address=address, profile={"name": "auto"})
    return service.jobs.submit(job, most=1)[0].id


@pytest.fixture(scope="module")
def description(service):
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "localhost"}
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(headers=headers)))
    app = make_app(service, {"default": TOKEN}, language="en")
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=config, headers=headers)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "mode"), list(operations()), ids=str)
def test_what_comes_back_is_what_the_description_says(description, done, method, path, mode):
    strategy = description[path][method].as_strategy(generation_mode=mode)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def ask(case):
        case.call_and_validate(checks=checks_of(case))
        if "job" in case.path_parameters and mode.is_positive and case.method != "DELETE":
            case.path_parameters["job"] = done
            case.call_and_validate(checks=checks_of(case))

    ask()

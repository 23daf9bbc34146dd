"""The OpenAPI description: what FastAPI cannot see, bodies read by hand and errors as problem documents."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from quota_opt.plan.folder import version
from quota_opt.web.models import CheckRequest, CompareRequest, Problem, SolveRequest

_REFERENCE = "#/components/schemas/{model}"
_REASONS = {
    400: "The body is not well formed.",
    401: "The token is missing or wrong.",
    403: "The Host or Origin of the request is not this server's.",
    404: "There is no such thing here.",
    409: "Not in the state the job is in.",
    413: "More was sent than this server reads; see /limits.",
    415: "The content type is not one that is read.",
    422: "The input needs correcting: `findings` lists every problem at once.",
    429: "No room just now; `Retry-After` says when to try again.",
    500: "Internal error; the server's log has it.",
    503: "The run store cannot be used just now.",
}
_DESCRIPTION = """
Submit a case, watch it being solved, fetch the plan. Jobs are kept in the run store and outlive the server.

Every request but `/health` carries `Authorization: Bearer TOKEN`. Errors are problem documents (RFC 9457) with the
message in Chinese and English, `findings` with cells, and the exit code of the command line. Results are those of
`quota-opt run`: the same inputs have the same content address and are not solved twice.
"""


def content(media: str, *, binary: bool = False) -> dict[str, Any]:
    """The content of a response that is no JSON."""
    schema = {"type": "string", "format": "binary"} if binary else {"type": "string"}
    return {"content": {media: {"schema": schema}}}


def errors(*codes: int, everywhere: bool = True) -> dict[int | str, dict[str, Any]]:
    """The errors an operation may answer with; 401, 403, 500 and 503 are everywhere a token is asked for."""
    return {
        code: {
            "description": _REASONS[code],
            "content": {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(model="Problem")}}},
        }
        for code in sorted({401, 403, 500, 503, *codes} if everywhere else set(codes))
    }


def json_or_form(whole: type[BaseModel], form: type[BaseModel]) -> dict[str, Any]:
    """The body of an operation that takes a case as JSON, or as a file in a form."""
    fields = form.model_json_schema()["properties"]
    properties = {
        "file": {
            "type": "string",
            "format": "binary",
            "description": "A zip of a case folder, or an .xlsx or .xlsm workbook.",
        },
        **fields,
        "set": {"type": "string", "description": "JSON: dotted path and value.", "examples": ["{}"]},
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": _REFERENCE.format(model=whole.__name__)}},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": properties,
                        "required": ["file"],
                        "additionalProperties": False,
                    }
                },
            },
        }
    }


def json_only(model: type[BaseModel]) -> dict[str, Any]:
    """The body of an operation that takes JSON."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}},
        }
    }


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title="quota-opt",
            version=version(),
            summary="Allocate freed energy quota, carbon space and land to projects.",
            description=_DESCRIPTION,
            routes=app.routes,
            license_info={"name": "MIT", "identifier": "MIT"},
        )
        models: list[type[BaseModel]] = [SolveRequest, CheckRequest, CompareRequest, Problem]
        _, made = models_json_schema([(model, "validation") for model in models], ref_template=_REFERENCE)
        schemas = document["components"]["schemas"]
        for name, schema in made["$defs"].items():
            schemas.setdefault(name, schema)
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema

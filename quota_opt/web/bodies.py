"""Bodies of requests: JSON, or a form with a file and fields; anything else is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel
from pydantic_core import from_json
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from quota_opt.errors import Text
from quota_opt.web.limits import MEBIBYTE
from quota_opt.web.problems import Refused

FIELD = "file"
"""The part of a form that is the case: a zip, or a workbook."""
_FIELDS = 20
_JSON_FIELDS = ("set",)


Whole = TypeVar("Whole", bound=BaseModel)
Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True)
class Body(Generic[Whole, Form]):
    """What came: `asked`, and the content of the file where there is one."""

    asked: Whole | Form
    file: bytes | None


def _type_of(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def json_body(request: Request, model: type[Whole]) -> Whole:
    """The JSON document of a request. Raises Refused, ValidationError."""
    if _type_of(request) != "application/json":
        raise _unsupported(Text("请用 application/json。", "Send application/json."))
    return model.model_validate(_parsed(await request.body(), "body"))


async def case_body(request: Request, whole: type[Whole], form: type[Form]) -> Body[Whole, Form]:
    """A case and what is asked of it: as JSON (`whole`), or as a form (`form`) with a file.

    Raises Refused, ValidationError.
    """
    if _type_of(request) != "multipart/form-data":
        if _type_of(request) == "application/json":
            return Body(await json_body(request, whole), None)
        raise _unsupported(
            Text("请用 application/json 或 multipart/form-data。", "Send application/json or multipart/form-data.")
        )
    try:
        async with request.form(max_files=1, max_fields=_FIELDS, max_part_size=MEBIBYTE) as given:
            file = given.get(FIELD)
            content = await file.read() if isinstance(file, UploadFile) else None
            fields = _fields(given)
    except Refused:
        raise
    except HTTPException as problem:
        raise _broken("form", str(problem.detail)) from problem
    except ValueError as problem:
        raise _broken("form", str(problem)) from problem
    if content is None:
        return Body(whole.model_validate(fields), None)
    return Body(form.model_validate(fields), content)


def _fields(form: FormData) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in form.multi_items():
        if name == FIELD and isinstance(value, UploadFile):
            continue
        if name in fields or isinstance(value, UploadFile):
            raise _broken("form", f"{name[:100]!r} comes twice, or is a file")
        fields[name] = _parsed(value.encode("utf-8"), name) if name in _JSON_FIELDS else value
    return fields


def _parsed(content: bytes, name: str) -> Any:
    try:
        return from_json(content, allow_inf_nan=False)
    except ValueError as problem:
        raise _broken(name, str(problem)) from problem


def _broken(name: str, said: str) -> Refused:
    what = "JSON" if name != "form" else "form"
    return Refused(
        400,
        "malformed",
        Text(f"请求体不是有效的 {what}：{said}", f"The body is not a valid {what}: {said}"),
    )


def _unsupported(text: Text) -> Refused:
    return Refused(415, "media-type", text)

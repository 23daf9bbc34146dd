"""What every settings model is made of: strict models that refuse unknown keys, texts in both languages, figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from quota_opt.errors import Text

ActionKind = Literal["close", "upgrade", "relocate", "merge", "rebuild"]
MOST_YEARS = 60


def refused(what: Text, fix: Text | None = None) -> PydanticCustomError:
    """The error a validator raises so that the finding speaks both languages and says how to mend it."""
    fix = fix or Text("请改正该值。", "Correct the value.")
    return PydanticCustomError(
        "refused",
        "{en}",
        {"en": what.en, "zh": what.zh, "fix_en": fix.en, "fix_zh": fix.zh},
    )


def _both(value: object) -> object:
    if isinstance(value, str):
        return Text(value, value)
    if not isinstance(value, Text):
        good = isinstance(value, Mapping) and set(value) <= {"zh", "en"} and len(value) > 0
        if not isinstance(value, Mapping) or not good or not all(isinstance(v, str) for v in value.values()):
            raise refused(
                Text("应为文字，或 { zh = “…”, en = “…” }", 'should be text, or { zh = "…", en = "…" }'),
                Text("请只写 zh 和 en 两种文字。", "Give zh and en only."),
            )
        zh, en = value.get("zh") or value.get("en"), value.get("en") or value.get("zh")
        return Text(str(zh), str(en))
    return value


_ONE_OR_BOTH = {
    "type": ["string", "object"],
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
    "additionalProperties": False,
    "minProperties": 1,
}
BothLanguages = Annotated[
    Text,
    BeforeValidator(_both),
    PlainSerializer(lambda t: {"zh": t[0], "en": t[1]}, return_type=dict[str, str]),
    WithJsonSchema(_ONE_OR_BOTH, mode="validation"),
]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Strict(BaseModel):
    """Base of every settings model: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

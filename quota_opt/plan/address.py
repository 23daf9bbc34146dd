"""The content address of a run: the same inputs, asked the same way of the same program, have the same address."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

LENGTH = 24
"""Hexadecimal digits of an address: 96 bits, so that even a million runs never share one by chance."""


def run_address(
    inputs: Mapping[str, str],
    variant: str | None,
    overrides: Mapping[str, Any],
    profile: Mapping[str, Any],
    versions: Mapping[str, str],
) -> str:
    """The address of what a run is asked: hashes of its files, variant, overrides, profile, and who answers.

    Names and places of files on the disk do not count, nor does the order of overrides; what a profile is called and
    says of itself does not either.
    """
    asked = {key: value for key, value in profile.items() if key not in ("name", "description")}
    content = {
        "inputs": dict(inputs),
        "variant": variant,
        "overrides": dict(overrides),
        "profile": asked,
        "versions": dict(versions),
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:LENGTH]


def case_digest(inputs: Mapping[str, str]) -> str:
    """The digest of a case: of the names and hashes of its files."""
    text = json.dumps(dict(inputs), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()

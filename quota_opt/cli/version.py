"""The version as installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """Version of the installed package; `unknown` when the package runs without having been installed."""
    try:
        return installed("quota-opt")
    except PackageNotFoundError:
        return "unknown"

"""The oracle's reading of what energy counts: feedstock and green electricity leave the count in their eras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brute_cells import Record, number

if TYPE_CHECKING:
    from brute_case import BruteCase

EQUIVALENT = 0.1229  # tce per MWh


def shares_counted(case: BruteCase, record: Record, *, new: bool) -> dict[bool, dict[int, float]]:
    """Share of the energy that counts in each year, in the total (False) and in intensity (True).

    Green electricity of a new project is all increment and leaves the total when the increment does; that of a firm is
    base and leaves it with all the rest.
    """
    rule = case.rules.get("accounting")
    energy = case.amount(record, "energy")
    if rule is None or energy <= 0:
        return {dense: dict.fromkeys(case.years, 1.0) for dense in (False, True)}
    basis = case.settings.get("factors", {}).get("electricity_equal_value", EQUIVALENT)
    factor = EQUIVALENT if case.basis == "equivalent" else basis
    feedstock = number(record, "feedstock_tce") if rule.get("feedstock", True) else 0.0
    counts = rule.get("renewables", True) and rule.get("certificates_count", True)
    green = factor * number(record, "green_electricity_mwh") if counts else 0.0
    gone = rule.get("green_all_from", 2024)
    found: dict[bool, dict[int, float]] = {}
    for dense in (False, True):
        since = rule.get("green_increment_from", 2022) if new and not dense else gone
        found[dense] = {
            year: max(
                0.0,
                1.0 - (feedstock * (year >= rule.get("feedstock_from", 2022)) + green * (year >= since)) / energy,
            )
            for year in case.years
        }
    return found

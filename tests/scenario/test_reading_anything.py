"""Whatever stands in the files, reading ends with a Scenario or with findings; nothing else is ever raised."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quota_opt.errors import InputError
from quota_opt.scenario import TABLES, read, write_workbook

CELLS = st.one_of(
    st.sampled_from(
        ["C", "N1", "county", "town", "1", "-1", "2024", "是", "*", ">=", "close", "=1", '"', "", " ", "；;", "１"]
    ),
    st.text(max_size=5),
)
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.data())
@QUIET
def test_tables_of_any_cells(case: Any, findings_of: Any, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(TABLES))
    names = [c.name for c in table.columns]
    headings = data.draw(st.lists(st.one_of(st.sampled_from(names), CELLS), min_size=1, max_size=6))
    rows = data.draw(st.lists(st.lists(CELLS, min_size=0, max_size=7), max_size=5))
    content = "\n".join(",".join(row) for row in [headings, *rows])
    for finding in findings_of(case(**{table.name: content.encode("utf-8", "surrogatepass")})):
        assert all(finding.lines("zh"))
        assert all(finding.lines("en"))


LINES = """\
[scenario]
name = "x"
first_year = 2024
last_year = 2026
resources = 5
resources = ["energy"]
title = {}
[rules.retention]
keep = 0.5
keep = []
[[documents]]
[objective]
[variants.a]
set = { "rules.retention.keep" = 2 }
set = 3
[actions.close]
lag = -1
[measures.x]
projects = 3
[factors]
extends = 3
scenario = 1
rules = []
variants = []
"""
SETTINGS_LINES = st.one_of(st.sampled_from(LINES.splitlines()), st.text(max_size=8))


@given(
    st.lists(SETTINGS_LINES, max_size=8), st.sampled_from([None, "scenario.last_year", "rules.retention.keep", "a.b"])
)
@QUIET
def test_settings_of_any_lines(case: Any, lines: list[str], override: str | None) -> None:
    folder = case(settings="\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        read(folder, overrides={override: 1} if override else None)
    except InputError as error:
        for finding in error.findings:
            assert all(finding.lines("zh"))


@pytest.mark.parametrize("seed", range(4))
def test_damaged_workbooks(tmp_path: Path, seed: int, findings_of: Any) -> None:
    sound = write_workbook(tmp_path / "sound.xlsx", read("worked-example"))
    with zipfile.ZipFile(sound) as package:
        members = {name: package.read(name) for name in package.namelist()}
    dice = random.Random(seed)
    names = [n for n in members if n.startswith("xl/") and "theme" not in n]
    for _ in range(15):
        name = dice.choice(names)
        content = bytearray(members[name])
        start = dice.randrange(len(content))
        content[start : start + dice.randint(1, 30)] = dice.randbytes(dice.randint(0, 5)) + dice.choice(
            [b"<", b">", b'"', b""]
        )
        damaged = tmp_path / "damaged.xlsx"
        with zipfile.ZipFile(damaged, "w") as package:
            for member, original in members.items():
                package.writestr(member, bytes(content) if member == name else original)
        findings_of(damaged)
        raw = bytearray(sound.read_bytes())
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        damaged.write_bytes(raw)
        findings_of(damaged)

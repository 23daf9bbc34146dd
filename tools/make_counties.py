"""Write the synthetic tables of the built-in counties (places, firms, projects) from their profiles.

    python tools/make_counties.py            all of them
    python tools/make_counties.py zhuji      one of them

The profiles are in quota_opt/scenario/counties.toml. scenario.toml, targets.csv and README.md are written by hand and
left alone. Running this changes nothing unless a profile or the generator has changed.
"""

from __future__ import annotations

import sys

from quota_opt.resources import data_root
from quota_opt.scenario.generate import csv_bytes, generate_county
from quota_opt.scenario.generate_profile import profiles


def main(names: list[str]) -> None:
    """Write the tables of the counties named, or of all."""
    for name in names or [name for name, profile in profiles().items() if profile.places]:
        folder = data_root("scenarios") / name
        folder.mkdir(exist_ok=True)
        for table, rows in generate_county(name).items():
            (folder / f"{table}.csv").write_bytes(csv_bytes(rows))


if __name__ == "__main__":
    main(sys.argv[1:])

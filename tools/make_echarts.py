"""Fetch `quota_opt/report/assets/echarts.min.js` and its licence from the npm package `echarts`; needs `npm`.

Run once; the files are committed:

    python tools/make_echarts.py
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from pathlib import Path

VERSION = "6.1.0"
ASSETS = Path(__file__).resolve().parent.parent / "quota_opt" / "report" / "assets"
FILES = {
    "package/dist/echarts.min.js": "echarts.min.js",
    "package/LICENSE": "LICENSE-echarts.txt",
    "package/NOTICE": "NOTICE-echarts.txt",
}


def main() -> None:
    """Copy the three files out of the package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"echarts@{VERSION}"], cwd=folder, check=True)
        with tarfile.open(Path(folder) / f"echarts-{VERSION}.tgz") as package:
            for member, name in FILES.items():
                content = package.extractfile(member)
                assert content is not None, member
                (ASSETS / name).write_bytes(content.read())


if __name__ == "__main__":
    main()

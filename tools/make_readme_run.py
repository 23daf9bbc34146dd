"""Put a real terminal run of `zhuji` into the READMEs and the pages `start`, between their `<!-- run -->` marks.

python tools/make_readme_run.py
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINES = 36


def terminal_run(language: str) -> str:
    """The first screen of the summary, as a terminal 100 columns wide shows it."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "quota_opt", "run", "zhuji", "--lang", language],
            cwd=folder, env={**os.environ, "COLUMNS": "100"}, capture_output=True, encoding="utf-8", check=True,
        )  # fmt: skip
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    tail = [line for line in lines[LINES:] if "results" in line]
    return "\n".join(["$ quota-opt run zhuji", *lines[:LINES], "…", *tail])


def main() -> None:
    """Rewrite the files."""
    for language, names in (("en", ("README.md", "docs/en/start.md")), ("zh", ("README.zh-CN.md", "docs/zh/start.md"))):
        block = f"<!-- run -->\n```console\n{terminal_run(language)}\n```\n<!-- /run -->"
        for name in names:
            path = ROOT / name
            text = re.sub(
                r"<!-- run -->.*?<!-- /run -->", lambda _, block=block: block, path.read_text("utf-8"), flags=re.S
            )
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

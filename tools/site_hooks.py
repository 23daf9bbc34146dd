"""What the documentation site needs beyond its settings: examples that pages point to stand in the site too."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = re.compile(r"\]\((?:\.\./)+(examples/[\w./-]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add each file of `examples/` that a page links to."""
    linked = {name for page in (ROOT / "docs").rglob("*.md") for name in OUTSIDE.findall(page.read_text("utf-8"))}
    for name in sorted(linked):
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links that leave `docs/` in the repository lead to the copy in the site."""
    here = posixpath.dirname(page.file.src_uri)
    return OUTSIDE.sub(lambda found: f"]({posixpath.relpath(found[1], here)})", markdown)

"""What the documentation site needs beyond its settings: examples that pages point to, and Chinese without blanks."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = re.compile(r"\]\((?:\.\./)+(examples/[\w./-]+)\)")
FENCE = re.compile(r"^( *```.*?^ *```)$", flags=re.S | re.M)
CHINESE = r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef“”‘’—…]"
BROKEN_LINE = re.compile(rf"(?<={CHINESE})\n(?={CHINESE})")


def on_files(files: Files, config: Any) -> Files:
    """Add each file of `examples/` that a page links to."""
    linked = {name for page in (ROOT / "docs").rglob("*.md") for name in OUTSIDE.findall(page.read_text("utf-8"))}
    for name in sorted(linked):
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links that leave `docs/` lead to the copy in the site; a line broken amid Chinese goes on without a blank."""
    here = posixpath.dirname(page.file.src_uri)
    found = OUTSIDE.sub(lambda link: f"]({posixpath.relpath(link[1], here)})", markdown)
    return "".join(part if i % 2 else BROKEN_LINE.sub("", part) for i, part in enumerate(FENCE.split(found)))

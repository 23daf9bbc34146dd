"""The pages on embedding: every block runs, in order, in a folder of its own, and both languages show the same code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", flags=re.S | re.M)


def blocks(language):
    return BLOCK.findall((DOCS / language / "embedding.md").read_text(encoding="utf-8"))


def test_both_languages_show_the_same_code():
    assert len(blocks("en")) > 8
    assert blocks("zh") == blocks("en")


@pytest.mark.slow
def test_every_block_runs_in_order(tmp_path):
    # As the script a reader would make of the page; the guard is what the page asks for where processes are spawned.
    lines = "\n\n".join(blocks("en")).splitlines()
    script = tmp_path / "page.py"
    script.write_text('if __name__ == "__main__":\n' + "\n".join(f"    {line}" for line in lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "two-towns" / "run.json").is_file()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_link_leads_somewhere(language):
    page = DOCS / language / "embedding.md"
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_error_a_user_can_meet_is_in_the_table():
    import quota_opt as qo

    kinds = {name for name in qo.__all__ if isinstance(getattr(qo, name), type)}
    errors = {name for name in kinds if issubclass(getattr(qo, name), qo.QuotaOptError)} - {"QuotaOptError"}
    for language in ("zh", "en"):
        text = (DOCS / language / "embedding.md").read_text(encoding="utf-8")
        for name in errors:
            assert f"| `{name}` |" in text, (language, name)

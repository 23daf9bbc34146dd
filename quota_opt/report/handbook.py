"""The handbook in `docs/`: rule library and data dictionary, page by page, in Chinese and English."""

from __future__ import annotations

from pathlib import Path

from quota_opt.errors import Language
from quota_opt.report.dictionary import dictionary_page, index_page, page_names
from quota_opt.report.library import example_case_page, rule_page, rules_page
from quota_opt.report.markdown import joined
from quota_opt.rules import RULES

_LANGUAGES: tuple[Language, ...] = ("zh", "en")


def handbook_pages(root: Path | None = None) -> dict[str, str]:
    """Every page by its path below the folder of the handbook; the first one names what else stands in `root`."""
    pages = {"README.md": _front(root)}
    for language in _LANGUAGES:
        rules, dictionary = f"{language}/rules", f"{language}/dictionary"
        pages[f"{rules}/README.md"] = rules_page(language)
        pages[f"{rules}/example-case.md"] = example_case_page(language)
        pages |= {f"{rules}/{name}.md": rule_page(name, language) for name in RULES}
        pages[f"{dictionary}/README.md"] = index_page(language)
        pages |= {f"{dictionary}/{name}.md": dictionary_page(name, language) for name in page_names()}
    return pages


def write_handbook(folder: str | Path) -> list[Path]:
    """Write every page below `folder`; pages of rules that are gone are removed. Returns the paths written."""
    root = Path(folder)
    pages = handbook_pages(root)
    for language in _LANGUAGES:
        for part in ("rules", "dictionary"):
            for path in (root / language / part).glob("*.md"):
                if path.relative_to(root).as_posix() not in pages:
                    path.unlink()
    for name, text in pages.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return [root / name for name in pages]


def _front(root: Path | None) -> str:
    guides = _guides(root) if root is not None else []
    return joined(
        [
            "# 手册 Handbook",
            "由规则文件和表结构生成，请勿手改；`make docs` 重新生成。\n"
            "Made from the rule files and the schema, not by hand; `make docs` makes it again.",
            "- [规则库](zh/rules/README.md)：每条规则一页，县 × 规则一览\n"
            "- [数据字典](zh/dictionary/README.md)：表、列、设置、单位、系数、指标\n"
            "- [Rule library](en/rules/README.md): a page per rule, county × rule\n"
            "- [Data dictionary](en/dictionary/README.md): tables, columns, settings, units, factors, measures",
            *(["手写的各页 Written by hand:", "\n".join(guides)] if guides else []),
        ]
    )


def _guides(root: Path) -> list[str]:
    """A line for each page written by hand, with its own heading."""
    pages = [path for language in _LANGUAGES for path in sorted((root / language).glob("*.md"))]
    titles = [path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for path in pages]
    return [f"- [{title}]({path.relative_to(root).as_posix()})" for title, path in zip(titles, pages, strict=True)]

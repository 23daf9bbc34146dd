"""The rule library: a page per rule made from its file, and which built-in case turns on which rule by which clause."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from quota_opt.errors import Language, Text
from quota_opt.report.markdown import Block, blocks_of, code, joined, table, ticked
from quota_opt.report.parameters import Parameter, models_in, parameters_of
from quota_opt.resources import builtin
from quota_opt.rules import RULES
from quota_opt.rules._examples import Example, Shown, example_of, small_case
from quota_opt.scenario import TABLES, read
from quota_opt.scenario.scenario import Scenario, effective_document

_TESTS = Path(__file__).resolve().parents[2] / "tests" / "rules"
STANDINGS: Mapping[str, Text] = {
    "draft": Text("征求意见稿", "draft for comment"),
    "issued": Text("已印发", "issued"),
    "expired": Text("已失效", "expired"),
}
_WORDS: Mapping[str, Text] = {
    "formula": Text("公式与符号", "Formula and symbols"),
    "parameters": Text("参数", "Parameters"),
    "example": Text("示例", "Example"),
    "clauses": Text("内置案例中的条款", "Clauses in the built-in cases"),
    "tests": Text("守护它的测试", "Tests that guard it"),
    "shared": Text("公用的部分", "Shared with other rules"),
    "none": Text("没有内置案例用到。", "No built-in case has it."),
    "no_parameters": Text("没有自己的数。", "It has no figures of its own."),
    "about_library": Text(
        "由规则文件和内置案例生成；`make docs` 重新生成。每条规则一页：内容、公式、参数、示例、条款、测试。",
        "Made from the rule files and the built-in cases; `make docs` makes it again. A page per rule: what it does, "
        "formula, parameters, example, clauses, tests.",
    ),
    "about_grid": Text(
        "格内为案例启用该规则所依据的条款；“（方案 …）”表示只在这些方案中启用；“—”为未启用。",
        "A cell has the clauses by which the case turns the rule on; “(variant …)”: on in these variants only; "
        "“—”: off.",
    ),
    "about_case": Text(
        "两镇、三家企业、四个项目，只有用能；目标是末年净增加值最大；措施都是关停。每条规则的示例在它之上加一条规则。",
        "Two towns, three firms, four projects, energy only; the last year's net value added is maximised; the only "
        "action is closing. Each rule's example adds one rule to it.",
    ),
}


_IN_CHINESE = {
    **{"symbol": "符号", "figure": "指标", "meaning": "含义", "unit": "单位", "source": "来源"},
    **{
        "decision": "决策",
        "parameters": "参数",
        "r": "该资源",
        "year": "年",
        "tce": "吨标准煤",
        "tce/yr": "吨标准煤/年",
    },
    **{"10k yuan": "万元", "10k yuan/yr": "万元/年", "10k yuan/mu": "万元/亩", "tce/10k yuan": "吨标准煤/万元"},
    **{"tce, 10k yuan": "吨标准煤，万元", "its own": "自己的单位", "that of value": "value 的单位"},
    **{f"{table}.csv": f"{sheet}表" for table, sheet in ((spec.name, spec.sheet) for spec in TABLES)},
    "firms.csv, projects.csv": "企业表、项目表",
    "10k yuan per r": "万元/单位",
    "discount_rate": "贴现率",
    "firms.csv parameters": "企业表、参数",
    "parameters firms.csv": "参数、企业表",
}
"""Short entries of the tables of symbols, which the docstrings have in English."""


@dataclass(frozen=True)
class Use:
    """How one built-in case uses one rule: on or only by variants, its clauses, the entries of `[[clauses]]`."""

    case: str
    title: Text
    rule: str
    on: bool
    variants: tuple[str, ...]
    clauses: tuple[str, ...]
    entries: tuple[tuple[str, str, Text], ...]
    documents: Mapping[str, Text]


def rule_page(name: str, language: Language, *, linked: bool = True) -> str:
    """The page of one rule in Markdown; KeyError where there is no such rule."""
    rule = RULES[name]
    english, blocks = blocks_of(sys.modules[rule.__module__].__doc__ or "")
    example = example_of(name)
    title = rule.title.of(language)
    parts = [f"# {title[:1].upper()}{title[1:]} `{name}`"]
    if language == "zh" and example is not None and example.about:
        parts += [example.about]
    else:
        parts += [_sentence(english), *(block.text for block in blocks if block.kind == "text")]
    symbols = example.symbols if example is not None and language == "zh" else {}
    parts += _formulas(blocks, symbols, language)
    parts += [_heading("parameters", language), _parameters(name, language)]
    for module in _helpers(rule.Parameters, rule.__module__):
        first, more = blocks_of(sys.modules[module].__doc__ or "")
        said = [_sentence(first), *(b.text for b in more if b.kind == "text")] if language == "en" else []
        parts += [_heading("shared", language), *said, *_formulas(more, symbols, language, level="###")]
    if example is not None:
        parts += [_heading("example", language), *_example(example, language, linked)]
    parts += [_heading("clauses", language), _clauses(name, language)]
    tests = tests_of(name)
    if tests:
        parts += [_heading("tests", language), "\n".join(f"- `{path}`" for path in tests)]
    return joined(parts)


def rules_page(language: Language) -> str:
    """The list of rules and the table county × rule."""
    zh = language == "zh"
    uses = {(use.rule, use.case): use for use in all_uses()}
    cases = list(dict.fromkeys(use.case for use in all_uses()))
    listed = [
        [f"[`{name}`]({name}.md)", rule.title.of(language), short_description(name, language)]
        for name, rule in RULES.items()
    ]
    grid = []
    for name, rule in RULES.items():
        line = [f"[{rule.title.of(language)}]({name}.md)"]
        grid.append([*line, *(_cell(uses[name, case], language) for case in cases)])
    titles = [[f"`{case}`", next(u.title for u in all_uses() if u.case == case).of(language)] for case in cases]
    return joined(
        [
            "# 规则库" if zh else "# Rule library",
            _WORDS["about_library"].of(language),
            "## 规则" if zh else "## Rules",
            table(["规则", "名称", "内容"] if zh else ["rule", "name", "what it does"], listed),
            "所有示例都用同一个小案例：[小案例](example-case.md)。"
            if zh
            else "All examples are about one small case: [the small case](example-case.md).",
            "## 县 × 规则" if zh else "## County × rule",
            _WORDS["about_grid"].of(language),
            table(["规则" if zh else "rule", *cases], grid),
            "## 案例" if zh else "## Cases",
            table(["案例", "标题"] if zh else ["case", "title"], titles),
        ]
    )


def example_case_page(language: Language) -> str:
    """The small case of the examples: its tables and what comes out without any rule."""
    zh = language == "zh"
    scenario, shown = small_case()
    parts = [
        "# 示例所用的小案例" if zh else "# The small case of the examples",
        _WORDS["about_case"].of(language),
        shown.text.of(language),
    ]
    for name in ("places", "firms", "actions", "projects", "chains"):
        raw = scenario.raw.tables[name]
        rows = [[_shown(column[i]) for column in raw.columns] for i in range(len(raw.rows))]
        filled = [j for j in range(len(raw.headers)) if any(row[j] for row in rows)]
        parts += [f"## `{name}`", table([raw.headers[j] for j in filled], [[row[j] for j in filled] for row in rows])]
    return joined(parts)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ";".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def tests_of(name: str) -> list[str]:
    """Test files of a rule, as paths from the root of the repository; empty where the tests are not at hand."""
    found = []
    for path in sorted(_TESTS.glob("test_*.py")):
        stem = path.stem.removeprefix("test_")
        owners = [rule for rule in RULES if stem == rule or stem.startswith(f"{rule}_")]
        if owners and max(owners, key=len) == name:
            found.append(f"tests/rules/{path.name}")
    return found


@cache
def all_uses() -> tuple[Use, ...]:
    """Every built-in case by every rule."""
    return tuple(use for case in builtin("scenarios") for use in _uses(case, read(case)))


def _uses(name: str, scenario: Scenario) -> Iterator[Use]:
    settings = scenario.settings
    written = effective_document(scenario).get("rules", {})
    documents = {
        d.id: Text(f"{d.title}（{_standing(d).zh}）", f"{d.title} ({_standing(d).en})") for d in settings.documents
    }
    for rule in RULES:
        clauses = list(_clauses_in(written.get(rule, {})))
        if rule == "targets":
            clauses += [str(clause) for clause in scenario.targets["clause"] if clause]
        path = f"rules.{rule}"
        turned = [v for v, variant in settings.variants.items() if _turns_on(variant.set, path)]
        entries = tuple((entry.id, entry.clause, entry.text) for entry in settings.clauses if rule in entry.rules)
        yield Use(
            name, scenario.title, rule, rule in scenario.rules, tuple(turned),
            tuple(dict.fromkeys(clauses)), entries, documents,
        )  # fmt: skip


def _turns_on(changes: Mapping[str, Any], path: str) -> bool:
    """Whether the overrides of a variant switch the rule on, or bring it in."""
    for key, value in changes.items():
        if key == f"{path}.enabled" and value is True:
            return True
        if key == path and isinstance(value, Mapping) and value.get("enabled", True):
            return True
    return False


def _standing(document: Any) -> Text:
    said = STANDINGS[document.status]
    if document.valid_to is None:
        return said
    return Text(f"{said.zh}，有效期至 {document.valid_to}", f"{said.en}, valid to {document.valid_to}")


def _clauses_in(value: Any) -> Iterator[str]:
    """Every `clause` inside a rule's settings."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "clause" and isinstance(inner, str):
                yield inner
            else:
                yield from _clauses_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _clauses_in(inner)


def _cell(use: Use, language: Language) -> str:
    zh = language == "zh"
    parts = [part.strip() for clause in use.clauses for part in re.split("[；;]", clause)]
    clauses = ("；" if zh else "; ").join(dict.fromkeys(parts))
    if use.on:
        return clauses or ("启用" if zh else "on")
    if use.variants:
        listed = ", ".join(use.variants)
        return f"{clauses}（方案 {listed}）" if zh else f"{clauses} (variant {listed})".strip()
    return "—"


def _clauses(name: str, language: Language) -> str:
    zh = language == "zh"
    rows = []
    for use in all_uses():
        if use.rule != name or not (use.on or use.variants):
            continue
        said = {clause: Text("", "") for clause in use.clauses}
        for _, clause, text in use.entries:
            said[clause] = text
        state = ("启用" if zh else "on") if use.on else ("方案 " if zh else "variant ") + ", ".join(use.variants)
        for clause, text in (said or {"": Text("", "")}).items():
            rows.append([f"`{use.case}`", clause, _document_of(clause, use, language), text.of(language), state])
    if not rows:
        return _WORDS["none"].of(language)
    heading = (
        ["案例", "条款", "文件", "内容", "状态"] if zh else ["case", "clause", "document", "what it says", "state"]
    )
    return table(heading, rows)


def _document_of(clause: str, use: Use, language: Language) -> str:
    """The documents a clause names: its parts begin with their codes."""
    codes = [part.strip().split(" ")[0] for part in re.split("[；;]", clause)]
    titles = [use.documents[code].of(language) for code in dict.fromkeys(codes) if code in use.documents]
    return "<br>".join(titles)


def _formulas(blocks: list[Block], symbols: Mapping[str, str], language: Language, level: str = "") -> list[str]:
    zh = language == "zh"
    made = []
    for block in blocks:
        if block.kind == "formula":
            made.append(code(block.text, "text"))
        elif block.kind == "table":
            heading, rows = list(block.rows[0]), block.rows[1:]
            if heading[1] == "meaning":
                told = [[ticked(first), symbols.get(first, meaning), *rest] for first, meaning, *rest in rows]
            else:
                told = [[symbols.get(text, text) for text in row] for row in rows]
                heading = [symbols.get(text, text) for text in heading]
            if zh:
                heading, *told = [[_IN_CHINESE.get(text, text) for text in line] for line in (heading, *told)]
            made.append(table(heading, told))
    if made and not level:
        made.insert(0, _heading("formula", language))
    return made


def _parameters(name: str, language: Language) -> str:
    listed = parameters_of(RULES[name].Parameters, name)
    note = "" if len(listed) > 2 else _WORDS["no_parameters"].of(language) + "\n\n"
    return note + parameter_table(listed, language)


def parameter_table(listed: list[Parameter], language: Language, prefix: str = "") -> str:
    """Parameters as a table: path, meaning, type, unit, default."""
    zh = language == "zh"
    rows = []
    for p in listed:
        default = ("**必填**" if zh else "**required**") if p.required else ticked(p.default) or "–"
        rows.append([ticked(prefix + p.path), p.words.of(language), p.kind.of(language), p.unit.of(language), default])
    heading = ["参数", "含义", "类型", "单位", "默认"] if zh else ["parameter", "meaning", "type", "unit", "default"]
    return table(heading, rows)


def _helpers(parameters: type[Any], own: str) -> list[str]:
    """Modules of rules that the parameters share with others: their docstrings belong on the page too."""
    found: dict[str, None] = {}
    for field in parameters.model_fields.values():
        for model in models_in(field.annotation):
            if model.__module__ != own and model.__module__.startswith("quota_opt.rules."):
                found[model.__module__] = None
    return list(found)


def _example(example: Example, language: Language, linked: bool) -> list[str]:
    zh = language == "zh"
    _, before = small_case()
    link = "[小案例](example-case.md)" if zh else "[the small case](example-case.md)"
    words = (
        ("在小案例上：" if zh else "On the small case:") if not linked else (f"在{link}上：" if zh else f"On {link}:")
    )
    heading = (
        ["", "目标值", "整治的企业", "安排的项目"] if zh else ["", "objective", "firms treated", "projects awarded"]
    )
    rows = [_outcome("不启用" if zh else "without it", before), _outcome("启用" if zh else "with it", example.shown)]
    again = (
        f"`quota-opt rules {example.rule} --example 文件夹` 写出这个案例，可直接求解。"
        if zh
        else f"`quota-opt rules {example.rule} --example DIR` writes this case, ready to run."
    )
    return [words, code(example.toml, "toml"), example.shown.text.of(language), table(heading, rows), again]


def _outcome(words: str, shown: Shown) -> list[str]:
    return [words, f"{shown.objective:,.0f}", ", ".join(shown.actions), ", ".join(shown.awards)]


def _heading(key: str, language: Language) -> str:
    return f"## {_WORDS[key].of(language)}"


def _sentence(first: str) -> str:
    """The first line of a docstring without the name in front."""
    name, _, rest = first.partition(": ")
    return rest[:1].upper() + rest[1:] if rest else name


def short_description(name: str, language: Language) -> str:
    """What a rule does, in one line."""
    example = example_of(name)
    if language == "zh" and example is not None and example.about:
        return example.about.split("\n")[0]
    return _sentence(blocks_of(sys.modules[RULES[name].__module__].__doc__ or "")[0])

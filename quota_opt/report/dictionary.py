"""The data dictionary: every table and column, every setting, units, factors and measures, made from the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from quota_opt.errors import Language, Text
from quota_opt.model.case import prepare
from quota_opt.model.measures import measure_unit
from quota_opt.report.library import parameter_table
from quota_opt.report.markdown import code, joined, table, ticked
from quota_opt.report.parameters import parameters_of
from quota_opt.report.words import MEASURES, unit_name
from quota_opt.rules._examples import small_case
from quota_opt.scenario import TABLES, ColumnSpec, TableSpec, unit_words
from quota_opt.scenario.factors import built_in_factors
from quota_opt.scenario.schema import KIND_WORDS
from quota_opt.scenario.settings import Settings
from quota_opt.scenario.spec import Choice
from quota_opt.scenario.units import SHARE, written_units

_GRADES: Mapping[str, Text] = {
    "V": Text("见于公开网页", "seen in a public page"),
    "V2": Text("见于引用官方来源的第三方资料", "seen in material that cites the official source"),
    "D": Text("由其他数推算", "derived by arithmetic"),
    "M": Text("凭记忆，未核实", "recollection, not verified"),
}
_REFERS: Mapping[str, Text] = {
    "resources": Text("案例的资源", "a resource of the case"),
    "projects|groups": Text("项目或方案组", "projects or groups of variants"),
    "stages": Text("同一产业链的环节", "stages of the same chain"),
}

_SAID: Mapping[str, Text] = {
    "rules": Text(
        "规则的参数见[规则库](../rules/README.md)。",
        "Parameters of rules: see the [rule library](../rules/README.md).",
    ),
    "settings": Text(
        "`scenario.toml` 的每个路径。`[]` 为列表的每一项（在“设置”表和 `--set` 中写序号，从 0 起），"
        "`<…>` 为自取的名称。",
        "Every path of `scenario.toml`. `[]` is each item of a list (a number from 0 on the sheet 设置 and with "
        "`--set`), `<…>` a name of your own.",
    ),
    "units": Text(
        "表头括号里可写的单位，读入时换算成左栏的单位。前面可加倍数（如 `万吨标准煤`、`亿元`、`万千瓦时`），"
        "后面可加 `/年`；商的单位如 `万元/亩` 也可以。认不出的单位是错误，不会猜。",
        "Units that may stand in brackets in a heading; figures are converted to the unit on the left. A multiplier "
        "may stand in front (`万吨标准煤`, `亿元`, `万千瓦时`), `/年` behind; quotients such as `万元/亩` work too. "
        "A unit that is not known is an error: none is guessed.",
    ),
    "factors": Text(
        "由能源品种折算能耗和碳排放的系数。案例可在 `[factors]` 中另定，如 `grid_kgco2_per_kwh = 0.6`，"
        "或按年份 `grid_kgco2_per_kwh = { 2026 = 0.5, 2027 = 0.48 }`。",
        "Factors from fuels to energy and carbon. A case puts its own in `[factors]`, as `grid_kgco2_per_kwh = 0.6`, "
        "or by year, `grid_kgco2_per_kwh = { 2026 = 0.5, 2027 = 0.48 }`.",
    ),
    "measures": Text(
        "可用于目标函数、目标表和比较的成效指标。每种资源都有 `_freed`、`_used`、`_idle`、`_net` 四个；"
        "案例在 `[measures]` 中登记的也可用。目标表中可用 `+` 相加同单位的指标。",
        "Measures for objectives, targets and comparisons. Every resource has `_freed`, `_used`, `_idle` and `_net`; "
        "those of `[measures]` work alike. Targets may join measures of one unit with `+`.",
    ),
}
_SMALLEST = """\
[scenario]
name = "my-county"
first_year = 2026
last_year = 2027

[actions.close]                 # every firm may be closed, on the defaults

[rules.admission]
limits = [{ value = 0.5 }]"""


def index_page(language: Language) -> str:
    """How a case is written, and the list of tables."""
    zh = language == "zh"
    rows = [
        [f"[`{t.name}`]({t.name}.md)", t.sheet, t.description.of(language), _yes(t.required, language)] for t in TABLES
    ]
    others = [[f"[`{name}`]({name}.md)", title.of(language)] for name, (title, _) in _PAGES.items()]
    return joined(
        [
            "# 数据字典" if zh else "# Data dictionary",
            "由表结构生成；`make docs` 重新生成。" if zh else "Made from the schema; `make docs` makes it again.",
            "## 怎样写一个案例" if zh else "## How a case is written",
            _told("how-to-write", language),
            "最小的 `scenario.toml`：" if zh else "The smallest `scenario.toml`:",
            code(_SMALLEST, "toml"),
            "## 表" if zh else "## Tables",
            table(["表", "工作表", "内容", "必须有"] if zh else ["table", "sheet", "content", "required"], rows),
            _told("own-columns", language),
            "## 其他" if zh else "## Besides",
            table(["页", "内容"] if zh else ["page", "content"], others),
            _SAID["rules"].of(language),
        ]
    )


def dictionary_page(name: str, language: Language) -> str:
    """The page of one table, or of `settings`, `units`, `factors`, `measures`; KeyError where there is none."""
    if name in _PAGES:
        title, content = _PAGES[name]
        heading = title.of(language)
        return joined([f"# {heading}", content(language)])
    spec = {t.name: t for t in TABLES}[name]
    return _table_page(spec, language)


def page_names() -> tuple[str, ...]:
    """Every page of the dictionary: the tables, then the rest."""
    return (*(t.name for t in TABLES), *_PAGES)


def _table_page(spec: TableSpec, language: Language) -> str:
    zh = language == "zh"
    rows = [
        [
            ticked(column.name),
            _headings(column),
            KIND_WORDS[column.kind].of(language),
            unit_words(column.unit).of(language),
            _default(column, language),
            _meaning(column, language),
        ]
        for column in spec.columns
    ]
    heading = (
        ["列", "中文表头（别名）", "类型", "单位", "默认", "含义"]
        if zh
        else ["column", "Chinese heading (aliases)", "type", "unit", "default", "meaning"]
    )
    where = (
        f"`{spec.name}.csv`；工作表“{spec.sheet}”" if zh else f"`{spec.name}.csv`; sheet {spec.sheet} or `{spec.name}`"
    )
    if spec.aliases:
        where += f"（{'、'.join(spec.aliases)}）" if zh else f" (also {', '.join(spec.aliases)})"
    key = " + ".join(f"`{name}`" for name in spec.key)
    keyed = (f"{key} 不得重复。" if zh else f"{key} may not repeat.") if key else ""
    own = _told("own-columns", language) if spec.name in ("firms", "actions", "projects") else ""
    title = f"# {spec.sheet} `{spec.name}`" if zh else f"# `{spec.name}` ({spec.sheet})"
    stop = "。" if zh else "."
    return joined(
        [title, f"{spec.description.of(language)}{stop} {where}{stop} {keyed}".strip(), table(heading, rows), own]
    )


def _told(name: str, language: Language) -> str:
    path = Path(__file__).parent / "templates" / f"dictionary-{name}.{language}.md"
    return path.read_text(encoding="utf-8").strip()


def _headings(column: ColumnSpec) -> str:
    return f"{column.zh}（{'、'.join(column.aliases)}）" if column.aliases else column.zh


def _default(column: ColumnSpec, language: Language) -> str:
    zh = language == "zh"
    if column.required:
        return "**必填**" if zh else "**required**"
    value = column.default
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _yes(value, language) or ("否" if zh else "no")
    if isinstance(value, float):
        return f"{value:g}"
    return next((_choice(c, language) for c in column.choices if c.value == value), str(value))


def _choice(choice: Choice, language: Language) -> str:
    spelt = choice.zh if choice.zh != choice.value else ""
    return f"{spelt} `{choice.value}`".strip() if language == "zh" else f"`{choice.value}` {spelt}".strip()


def _meaning(column: ColumnSpec, language: Language) -> str:
    zh = language == "zh"
    parts = [column.description.of(language)]
    if column.choices:
        listed = [_choice(choice, language) for choice in column.choices]
        parts.append(("可填：" if zh else "one of: ") + ("、" if zh else ", ").join(listed))
    if column.wildcard:
        parts.append(f"也可填 `{column.wildcard}`" if zh else f"or `{column.wildcard}`")
    if column.minimum is not None or column.maximum is not None:
        low = f"≥ {column.minimum:g}" if column.minimum is not None else ""
        high = f"≤ {column.maximum:g}" if column.maximum is not None else ""
        parts.append(", ".join(part for part in (low, high) if part))
    if column.refers:
        named = _REFERS.get(column.refers, Text(f"`{column.refers}` 表", f"table `{column.refers}`")).of(language)
        parts.append(f"指向：{named}" if zh else f"points to: {named}")
    return ("；" if zh else "; ").join(parts)


def _yes(value: bool, language: Language) -> str:
    return ("是" if language == "zh" else "yes") if value else ""


def _settings(language: Language) -> str:
    said = f"{_SAID['settings'].of(language)} {_SAID['rules'].of(language)}"
    return f"{said}\n\n{parameter_table(parameters_of(Settings), language)}"


def _units(language: Language) -> str:
    zh = language == "zh"
    roots, multipliers = written_units()
    rows = [
        [unit_words(kept).of(language), "、".join(f"`{w}`" for w in spelt)] for kept, spelt in roots.items() if spelt
    ]
    said = _SAID["units"].of(language)
    listed = "、".join(f"`{word}` = {factor:,.0f}" for word, factor in multipliers.items())
    percent = (
        f"{unit_words(SHARE).of(language)}：写 `%` 则除以 100。"
        if zh
        else "A share under the heading `%` is divided by 100."
    )
    heading = ["换算成", "可写作"] if zh else ["kept in", "may be written as"]
    return f"{said}\n\n{table(heading, rows)}\n\n{'倍数：' if zh else 'Multipliers: '}{listed}\n\n{percent}"


def _factors(language: Language) -> str:
    zh = language == "zh"
    said = _SAID["factors"].of(language)
    rows = []
    for factor in built_in_factors().values():
        values = ", ".join(
            f"{value:g}" if year is None else f"{year}: {value:g}" for year, value in factor.values.items()
        )
        rows.append([ticked(factor.name), values, factor.unit, factor.source, _GRADES[factor.grade].of(language)])
    heading = ["系数", "值", "单位", "来源", "可靠程度"] if zh else ["factor", "value", "unit", "source", "how sure"]
    return f"{said}\n\n{table(heading, rows)}"


def _measures(language: Language) -> str:
    zh = language == "zh"
    said = _SAID["measures"].of(language)
    case = prepare(small_case()[0].with_(**{"scenario.resources": ["energy", "carbon", "land"]}), ())
    rows = [[ticked(n), words.of(language), _unit(measure_unit(case, n), language)] for n, words in MEASURES.items()]
    return f"{said}\n\n{table(['指标', '含义', '单位'] if zh else ['measure', 'meaning', 'unit'], rows)}"


def _unit(unit: str, language: Language) -> str:
    return unit_name(unit).of(language)


_PAGES: Mapping[str, tuple[Text, Callable[[Language], str]]] = {
    "settings": (Text("设置", "Settings"), _settings),
    "units": (Text("单位", "Units"), _units),
    "factors": (Text("折算系数", "Factors"), _factors),
    "measures": (Text("成效指标", "Measures"), _measures),
}

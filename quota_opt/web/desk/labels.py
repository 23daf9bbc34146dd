"""Settings in a planner's words, short enough for a label: from what the models say of them."""

from __future__ import annotations

import re
from functools import lru_cache

from quota_opt.errors import Text
from quota_opt.report.words import MEASURES, measure_name
from quota_opt.rules._screening import FIGURES
from quota_opt.scenario.paths import BadPathError, split_path
from quota_opt.scenario.schema import ACTIONS, CATEGORIES, GRADES, LEVELS, RESOURCE_WORDS, SENSES, STRENGTHS
from quota_opt.scenario.settings import rule_parameters, rule_title
from quota_opt.scenario.settings_words import parameter_words, setting_words
from quota_opt.scenario.spec import Choice

_CUT_ZH = re.compile(r"[，；：:（]")
_CUT_EN = re.compile(r", e\.g\.|[:;(]|, blank|, one number|, default")
_LISTS: dict[str, tuple[Choice, ...]] = {
    **dict.fromkeys(("weights", "min_shares", "order", "categories"), CATEGORIES),
    **dict.fromkeys(("forbids", "restricts", "kinds", "actions", "action"), ACTIONS),
    **dict.fromkeys(("levels", "level", "per"), LEVELS),
    "grade": GRADES,
    "kind": STRENGTHS,
    "op": (*SENSES, Choice("<", "低于"), Choice(">", "高于")),
    "sense": SENSES,
    **dict.fromkeys(
        ("resources", "resource", "frees_share", "delivery"),
        tuple(Choice(name, words.zh) for name, words in RESOURCE_WORDS.items()),
    ),
    "applies_to": (
        Choice("new_projects", "全部项目"),
        *CATEGORIES,
        Choice("two_high", "两高项目"),
    ),
}
_FIGURES = tuple(Choice(name, re.sub("（.*", "", words.zh)) for name, (_, _, words) in FIGURES.items())
_FIXED = {"clause": Text("条款", "clause"), "enabled": Text("启用", "on")}
_SHORT: dict[str, Text] = {
    "admission.limits": Text("准入上限", "limits"),
    "admission.limits.value": Text("上限", "limit"),
    "admission.limits.applies_to": Text("针对谁", "applies to"),
    "admission.limits.ratio": Text("替代倍数", "ratio of substitution"),
    "priority.weights": Text("各类项目的权重", "weights of the categories"),
    "admission.limits.places": Text("适用区域", "places"),
    "admission.limits.sectors": Text("适用行业", "sectors"),
    "admission.limits.action": Text("不符合时", "what happens"),
    "admission.limits.criterion.at_least": Text("是否下限", "is a least value"),
    "admission.limits.criterion.amount": Text("分子列", "column above"),
    "admission.limits.criterion.per": Text("分母列", "column below"),
    "caps.caps.amount": Text("每年最多用量", "most a year"),
    "caps.caps.place": Text("适用区域", "place"),
    "caps.caps.sector": Text("适用行业", "sector"),
    "chain.last_supplier_cost": Text(
        "失去全部供应方扣减的目标值", "objective units off per stage left without supplier"
    ),
    "chain.after.lag": Text("是否等措施见效之后", "only once the actions have taken effect"),
    "directives.projects.award": Text("是否安排", "awarded"),
    "directives.projects.bend": Text("破例", "against other rules"),
    "directives.firms.bend": Text("破例", "against other rules"),
    "directives.measures.sense": Text("方向", "sense"),
    "listing.any_of.op": Text("比较", "comparison"),
    "listing.any_of.years": Text("看几年", "years looked at"),
    "listing.any_of.over": Text("两年怎么看", "over the two years"),
    "listing.any_of.flag": Text("是/否列", "yes/no column"),
    "listing.any_of.places": Text("区域", "places"),
    "listing.any_of.scope.above_scale": Text("规上", "above scale"),
    "listing.any_of.scope.places": Text("区域", "places"),
    "listing.any_of.scope.sectors": Text("行业", "sectors"),
    "listing.any_of.scope.tags": Text("标签", "tags"),
    "listing.any_of.sector_mean.weighted": Text("按合计之比计", "total over total"),
    "priority.form": Text("形式", "form"),
    "scenario": Text("案例", "Case"),
    "scenario.title": Text("标题", "Title"),
    "scenario.energy_basis": Text("能耗口径", "Energy basis"),
    "scenario.data": Text("数据性质", "Data"),
    "objective": Text("目标函数", "Objective"),
    "objective.form": Text("形式", "Form"),
    "objective.maximise": Text("越大越好的成效指标（权重）", "Measures to maximise (weights)"),
    "objective.minimise": Text("越小越好的成效指标（权重）", "Measures to minimise (weights)"),
    "actions": Text("措施的默认值", "Defaults of actions"),
    "actions.value_added_lost_share": Text("减少的增加值占企业的比例", "Share of value added lost"),
    "factors": Text("折算系数", "Conversion factors"),
    "documents": Text("政策文件", "Policy documents"),
    "documents.status": Text("状态", "Status"),
    "trading.weight": Text("净支出的权数", "weight of the net cost"),
    "two_high.thresholds.tce": Text("门槛", "size"),
    "two_high.thresholds.built_from": Text("何年起投产", "built from"),
    "two_high.thresholds.built_before": Text("何年前投产", "built before"),
    "two_high.thresholds.applies_to": Text("针对谁", "applies to"),
}
"""Names where the first words of the explanation are none."""


def short(words: Text) -> Text:
    """The first piece of an explanation: a name for the setting."""
    zh = _CUT_ZH.split(words.zh.strip(), maxsplit=1)[0].strip()
    en = _CUT_EN.split(words.en.strip(), maxsplit=1)[0].strip().rstrip(",.")
    return Text(zh or words.zh, en or words.en)


def known_values(name: str) -> tuple[Choice, ...]:
    """The values that a setting usually takes, with their words; `name` is its name, or its path without positions."""
    if name in ("objective.maximise", "objective.minimise", "objective.order.measure"):
        return tuple(Choice(measure, words.zh) for measure, words in MEASURES.items())
    if name in ("listing.any_of.measure", "clearance.measure"):
        return _FIGURES
    return _LISTS.get(name.rpartition(".")[2], ())


def value_words(name: str, value: str, explanation: Text = Text("", "")) -> Text:  # noqa: B008  # a NamedTuple
    """A value a setting may take, in words: from the lists of the schema, else from what is said of the setting."""
    for choice in _LISTS.get(name, ()):
        if value == choice.value:
            return Text(choice.zh, value.replace("_", " "))
    if name in ("maximise", "minimise", "measure"):
        return measure_name(value)
    said = re.search(rf"(?<![A-Za-z_]){re.escape(value)} ([^，；、：）]+?)(?= 或 |或 |，|；|、|）|$)", explanation.zh)
    zh = said[1].strip() if said is not None else value
    return Text(zh, value.replace("_", " "))


@lru_cache(maxsize=4096)
def path_words(path: str) -> Text:
    """A dotted path in words: `rules.admission.limits.0.value` is 规则“准入” 准入强度上限 第 1 项 上限."""
    try:
        keys = split_path(path)
    except BadPathError:
        return Text(path, path)
    if keys[0] == "rules" and len(keys) > 1:
        title = rule_title(keys[1])
        zh, en = [f"规则“{title.zh}”"], [f"rule {title.en}"]
        key = keys[1]
        rest = keys[2:]
    elif keys[0] == "variants" and len(keys) > 1:
        return Text(f"方案“{keys[1]}”", f"variant {keys[1]}")
    else:
        plain = setting_words(path)
        name = short(plain) if plain.zh else Text(path, path)
        return Text(f"设置 {name.zh}（{path}）", f"setting {name.en} ({path})")
    for part in rest:
        if part.isdecimal() and len(part) < 4:
            zh.append(f"第 {int(part) + 1} 项")
            en.append(f"no. {int(part) + 1}")
            continue
        words = setting_label(f"{key}.{part}")
        if words is None:
            shown = value_words(key.rpartition(".")[2], part)
            zh.append(shown.zh)
            en.append(shown.en)
        else:
            zh.append(words.zh)
            en.append(words.en)
            key = f"{key}.{part}"
    return Text(" ".join(zh), ", ".join(en))


def setting_label(key: str) -> Text | None:
    """A short name of a rule's parameter, by its path without list positions and keys; None where it is none."""
    last = key.rpartition(".")[2]
    if last in _FIXED:
        return _FIXED[last]
    if key in _SHORT:
        return _SHORT[key]
    words = explanation(key)
    return short(words) if words.zh else None


@lru_cache(maxsize=4096)
def explanation(key: str) -> Text:
    """All that is said of a rule's parameter (`admission.limits.value`), in both languages where there are both."""
    said = parameter_words(key)
    described = _described().get(key, Text("", ""))
    plain = setting_words(key) if not described.zh else Text("", "")
    zh = said.zh or described.zh or plain.zh
    en = described.en or said.en or plain.en
    return Text(zh or en, en or zh)


@lru_cache(maxsize=1)
def _described() -> dict[str, Text]:
    from quota_opt.report.parameters import parameters_of

    return {p.key: p.words for name, model in rule_parameters().items() for p in parameters_of(model, name)}

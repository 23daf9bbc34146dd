"""What each settings path means, for the sheet 设置: fixed words for the common ones, the models for the rest."""

from __future__ import annotations

from quota_opt.errors import Text
from quota_opt.scenario.settings import rule_parameters, rule_title

_WORDS: dict[str, Text] = {
    "scenario.name": Text("案例的短名，英文或拼音", "Short name of the case"),
    "scenario.title": Text("显示用的标题", "Title shown to people"),
    "scenario.title.zh": Text("中文标题", "Title in Chinese"),
    "scenario.title.en": Text("英文标题", "Title in English"),
    "scenario.first_year": Text("第一年", "First year"),
    "scenario.last_year": Text("最后一年", "Last year"),
    "scenario.price_year": Text("不变价的基年", "Year of the constant prices"),
    "scenario.energy_basis": Text("能耗口径：equal_value 等价值，equivalent 当量值", "equal_value or equivalent"),
    "scenario.data": Text("数据性质：real 真实，synthetic 合成，mixed 混合", "real, synthetic or mixed"),
    "scenario.resources": Text('要安排的资源，如 ["energy", "carbon", "land"]', "Resources to allocate"),
    "scenario.discount_rate": Text("年贴现率，如 0.05", "Yearly discount rate, e.g. 0.05"),
    "objective.form": Text("目标形式：weighted 加权，lexicographic 分层", "weighted or lexicographic"),
    "objective.order": Text("分层目标的次序", "Order of a lexicographic objective"),
}
_PREFIXES: tuple[tuple[str, Text], ...] = (
    ("objective.maximise.", Text("最大化该指标的权重", "Weight of a measure to maximise")),
    ("objective.minimise.", Text("最小化该指标的权重", "Weight of a measure to minimise")),
    ("documents.", Text("条款所引的文件", "A document clauses point to")),
    ("measures.", Text("自定义成效指标", "A measure of the case's own")),
    ("actions.", Text("措施的默认值", "Defaults of an action")),
    ("factors.", Text("折算系数", "A conversion factor")),
    ("variants.", Text("方案：对设置的一组改动", "A variant: a set of changes")),
)
_RULE_WORDS = {
    "clause": Text("出处条款", "the clause it comes from"),
    "enabled": Text("是否启用", "whether it is on"),
}


_PARAMETERS: dict[str, Text] = {
    "admission.limits": Text(
        '准入强度上限，如 [{ value = 0.52, action = "reject" }]', 'limits, e.g. [{ value = 0.52, action = "reject" }]'
    ),
    "admission.favour": Text(
        '优待的标签，如 { tags = ["chain-key"], action = "report" }', "tags that are favoured, and how"
    ),
    "budget.by_year": Text("每年专项资金（万元），如 { 2024 = 5000 }", "fund by year, e.g. { 2024 = 5000 }"),
    "budget.carry_over": Text("未用完的资金是否结转下年", "whether unspent money is carried over"),
    "budget.places": Text("适用区域，留空为全部", "places, blank for all"),
    "jobs.max_lost": Text("每年最多减少的岗位", "most jobs lost in a year"),
    "jobs.max_lost_share": Text("每年最多减少岗位的比例", "most jobs lost in a year, as a share"),
    "jobs.per": Text("按哪一级区域计，如 county", "level it is counted at, e.g. county"),
    "jobs.net": Text("是否扣除新增岗位", "whether jobs created are set off"),
    "listing.any_of": Text(
        '入选条件，满足其一即可，如 [{ measure = "tax_per_mu", op = "<=", value = 5 }, { grade = "D" }]',
        'conditions, any of them, e.g. [{ measure = "tax_per_mu", op = "<=", value = 5 }, { grade = "D" }]',
    ),
    "listing.scope": Text(
        "筛选范围，如 { above_scale = true, or_land_mu = 3 }",
        "firms looked at, e.g. { above_scale = true, or_land_mu = 3 }",
    ),
    "listing.restricts": Text(
        '只对名单内企业采取的措施，如 ["close"]', 'actions for listed firms only, e.g. ["close"]'
    ),
    "priority.form": Text("weights 权重、order 次序或 shares 最低占比", "weights, order or shares"),
    "priority.weights": Text("各类项目的权重，如 { strategic = 1.3 }", "weight by category, e.g. { strategic = 1.3 }"),
    "priority.order": Text('类别的先后，如 ["strategic", "chain"]', 'categories in order, e.g. ["strategic", "chain"]'),
    "priority.min_shares": Text("各类最低占比，如 { chain = 0.2 }", "least shares, e.g. { chain = 0.2 }"),
    "protection.protected_as": Text('受保护的类别，如 ["high-tech"]', 'kinds protected, e.g. ["high-tech"]'),
    "protection.forbids": Text('不得采取的措施，如 ["close"]', 'actions forbidden, e.g. ["close"]'),
    "retention.keep": Text("腾出指标须留在本地的最低比例，如 0.6", "share that must stay, e.g. 0.6"),
    "retention.pool": Text("腾出指标须上级统筹的最低比例", "share that must go up"),
    "retention.levels": Text('适用层级，如 ["town", "zone"]', 'levels it holds for, e.g. ["town", "zone"]'),
    "retention.resources": Text("适用资源，留空为全部", "resources, blank for all"),
}


def setting_words(path: str) -> Text:
    """What the setting at a dotted path means."""
    if path in _WORDS:
        return _WORDS[path]
    if path.startswith("rules."):
        _, name, *rest = path.split(".")
        parameter = rest[0] if rest else ""
        words = _RULE_WORDS.get(parameter) or _PARAMETERS.get(f"{name}.{parameter}") or _field_words(name, parameter)
        return Text(f"规则“{rule_title(name).zh}”：{words.zh}", f"Rule {name}: {words.en}")
    return next((words for prefix, words in _PREFIXES if path.startswith(prefix)), Text("", ""))


def _field_words(rule: str, parameter: str) -> Text:
    """What the rule's own model says of a parameter; its name where it says nothing."""
    model = rule_parameters().get(rule)
    field = model.model_fields.get(parameter) if model is not None else None
    said = field.description if field is not None and field.description else parameter
    extra = field.json_schema_extra if field is not None else None
    return Text(str(extra.get("zh", said)) if isinstance(extra, dict) else said, said)

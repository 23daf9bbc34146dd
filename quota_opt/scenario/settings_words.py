"""What each settings path means, for the sheet 设置: fixed words for the common ones, the models for the rest."""

from __future__ import annotations

from quota_opt.errors import Text
from quota_opt.scenario.settings import rule_parameters

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


def setting_words(path: str) -> Text:
    """What the setting at a dotted path means."""
    if path in _WORDS:
        return _WORDS[path]
    if path.startswith("rules."):
        _, name, *rest = path.split(".")
        parameter = rest[0] if rest else ""
        words = _RULE_WORDS.get(parameter)
        if words is None:
            model = rule_parameters().get(name)
            field = model.model_fields.get(parameter) if model is not None else None
            said = field.description if field is not None and field.description else parameter
            words = Text(said, said)
        return Text(f"规则 {name}：{words.zh}", f"Rule {name}: {words.en}")
    return next((words for prefix, words in _PREFIXES if path.startswith(prefix)), Text("", ""))

"""What each settings path means, for the sheet 设置: fixed words for the common ones, the models for the rest."""

from __future__ import annotations

from quota_opt.errors import Text
from quota_opt.scenario.settings import rule_parameters, rule_title
from quota_opt.scenario.settings_meanings import INSIDE, SETTINGS, UNITS
from quota_opt.scenario.units import unit_words

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
    "scenario.contract": Text("数据约定的编号，由 quota-opt migrate 写入", "Number of the contract; migrate writes it"),
    "objective.form": Text("目标形式：weighted 加权，lexicographic 分层", "weighted or lexicographic"),
    "objective.order": Text("分层目标的次序", "Order of a lexicographic objective"),
}
_PREFIXES: tuple[tuple[str, Text], ...] = (
    ("objective.maximise.", Text("最大化该指标的权重", "Weight of a measure to maximise")),
    ("objective.minimise.", Text("最小化该指标的权重", "Weight of a measure to minimise")),
    ("documents.", Text("条款所引的文件", "A document clauses point to")),
    ("clauses.", Text("涉及指标的条款", "A clause that touches quota")),
    ("readings.", Text("有几种读法的条款", "A clause that can be read in several ways")),
    ("measures.", Text("自定义成效指标", "A measure of the case's own")),
    ("actions.", Text("措施的默认值", "Defaults of an action")),
    ("factors.", Text("折算系数", "A conversion factor")),
    ("uncertainty.", Text("不确定性", "What is uncertain")),
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
    "caps.caps": Text(
        '总量上限，如 [{ resource = "energy", amount = 5000, place = "…", sector = "…", year = 2025 }]',
        'caps, e.g. [{ resource = "energy", amount = 5000, place = "…", sector = "…", year = 2025 }]',
    ),
    "clearance.measure": Text("企业指标，如 tax_per_mu", "figure of a firm, e.g. tax_per_mu"),
    "clearance.op": Text("比较：<=、<、>=、> 或 ==", "comparison: <=, <, >=, > or =="),
    "clearance.value": Text("指标线，按指标的单位", "the line, in the unit of the figure"),
    "clearance.by": Text("清零年份，留空为最后一年", "year by which all are treated, blank for the last"),
    "clearance.kinds": Text("算作整治的措施，留空为全部", "actions that count, blank for all"),
    "clearance.scope": Text("企业范围，写法同名单规则", "firms looked at, as in listing"),
    "clearance.places": Text("适用区域，留空为全部", "places, blank for all"),
    "clearance.allow_untreatable": Text(
        "无措施可用的企业是否只作提示", "whether firms that nothing can treat are let off with a note"
    ),
    "directives.projects": Text(
        '指定安排或不予安排的项目，如 [{ project = "P3", by = "市政府" }, { project = "P1", award = false }]',
        'projects to award or not, e.g. [{ project = "P3", by = "…" }, { project = "P1", award = false }]',
    ),
    "directives.firms": Text(
        '对企业的指定，如 [{ firm = "F2", action = "close" }, { firm = "F3", action = "keep" }]',
        'what is done to firms, e.g. [{ firm = "F2", action = "close" }, { firm = "F3", action = "keep" }]',
    ),
    "directives.measures": Text(
        '对成效指标的限定，如 [{ measure = "carbon_net", sense = "<=", value = 0 }]',
        'bounds on measures, e.g. [{ measure = "carbon_net", sense = "<=", value = 0 }]',
    ),
    "directives.reference": Text(
        "原方案的安排，以及至多允许改动几项", "the plan made before, and the most changes to it"
    ),
    "intensity_decline.decline": Text("强度下降的比例，如 0.15", "share by which it falls, e.g. 0.15"),
    "intensity_decline.by": Text("考核年份，留空为最后一年", "year it is measured in, blank for the last"),
    "intensity_decline.base_energy": Text(
        "基期能耗（吨标准煤），留空为企业合计", "base energy in tce, blank for firms"
    ),
    "intensity_decline.base_value_added": Text(
        "基期增加值（万元），留空为企业合计", "base value added in 10k yuan, blank for firms"
    ),
    "intensity_decline.place": Text("适用区域，留空为全部", "place, blank for all"),
    "chain.protect_last_supplier": Text(
        "现有供应企业的环节是否始终须留有供应方", "whether a stage supplied today must keep a supplier in every year"
    ),
    "chain.last_supplier_cost": Text(
        "不禁止时，到末年失去全部供应方的每个环节扣减的目标值",
        "objective units off per stage without a supplier by the last year, where that is not forbidden",
    ),
    "chain.complete_points": Text(
        "末年每条完整产业链增加的目标值（乘以其权重）", "objective units per chain complete in the last year, by weight"
    ),
    "chain.require": Text("到末年必须完整的产业链", "chains that must be complete by the last year"),
    "chain.k_of_n": Text(
        '若干项目中开工的个数，如 [{ projects = ["P1", "P2"], at_most = 1 }]',
        'how many of some projects start, e.g. [{ projects = ["P1", "P2"], at_most = 1 }]',
    ),
    "fairness.min_ratio": Text("用能与腾出能耗之比的下限，如 0.5", "least ratio of energy used to freed, e.g. 0.5"),
    "fairness.maximise_smallest": Text(
        "是否先使最小的用腾比尽量大", "whether the smallest ratio is maximised before the case's own objective"
    ),
    "fairness.tolerance": Text(
        "为目标可让出最大用腾比的比例", "share of the largest smallest ratio that the objective may give up"
    ),
    "fairness.level": Text("比较哪一级区域；town 含开发区", "level of the places compared; town takes zones in"),
    "fairness.each_year": Text("是否逐年适用，否则只看末年", "whether it holds in every year, not the last alone"),
    "fairness.bonus": Text(
        '评优镇街在统筹指标中的最低占比，如 { rating = "优秀", share = 0.2 }',
        'least share of pooled energy for places of a rating, e.g. { rating = "excellent", share = 0.2 }',
    ),
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
    "one_treatment.kinds": Text("算作整治的措施，留空为全部", "actions that count, blank for all"),
    "one_treatment.places": Text("适用区域，留空为全部", "places, blank for all"),
    "one_treatment.allow_untreatable": Text(
        "无措施可用的企业是否只作提示", "whether firms that nothing can treat are let off with a note"
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
    "slow_approval.sectors": Text('缓批的行业，如 ["化纤", "印染"]', "sectors that are slowed"),
    "slow_approval.from": Text("起始年份，留空为第一年", "first year, blank for the first"),
    "slow_approval.to": Text("结束年份，留空为最后一年", "last year, blank for the last"),
    "slow_approval.max_per_year": Text(
        "每年批准用能上限（吨标准煤），0 为不批", "most tce approved a year, 0 for none"
    ),
    "slow_approval.places": Text("适用区域，留空为全部", "places, blank for all"),
    "trading.buy_price": Text(
        "购入价（万元/单位），一个数，或按年写，如 { 2024 = 0.05 }；没有默认价格",
        "price to buy at in 10k yuan per unit, one number or by year, e.g. { 2024 = 0.05 }; no default",
    ),
    "trading.sell_price": Text(
        "卖出价（万元/单位），一个数，或按年写；没有默认价格",
        "price to sell at in 10k yuan per unit, one number or by year; no default",
    ),
    "trading.resources": Text('交易的资源，如 ["energy"]', 'resources traded, e.g. ["energy"]'),
    "trading.places": Text("可交易的区域，含其下级，留空为全部", "places that trade, with all below, blank for all"),
    "trading.max_buy": Text("各地合计每年最多购入量，可按年写", "most bought in a year over all places, or by year"),
    "trading.max_sell_share": Text(
        "一地当年新增指标中最多可卖出的比例，如 0.5", "share of a place's new quota that may be sold, e.g. 0.5"
    ),
    "trading.lasts": Text("购入的指标可用的年数", "years a purchase stands"),
    "trading.bands": Text(
        "须购买的项目按能耗强度分档的价格，如 [{ above = 0.52, price = 0.08 }]",
        "prices by intensity of projects that must buy, e.g. [{ above = 0.52, price = 0.08 }]",
    ),
    "trading.exit_payment": Text(
        "提前关停每腾出 1 吨标准煤的补偿（万元），可按年写", "10k yuan per tce that a closure frees, or by year"
    ),
    "trading.levy": Text("卖出收入上缴上级的比例", "share of sales that goes to the level above"),
    "trading.weight": Text(
        "目标没有写交易收支时，净支出的权数；0 为不计",
        "weight of the net cost where the objective names no money of trade; 0 leaves it out",
    ),
    "two_high.thresholds": Text(
        "评估门槛，如 [{ tce = 1000, built_from = 2018 }, { tce = 5000, built_before = 2018 }]",
        "sizes reported, e.g. [{ tce = 1000, built_from = 2018 }, { tce = 5000, built_before = 2018 }]",
    ),
    "two_high.basis": Text("门槛口径：equivalent 当量值，equal_value 等价值", "equivalent or equal_value"),
    "two_high.tags": Text('属于两高的标签，如 ["two_high"]', 'tags that make it two-high, e.g. ["two_high"]'),
    "two_high.sectors": Text("属于两高的行业", "sectors that are two-high"),
    "two_high.places": Text("适用区域，留空为全部", "places, blank for all"),
    "two_high.levels": Text(
        '审查权限，如 [{ level = "county", tce = 1000 }, { level = "province", tce = 5000 }]',
        'who reviews, e.g. [{ level = "county", tce = 1000 }, { level = "province", tce = 5000 }]',
    ),
    "two_high.reject_above": Text("达到多少吨标准煤即不予受理", "size in tce from which no project may start"),
    "two_high.control": Text("强度控制线（吨标准煤/万元）", "local control in tce/10k yuan"),
    "two_high.reject": Text("高于控制线的项目是否不予受理", "whether projects above the control may not start"),
    "two_high.except_tags": Text("例外放行的标签", "tags let through all the same"),
}


def setting_words(path: str) -> Text:
    """What the setting at a dotted path means."""
    if path in _WORDS:
        return _WORDS[path]
    if path.startswith("rules."):
        _, name, *rest = (part for part in path.split(".") if not part.isdecimal())
        words = next((found for k in range(len(rest), 0, -1) if (found := _said(name, rest[:k]))), Text("", ""))
        return Text(f"规则“{rule_title(name).zh}”：{words.zh}", f"Rule {name}: {words.en}")
    return next((words for prefix, words in _PREFIXES if path.startswith(prefix)), Text("", ""))


def parameter_words(key: str) -> Text:
    """What a parameter means, by its path without list positions and keys (`admission.limits.value`)."""
    if key in _WORDS:
        return _WORDS[key]
    if key in SETTINGS:
        return SETTINGS[key]
    name, _, rest = key.partition(".")
    if name == "rules":
        return _RULE_WORDS.get(rest, Text("政策规则，见规则库", "policy rules, see the rule library"))
    return _RULE_WORDS.get(rest) or _PARAMETERS.get(key) or Text(INSIDE.get(key, ""), "")


def parameter_unit(key: str) -> Text | None:
    """The unit a parameter is written in, where it has one."""
    unit = UNITS.get(key)
    return unit_words(unit) if isinstance(unit, str) else unit


def _said(rule: str, path: list[str]) -> Text | None:
    """What is known of a parameter of a rule, or of one inside it; None where nothing is."""
    whole = _RULE_WORDS.get(path[0]) or _PARAMETERS.get(f"{rule}.{path[0]}") or _field_words(rule, path[0])
    zh = INSIDE.get(f"{rule}.{'.'.join(path)}")
    if zh is not None:
        return Text(zh, whole.en)
    return whole if len(path) == 1 else None


def _field_words(rule: str, parameter: str) -> Text:
    """What the rule's own model says of a parameter; its name where it says nothing."""
    model = rule_parameters().get(rule)
    field = model.model_fields.get(parameter) if model is not None else None
    said = field.description if field is not None and field.description else parameter
    extra = field.json_schema_extra if field is not None else None
    return Text(str(extra.get("zh", said)) if isinstance(extra, dict) else said, said)

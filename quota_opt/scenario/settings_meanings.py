"""What settings mean and the units they are written in, by path without list positions and keys.

`INSIDE` is the Chinese of what stands inside a rule's parameter (the English is the `description` of the field);
`SETTINGS` says what the other tables of `scenario.toml` mean; `UNITS` names the unit of each figure: a kept unit, or
words where it depends on what is measured. A rule that brings its own words (`json_schema_extra` with `zh` and `unit`)
needs no entry here.
"""

from __future__ import annotations

from quota_opt.errors import Text
from quota_opt.scenario.units import MONEY, MU, MWH, PERSONS, SHARE, TCE

OF_RESOURCE = Text("该资源的单位", "that of the resource")
OF_FIGURE = Text("该指标的单位", "that of the figure")
OBJECTIVE = Text("目标值", "objective units")
FACTOR = Text("倍", "times")
POINTS = Text("百分点", "percentage points")
INTENSITY = Text("吨标准煤/万元", "tce/10k yuan")
PER_UNIT = Text("万元/单位", "10k yuan per unit")
PER_TCE = Text("万元/吨标准煤", "10k yuan/tce")
PER_MEASURE = Text("目标值/指标单位", "objective units per unit of the measure")

DISTRIBUTION: dict[str, Text] = {
    "distribution": Text(
        "uniform 均匀，triangular 三角，normal 正态（两端截断），discrete 列举",
        "uniform, triangular, normal (cut off at its ends) or discrete",
    ),
    "low": Text("最小倍数；正态不写为均值减三倍标准差", "Least; normal: by default three deviations below the mean"),
    "mode": Text("最可能的倍数，用于三角分布", "Most likely, of a triangular one"),
    "high": Text("最大倍数；正态不写为均值加三倍标准差", "Largest; normal: by default three deviations above the mean"),
    "mean": Text("均值，用于正态分布", "Mean, of a normal one"),
    "sd": Text("标准差，用于正态分布", "Standard deviation, of a normal one"),
    "values": Text("可能的倍数，用于列举", "The factors there can be, of a discrete one"),
    "probabilities": Text("各自的概率，合计为 1", "Their probabilities, which sum to 1"),
}
"""The parameters of one distribution."""

INSIDE: dict[str, str] = {
    "admission.limits.value": "上限；下限类指标（如亩均税收）则为下限",
    "admission.limits.places": "这些区域及其下级的项目；不写为全部",
    "admission.limits.applies_to": "针对谁：new_projects 全部项目，或一个类别，或一个标签",
    "admission.limits.action": "不符合时：reject 不予准入，substitute 倍量替代，buy 购买用能权，report 只作提示",
    "admission.limits.ratio": "替代倍数：每用 1 吨要占用几吨，配 substitute",
    "admission.limits.sectors": "只针对这些行业",
    "admission.limits.criterion": "准入指标；也可自定两列之比",
    "admission.limits.criterion.amount": "项目表中作分子的数字列",
    "admission.limits.criterion.per": "项目表中作分母的数字列",
    "admission.limits.criterion.at_least": "true 表示 value 是下限",
    "admission.limits.criterion.title": "指标的叫法",
    "admission.limits.criterion.unit": "上限的单位，照写显示",
    "admission.limits.scope": "看什么：project 每个项目，portfolio 所安排项目的加权平均，set 项目与企业的配对组合",
    "admission.limits.projects": "配对组合中的项目（或方案组）",
    "admission.limits.firms": "配对组合中的企业，其措施的腾出计入",
    "admission.limits.buy_share": "须购买的用能占其用能的比例，配 buy",
    "admission.limits.from_year": "从哪年起执行；留空为一直",
    "admission.limits.to_year": "执行到哪年；留空为一直",
    "admission.limits.clause": "这条上限的条款",
    "accounting.feedstock": "原料用能是否不计入",
    "accounting.feedstock_from": "从哪年起原料用能不计入总量和强度",
    "accounting.renewables": "可再生能源是否不计入",
    "accounting.green_increment_from": "从哪年起可再生能源的增量不计入总量（仍计入强度）",
    "accounting.green_all_from": "从哪年起可再生能源不计入总量和强度",
    "accounting.certificates_count": "持绿证的电量是否算可再生能源",
    "admission.favour.tags": "受优待的标签",
    "admission.favour.action": "改按什么处理：report 只作提示，substitute 倍量替代",
    "admission.favour.ratio": "替代倍数，配 substitute",
    "caps.caps.resource": "受限的资源",
    "caps.caps.amount": "所安排项目每年最多用多少",
    "caps.caps.place": "区域及其下级；留空为全域",
    "caps.caps.sector": "项目的行业；留空为全部",
    "caps.caps.year": "适用年份；留空为每年",
    "caps.caps.clause": "这条上限的条款，与规则的条款不同时写",
    "chain.after": '须等关停的项目，如 [{ project = "P1", firms = ["F1"], actions = ["close"] }]',
    "chain.after.project": "须等待的项目或方案组",
    "chain.after.firms": "到那时须全部处置的企业",
    "chain.after.actions": "算数的措施",
    "chain.after.lag": "true 为措施见效之后，false 为措施当年起",
    "chain.after.clause": "这一项的条款，与规则的条款不同时写",
    "chain.k_of_n.projects": "项目，或方案组",
    "chain.k_of_n.at_least": "到末年至少开工几个",
    "chain.k_of_n.at_most": "至多开工几个；留空不限",
    "clearance.scope.above_scale": "规模以上企业",
    "clearance.scope.or_land_mu": "或用地不少于多少亩的企业",
    "directives.projects.project": "项目",
    "directives.projects.award": "true 为必须安排，false 为不予安排",
    "directives.projects.year": "开工年份；留空为任一年",
    "directives.projects.share": "可分割项目恰好安排的份额；留空为可行的任一份额",
    "directives.projects.bend": "true 表示不受其他规则的准入限制（破例），报告写明突破了哪一条",
    "directives.projects.by": "谁指定的",
    "directives.projects.reason": "理由",
    "directives.firms.firm": "企业",
    "directives.firms.action": "必须采取的措施；any 为任一措施，keep 为保留不动",
    "directives.firms.year": "实施年份；留空为任一年",
    "directives.firms.bend": "true 表示不受其他规则的限制（破例），如关停受保护企业",
    "directives.firms.by": "谁指定的",
    "directives.firms.reason": "理由",
    "directives.measures.measure": "成效指标，或 objective（本案例的加权目标值）",
    "directives.measures.sense": "不高于、不低于或等于",
    "directives.measures.value": "限定的数值",
    "directives.measures.by": "谁指定的",
    "directives.measures.reason": "理由",
    "directives.reference.projects": "原方案安排的项目",
    "directives.reference.projects.project": "项目",
    "directives.reference.projects.year": "开工年份",
    "directives.reference.projects.share": "份额；留空则份额不同不算改动",
    "directives.reference.firms": "原方案的企业措施",
    "directives.reference.firms.firm": "企业",
    "directives.reference.firms.action": "采取的措施",
    "directives.reference.firms.year": "实施年份",
    "directives.reference.most_changes": "至多可改动几个项目和企业，每个算一项",
    "directives.reference.by": "谁指定的",
    "directives.reference.reason": "理由",
    "fairness.bonus.rating": "得奖励区域的考核等次，同区域表",
    "fairness.bonus.share": "至少占其他区域净上交量的比例",
    "listing.any_of.measure": "企业指标（如 tax_per_mu），或企业表的数字列",
    "listing.any_of.op": "指标与 value 如何比较",
    "listing.any_of.value": "指标线，或按行业写各自的线",
    "listing.any_of.column": "作为指标线的企业指标或数字列，逐家企业比较",
    "listing.any_of.sector_mean": "按行业平均定的线，与 value 二选一",
    "listing.any_of.sector_mean.below": "低于行业平均的这一比例，如 0.9 为低于九成",
    "listing.any_of.sector_mean.above": "高于行业平均的这一倍数",
    "listing.any_of.sector_mean.points": "低于行业平均这么多个百分点（只用于比率）",
    "listing.any_of.sector_mean.less": "低于行业平均这么多，按指标的单位",
    "listing.any_of.sector_mean.inclusive": "正好在线上是否算满足",
    "listing.any_of.sector_mean.weighted": "true 为合计比合计；false 为各企业指标的简单平均",
    "listing.any_of.sector_mean.published": "按行业公布的平均数，代替计算",
    "listing.any_of.grade": "亩均评价等次，一个或几个",
    "listing.any_of.violation": "是否有违法违规记录",
    "listing.any_of.flag": "企业表中为“是”的是/否列",
    "listing.any_of.tag": "企业的标签，如 energy-limit",
    "listing.any_of.places": "位置：这些区域及其下级",
    "listing.any_of.all_of": "须同时满足的几个条件，写法同 any_of",
    "listing.any_of.years": "2 表示上年也要看",
    "listing.any_of.over": "看两年时：each 两年均须满足，mean 按两年平均",
    "listing.any_of.scope": "这个条件针对的企业；不写为全部",
    "listing.any_of.scope.above_scale": "true 只看规上，false 只看规下",
    "listing.any_of.scope.least_land_mu": "用地不少于多少亩",
    "listing.any_of.scope.places": "这些区域及其下级",
    "listing.any_of.scope.sectors": "这些行业",
    "listing.any_of.scope.tags": "带其中任一标签的企业",
    "listing.scope.above_scale": "规模以上企业",
    "listing.scope.or_land_mu": "或用地不少于多少亩的企业",
    "retention.by_place": "个别区域另定的留用比例，代替 keep",
    "retention.categories": "可用留用部分的项目类别；不写为全部",
    "trading.bands.above": "能耗强度高于多少",
    "trading.bands.price": "这一档的价格，一个数或按年份写",
    "two_high.thresholds.tce": "达到多少吨标准煤即适用",
    "two_high.thresholds.built_from": "从哪年起投产的；留空不限",
    "two_high.thresholds.built_before": "在哪年之前投产的；留空不限",
    "two_high.thresholds.applies_to": "two_high 只看两高，all 看全部",
    "two_high.levels.level": "由哪一级审查；none 为无需单独审查",
    "two_high.levels.tce": "用能达到多少即由该级审查",
    "two_high.levels.mwh": "或用电达到多少即由该级审查",
}

SETTINGS: dict[str, Text] = {
    "extends": Text(
        "以哪个案例为底，只写改动（仅案例文件夹）", "The case this one changes; only for folders: write the changes"
    ),
    "scenario": Text("案例的名称、年份、资源和口径", "Name, years, resources and basis of the case"),
    "documents": Text("条款所引的政策文件", "The policy documents that clauses point to"),
    "documents.id": Text("文件代号，条款以它开头，如 ZJ", "Short code; clauses begin with it, e.g. ZJ"),
    "documents.title": Text("文件标题", "Title of the document"),
    "documents.status": Text(
        "draft 征求意见稿，issued 已印发，expired 已失效", "draft (for comment), issued, or expired"
    ),
    "documents.valid_to": Text("有效期至", "Last day it is valid"),
    "documents.url": Text("公开网址", "Where it is published"),
    "clauses": Text("涉及指标的条款，逐条列出", "The clauses that touch quota, one by one"),
    "clauses.id": Text("条款编号", "Code of the clause"),
    "clauses.clause": Text("出处：文件代号和条次", "Where it stands: document code and number"),
    "clauses.kind": Text(
        "性质：hard 硬约束，soft 软约束，report 只报告，param 参数", "hard or soft bound, report only, or a parameter"
    ),
    "clauses.text": Text("条款内容", "What the clause says"),
    "clauses.rules": Text("承载它的规则", "The rules that carry it"),
    "clauses.reported": Text(
        "不建模、只报告的原因", "Why it is reported and not modelled; needed where no rule carries it"
    ),
    "readings": Text(
        "有几种读法的条款，以及所取的读法", "Clauses that can be read in several ways, and the reading taken"
    ),
    "readings.id": Text("读法编号", "Code of the reading"),
    "readings.clause": Text("出处：文件代号和条次", "Where it stands: document code and number"),
    "readings.question": Text("疑问", "What is in doubt"),
    "readings.taken": Text("所取的读法", "The reading taken"),
    "readings.setting": Text("对应的设置路径", "The setting it is, as a dotted path"),
    "readings.variants": Text("其他读法对应的方案", "The variants with the other readings"),
    "objective": Text("规划要最大化什么", "What the plan maximises"),
    "objective.maximise": Text("各成效指标的权重，越大越好的", "Weights of the measures to maximise"),
    "objective.minimise": Text("各成效指标的权重，越小越好的", "Weights of the measures to minimise"),
    "objective.order.measure": Text("成效指标", "The measure"),
    "objective.order.sense": Text("max 最大，min 最小", "max or min"),
    "objective.order.tolerance": Text(
        "后面各层可让出其最优值的比例", "Share of its best value that later stages may give up"
    ),
    "measures": Text(
        "自定义成效指标：对某一列求和。列名在此登记后，表中即可有这一列",
        "Measures of the case's own: sums of a column. A column named here may stand in the table",
    ),
    "measures.unit": Text("单位，照写显示", "Unit, shown as written"),
    "measures.projects": Text("项目表的列，乘以所安排的比例", "Column of projects, times the share awarded"),
    "measures.actions": Text("措施表的列，措施实施即计入", "Column of actions, counted when the action is done"),
    "measures.title": Text("显示用的标题", "Title shown to people"),
    "actions": Text(
        "各类措施的默认值，用于措施表空白的格；没有措施表时，写了的措施适用于可处置的企业",
        "Defaults for blank cells of actions; without that table, the kinds written here are open to the firms listed",
    ),
    "actions.frees_share": Text(
        "腾出量占企业现有量的比例；关停默认 1，其他默认 0；可按资源分写",
        "Share of the firm's amount that is freed; close 1, others 0; or by resource",
    ),
    "actions.delivery": Text("腾出量中实际可用的比例；可按资源分写", "Share of what is freed that becomes usable"),
    "actions.lag": Text("几年后可用，0 为当年", "Years until it is usable; 0 is the same year"),
    "actions.cost": Text("每项措施的财政支出", "Public cost of each"),
    "actions.cost_per_mu": Text("按企业用地计的支出", "Public cost by land of the firm"),
    "actions.cost_per_job": Text("按减少岗位计的支出", "Public cost by jobs lost"),
    "actions.cost_per_tce": Text("按腾出用能计的支出", "Public cost by energy freed"),
    "actions.value_added_lost_share": Text(
        "减少的增加值（和税收）占企业的比例；关停默认 1，其他默认 0",
        "Share of the firm's value added (and tax) that is lost; close 1, others 0",
    ),
    "actions.jobs_lost_share": Text(
        "减少的岗位占企业的比例；关停默认 1，其他默认 0", "Share of the firm's jobs lost; close 1, others 0"
    ),
    "factors": Text(
        "折算系数，代替内置值；可写一个数，或按年份写",
        "Conversion factors in place of the built-in ones; a number, or by year",
    ),
    "uncertainty": Text(
        "不确定性：关停推迟、腾出不足，项目多用、推迟或退出。没有写的都是确定的",
        "What is uncertain: actions late or freeing less, projects needing more, late or dropping out; else certain",
    ),
    "uncertainty.samples": Text("抽样次数", "How many worlds are drawn"),
    "uncertainty.seed": Text("随机种子；同一种子抽到同样的情形", "The same seed draws the same worlds"),
    "uncertainty.correlation": Text(
        "同一区域各户的相关程度：0 各自独立，1 同涨同落",
        "What the rows of a place share: 0 nothing, 1 they move as one",
    ),
    "uncertainty.actions": Text("各类措施的不确定性", "Of actions, by kind"),
    "uncertainty.actions.slip": Text("推迟，如 { probability = 0.2, years = 1 }", "Coming late, with its probability"),
    "uncertainty.actions.delivery": Text(
        "腾出量的分布，为案例所写腾出量的倍数", "Distribution of what is freed, times what the case states"
    ),
    "uncertainty.projects": Text("各类项目的不确定性", "Of projects, by category"),
    "uncertainty.projects.need": Text(
        "用量的分布，为案例所写用量的倍数", "Distribution of what is used, times what the case states"
    ),
    "uncertainty.projects.drop_out": Text("退出（不再开工）的概率", "Probability that it never starts"),
    "uncertainty.projects.delay": Text("推迟开工，如 { probability = 0.2, years = 1 }", "Starting late, likewise"),
    "uncertainty.recourse": Text("指标不足时的补救：代价和尾部权重", "What being short costs, and how its tail weighs"),
    "uncertainty.recourse.shortfall_cost": Text(
        "每年每短缺一个单位的代价（购买或压减），可按资源分写",
        "Cost of a unit short in a year (bought, or not served); or by resource",
    ),
    "uncertainty.recourse.alpha": Text(
        "尾部从哪个概率起，0.95 为最差的 5%", "Where the tail begins; 0.95: the worst 5 %"
    ),
    "uncertainty.recourse.weight": Text(
        "尾部平均代价在目标中的权重", "Weight of the tail's mean cost in the objective"
    ),
    **{
        f"uncertainty.{place}clause": Text("出处条款", "The clause it comes from")
        for place in ("", "actions.", "projects.", "recourse.")
    },
    **{
        f"uncertainty.{place}source": Text("数据来源，照写显示", "Where the figures come from, shown as written")
        for place in ("", "actions.", "projects.", "recourse.")
    },
    **{
        f"uncertainty.{place}.{name}": words
        for place in ("actions.slip", "projects.delay")
        for name, words in (
            ("probability", Text("推迟的概率", "Probability of being late")),
            ("years", Text("推迟几年", "Years it is late")),
        )
    },
    **{
        f"uncertainty.{place}.{name}": words
        for place in ("actions.delivery", "projects.need")
        for name, words in DISTRIBUTION.items()
    },
    "variants": Text(
        "方案：对设置的一组改动，地址为 案例/方案", "Variants: named overrides, addressed as CASE/VARIANT"
    ),
    "variants.title": Text("显示用的标题", "Title shown to people"),
    "variants.set": Text(
        '改动，如 { "rules.retention.keep" = 0.7 }', 'The changes, e.g. { "rules.retention.keep" = 0.7 }'
    ),
}

UNITS: dict[str, str | Text] = {
    "admission.limits.value": OF_FIGURE,
    "admission.limits.ratio": FACTOR,
    "admission.limits.buy_share": SHARE,
    "admission.favour.ratio": FACTOR,
    "budget.by_year": MONEY,
    "caps.caps.amount": OF_RESOURCE,
    "chain.last_supplier_cost": OBJECTIVE,
    "chain.complete_points": OBJECTIVE,
    "clearance.value": OF_FIGURE,
    "clearance.scope.or_land_mu": MU,
    "directives.projects.share": SHARE,
    "directives.measures.value": OF_FIGURE,
    "directives.reference.projects.share": SHARE,
    "fairness.min_ratio": SHARE,
    "fairness.tolerance": SHARE,
    "fairness.bonus.share": SHARE,
    "intensity_decline.decline": SHARE,
    "intensity_decline.base_energy": TCE,
    "intensity_decline.base_value_added": MONEY,
    "jobs.max_lost": PERSONS,
    "jobs.max_lost_share": SHARE,
    "listing.any_of.value": OF_FIGURE,
    "listing.any_of.sector_mean.below": SHARE,
    "listing.any_of.sector_mean.above": FACTOR,
    "listing.any_of.sector_mean.points": POINTS,
    "listing.any_of.sector_mean.less": OF_FIGURE,
    "listing.any_of.sector_mean.published": OF_FIGURE,
    "listing.any_of.scope.least_land_mu": MU,
    "listing.scope.or_land_mu": MU,
    "priority.weights": FACTOR,
    "priority.min_shares": SHARE,
    "retention.keep": SHARE,
    "retention.pool": SHARE,
    "retention.by_place": SHARE,
    "slow_approval.max_per_year": TCE,
    "trading.buy_price": PER_UNIT,
    "trading.sell_price": PER_UNIT,
    "trading.max_buy": OF_RESOURCE,
    "trading.max_sell_share": SHARE,
    "trading.bands.above": INTENSITY,
    "trading.bands.price": PER_TCE,
    "trading.exit_payment": PER_TCE,
    "trading.levy": SHARE,
    "trading.weight": FACTOR,
    "two_high.thresholds.tce": TCE,
    "two_high.levels.tce": TCE,
    "two_high.levels.mwh": MWH,
    "two_high.reject_above": TCE,
    "two_high.control": INTENSITY,
    "scenario.discount_rate": SHARE,
    "objective.maximise": PER_MEASURE,
    "objective.minimise": PER_MEASURE,
    "objective.order.tolerance": SHARE,
    "actions.frees_share": SHARE,
    "actions.delivery": SHARE,
    "actions.cost": MONEY,
    "actions.cost_per_mu": Text("万元/亩", "10k yuan/mu"),
    "actions.cost_per_job": Text("万元/人", "10k yuan/person"),
    "actions.cost_per_tce": PER_TCE,
    "actions.value_added_lost_share": SHARE,
    "actions.jobs_lost_share": SHARE,
    "factors": Text("见系数表", "see the table of factors"),
    "uncertainty.correlation": SHARE,
    "uncertainty.actions.slip.probability": SHARE,
    "uncertainty.projects.delay.probability": SHARE,
    "uncertainty.projects.drop_out": SHARE,
    "uncertainty.recourse.shortfall_cost": PER_UNIT,
    "uncertainty.recourse.alpha": SHARE,
    "uncertainty.recourse.weight": FACTOR,
    **{
        f"uncertainty.{place}.{name}": SHARE if name == "probabilities" else FACTOR
        for place in ("actions.delivery", "projects.need")
        for name in DISTRIBUTION
        if name != "distribution"
    },
}

"""Every word of the reports, Chinese first, English beside it; names of measures and units are in the catalogues.

`word(key, language)` is the catalogue of the page and of the papers. The other tables name what the data may
contain: statuses, verdicts, rules, measures, units, resources, categories, actions. A value nobody listed (a
user's own resource, unit or category) is shown as the user wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping

from quota_opt.errors import Language, Text
from quota_opt.messages import table
from quota_opt.rules import RULES as POLICY
from quota_opt.scenario.paths import split_path

WORDS: Mapping[str, Text] = {
    "case": Text("案例", "case"),
    "variant": Text("方案", "scenario"),
    "baseline": Text("基准方案", "baseline"),
    "what_if": Text("试算", "what-if"),
    "solve": Text("求解", "solve"),
    "batch": Text("批量试算", "batch"),
    "compare": Text("对比", "compare"),
    "trade_off": Text("取舍", "trade-off"),
    "front": Text("取舍曲线", "trade-off front"),
    "place": Text("区域", "place"),
    "town": Text("镇街", "town"),
    "zone": Text("开发区", "zone"),
    "firm": Text("企业", "firm"),
    "project": Text("项目", "project"),
    "action": Text("措施", "action"),
    "energy_freed": Text("腾出用能", "energy freed"),
    "energy_used": Text("安排使用", "energy used"),
    "idle": Text("结余", "idle"),
    "quota": Text("用能指标", "energy quota"),
    "carbon_space": Text("碳排放空间", "carbon space"),
    "land": Text("用地", "land"),
    "equal_value": Text("等价值", "equal value"),
    "equivalent": Text("当量值", "equivalent value"),
    "retained": Text("镇街留用", "retained in town"),
    "pooled": Text("上级统筹", "pooled above"),
    "stayed": Text("镇街留用", "in town"),
    "pool": Text("上级统筹", "pooled"),
    "transfer": Text("调剂", "transfer"),
    "limit": Text("准入强度上限", "intensity limit"),
    "intensity": Text("能耗强度", "energy intensity"),
    "substitution": Text("替代比例", "substitution ratio"),
    "clause": Text("条款", "clause"),
    "rule": Text("规则", "rule"),
    "source": Text("出处", "source"),
    "binding": Text("起约束作用", "binding"),
    "shadow_price": Text("影子价格", "price of one more unit"),
    "one_more": Text("再多 1 单位值多少", "worth of one more unit"),
    "holds": Text("有效范围", "holds from … to"),
    "net_value_added": Text("净增加值", "net value added"),
    "tax_per_mu": Text("亩均税收", "tax per mu"),
    "public_cost": Text("财政支出", "public cost"),
    "fund": Text("专项资金", "special fund"),
    "net_jobs": Text("岗位净增", "net jobs"),
    "investment": Text("投资", "investment"),
    "award": Text("安排", "award"),
    "not_awarded": Text("未安排", "not awarded"),
    "rejected": Text("不予准入", "rejected by rule"),
    "lock": Text("锁定", "lock"),
    "force_in": Text("必须安排", "force in"),
    "force_out": Text("不安排", "force out"),
    "gap": Text("差距", "gap"),
    "bound": Text("界", "bound"),
    "objective": Text("目标值", "objective"),
    "check": Text("独立复核", "independent check"),
    "certificate": Text("凭据", "certificate"),
    "ledger": Text("台账", "ledger"),
    "reason": Text("理由", "reason"),
    "way_in": Text("入选办法", "way in"),
    "repair": Text("改法", "repair"),
    "regret": Text("后悔值", "regret"),
    "in_all": Text("都入选", "in all plans"),
    "in_some": Text("看方案而定", "in some plans"),
    "synthetic": Text("合成数据", "synthetic data"),
    "findings": Text("问题清单", "findings"),
    "meeting": Text("会上演示", "meeting mode"),
    "plan": Text("安排结果", "plan"),
    "measure": Text("成效指标", "measure"),
    "full_energy": Text("达产用能", "energy at full load"),
    "held_quota": Text("存量指标", "quota already held"),
    "target": Text("目标", "target"),
    # Headings of the papers
    "awards_table": Text("安排表", "Awards"),
    "actions_table": Text("整治表", "Treated firms"),
    "left_out_table": Text("未安排及理由", "Left out and why"),
    "places_table": Text("镇街情况", "Towns"),
    "trades_table": Text("用能权交易", "Quota trades"),
    "ledger_summary": Text("台账摘要", "Ledger summary"),
    "data_issues": Text("数据问题", "Data issues"),
    "run_information": Text("核验与运行信息", "Checks and run information"),
    "summary": Text("摘要", "Summary"),
    "prices_table": Text("价格", "Prices"),
    "rules_table": Text("规则复核", "Rules re-checked"),
    "clauses_table": Text("条款与承载规则", "Clauses and the rules that carry them"),
    "readings_table": Text("有歧义条款的读法", "Readings taken of doubtful clauses"),
    "clauses_sheet": Text("条款", "Clauses"),
    "rule_state": Text("状态", "state"),
    "rule_states": Text("各项规则的状态", "State of each rule"),
    "headline": Text("结论", "headline"),
    "carried_by": Text("承载规则", "carried by"),
    "clause_kind": Text("性质", "kind"),
    "clause_text": Text("条文", "text"),
    "not_modelled": Text("只报告不建模的原因", "why it is reported, not modelled"),
    "question": Text("问题", "question"),
    "reading_taken": Text("采用的读法", "reading taken"),
    "setting": Text("参数", "setting"),
    "other_readings": Text("其他读法（方案）", "other readings (variants)"),
    "documents": Text("文件", "documents"),
    "run_sheet": Text("运行信息", "Run"),
    "binding_table": Text("起约束作用的条款", "Clauses that bind"),
    "what_ifs": Text("若……则……", "If … then …"),
    "targets_table": Text("目标完成情况", "Targets"),
    "documents_table": Text("政策文件", "Policy documents"),
    "kept_table": Text("保留企业及理由", "Firms kept and why"),
    "measures_table": Text("成效指标", "Measures"),
    "inputs_table": Text("输入文件散列", "Input files and hashes"),
    "by_category": Text("按类别", "By category"),
    "by_place": Text("按镇街", "By town"),
    "by_year": Text("按年份", "By year"),
    "contents": Text("目录", "Contents"),
    "figure_data": Text("看数据", "see the data"),
    "answer": Text("结论", "Answer"),
    "report_title": Text("腾退指标安排结果", "Allocation of freed quota"),
    # Short words
    "total": Text("合计", "total"),
    "other": Text("其他", "other"),
    "yes": Text("是", "yes"),
    "no": Text("否", "no"),
    "ok": Text("通过", "holds"),
    "broken": Text("未通过", "broken"),
    "balanced": Text("相符", "balanced"),
    "none": Text("无", "none"),
    "value": Text("值", "value"),
    "item": Text("项目", "item"),
    "year": Text("年份", "year"),
    "debit": Text("借方", "debit"),
    "credit": Text("贷方", "credit"),
    "difference": Text("差额", "difference"),
    "initial": Text("存量", "held"),
    "freed": Text("腾出", "freed"),
    "used": Text("安排", "used"),
    "available": Text("可用", "available"),
    "bought": Text("购入", "bought"),
    "sold": Text("卖出", "sold"),
    "drawn": Text("增用", "extra use"),
    "status": Text("状态", "status"),
    "run_number": Text("运行编号", "run"),
    "engine": Text("求解器", "engine"),
    "profile": Text("求解方案", "profile"),
    "seconds": Text("用时", "seconds"),
    "problem": Text("问题", "problem"),
    "where": Text("位置", "where"),
    "fix": Text("怎么改", "how to mend"),
    "level": Text("级别", "level"),
    "written_to": Text("已写入", "Written to"),
    "to_open": Text("打开", "open"),
    "whole_area": Text("全域", "whole area"),
    "out_of": Text("（出）", " (out)"),
    "into": Text("（入）", " (in)"),
    "proof": Text("见", "see"),
    "runs_here": Text("本机可用", "runs here"),
    "not_here": Text("本机不可用", "not here"),
    "default": Text("默认", "default"),
    "name": Text("名称", "name"),
    "title": Text("标题", "title"),
    "years": Text("年份", "years"),
    "variants": Text("可选方案", "variants"),
    "data": Text("数据", "data"),
    "description": Text("说明", "description"),
    "page": Text("第 {} 页", "page {}"),
    "unverified": Text("未核实", "unverified"),
}


def word(key: str, language: Language) -> str:
    """One word of the catalogue."""
    return WORDS[key].of(language)


STATUSES: Mapping[str, Text] = {
    "OPTIMAL": Text("已证明最优", "proven optimal"),
    "FEASIBLE": Text("已到时限", "limit reached, not proven"),
    "INFEASIBLE": Text("没有可行方案", "no plan satisfies the rules"),
    "UNBOUNDED": Text("目标无界", "unbounded"),
    "NO_SOLUTION_FOUND": Text("时限内未找到方案", "no plan found in time"),
    "ERROR": Text("求解出错", "solver error"),
    "INVALID": Text("输入需更正", "input needs correcting"),
    "TIMEOUT": Text("超过单次时限", "run limit exceeded"),
    "OUT_OF_MEMORY": Text("超过内存上限", "memory limit exceeded"),
    "CANCELLED": Text("已取消", "cancelled"),
    "FAILED_VERIFICATION": Text("复核未通过", "verification failed"),
    "LOST": Text("进程中断", "process died"),
}

PARAMETERS: Mapping[str, Text] = {
    "scenario.discount_rate": Text("年贴现率", "discount rate"),
    "rules.admission.limits.value": WORDS["limit"],
    "rules.admission.limits.ratio": WORDS["substitution"],
    "rules.retention.keep": Text("镇街留用比例", "share that stays in town"),
    "rules.retention.pool": Text("上级统筹比例", "share that is pooled above"),
    "rules.budget.by_year": WORDS["fund"],
    "rules.jobs.max_lost_share": Text("减少岗位比例上限", "most jobs lost, as a share"),
    "rules.intensity_decline.decline": Text("能耗强度降幅", "decline of energy intensity"),
}
"""What people call the settings that are changed most, by path without positions in lists."""


def parameter_name(path: str) -> Text | None:
    """What people call the setting at a dotted path; None where nobody has named it."""
    return PARAMETERS.get(".".join(part for part in split_path(path) if not part.isdecimal()))


VERDICTS: Mapping[str, Text] = {
    "awarded": Text("安排", "awarded"),
    "not_awarded": Text("未安排", "not awarded"),
    "rejected": Text("不予准入", "rejected by rule"),
    "treated": Text("整治", "treated"),
    "kept": Text("保留", "kept"),
    "protected": Text("受保护", "protected"),
    "not_listed": Text("不在清单", "not listed"),
}

RULES: Mapping[str, Text] = {
    "pool": Text("指标平衡", "pool balance"),
    "choice": Text("择一", "one choice each"),
    "window": Text("开工年份", "start window"),
    "objective": Text("目标值", "objective"),
    "ledger": Text("台账", "ledger"),
    "measures": Text("成效指标", "measures"),
    **{name: rule.title for name, rule in POLICY.items()},  # a rule brings its own words
}

CATEGORIES: Mapping[str, Text] = dict(table("category"))

ACTIONS: Mapping[str, Text] = {
    "close": Text("关停", "close"),
    "upgrade": Text("提升改造", "upgrade"),
    "relocate": Text("搬迁", "relocate"),
    "merge": Text("整合", "merge"),
    "rebuild": Text("重建", "rebuild"),
    "keep": Text("保留", "keep"),
}

RESOURCES: Mapping[str, Text] = dict(table("resource"))

LEVELS: Mapping[str, Text] = {
    "province": Text("省", "province"),
    "city": Text("市", "city"),
    "county": Text("县（市、区）", "county"),
    "town": Text("镇街", "town"),
    "zone": Text("开发区", "zone"),
}

DATA: Mapping[str, Text] = {
    "real": Text("真实数据", "real data"),
    "synthetic": Text("合成数据", "synthetic data"),
    "mixed": Text("含合成数据", "partly synthetic data"),
}

CLAUSE_KINDS: Mapping[str, Text] = {
    "hard": Text("硬性", "hard"),
    "soft": Text("柔性", "soft"),
    "report": Text("只报告", "reported"),
    "param": Text("参数", "parameter"),
}

TARGET_KINDS: Mapping[str, Text] = {"hard": Text("硬性", "hard"), "soft": Text("柔性", "soft")}

KINDS: Mapping[str, Text] = {"project": Text("项目", "project"), "firm": Text("企业", "firm")}

SENSES: Mapping[str, str] = {">=": "≥", "<=": "≤", "==": "="}

LEDGER_ENDS: Mapping[str, Text] = {
    "initial": Text("存量", "held"),
    "bought": Text("购入", "bought"),
    "idle": Text("结余", "idle"),
    "sold": Text("卖出", "sold"),
    "firm": Text("企业", "firm"),
    "project": Text("项目", "project"),
}

STAGES: Mapping[str, Text] = {
    "read": Text("读取", "reading"),
    "build": Text("建模", "building"),
    "solve": Text("求解", "solving"),
    "polish": Text("细化", "polishing"),
    "prices": Text("定价", "pricing"),
    "verify": Text("复核", "verifying"),
    "write": Text("写出", "writing"),
}
"""What a run is doing, and where its time went."""

PROFILE: Mapping[str, Text] = {
    "name": Text("名称", "name"),
    "engine": Text("求解器", "engine"),
    "solver": Text("算法", "solver"),
    "relative_gap": Text("要求的差距", "gap asked for"),
    "time_limit_s": Text("时限（秒）", "time limit (s)"),
    "threads": Text("线程", "threads"),
    "random_seed": Text("随机种子", "seed"),
}

CERTIFICATE: Mapping[str, Text] = {
    "gap_asked": Text("要求的差距", "gap asked for"),
    "price_bound": Text("由价格算出的界", "bound from prices"),
    "relaxation": Text("线性松弛的值", "value of the linear relaxation"),
    "columns": Text("模型的列", "columns of the model"),
    "rows": Text("模型的行", "rows of the model"),
    "nonzeros": Text("模型的非零元", "non-zeros of the model"),
}
"""What a certificate holds beside status, value, bound and gap."""

PRICE_METHODS: Mapping[str, Text] = {
    "duals": Text("整数决策固定后的对偶值", "duals at fixed integers"),
    "duals at fixed integers": Text("整数决策固定后的对偶值", "duals at fixed integers"),
    "dual": Text("线性规划的对偶值", "dual of the linear programme"),
    "dual of the linear relaxation": Text("线性松弛的对偶值", "dual of the linear relaxation"),
    "dual, without range": Text("线性规划的对偶值（规模大，未求范围）", "dual of the linear programme, without range"),
    "dual of the linear relaxation, without range": Text(
        "线性松弛的对偶值（规模大，未求范围）", "dual of the linear relaxation, without range"
    ),
    "resolve": Text("增减 1 单位重新求解", "re-solved at ±1 unit"),
}

UNITS: Mapping[str, Text] = {**table("unit"), **dict.fromkeys(("", "mixed", "1", "-"), Text("", ""))}

MEASURES: Mapping[str, Text] = dict(table("measure"))

_MEASURE_ENDINGS = {
    "_freed": Text("腾出{}", "{} freed"),
    "_used": Text("使用{}", "{} used"),
    "_idle": Text("{}结余", "{} idle"),
    "_net": Text("净新增{}", "net {}"),
    "_bought": Text("购入{}", "{} bought"),
    "_sold": Text("卖出{}", "{} sold"),
}

SOURCES: Mapping[str, Text] = {
    "stated": Text("填报", "stated"),
    "fuels": Text("由能源品种折算", "from fuels"),
    "none": Text("缺", "missing"),
}


def measure_name(name: str, titles: Mapping[str, Text] | None = None) -> Text:
    """The words for a measure; a user's own measure shows its title, or its name as written."""
    if titles and name in titles:
        return titles[name]
    if name in MEASURES:
        return MEASURES[name]
    if "+" in name:
        parts = [measure_name(part.strip(), titles) for part in name.split("+")]
        return Text(" + ".join(part.zh for part in parts), " + ".join(part.en for part in parts))
    for ending, pattern in _MEASURE_ENDINGS.items():
        if name.endswith(ending):
            resource = resource_name(name.removesuffix(ending))
            return Text(pattern.zh.format(resource.zh), pattern.en.format(resource.en))
    return Text(name, name)


def resource_name(name: str) -> Text:
    """The words for a resource, or its name as written."""
    return RESOURCES.get(name, Text(name, name))


def unit_name(unit: str | None) -> Text:
    """The words for a unit; compound units are translated part by part (`10k yuan/tce` is 万元/吨标准煤)."""
    if unit is None:
        return Text("", "")
    if unit in UNITS:
        return UNITS[unit]
    if "/" in unit:
        parts = [UNITS.get(part.strip(), Text(part.strip(), part.strip())) for part in unit.split("/")]
        return Text("/".join(part.zh for part in parts), "/".join(part.en for part in parts))
    return Text(unit, unit)


def listed(table: Mapping[str, Text], key: str) -> Text:
    """The words of `table` for `key`, or the key as the user wrote it."""
    return table.get(key, Text(key, key))

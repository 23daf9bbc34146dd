"""The seven tables of a case, column by column: the one place for names, units, defaults and descriptions.

Reading, the blank workbook, the documentation of columns and the JSON schema are all made from `TABLES`.
"""

from __future__ import annotations

from collections.abc import Iterable

from quota_opt.errors import Text
from quota_opt.scenario.spec import KIND_WORDS, Choice, ColumnSpec, Kind, TableSpec
from quota_opt.scenario.units import GJ, M3, MONEY, MONEY_PER_MU, MU, MWH, PERSONS, SHARE, TCE, TCO2, TONNE

__all__ = [
    "ACTION_KINDS",
    "FUELS",
    "KIND_WORDS",
    "TABLES",
    "Choice",
    "ColumnSpec",
    "Kind",
    "TableSpec",
    "resource_column",
    "resource_unit",
    "resource_words",
    "table_named",
]

LEVELS = (
    Choice("province", "省", ("省级",)),
    Choice("city", "市", ("地市", "设区市", "市级", "地级市")),
    Choice("county", "县", ("县市区", "县(市、区)", "县级", "区县", "县级市", "区")),
    Choice("town", "镇街", ("镇", "乡", "乡镇", "街道", "镇乡街道", "镇(街道)", "乡镇街道", "镇级")),
    Choice("zone", "开发区", ("园区", "功能区", "高新区", "经开区", "产业平台")),
)
ACTIONS = (
    Choice("close", "关停", ("关闭", "淘汰", "关停淘汰", "腾退")),
    Choice("upgrade", "提升改造", ("改造提升", "提升", "改造")),
    Choice("relocate", "搬迁", ("搬迁入园",)),
    Choice("merge", "整合", ("兼并重组", "整合提升")),
    Choice("rebuild", "重建", ("拆除重建", "改建")),
)
ACTION_KINDS: tuple[str, ...] = tuple(c.value for c in ACTIONS)
CATEGORIES = (
    Choice("strategic", "战略新兴", ("战略性新兴产业", "战略新兴产业")),
    Choice("chain", "强链补链", ("强链补链项目", "补链强链")),
    Choice("upgrade", "技术改造", ("技改", "技术改造项目")),
    Choice("other", "其他", ("其它",)),
)
SENSES = (
    Choice(">=", "不低于", ("≥", "=>", "至少")),
    Choice("<=", "不高于", ("≤", "=<", "至多")),
    Choice("==", "等于", ("=", "＝")),
)
SPANS = (Choice("cumulative", "累计", ("累计目标",)), Choice("annual", "当年", ("年度", "每年", "逐年")))
STRENGTHS = (Choice("hard", "硬约束", ("硬", "必须")), Choice("soft", "软约束", ("软", "尽量")))
GRADES = tuple(Choice(g, f"{g}类", (f"{g}级",)) for g in "ABCD")

RESOURCE_WORDS: dict[str, Text] = {
    "energy": Text("用能", "energy"),
    "carbon": Text("碳排放", "carbon"),
    "land": Text("用地", "land"),
}
RESOURCE_SPELLINGS: dict[str, str] = {
    "用能": "energy",
    "能源": "energy",
    "用能指标": "energy",
    "能耗": "energy",
    "碳排放": "carbon",
    "碳排放空间": "carbon",
    "碳": "carbon",
    "用地": "land",
    "土地": "land",
}
_COLUMNS = {"energy": "energy_tce", "carbon": "carbon_t", "land": "land_mu"}
_UNITS = {"energy": TCE, "carbon": TCO2, "land": MU}


def resource_column(resource: str, table: str) -> str:
    """The column of `table` (firms, projects or actions) that holds the amount of `resource`."""
    known = _COLUMNS.get(resource)
    if table == "actions":
        return f"frees_{known or resource}"
    if known is not None:
        return known
    return f"uses_{resource}" if table == "projects" else resource


def resource_unit(resource: str) -> str:
    """The unit a resource is kept in; the case's own resources have the unit the case thinks of, shown as nothing."""
    return _UNITS.get(resource, "")


def resource_words(resource: str) -> Text:
    """The resource for people."""
    return RESOURCE_WORDS.get(resource, Text(resource, resource))


def _identifier(name: str, zh: str, description: Text, *, refers: str | None = None, required: bool = True,
                aliases: tuple[str, ...] = ()) -> ColumnSpec:  # fmt: skip
    return ColumnSpec(name, zh, "identifier", description, required=required, refers=refers, aliases=aliases)


def _amount(
    name: str, zh: str, unit: str, description: Text, *, aliases: tuple[str, ...] = (),
    minimum: float | None = 0.0, kind: Kind = "number", default: float | None = None,
) -> ColumnSpec:  # fmt: skip
    return ColumnSpec(name, zh, kind, description, unit, default=default, aliases=aliases, minimum=minimum)


def _year(name: str, zh: str, description: Text, *, aliases: tuple[str, ...] = ()) -> ColumnSpec:
    return ColumnSpec(name, zh, "year", description, aliases=aliases)


_NAME = ColumnSpec("name", "名称", "text", Text("显示用的名称", "Name shown to people"), aliases=("全称",))
_SECTOR = ColumnSpec(
    "sector", "行业", "text", Text("行业名称或代码", "Sector, name or code"), aliases=("所属行业", "行业名称")
)
_ENERGY = _amount(
    "energy_tce", "综合能耗", TCE, Text("年综合能耗，等价值", "Energy a year, equal value"),
    aliases=("综合能源消费量", "综合能耗(等价值)", "年综合能耗", "能耗总量", "综合能耗等价值"),
)  # fmt: skip
_ENERGY_EQUIVALENT = _amount(
    "energy_equivalent_tce", "综合能耗(当量值)", TCE,
    Text("年综合能耗，当量值（电力按 0.1229）", "Energy a year, equivalent value (electricity at 0.1229)"),
    aliases=("综合能耗当量值", "综合能源消费量(当量值)", "年综合能耗(当量值)"),
)  # fmt: skip
_CARBON = _amount(
    "carbon_t", "碳排放", TCO2, Text("年二氧化碳排放", "CO2 a year"),
    aliases=("碳排放量", "二氧化碳排放", "二氧化碳排放量", "年碳排放量"),
)  # fmt: skip
_LAND = _amount("land_mu", "用地", MU, Text("占地面积", "Land occupied"),
                aliases=("用地面积", "占地面积", "土地面积", "占地"))  # fmt: skip
_JOBS = _amount("jobs", "就业人数", PERSONS, Text("从业人员", "People employed"),
                aliases=("岗位", "岗位数", "从业人员", "职工人数", "员工人数", "从业人数"))  # fmt: skip
_TAGS = ColumnSpec("tags", "标签", "list", Text("用于规则的标签，如 two_high", "Tags rules look at, e.g. two_high"))
_STAGES = ColumnSpec("stages", "供应环节", "list", Text("供应的产业链环节", "Stages of a chain supplied"),
                     aliases=("产业链环节",))  # fmt: skip

FUEL_COLUMNS = (
    _amount("electricity_mwh", "用电量", MWH, Text("年用电量", "Electricity a year"),
            aliases=("电力", "年用电量", "电力消费量")),
    _amount("natural_gas_m3", "天然气", M3, Text("年天然气用量", "Natural gas a year"),
            aliases=("天然气用量", "天然气消费量")),
    _amount("raw_coal_t", "原煤", TONNE, Text("年原煤用量", "Raw coal a year"), aliases=("煤炭", "原煤用量")),
    _amount("coke_t", "焦炭", TONNE, Text("年焦炭用量", "Coke a year"), aliases=("焦炭用量",)),
    _amount("diesel_t", "柴油", TONNE, Text("年柴油用量", "Diesel a year"), aliases=("柴油用量",)),
    _amount("fuel_oil_t", "燃料油", TONNE, Text("年燃料油用量", "Fuel oil a year"), aliases=("燃料油用量",)),
    _amount("lpg_t", "液化石油气", TONNE, Text("年液化石油气用量", "LPG a year"), aliases=("液化气",)),
    _amount("heat_gj", "外购热力", GJ, Text("年外购热力", "Purchased heat a year"), aliases=("热力", "蒸汽热力")),
    _amount("green_electricity_mwh", "其中绿电", MWH,
            Text("用电量中持绿证的部分", "Part of the electricity held with green certificates"),
            aliases=("绿电", "绿电用量")),
    _amount("feedstock_tce", "其中原料用能", TCE,
            Text("综合能耗中用作原料的部分", "Part of the energy used as material"), aliases=("原料用能",)),
)  # fmt: skip
FUELS: tuple[str, ...] = tuple(c.name for c in FUEL_COLUMNS)

_NO_NUMBER = (
    Text(
        "目标没有数值：条款未写，或须“按上级下达”", "the target has no number; its clause leaves it to the level above"
    ),
    Text(
        "请填入上级下达的数值；暂时没有的，在“按上级下达”一列写“是”，该目标先不计算。",
        "Enter the number ordered; until there is one, say yes in the column ordered: the target is then not counted.",
    ),
)

TABLES: tuple[TableSpec, ...] = (
    TableSpec(
        "places", "区域", required=True, key=("place",), aliases=("区划", "镇街"),
        description=Text("区域树：每个区域一行，上级写在“上级区域”", "The tree of places, one row each"),
        columns=(
            _identifier("place", "区域", Text("区域的唯一名称或代码", "Unique name or code of the place"),
                        aliases=("区域代码", "区域编号", "区域名称")),
            ColumnSpec("level", "层级", "choice", Text("省、市、县、镇街或开发区", "Level in the tree"),
                       required=True, choices=LEVELS, aliases=("级别",)),
            _identifier("parent", "上级区域", Text("直接上级；最高一级留空", "The place above; blank for the topmost"),
                        refers="places", required=False, aliases=("上级", "所属区域")),
            _NAME,
            ColumnSpec("rating", "考核等次", "text", Text("年度考核等次", "Rating of the year"), aliases=("考核",)),
        ),
    ),
    TableSpec(
        "firms", "企业", key=("firm",), aliases=("企业表", "企业清单", "企业名单"),
        description=Text("存量制造业企业，每家一行", "Existing manufacturers, one row each"),
        columns=(
            _identifier("firm", "企业", Text("企业的唯一代码", "Unique code of the firm"),
                        aliases=("企业代码", "企业编号", "统一社会信用代码", "组织机构代码")),
            _identifier("place", "区域", Text("所在区域，须在“区域”表中", "The place it is in, as in places"),
                        refers="places", aliases=("所在镇街", "所在区域", "所属镇街", "所在乡镇", "镇街", "所在地")),
            ColumnSpec("name", "名称", "text", _NAME.description, aliases=("企业名称", "单位名称", "单位详细名称")),
            _SECTOR, _ENERGY, _ENERGY_EQUIVALENT, _CARBON, _LAND,
            _amount("value_added", "工业增加值", MONEY, Text("年工业增加值，不变价", "Industrial value added a year"),
                    aliases=("增加值", "年工业增加值")),
            _amount("tax", "税收", MONEY, Text("年税收", "Tax a year"),
                    aliases=("税收总额", "实缴税金", "入库税收", "税收实际贡献")),
            _JOBS,
            ColumnSpec("above_scale", "规上企业", "yes/no", Text("是否规模以上", "Above designated size"),
                       default=False, aliases=("规上", "是否规上", "规模以上", "是否规上企业")),
            ColumnSpec("grade", "亩均评价", "text", Text("本年亩均评价等次（A–D）", "This year's grade (A–D)"),
                       choices=GRADES, aliases=("亩均等级", "亩均评价等次", "亩均评价等级", "综合评价等级")),
            ColumnSpec("grade_previous", "上年亩均评价", "text", Text("上年等次", "Last year's grade"),
                       choices=GRADES, aliases=("上年亩均评价等次", "上年评价")),
            _amount("tax_per_mu_previous", "上年亩均税收", MONEY_PER_MU,
                    Text("上年每亩税收", "Last year's tax per mu")),
            _year("built_year", "投产年份", Text("投产的年份", "Year it went into production"),
                  aliases=("投产年", "建成年份")),
            _amount("violations", "违法次数", "", Text("环保、安全等违法次数", "Number of violations on record"),
                    aliases=("违法违规次数",), kind="integer", default=0.0),
            _TAGS, _STAGES,
            _amount("energy_per_product", "单位产品能耗", "",
                    Text("单位产品能耗，与限额同单位", "Energy per unit of product, in the unit of its limit"),
                    aliases=("产品单耗",)),
            _amount("energy_limit", "单位产品能耗限额", "",
                    Text("单位产品能耗限额", "Limit on energy per unit of product that the norm sets"),
                    aliases=("能耗限额",)),
            ColumnSpec("protected_as", "保护类别", "list",
                       Text("受保护的类别，如 high-tech", "Why it is protected, e.g. high-tech"),
                       aliases=("保护类型",)),
            _year("protected_until", "保护到期年",
                  Text("保护期最后一年；留空为长期", "Last year of it; blank is for good"),
                  aliases=("保护期至", "保护期限")),
            *FUEL_COLUMNS,
        ),
    ),
    TableSpec(
        "actions", "措施", key=("firm", "action", "option"), aliases=("措施表", "整治措施"),
        description=Text("对企业可采取的措施，每项一行；没有本表则按默认值推算",
                         "What may be done to firms; without it derived from the defaults"),
        columns=(
            _identifier("firm", "企业", Text("企业代码，须在“企业”表中", "The firm, as in firms"), refers="firms",
                        aliases=("企业代码", "企业编号", "统一社会信用代码")),
            ColumnSpec("action", "措施", "choice", Text("采取的措施", "What is done"), required=True, choices=ACTIONS,
                       aliases=("整治措施", "处置方式", "整治方式")),
            _year("earliest", "最早年份", Text("最早哪年实施；留空不限", "First year possible; blank is any"),
                  aliases=("最早实施年份",)),
            _year("latest", "最晚年份", Text("最晚哪年实施；留空不限", "Last year possible; blank is any"),
                  aliases=("最晚实施年份",)),
            _amount("frees_energy_tce", "腾出用能", TCE, Text("年腾出用能", "Energy freed a year"), minimum=None,
                    aliases=("腾出能耗", "腾出用能量")),
            _amount("frees_carbon_t", "腾出碳排放", TCO2, Text("年腾出碳排放空间", "CO2 freed a year"), minimum=None,
                    aliases=("腾出碳排放空间",)),
            _amount("frees_land_mu", "腾出用地", MU, Text("腾出土地", "Land freed"), minimum=None,
                    aliases=("腾出土地", "盘活用地")),
            _amount("cost", "财政支出", MONEY, Text("公共支出，一次性", "Public cost, once"),
                    aliases=("费用", "补偿费用", "整治费用")),
            _amount("value_added_lost", "减少增加值", MONEY, Text("每年减少的增加值", "Value added lost a year"),
                    aliases=("增加值损失", "损失增加值")),
            _amount("tax_lost", "减少税收", MONEY, Text("每年减少的税收", "Tax lost a year"),
                    aliases=("税收损失",)),
            _amount("jobs_lost", "减少岗位", PERSONS, Text("减少的岗位", "Jobs lost"), aliases=("岗位损失",)),
            _amount("lag", "见效年数", "", Text("几年后可用；0 为当年", "Years until usable; 0 is the same year"),
                    kind="integer", aliases=("滞后年数",)),
            ColumnSpec("option", "方案", "identifier", Text("同一措施的不同做法", "Tells options of one action apart"),
                       aliases=("选项",)),
        ),
    ),
    TableSpec(
        "projects", "项目", key=("project",), aliases=("项目表", "项目清单", "项目库"),
        description=Text("申请指标的项目，每个一行", "Projects that ask for quota, one row each"),
        columns=(
            _identifier("project", "项目", Text("项目的唯一代码", "Unique code of the project"),
                        aliases=("项目代码", "项目编号")),
            _identifier("place", "区域", Text("拟落地区域，须在“区域”表中", "The place, as in places"), refers="places",
                        aliases=("所在镇街", "所在区域", "落地镇街", "拟落地区域", "建设地点", "所属镇街", "镇街")),
            ColumnSpec("name", "名称", "text", _NAME.description, aliases=("项目名称",)),
            ColumnSpec("category", "类别", "choice", Text("项目类别", "Category"), default="other", choices=CATEGORIES,
                       aliases=("项目类别", "项目类型")),
            _SECTOR, _ENERGY, _ENERGY_EQUIVALENT, _CARBON, _LAND,
            _amount("value_added", "工业增加值", MONEY,
                    Text("达产年工业增加值；配套工程可为负", "Value added a year; may be negative (enabling works)"),
                    minimum=None, aliases=("增加值", "年工业增加值", "达产增加值")),
            _amount("tax", "税收", MONEY, Text("达产年税收", "Tax a year"), minimum=None,
                    aliases=("税收总额", "达产税收")),
            _JOBS,
            _amount("investment", "投资", MONEY, Text("总投资", "Investment"),
                    aliases=("总投资", "计划总投资", "投资额")),
            _year("earliest", "最早年份", Text("最早哪年投产；留空不限", "First start year; blank is any"),
                  aliases=("最早投产年份", "最早开工年份")),
            _year("latest", "最晚年份", Text("最晚哪年投产；留空不限", "Last start year; blank is any"),
                  aliases=("最晚投产年份", "最晚开工年份")),
            ColumnSpec("divisible", "可分割", "yes/no", Text("是否可按比例安排", "May be awarded in part"),
                       default=False, aliases=("是否可分割", "可分期")),
            ColumnSpec("min_share", "最小比例", "number", Text("可分割时的最小比例", "Least share when divisible"),
                       SHARE, default=0.0, minimum=0.0, maximum=1.0),
            ColumnSpec("ramp", "爬坡", "numbers",
                       Text("逐年占满负荷的比例，如 0.5;0.8;1；留空为一步到位",
                            "Shares of full need year by year, e.g. 0.5;0.8;1; blank is all at once"),
                       minimum=0.0, aliases=("达产进度", "逐年负荷")),
            _STAGES,
            ColumnSpec("requires", "前提项目", "list",
                       Text("须先安排的项目或方案组", "Projects or groups needed first"),
                       refers="projects|groups", aliases=("依赖项目",)),
            ColumnSpec("excludes", "互斥项目", "list", Text("不能同时安排的项目或方案组", "Never together with these"),
                       refers="projects|groups"),
            ColumnSpec("variant_of", "方案组", "identifier",
                       Text("同组项目至多安排一个", "Group of which at most one starts"), aliases=("备选方案组",)),
            _TAGS,
            *FUEL_COLUMNS,
        ),
    ),
    TableSpec(
        "quotas", "存量指标", aliases=("存量", "已有指标"),
        description=Text("不靠腾退就有的指标", "Quota held without any action"),
        columns=(
            _identifier("place", "区域", Text("持有指标的区域", "The place that holds it"), refers="places",
                        aliases=("所在区域", "镇街")),
            ColumnSpec("resource", "资源", "identifier", Text("资源名称", "The resource"), required=True,
                       refers="resources"),
            ColumnSpec("year", "年份", "year", Text("年份；* 为每年", "Year; * is every year"), required=True,
                       aliases=("年度",), wildcard="*"),
            ColumnSpec("amount", "数量", "number",
                       Text("数量，按资源的单位", "Amount, in the unit of the resource"), required=True, minimum=0.0,
                       aliases=("指标数量", "指标量")),
        ),
    ),
    TableSpec(
        "targets", "目标", aliases=("目标任务", "任务目标"),
        description=Text("文件规定的目标，每条一行", "Targets a document sets, one row each"),
        columns=(
            ColumnSpec("measure", "成效指标", "identifier", Text("成效指标的英文名", "Name of the measure"),
                       required=True, aliases=("指标", "指标名称")),
            ColumnSpec("sense", "方向", "choice", Text("不低于、不高于或等于", "At least, at most or equal"),
                       required=True, choices=SENSES),
            ColumnSpec("value", "目标值", "number", Text("目标值，按指标的单位", "In the unit of the measure"),
                       required=True, aliases=("数值",), missing=_NO_NUMBER, unless="ordered"),
            ColumnSpec("ordered", "按上级下达", "yes/no",
                       Text("数值由上级下达；目标值留空时暂不计算",
                            "Set by the level above; not counted while its value is blank"),
                       default=False, aliases=("上级下达",)),
            _identifier("place", "区域", Text("适用区域及其下级；留空为全部", "This place and below; blank is all"),
                        refers="places", required=False),
            _year("year", "年份", Text("到哪年为止；留空为最后一年", "By which year; blank is the last"),
                  aliases=("年度", "完成年份")),
            ColumnSpec("kind", "性质", "choice", Text("硬约束或软约束", "Hard or soft"), default="hard",
                       choices=STRENGTHS, aliases=("约束性质",)),
            _amount("penalty", "罚分", "", Text("软约束每缺一个单位的罚分", "Penalty per unit short, when soft"),
                    default=1.0, aliases=("罚则",)),
            ColumnSpec("span", "口径", "choice",
                       Text("累计到该年，或当年新增（年份留空为每年）",
                            "Up to the year, or what the year alone adds (blank year: each)"),
                       default="cumulative", choices=SPANS, aliases=("统计口径", "累计或当年")),
            ColumnSpec("clause", "条款", "text", Text("出处条款", "Clause it comes from"), aliases=("出处", "依据")),
        ),
    ),
    TableSpec(
        "chains", "产业链", key=("chain", "stage"),
        description=Text("产业链的环节", "Stages of industrial chains"),
        columns=(
            _identifier("chain", "产业链", Text("产业链名称", "Name of the chain"), aliases=("产业链名称",)),
            _identifier("stage", "环节", Text("环节名称", "Name of the stage"), aliases=("环节名称",)),
            ColumnSpec("needs", "上游环节", "list", Text("需要的上游环节", "Upstream stages it needs"),
                       refers="stages"),
            _amount("weight", "权重", "", Text("环节权重", "Weight of the stage"), default=1.0),
        ),
    ),
)  # fmt: skip


def table_named(name: str, tables: Iterable[TableSpec] = TABLES) -> TableSpec:
    """The table called `name`; KeyError if there is none."""
    for table in tables:
        if table.name == name:
            return table
    raise KeyError(name)

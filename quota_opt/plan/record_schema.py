"""What run.json holds, as a JSON schema: every key with its type and its meaning in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from quota_opt.errors import Level
from quota_opt.model.rule import State
from quota_opt.plan.address import LENGTH
from quota_opt.solving.status import Status

Schema = dict[str, Any]

BOTH: Schema = {
    "type": "object",
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
    "required": ["zh", "en"],
}
"""One sentence in both languages."""
_SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def said(schema: Mapping[str, Any], zh: str, en: str) -> Schema:
    """The schema with what it means."""
    return {**schema, "description": en, "x-zh": {"description": zh}}


def _is(kind: str | list[str], zh: str, en: str) -> Schema:
    return said({"type": kind}, zh, en)


def _text(zh: str, en: str) -> Schema:
    return _is("string", zh, en)


def _number(zh: str, en: str) -> Schema:
    """A number, null where there is none."""
    return _is(["number", "null"], zh, en)


def _perhaps(zh: str, en: str) -> Schema:
    return _is(["string", "null"], zh, en)


def _object(zh: str, en: str, properties: Mapping[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return said({"type": "object", "properties": dict(properties), "required": required}, zh, en)


def _by_name(zh: str, en: str, each: Schema) -> Schema:
    return said({"type": "object", "additionalProperties": each}, zh, en)


def _list(zh: str, en: str, each: Schema) -> Schema:
    return said({"type": "array", "items": each}, zh, en)


def _nullable(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def finding_schema() -> Schema:
    """One finding about an input, as `check --json` and run.json give it."""
    spots = ("file", "sheet", "row", "column", "cell", "path", "rule", "clause")
    return _object(
        "一处问题", "One finding",
        {
            "level": said({"enum": [str(level) for level in Level]}, "错误、警告或提示", "How much it matters"),
            "code": _text("问题代码，供程序识别", "Stable code, for programs"),
            "what": _text("问题", "What is wrong"),
            "where": _text("位置", "Where"),
            "fix": _text("怎么改", "How to mend it"),
            "seen": _perhaps("看到的值", "The value seen"),
            "at": said(
                {"type": "object", "additionalProperties": False,
                 "properties": {name: {"type": "integer" if name == "row" else "string"} for name in spots}},
                "位置的各部分", "The parts of the place",
            ),
        },
    )  # fmt: skip


_BOUND = "证明的界；没有则为空"
_PROOF_LINE = {
    "nodes": _is("integer", "分支数", "Nodes of the tree"),
    "bound": _number("由证明得到的界", "The bound it proves"),
    "verified": _is("boolean", "所写的界是否全由证明得出", "Whether the stated bound is proven by it alone"),
}


def _certificate() -> Schema:
    stage = {
        "name": _text("这一层的名称", "Name of the stage"),
        "sense": said({"enum": ["max", "min"]}, "最大化或最小化", "Maximised or minimised"),
        "status": _text("状态", "Status"),
        "objective": _number("目标值", "Objective"),
        "bound": _number(_BOUND, "Proven bound, null where there is none"),
        "gap": _number("差距", "Relative gap"),
        "seconds": _is("number", "用时（秒）", "Seconds it took"),
        "proof": _object("这一层的证明", "Its proof",
                         {**_PROOF_LINE, "leaves": _is("integer", "叶子数", "Leaves of the tree")}),
    }  # fmt: skip
    return _object(
        "凭据：什么证明了这个方案", "What proves the plan",
        {
            "status": _text("状态", "Status"),
            "objective": _number("目标值", "Objective"),
            "bound": _number(_BOUND, "Proven bound"),
            "gap": _number("差距", "Relative gap"),
            "gap_asked": _is("number", "要求的差距", "The gap asked for"),
            "price_bound": _number("仅由价格得到的界", "The bound that prices alone prove"),
            "relaxation": _number("线性松弛的目标值", "Objective of the linear relaxation"),
            "stages": _list("逐层的目标值和界", "Objective and bound stage by stage",
                            _object("一层", "One stage", stage, optional=("proof",))),
            "columns": _is("integer", "模型的列数", "Columns of the model"),
            "rows": _is("integer", "模型的行数", "Rows of the model"),
            "nonzeros": _is("integer", "模型的非零元数", "Non-zeros of the model"),
            "engine": _text("求解器和版本", "Solver and version"),
            "proof": _object(
                "证明文件", "The file of proofs",
                {**_PROOF_LINE, "method": _text("方法", "Method"), "file": _text("文件名", "Name of the file"),
                 "sha256": said(_SHA256, "内容的 SHA-256", "SHA-256 of its content")},
            ),
        },
        optional=("proof",),
    )  # fmt: skip


def _audit() -> Schema:
    sentences = {"type": "array", "items": {"type": "string"}}
    return _object(
        "一条规则的复核", "One rule, re-checked from the tables",
        {
            "ok": _is("boolean", "是否满足", "Whether it holds"),
            "state": said({"enum": list(get_args(State))}, "顶格、有余量、突破或让行",
                          "Binding, slack, broken or overriding"),
            "headline": said(BOTH, "一句话的结论", "What it comes to in one sentence"),
            "worst_excess": _is("number", "超出的数量，满足则为 0", "How far it is broken, 0 if it holds"),
            "unit": _text("超出数量的单位", "Unit of the excess"),
            "clause": _perhaps("出处条款", "The clause it comes from"),
            "clauses": _list("起约束作用的各行的条款", "Clauses of the rows that bind", {"type": "string"}),
            "document_status": _perhaps("条款所在文件的状态", "Standing of its document"),
            "binding": _is("boolean", "是否没有余量", "Whether nothing is to spare"),
            "price": _number("再多 1 单位值多少", "What one more unit is worth, in objective units"),
            "price_unit": _perhaps("1 单位是什么", "What one unit is"),
            "price_note": said(_nullable(BOTH), "没有价格的原因", "Why there is no price"),
            "overrides": _list("放行的对象", "What it let pass", {"type": "string"}),
            "text": said({"type": "object", "properties": {"zh": sentences, "en": sentences}},
                         "最紧处的说明", "Sentences about the tightest places"),
        },
    )  # fmt: skip


def _profile() -> Schema:
    return _object(
        "求解方案的全部参数", "The solver profile, all of it",
        {
            "name": _text("名称", "Its name"),
            "description": said(BOTH, "用途", "What it is for"),
            "engine": _text("引擎", "Engine"),
            "solver": _text("求解器", "Solver"),
            "relative_gap": _is("number", "要求的差距", "Relative gap asked for"),
            "time_limit_s": _number("时限（秒）", "Seconds allowed, null without limit"),
            "threads": _is("integer", "线程数", "Threads"),
            "random_seed": _is("integer", "随机种子", "Random seed"),
            "options": _is("object", "求解器自己的选项", "Options in the solver's own names"),
        },
    )  # fmt: skip


def _policy() -> dict[str, Schema]:
    """Clauses, readings, directives and documents."""
    rule = {"rule": _text("规则", "The rule"), "state": _text("状态", "Its state"),
            "headline": said(BOTH, "结论", "What it comes to")}  # fmt: skip
    bent = {
        "rule": _text("规则", "The rule bent"),
        "clause": said(BOTH, "条款", "Its clause"),
        "text": said(BOTH, "说明", "How"),
        "figure": _perhaps("数值", "The figure"),
        "by": _perhaps("决定者", "Who decided"),
    }
    variant = {"name": _text("方案名", "Name of the variant"), "title": said(BOTH, "标题", "Its title")}
    return {
        "clauses": _list("涉及指标的条款", "Clauses that touch quota", _object("一条", "One clause", {
            "id": _text("编号", "Its id"),
            "clause": _text("条款", "The clause"),
            "document_status": _text("文件状态", "Standing of its document"),
            "kind": _text("性质：hard、soft、report、param", "hard, soft, report or param"),
            "text": said(BOTH, "条文", "What it says"),
            "rules": _list("承载规则", "The rules that carry it", _object("规则", "A rule", rule)),
            "modelled": _is("boolean", "是否建模", "Whether anything in the model carries it"),
            "reported": said(_nullable(BOTH), "不建模的原因", "Why it is reported and not modelled"),
        })),
        "readings": _list("有歧义条款的读法", "Readings taken of doubtful clauses", _object("一条", "One reading", {
            "id": _text("编号", "Its id"),
            "clause": _text("条款", "The clause"),
            "question": said(BOTH, "问题", "The question"),
            "taken": said(BOTH, "采用的读法", "The reading taken"),
            "setting": _text("参数", "The setting that takes it"),
            "variants": _list("其他读法", "Variants that read it otherwise", _object("方案", "A variant", variant)),
        })),
        "directives": _list("指定事项", "What was laid down for this run", _object("一项", "One directive", {
            "kind": _text("类别", "Its kind"),
            "id": _text("对象", "What it is about"),
            "text": said(BOTH, "说明", "What it says"),
            "by": _perhaps("决定者", "Who laid it down"),
            "bent": _list("因此让步的规则", "Rules bent for it", _object("规则", "A rule", bent)),
        })),
        "documents": _list("政策文件", "Policy documents", _object("一份", "One document", {
            "id": _text("编号", "Its id"),
            "title": _text("标题", "Its title"),
            "status": _text("状态：draft、issued、expired", "draft, issued or expired"),
            "valid_to": _perhaps("有效期至", "Last day it is valid"),
            "standing": _text("规划期内的状态", "Its standing over the years of the case"),
            "standing_text": said(BOTH, "状态说明", "That in words"),
        })),
    }  # fmt: skip


def record_schema() -> Schema:
    """The JSON schema of run.json, without its heading."""
    measure = {"value": _number("数值", "Its value"), "unit": _text("单位", "Its unit")}
    engine = {
        "name": _text("引擎", "Engine"),
        "solver": _text("求解器", "Solver"),
        "version": _text("版本", "Version"),
        "profile": _perhaps("求解方案", "Name of the profile"),
        "options": _is("object", "所用选项", "Options used"),
        "seed": _is(["integer", "null"], "随机种子", "Random seed"),
    }
    rounded = {
        "resources": _list("取整的资源", "Resources rounded", {"type": "string"}),
        "deviation": _number("单个数的最大偏差", "Largest change of one amount"),
        "totals": _number("合计的最大偏差", "Largest change of a total"),
        "failing": _list("取整后不满足之处", "What the whole numbers break", BOTH),
        "method": said(BOTH, "取整方法", "How it was done"),
    }
    receipt = {
        "sha256": said(_SHA256, "receipt.json 的 SHA-256", "SHA-256 of receipt.json"),
        "objective": _object("目标值的差别", "What they take off the objective", {
            "without": _number("没有指定时的目标值", "The objective without them"),
            "with": _number("有指定时的目标值", "The objective with them"),
            "cost": _number("代价；分层目标没有", "The difference, null where the objective is lexicographic"),
            "at_least": _number("代价至少", "What they cost at least"),
            "at_most": _number("代价至多", "What they cost at most"),
            "unit": _text("单位", "Unit of the objective"),
        }),
    }  # fmt: skip
    plans = [str(Status.OPTIMAL), str(Status.FEASIBLE)]
    return _object(
        "结果文件夹里的 run.json", "run.json of a result folder",
        {
            "status": said({"enum": plans}, "OPTIMAL：在要求的差距内证明最优；FEASIBLE：先到了时限",
                           "OPTIMAL: proven within the gap; FEASIBLE: a limit came first"),
            "address": said({"type": "string", "pattern": f"^[0-9a-f]{{{LENGTH}}}$"}, "内容地址：同样的问法地址相同",
                            "Content address: the same question has the same one"),
            "objective": _number("目标值", "Objective, of the last stage where there are several"),
            "bound": _number(_BOUND, "Proven bound, null where there is none"),
            "gap": _number("差距，占目标值的比例", "Gap as a share of the objective"),
            "seconds": said({"type": "object", "additionalProperties": {"type": "number"},
                             "required": ["read", "build", "solve", "verify"]},
                            "各步用时（秒）", "Seconds of each step"),
            "engine": _object("求解器", "The solver", engine),
            "profile": _profile(),
            "measures": _by_name("成效指标", "Measures by name", _object("一项指标", "One measure", measure)),
            "audit": _by_name("规则复核，按规则名", "Every rule re-checked, by name", _audit()),
            **_policy(),
            "certificate": _certificate(),
            "inputs": _by_name("各输入文件的 SHA-256", "SHA-256 of each input file", _SHA256),
            "case": _text("案例", "The case"),
            "variant": _perhaps("方案，空为案例本身", "The variant, null for the case itself"),
            "overrides": _is("object", "改动的设置，按点号路径", "Settings changed, by dotted path"),
            "data": said({"enum": ["real", "synthetic", "mixed"]}, "数据性质", "Whether the data are real"),
            "energy_basis": said({"enum": ["equal_value", "equivalent"]}, "能耗口径", "Energy basis"),
            "findings": _list("输入的警告和提示", "Warnings and notes about the input", finding_schema()),
            "quota_opt": _text("程序版本", "Version of the program"),
            "rounded": _object("取整情况，见 rounded.csv", "How rounded.csv was rounded", rounded),
            "receipt": _object("指定事项的代价，见 receipt.json", "What the orders cost, see receipt.json", receipt),
            "migrated": _is("object", "由旧版结果升级而来时：改了什么", "What migrate changed, of an older result"),
        },
        optional=("rounded", "receipt", "migrated"),
    )  # fmt: skip

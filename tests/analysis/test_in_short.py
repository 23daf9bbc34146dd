"""What changed in a case, in one sentence a planner reads before anything else."""

from small import case

from quota_opt.analysis.compare.in_short import changes_in_short
from quota_opt.errors import Text

PROJECTS = [
    {"project": f"P{n}", "place": "N1", "energy_tce": 100 * n, "value_added": 50, "jobs": 3, "investment": 9, "tax": 2}
    for n in range(1, 4)
]
RULES = {"retention": {"keep": 0.5}}


def test_rows_come_first_then_cells_column_by_column():
    changed = [{**PROJECTS[0], "energy_tce": 120}, {**PROJECTS[1], "energy_tce": 210, "jobs": 4}]
    new = [{**PROJECTS[0], "project": name} for name in ("P8", "P9")]
    assert changes_in_short(case(projects=PROJECTS), case(projects=[*changed, *new])) == Text(
        "新增 2 个项目，去掉 1 个项目，项目的综合能耗有 2 处改动，项目的就业人数有 1 处改动",
        "2 projects added, 1 project removed, 2 changes of energy_tce in projects, 1 change of jobs in projects",
    )


def test_many_columns_are_told_together():
    columns = ("energy_tce", "value_added", "jobs", "investment", "tax")
    changed = [{**PROJECTS[0], **{name: PROJECTS[0][name] + 1 for name in columns}}, *PROJECTS[1:]]
    words = changes_in_short(case(projects=PROJECTS), case(projects=changed))
    assert words.zh.endswith("，项目另有 1 处改动") and words.en.endswith(", 1 more in projects")


def test_one_setting_is_told_in_full_and_several_are_counted():
    before = case(projects=PROJECTS, rules=RULES)
    assert "0.7" in changes_in_short(before, before.with_(**{"rules.retention.keep": 0.7})).zh
    both = before.with_(**{"rules.retention.keep": 0.7, "scenario.discount_rate": 0.04})
    assert changes_in_short(before, both) == Text("规则和参数有 2 处改动", "2 settings changed")


def test_nothing_changed_is_said_too():
    assert changes_in_short(case(projects=PROJECTS), case(projects=PROJECTS[::-1])).zh == "数据没有变化"

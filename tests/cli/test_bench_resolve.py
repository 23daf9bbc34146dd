"""The lines of a re-solve: reading, the first solve, and one for each changed number."""

from quota_opt.cli.bench_resolve import resolved
from quota_opt.scenario.generate import generate_case


def test_every_changed_number_has_its_seconds_and_a_gap(tmp_path):
    case = generate_case(tmp_path / "case", firms=30, projects=8, towns=2, years=3)
    lines = resolved(str(case))
    assert [line["step"] for line in lines] == [
        "read",
        "first solve",
        "re-solve: budget +2 %",
        "re-solve: keep 0.55",
        "re-solve: access limit 0.5",
    ]
    assert lines[1]["gap"] <= 1e-2 + 1e-6
    for line in lines[2:]:
        assert line["gap"] <= 1e-3 + 1e-6
        assert 0 < line["solve_seconds"] <= line["seconds"] + 1e-3

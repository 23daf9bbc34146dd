"""What `bench --what-if` says: every situation with its questions, and that all were answered."""

from quota_opt.cli import bench_what_if


def test_each_situation_is_a_line_with_all_its_questions():
    rows = bench_what_if.timed(2, names=("worked-example",), rounds=1)
    assert [(row.step, row.questions) for row in rows] == [
        ("first question of worked-example, processes not started", 1),
        ("one user: quick", 2),
        ("one user: proven", 1),
        ("2 users at once, one case", 2),
        ("2 users at once, 1 cases", 2),
    ]
    assert all(0.0 < row.median <= row.worst and row.gap == 0.0 for row in rows)

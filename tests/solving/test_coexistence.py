"""highspy and OR-Tools in one process: both bring a HiGHS, and some versions of the two cannot live together."""

import subprocess
import sys

import pytest

SOLVE = {
    "highspy": """
import highspy
highs = highspy.Highs()
highs.setOptionValue("output_flag", False)
x = highs.addVariable(lb=0, ub=3)
highs.maximize(2 * x)
assert abs(highs.getObjectiveValue() - 6) < 1e-9
""",
    "ortools": """
from ortools.math_opt.python import mathopt
model = mathopt.Model()
x = model.add_variable(lb=0, ub=3)
model.maximize(2 * x)
for kind in (mathopt.SolverType.HIGHS, mathopt.SolverType.GSCIP, mathopt.SolverType.GLOP):
    assert abs(mathopt.solve(model, kind).objective_value() - 6) < 1e-9
""",
}


@pytest.mark.parametrize("order", [("highspy", "ortools"), ("ortools", "highspy")])
def test_both_can_be_imported_and_solve_in_either_order(order):
    imports = "".join(
        f"import {name}.math_opt.python.mathopt\n" if name == "ortools" else f"import {name}\n" for name in order
    )
    script = imports + "".join(SOLVE[name] for name in order) + "".join(SOLVE[name] for name in reversed(order))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

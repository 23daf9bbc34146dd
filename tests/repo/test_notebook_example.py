"""The example notebook runs from top to bottom, is stored without outputs, and shows a plan and a chart."""

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"


def test_the_notebook_is_stored_without_outputs():
    stored = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    code = [cell for cell in stored["cells"] if cell["cell_type"] == "code"]
    assert len(code) > 5
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.slow
def test_the_notebook_runs_and_shows_a_plan_a_table_and_a_chart(tmp_path):
    pytest.importorskip("ipykernel")
    client = pytest.importorskip("nbclient")
    formats = pytest.importorskip("nbformat")
    notebook = formats.read(NOTEBOOK, as_version=4)
    client.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        output.get("data", {}).get("text/html", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    page = "\n".join(shown)
    assert "OPTIMAL" in page
    assert "<svg" in page
    assert "dataframe" in page
    assert list(tmp_path.iterdir()) == []

"""The example notebook runs on the committed results, and is committed without outputs."""

from copy import deepcopy
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")  # comes with it

ROOT = Path(__file__).parent.parent
NOTEBOOK = nbformat.read(ROOT / "examples" / "compare.ipynb", as_version=4)


def test_it_runs_and_draws_one_figure():
    place = {"metadata": {"path": str(ROOT)}}
    done = nbclient.NotebookClient(deepcopy(NOTEBOOK), timeout=120, resources=place).execute()
    outputs = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.output_type for output in outputs if output.output_type in ("error", "stream")] == []
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 1
    assert "world/lfw" in str(outputs), "the compared benchmarks are shown"


def test_it_is_kept_without_outputs():
    """So that a change of it is a change of its text, and no result in it is stale."""
    for cell in NOTEBOOK.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None

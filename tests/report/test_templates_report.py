"""Tables, tests and plots of a benchmark of templates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from reading import markdown_tables, page, records
from report_files import ROWS, make, settings, write_run

from lgaf.evaluate.replicates import read_replicates
from lgaf.files import read_json
from lgaf.report import paired
from lgaf.report.metrics import main_metric
from lgaf.report.sources import Layout

RATES = ["tar@far=1e-4", "tar@far=1e-3", "tar@far=1e-2", "tar@far=1e-1"]


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    run = settings(benchmarks=("ijbc", "lfw"))
    layout = write_run(tmp_path_factory.mktemp("templates"), run, world=False)
    make(layout, run, plots=True)
    return layout


def test_the_table_has_a_column_a_rate_and_published_rows(layout: Layout):
    text = page(layout.results, "ijbc")
    headers, *grid = markdown_tables(text)[0]
    assert headers == ["method", "backbone", "parameters (M)", "training set", *RATES, "year", "source"]
    metrics = read_json(layout.results / "metrics.json")
    for row, cells in zip(ROWS, grid, strict=False):
        for rate, cell in zip(RATES, cells[4:8], strict=True):
            assert f"{100 * metrics[row]['ijbc'][rate]['value']:.2f} [" in cell
    assert grid[3][:5] == ["LGAF", "-", "-", "-", "not available"]
    adaface = next(row for row in grid if row[:4] == ["AdaFace (m=0.4)", "R100", "-", "MS1MV2"])
    assert adaface[4:9] == ["96.89", "-", "-", "-", "2022"]
    assert "times the detector's score (insightface eval_ijbc.py)" in text
    assert "tar@far=1e-6 left out: 19,500 non-mated pairs cannot show it" in text
    assert "inferred: templates that a chain of mated pairs joins are one" in text
    assert "best first, by tar@far=1e-4;" in text
    found = records(layout.results / "tables" / "ijbc.csv")
    assert [row["metric"] for row in found if (row["kind"], row["method"]) == ("measured", "LGAF")] == RATES


def test_rows_are_tested_at_one_rate(layout: Layout):
    text = page(layout.results, "ijbc")
    assert "| percentage points   | tar@far=1e-4" in text
    ours, theirs = (
        read_replicates(layout.replicates / row / "7" / "ijbc.arrow").estimates[RATES[0]] for row in ("lgaf", "magface")
    )
    low, high = 100 * np.quantile(ours.replicates - theirs.replicates, [0.025, 0.975])
    assert f"{100 * (ours.value - theirs.value):+.2f} [{low:+.2f}, {high:+.2f}] p=" in text
    assert "this table's 2 tests" in text


def test_other_metrics_are_not_tested():
    assert paired.tested(["accuracy", "tar@far=1e-4"]) == ["accuracy"]
    assert paired.tested(["tar@far=1e-3", "tar@far=1e-2"]) == []
    assert main_metric(["tar@far=1e-6", "tar@far=1e-4"]) == "tar@far=1e-4"


def test_summary_plots_and_curves(layout: Layout):
    results: Path = layout.results
    metrics = read_json(results / "metrics.json")
    shown = read_json(results / "summary" / "lgaf.json")
    assert shown["ijbc"] == round(100 * metrics["lgaf"]["ijbc"]["tar@far=1e-4"]["value"], 2)
    assert {path.stem for path in (results / "plots").iterdir()} >= {"roc", "histogram-lgaf"}
    assert (results / "curves" / "roc" / "ijbc.csv").exists()
    assert (results / "curves" / "histogram" / "ijbc.csv").exists()
    assert not (results / "curves" / "reject" / "ijbc.csv").exists()

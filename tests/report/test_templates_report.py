"""Tables, tests and plots of a benchmark of templates."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from report_files import METHODS, RUN, SETTINGS, write_run

from lgaf.evaluate.compare import paired_difference
from lgaf.files import read_json
from lgaf.formats.pack import read_table
from lgaf.report import paired
from lgaf.report.metrics import main_metric
from lgaf.report.report import report
from lgaf.report.sources import Layout

RATES = ["tar@far=1e-4", "tar@far=1e-3", "tar@far=1e-2", "tar@far=1e-1"]


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = write_run(tmp_path_factory.mktemp("templates"), world=False, benchmarks=("ijbc", "lfw"))
    report(layout, METHODS, ("ijbc", "lfw"), RUN, SETTINGS)
    return layout


def test_the_table_has_a_column_a_rate_and_published_rows(layout: Layout):
    page = (layout.results / "tables" / "ijbc.md").read_text()
    grid = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:1] == "|"]
    headers, ours = grid[0], grid[2:5]
    assert headers == ["method", "backbone", "training set", *RATES, "source"]
    metrics = read_json(layout.results / "metrics.json")
    for method, row in zip(METHODS, ours, strict=True):
        for rate, cell in zip(RATES, row[3:7], strict=True):
            assert f"{100 * metrics[method]['ijbc'][rate]['value']:.2f} [" in cell
    assert grid[5][0] == "LGAF, published"
    assert grid[5][3] == "not available"
    adaface = next(row for row in grid if row[:3] == ["AdaFace, published", "R100", "MS1MV2"])
    assert adaface[3:7] == ["96.89", "-", "-", "-"]
    assert "times the detector's score (insightface eval_ijbc.py)" in page
    assert "tar@far=1e-6 left out: 19,500 non-mated pairs cannot show it" in page
    assert "inferred: templates that a chain of mated pairs joins are one" in page
    records = list(csv.DictReader(io.StringIO((layout.results / "tables" / "ijbc.csv").read_text())))
    assert [row["metric"] for row in records if (row["kind"], row["method"]) == ("measured", "LGAF")] == RATES


def test_methods_are_tested_at_one_rate(layout: Layout):
    page = (layout.results / "tables" / "ijbc.md").read_text()
    assert "| percentage points   | tar@far=1e-4" in page
    ours, theirs = (read_table(layout.trials / method / "ijbc.arrow", ()) for method in ("lgaf", "magface"))
    (found,) = paired_difference(ours, theirs, [RATES[0]], RUN.seed, SETTINGS.replicates).values()
    assert f"{100 * found.difference:+.2f} [{100 * found.low:+.2f}, {100 * found.high:+.2f}] p={found.p:.3f}" in page
    assert "this table's 2 tests" in page


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

"""The table of templates that are searched for, beside that of their pairs."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
import report_files
from reading import markdown_tables, page, records
from report_files import PEOPLE, PHOTOS, make, settings, write_run

from lgaf.evaluate.replicates import read_replicates
from lgaf.files import read_json
from lgaf.formats.templates import SEARCHES
from lgaf.report import paired
from lgaf.report.metrics import main_metric
from lgaf.report.pooling import POOLS

MEANS = ["search_rank1", "search_rank5", "search_rank10", "search_fnir@fpir=1e-1"]


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    plain = report_files.protocol

    def searched(benchmark, world=True):
        """Photo 0 of everybody is in a gallery of one half or the other."""
        ids = np.arange(PEOPLE * PHOTOS)
        gallery = np.where(ids % PHOTOS, "", np.where(ids // PHOTOS % 2, "g2", "g1"))
        searches = pa.table([gallery, ids, ids // PHOTOS], schema=SEARCHES)
        return plain(benchmark, world).model_copy(update={"searches": searches})

    run = settings(benchmarks=("ijbc",))
    with patch.object(report_files, "protocol", searched):
        layout = write_run(tmp_path_factory.mktemp("searches"), run, world=False)
    make(layout, run, plots=True)
    return layout


def test_means_are_printed_and_galleries_are_in_the_csv(layout):
    text = page(layout.results, "ijbc-search")
    headers, *grid = markdown_tables(text)[0]
    assert [name for name in headers if name.startswith("search_")] == MEANS
    metrics = read_json(layout.results / "metrics.json")
    for row, cells in zip(("lgaf", "arcface", "magface"), grid, strict=True):
        first = headers.index("search_rank1")
        assert f"{100 * metrics[row]['ijbc']['search_rank1']['value']:.2f} [" in cells[first]
    found = [it["metric"] for it in records(layout.results / "tables" / "ijbc-search.csv") if it["row"] == "lgaf"]
    assert found == [*MEANS, *(name.replace("search_", f"search_{g}_") for g in ("g1", "g2") for name in MEANS)]
    assert "g1: 20 people; 80 mated and 80 non-mated searches" in text
    assert "search_g2_fnir@fpir=1e-2 left out: 80 non-mated searches cannot show it" in text
    assert "FNIR counts errors: lower is better" in text
    assert "times the detector's score (insightface eval_ijbc.py)" in text
    assert "TAR at the corner" not in text
    assert text.startswith("## ijbc-search: our runs\n"), "none is published here"
    assert "nan" not in text
    pairs = page(layout.results, "ijbc")
    assert "search_" not in pairs
    assert "1:N" not in pairs
    assert "TAR at the corner" in pairs


def test_means_are_tested_beside_the_pairs(layout):
    text = page(layout.results, "ijbc-search")
    ours, theirs = (
        read_replicates(layout.replicates / row / "7" / "ijbc.arrow").estimates["search_rank1"]
        for row in ("lgaf", "magface")
    )
    low, high = 100 * np.quantile(ours.replicates - theirs.replicates, [0.025, 0.975])
    assert f"{100 * (ours.value - theirs.value):+.2f} [{low:+.2f}, {high:+.2f}] p=" in text
    assert "| percentage points   | tar@far=1e-4" in page(layout.results, "ijbc")
    names = ["tar@far=1e-4", "tar@far=1e-3", *MEANS, "search_g1_rank1", "search_g1_fnir@fpir=1e-1"]
    assert paired.tested(names) == ["tar@far=1e-4", "search_rank1", *MEANS[3:]]
    assert main_metric(names) == "tar@far=1e-4"
    assert [name for name in names if POOLS["identification"](name)] == ["search_rank1"]

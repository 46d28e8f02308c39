"""Tables of thresholds and groups, the open set among the columns, and what neither may disturb."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reading import markdown_tables, page, records
from report_files import ROWS, make, settings, write_run

from lgaf.evaluate.compare import paired_difference
from lgaf.evaluate.outcomes import outcomes
from lgaf.evaluate.replicates import read_replicates
from lgaf.files import read_json
from lgaf.formats.pack import read_table
from lgaf.report.sources import Layout

LABELS = {"LGAF": "lgaf", "ArcFace": "arcface", "MagFace": "magface"}


def numbers(cell: str) -> list[float]:
    return [float(text) for text in re.findall(r"[\d.]+", cell)]


def block(layout: Layout, row: str, benchmark: str) -> dict:
    return read_json(layout.results / "scores" / row / "7" / f"{benchmark}.json")["thresholds"]


def test_the_table_of_thresholds(world_report: Layout):
    (table,) = markdown_tables(page(world_report.results, "world-thresholds"))
    assert table[0] == ["benchmark", "method", "non-mated pairs", "threshold at FMR 1e-2", "FNMR at FMR 1e-2",
                        "threshold at FMR 1e-3", "FNMR at FMR 1e-3"]  # fmt: skip
    assert [row[0] for row in table[1:]] == ["world/cfp_fp"] * 3 + ["world/lfw"] * 3
    for benchmark, label, count, *cells in table[1:]:
        found = block(world_report, LABELS[label], benchmark.partition("/")[2])
        assert count == f"{found['nonmated']:,}"
        for point, (threshold, fnmr) in zip(found["points"], (cells[:2], cells[2:]), strict=False):
            bounds = [point["threshold"][key] for key in ("value", "low", "high")]
            assert numbers(threshold) == pytest.approx(bounds, abs=0.00051)
            bounds = [100 * point["fnmr"][key] for key in ("value", "low", "high")]
            assert numbers(fnmr) == pytest.approx(bounds, abs=0.0051)
    best = min(table[4:], key=lambda row: numbers(row[4])[0])
    assert [row for row in table[4:] if "**" in row[4]] == [best]  # the lowest FNMR


def test_the_file_of_thresholds(world_report: Layout):
    found = read_json(world_report.results / "thresholds.json")["rows"]
    assert {(it["row"], it["seed"], it["benchmark"]) for it in found} == {
        (row, 7, f"world/{name}") for row in ROWS for name in ("cfp_fp", "lfw")
    }
    for it in found:
        points = block(world_report, it["row"], it["benchmark"].partition("/")[2])["points"]
        point = next(point for point in points if point["fmr"] == it["fmr"])
        assert (it["threshold"], it["fnmr_high"]) == (point["threshold"]["value"], point["fnmr"]["high"])
        assert it["fmr"] * it["nonmated"] >= 10


def test_the_table_of_groups(world_report: Layout):
    text = page(world_report.results, "world-groups")
    (table,) = markdown_tables(text)
    assert table[0] == ["benchmark", "group", "people", "FMR of all", *LABELS]
    assert [row[1:4] for row in table[1:4]] == [["sex female", "20", "1e-2"], ["sex male", "20", "1e-2"],
                                                ["origin asian", "36", "1e-2"]]  # fmt: skip
    for row in table[1:]:
        for label, cell in zip(LABELS, row[4:], strict=True):
            points = block(world_report, LABELS[label], row[0].partition("/")[2])["points"]
            point = next(point for point in points if f"{point['fmr']:.0e}".replace("e-0", "e-") == row[3])
            group = next(it for it in point["groups"] if f"{it['by']} {it['group']}" == row[1])
            bounds = [100 * group[rate][key] for rate in ("fmr", "fnmr") for key in ("value", "low", "high")]
            assert numbers(cell) == pytest.approx(bounds, abs=0.0051)
    assert "world/lfw origin african (4)" in text
    assert "Generated people are no population" in text
    metrics = {it["metric"] for it in records(world_report.results / "tables" / "world-groups.csv")}
    assert "fmr@fmr=1e-2 sex=female" in metrics


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A search of 40 people of whom 20 are in the gallery."""
    run = settings(benchmarks=("door",))
    layout = write_run(tmp_path_factory.mktemp("door"), run)
    make(layout, run)
    return layout


def test_the_open_set_in_a_table(door: Layout):
    text = page(door.results, "world-door")
    table, paired = markdown_tables(text)
    assert table[0][-4:] == ["rank1", "rank5", "rank20", "fnir@fpir=1e-1"] or table[0][-5:] == [
        "rank1", "rank5", "rank20", "fnir@fpir=1e-1", "fnir@fpir=1e-2"
    ]  # fmt: skip
    column = table[0].index("fnir@fpir=1e-1")
    values = {row[0]: numbers(row[column])[0] for row in table[1:]}
    assert [row[0] for row in table[1:] if "**" in row[column]] == [min(values, key=values.__getitem__)] == ["LGAF"]
    assert "FNIR counts errors: lower is better" in text
    assert "non-mated searches: 80 of 20 people" in text
    one, other = (read_replicates(door.replicates / row / "7" / "door.arrow") for row in ("lgaf", "magface"))
    test = paired_difference(*(it.estimates["fnir@fpir=1e-1"] for it in (one, other)))
    cell = next(row for row in paired if row[0] == "LGAF - MagFace")[paired[0].index("fnir@fpir=1e-1")]
    assert cell.startswith(f"{100 * test.difference:+.2f} [")
    assert cell.endswith(f"p={test.p:.3f}")
    assert test.difference < 0


def test_the_gate_looks_at_the_closed_set_alone(door: Layout):
    trials: Path = door.results.parent / "trials" / "lgaf" / "7" / "door.arrow"
    found = outcomes(read_table(trials, ()))
    assert list(found) == ["rank1"]
    assert len(found["rank1"].right) == 80

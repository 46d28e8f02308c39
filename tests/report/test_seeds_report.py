"""Rows of several seeds, and the average of four, each recomputed by another route."""

import hashlib
import json
import math
import re
import shutil
import statistics
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from reading import markdown_tables, page, records
from report_files import FOUR, SEEDS, make, settings, write_run

from lgaf.files import read_json, write_json
from lgaf.report.sources import Layout

ROWS = ("lgaf", "lgaf_sum", "arcface")


def column(layout: Layout, row: str, seed: int, name: str, metric: str) -> list[float]:
    """The replicates as they lie in the file."""
    with pa.OSFile(str(layout.replicates / row / str(seed) / f"{name}.arrow")) as file:
        return pa.ipc.open_file(file).read_all()[metric].to_pylist()


def drawn(row: str, replicates: int = 200, seeds: int = 3) -> list[list[int]]:
    """Which seeds are drawn for a row in each replicate: one fewer than there are."""
    name = int(hashlib.sha256(row.encode()).hexdigest()[:8], 16)
    return np.random.default_rng([SEEDS.seed, name]).integers(seeds, size=(replicates, seeds - 1)).tolist()


def resampled(layout: Layout, row: str, names: tuple[str, ...], metric: str) -> list[float]:
    """Replicates of the mean over ``names`` and over seeds, replicate by replicate."""
    found = {(s, name): column(layout, row, s, name, metric) for s in SEEDS.seeds for name in names}
    return [
        statistics.fmean(found[SEEDS.seeds[s], name][r] for s in chosen for name in names)
        for r, chosen in enumerate(drawn(row))
    ]


def value(layout: Layout, row: str, seed: int, name: str, metric: str) -> float:
    return read_json(layout.results / "scores" / row / str(seed) / f"{name}.json")["metrics"][metric]["value"]


def quantile(values: list[float], share: float) -> float:
    """By linear interpolation between order statistics."""
    ordered, place = sorted(values), share * (len(values) - 1)
    below = math.floor(place)
    return ordered[below] + (place - below) * (ordered[min(below + 1, len(values) - 1)] - ordered[below])


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize(("shown", "names", "metric"), [
    ("world/calfw", ("calfw",), "accuracy"),
    ("world/tinyface", ("tinyface",), "rank1"),
    ("world/average", FOUR, "accuracy"),
])  # fmt: skip
def test_a_metric_is_the_mean_over_seeds_with_the_interval_of_both(seeds_report: Layout, row, shown, names, metric):
    found = read_json(seeds_report.results / "metrics.json")[row][shown][metric]
    each = [statistics.fmean(value(seeds_report, row, s, name, metric) for name in names) for s in SEEDS.seeds]
    assert found["seeds"] == pytest.approx(each)
    assert found["value"] == pytest.approx(statistics.fmean(each))
    replicates = resampled(seeds_report, row, names, metric)
    assert found["low"] == pytest.approx(quantile(replicates, 0.025))
    assert found["high"] == pytest.approx(quantile(replicates, 0.975))
    assert found["n"] == (800 if names == FOUR else 200 if metric == "accuracy" else 60)
    assert read_json(seeds_report.results / "summary" / f"{row}.json")[shown] == round(100 * found["value"], 2)


def test_the_average_has_an_interval_bold_and_a_paired_test(seeds_report: Layout):
    table, paired = markdown_tables(page(seeds_report.results, "world-verification"))
    assert table[0][-1] == paired[0][-1] == "average of 4"
    metrics = read_json(seeds_report.results / "metrics.json")
    values = [metrics[row]["world/average"]["accuracy"]["value"] for row in ROWS]
    assert [row[-1].startswith("**") for row in table[1:]] == [it == max(values) for it in values]
    ours = resampled(seeds_report, "lgaf", FOUR, "accuracy")
    for row, cells in zip(ROWS[1:], paired[1:], strict=True):
        theirs = resampled(seeds_report, row, FOUR, "accuracy")
        differences = [a - b for a, b in zip(ours, theirs, strict=True)]
        count = min(sum(d <= 0 for d in differences), sum(d >= 0 for d in differences))
        low, high = (100 * quantile(differences, share) for share in (0.025, 0.975))
        gap = 100 * (values[0] - values[ROWS.index(row)])
        assert cells[-1] == f"{gap:+.2f} [{low:+.2f}, {high:+.2f}] p={min(1, 2 * (1 + count) / 201):.3f}"


def test_no_average_where_one_of_the_four_is_missing(world_report: Layout):
    assert not any(name.endswith("average") for name in read_json(world_report.results / "metrics.json")["lgaf"])
    assert "average" not in page(world_report.results, "world-verification")


def test_notes_say_how_and_how_far_the_seeds_lie_apart(seeds_report: Layout):
    text = page(seeds_report.results, "world-tinyface")
    assert "A value is the mean over 3 trainings, seeds 0, 1, 2." in text
    assert "200 times the people and, apart from them, 2 of the 3 seeds are drawn with replacement" in text
    assert "Owen 2007" in text
    assert "one run" not in text
    note = next(line for line in text.splitlines() if "Standard deviation over seeds" in line)
    assert "(rank1, rank5, rank20): LGAF " in note
    metrics = read_json(seeds_report.results / "metrics.json")
    for row, label in (("lgaf", "LGAF"), ("lgaf_sum", "LGAF (sum)"), ("arcface", "ArcFace")):
        spread = (100 * statistics.stdev(metrics[row]["world/tinyface"][f"rank{k}"]["seeds"]) for k in (1, 5, 20))
        assert f"{label} " + ", ".join(f"{it:.2f}" for it in spread) in note
    record = records(seeds_report.results / "tables" / "world-tinyface.csv")[0]
    assert (record["seeds"], record["metric"]) == ("0, 1, 2", "rank1")
    found = [float(part) / 100 for part in record["seed_values"].split()]
    assert found == pytest.approx(metrics["lgaf"]["world/tinyface"]["rank1"]["seeds"], abs=1e-6)
    assert float(record["seed_spread"]) == pytest.approx(100 * statistics.stdev(found), abs=1e-3)


def test_two_networks_of_one_kind_stand_in_one_table(seeds_report: Layout):
    table, paired = markdown_tables(page(seeds_report.results, "world-tinyface"))
    assert [row[0] for row in table[1:]] == ["LGAF", "LGAF (sum)", "ArcFace"]
    assert [row[0] for row in paired[1:]] == ["LGAF - LGAF (sum)", "LGAF - ArcFace"]
    found = {row["fusion"] for row in records(seeds_report.results / "tables" / "world-tinyface.csv")}
    assert found == {"energy", "sum", ""}


def copy_seed(layout: Layout, row: str, source: int, target: int, name: str) -> None:
    """Let a seed have given exactly what another gave."""
    place = layout.results / "scores" / row
    write_json(place / str(target) / f"{name}.json", read_json(place / str(source) / f"{name}.json") | {"seed": target})
    place = layout.replicates / row
    shutil.copy(place / str(source) / f"{name}.arrow", place / str(target) / f"{name}.arrow")


def test_the_luck_of_training_widens_the_interval(tmp_path: Path):
    """Equal seeds give the interval of the people alone; seeds that differ a wider one."""
    run = settings(("lgaf",), seeds=(0, 1, 2), benchmarks=("lfw",))
    layout = write_run(tmp_path, run)
    make(layout, run)
    metrics = read_json(layout.results / "metrics.json")["lgaf"]["world/lfw"]["accuracy"]
    each = [np.array(column(layout, "lgaf", s, "lfw", "accuracy")) for s in run.seeds]
    people = np.quantile(np.mean(each, axis=0), [0.025, 0.975])
    assert metrics["high"] - metrics["low"] > 1.1 * (people[1] - people[0])
    for seed in (1, 2):
        copy_seed(layout, "lgaf", 0, seed, "lfw")
    make(layout, run)
    metrics = read_json(layout.results / "metrics.json")["lgaf"]["world/lfw"]["accuracy"]
    alone = read_json(layout.results / "scores" / "lgaf" / "0" / "lfw.json")["metrics"]["accuracy"]
    assert {key: metrics[key] for key in alone} == pytest.approx(alone)
    assert metrics["seeds"] == [alone["value"]] * 3


def test_the_json_has_seeds_only_where_there_are_several(world_report: Layout, seeds_report: Layout):
    assert '"seeds"' not in json.dumps(read_json(world_report.results / "metrics.json"))
    metrics = read_json(seeds_report.results / "metrics.json")
    assert all(len(m["seeds"]) == 3 for row in metrics.values() for b in row.values() for m in b.values())


def test_parameters_of_seeds_that_were_trained_differently_are_both_named(tmp_path: Path):
    run = settings(("lgaf",), seeds=(0, 1), benchmarks=("lfw",))
    layout = write_run(tmp_path, run)
    path = layout.models / "lgaf" / "1" / "training.json"
    write_json(path, read_json(path) | {"precision": "bfloat16"})
    make(layout, run)
    text = page(layout.results, "world-verification")
    assert "Precision: float32, bfloat16." in text
    assert re.search(r"1 of the 2\s+seeds are drawn", text)

"""Tables of our rows: cells, marks, tests, and what never meets in one table."""

import re
from dataclasses import replace

import pytest
from reading import markdown_tables, page, records
from report_files import LABELS, ROWS, TRAIN_SET, made, settings

from lgaf.evaluate.replicates import read_replicates
from lgaf.files import read_json
from lgaf.report.cells import Results
from lgaf.report.facts import run_of
from lgaf.report.measured import measure, metrics_of
from lgaf.report.paired import paired_tests
from lgaf.report.published import read_published
from lgaf.report.report import make_tables
from lgaf.report.sources import Layout, read_models, versions_of
from lgaf.report.tables import build

PUBLISHED = ("verification", "tinyface", "scface", "ijbb", "ijbc")
KINDS = {"md", "csv", "tex"}
COUNTS = {"images": 1, "missed": 0, "unreadable": 0, "written": 1}


def results_of(layout: Layout, rename=lambda name: name) -> Results:
    """What the tables of a run are made of, its benchmarks under other names."""
    run = settings()
    models = read_models(layout, run)
    models = [
        replace(it, replicates=[replace(r, benchmark=rename(r.benchmark)) for r in it.replicates]) for it in models
    ]
    summaries = [s | {"benchmark": rename(s["benchmark"])} for it in models for s in it.summaries]
    estimates = measure(models, run.seed)
    return Results(
        run=run_of(run, models, TRAIN_SET, "machine"),
        metrics=metrics_of(estimates, 0.95),
        estimates=estimates,
        tests=paired_tests(estimates, "lgaf", 0.95),
        summaries=summaries,
        alignment=dict.fromkeys(("train", *(summary["benchmark"] for summary in summaries)), COUNTS),
        versions=versions_of(models, run.benchmarks, {name: made(name).benchmark for name in run.benchmarks}),
    )


def test_tables_of_the_world(world_report: Layout):
    results = world_report.results
    names = (
        "world-verification",
        "world-all-pairs",
        "world-tinyface",
        "world-scface",
        "world-thresholds",
        "world-groups",
        *PUBLISHED,
    )
    assert {path.name for path in (results / "tables").iterdir()} == {
        "README.md",
        *(f"{name}.{kind}" for name in names for kind in KINDS),
    }
    table, paired = markdown_tables(page(results, "world-verification"))
    assert table[0] == ["method", "parameters (M)", "world/lfw", "world/cfp_fp"]
    assert [row[:2] for row in table[1:]] == [["LGAF", "0.57"], ["ArcFace", "0.45"], ["MagFace", "0.45"]]
    metrics = read_json(results / "metrics.json")
    for row, cells in zip(ROWS, table[1:], strict=True):
        for benchmark, cell in zip(table[0][2:], cells[2:], strict=True):
            found = metrics[row][benchmark]["accuracy"]
            numbers = [float(text) for text in re.findall(r"[\d.]+", cell)]
            assert numbers == pytest.approx([100 * found[key] for key in ("value", "low", "high")], abs=0.0051)
            best = max(metrics[other][benchmark]["accuracy"]["value"] for other in ROWS)
            assert cell.startswith("**") == (found["value"] == pytest.approx(best))
    assert [row[0] for row in paired[1:]] == ["LGAF - ArcFace", "LGAF - MagFace"]


def test_paired_tests_and_their_marks(world_report: Layout):
    marks = set()
    for name in ("verification", "tinyface", "scface"):
        table, paired = markdown_tables(page(world_report.results, f"world-{name}"))
        for number, row in enumerate(("arcface", "magface"), start=1):
            for place, title in enumerate(paired[0][1:], start=1):
                benchmark = title.removeprefix("world/") if name == "verification" else name
                metric = "accuracy" if name == "verification" else title
                ours, theirs = (
                    read_replicates(world_report.replicates / it / "7" / f"{benchmark}.arrow").estimates[metric]
                    for it in ("lgaf", row)
                )
                differences = sorted(ours.replicates - theirs.replicates)
                count = min(sum(d <= 0 for d in differences), sum(d >= 0 for d in differences))
                p = min(1, 2 * (1 + count) / 201)
                text = paired[number][place]
                assert text.startswith(f"{100 * (ours.value - theirs.value):+.2f} [")
                assert text.endswith(f"p={p:.3f}")
                low, high = (float(part) / 100 for part in re.findall(r"[+-][\d.]+", text)[1:])
                assert differences[4] - 1e-4 <= low <= differences[5] + 1e-4  # the 2.5 % point of 200
                assert differences[194] - 1e-4 <= high <= differences[195] + 1e-4
                marked = "†" in table[number + 1][table[0].index(title)]
                assert marked == (p < 0.05)
                marks.add(marked)
    assert marks == {True, False}


def test_the_csv_holds_every_metric_and_the_facts_of_its_row(real_report: Layout):
    metrics = read_json(real_report.results / "metrics.json")
    rows = records(real_report.results / "tables" / "tinyface.csv")
    ours = {(row["row"], row["metric"]): row for row in rows if row["kind"] == "measured"}
    for row in ("lgaf", "magface"):
        for metric, found in metrics[row]["tinyface"].items():
            record = ours[row, metric]
            assert record["method"] == LABELS[row]
            assert float(record["value"]) == pytest.approx(100 * found["value"], abs=1e-4)
            assert int(record["n"]) == found["n"]
            assert (record["head"], record["backbone"], record["precision"]) == ("arcface", "iresnet_mini", "float32")
            assert (record["seeds"], record["train_set"], record["seed_values"]) == ("7", TRAIN_SET, "")
    assert ours["lgaf", "rank1"]["parameters_millions"] == "0.57"
    assert ours["lgaf", "rank1"]["fusion"] == "energy"
    assert ours["lgaf", "rank1"]["reference_minus_this"] == ""
    record = ours["magface", "rank1"]
    gap = metrics["lgaf"]["tinyface"]["rank1"]["value"] - metrics["magface"]["tinyface"]["rank1"]["value"]
    assert record["reference"] == "LGAF"
    assert float(record["reference_minus_this"]) == pytest.approx(100 * gap, abs=1e-4)
    assert ours["magface", "rank5"]["reference_minus_this"] == ""


def test_generated_and_published_never_meet(world_report: Layout):
    world = results_of(world_report)
    part = results_of(world_report, lambda name: name.replace("world", "part"))
    for published, unread in ((read_published(), ()), ((), read_published("lgaf_published.csv"))):
        for table, results in (("world-verification", world), ("part-verification", part)):
            with pytest.raises(ValueError, match="never stand in a table"):
                build(table, results, published, unread)


def test_no_table_of_the_world_holds_a_published_word_and_no_published_one_a_generated(world_report: Layout):
    for path in (world_report.results / "tables").iterdir():
        text = path.read_text()
        if path.name.startswith("world-"):
            assert "primary" not in text
            assert "MS1MV2" not in text
        elif path.name != "README.md":
            assert not re.search(r"world/|this run|measured|made.up|2 CPU cores", text)


def test_each_kind_of_benchmark_has_tables_of_its_own(real_report: Layout):
    names = {"lfw": "world/lfw", "tinyface": "part/tinyface"}
    tables = make_tables(results_of(real_report, lambda name: names.get(name, name)))
    measured = {table.name: {r["benchmark"] for r in table.records if r["kind"] == "measured"} for table in tables}
    assert measured == {
        "verification": {"cfp_fp"},
        "world-verification": {"world/lfw"},
        "part-tinyface": {"part/tinyface"},
        "scface": {"scface"},
        "tinyface": set(),
        "ijbb": set(),
        "ijbc": set(),
    }
    by_name = {table.name: table for table in tables}
    assert {row["kind"] for row in by_name["part-tinyface"].records} == {"measured"}
    assert not by_name["part-tinyface"].published
    assert not by_name["tinyface"].rows
    assert "published" not in by_name["part-tinyface"].title

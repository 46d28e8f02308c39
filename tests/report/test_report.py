"""The whole report, from files to files."""

import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from report_files import BENCHMARKS, METHODS, RUN, SETTINGS, write_run

from lgaf.errors import DataError
from lgaf.evaluate.compare import paired_difference
from lgaf.files import read_json, write_json
from lgaf.formats.pack import read_table
from lgaf.report.metrics import collect, read_metrics
from lgaf.report.notes import reading_notes
from lgaf.report.published import read_published
from lgaf.report.render import escape_latex
from lgaf.report.report import make_tables, report
from lgaf.report.sources import Layout
from lgaf.report.tables import build

KINDS = {"md", "csv", "tex"}
COUNTS = {"images": 1, "missed": 0, "unreadable": 0, "written": 1}


def summaries_of(layout: Layout) -> list[dict[str, Any]]:
    """Every score summary of a run."""
    return [read_json(layout.results / "scores" / method / f"{name}.json") for method in METHODS for name in BENCHMARKS]


def markdown_tables(text: str) -> list[list[list[str]]]:
    """Every Markdown table of a page as rows of cells, headings first."""
    tables: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not set("".join(cells)) <= set("-:"):
                tables[-1].append(cells)
        elif tables[-1]:
            tables.append([])
    return [table for table in tables if table]


def test_metrics_are_the_scores(world_report: Layout):
    results = world_report.results
    metrics = read_json(results / "metrics.json")
    assert list(metrics) == list(METHODS)
    for method in METHODS:
        for name in BENCHMARKS:
            summary = read_json(results / "scores" / method / f"{name}.json")
            assert metrics[method][f"world/{name}"] == summary["metrics"]
        main = read_json(results / "summary" / f"{method}.json")
        assert main["world/lfw"] == round(100 * metrics[method]["world/lfw"]["accuracy"]["value"], 2)
        assert main["world/scface"] == round(100 * metrics[method]["world/scface"]["d1_rank1"]["value"], 2)


def test_tables_of_the_world(world_report: Layout):
    results = world_report.results
    names = ("world-verification", "world-tinyface", "world-scface")
    assert {path.name for path in (results / "tables").iterdir()} == {
        "README.md",
        *(f"{name}.{kind}" for name in names for kind in KINDS),
    }
    table, paired = markdown_tables((results / "tables" / "world-verification.md").read_text())
    assert table[0] == ["method", "world/lfw", "world/cfp_fp"]
    assert [row[0] for row in table[1:]] == ["LGAF", "ArcFace", "MagFace"]
    metrics = read_json(results / "metrics.json")
    for method, row in zip(METHODS, table[1:], strict=True):
        for benchmark, cell in zip(table[0][1:], row[1:], strict=True):
            found = metrics[method][benchmark]["accuracy"]
            numbers = [float(text) for text in re.findall(r"[\d.]+", cell)]
            assert numbers == pytest.approx([100 * found[key] for key in ("value", "low", "high")], abs=0.0051)
            best = max(metrics[other][benchmark]["accuracy"]["value"] for other in METHODS)
            assert cell.startswith("**") == (found["value"] == pytest.approx(best))
    assert [row[0] for row in paired[1:]] == ["LGAF - ArcFace", "LGAF - MagFace"]


def test_paired_tests_and_their_marks(world_report: Layout):
    results = world_report.results
    for name in ("verification", "tinyface", "scface"):
        table, paired = markdown_tables((results / "tables" / f"world-{name}.md").read_text())
        for number, method in enumerate(("arcface", "magface")):
            for column, heading in enumerate(paired[0][1:], start=1):
                benchmark = heading.removeprefix("world/") if name == "verification" else name
                metric = "accuracy" if name == "verification" else heading
                ours, theirs = (
                    read_table(world_report.trials / m / f"{benchmark}.arrow", ()) for m in ("lgaf", method)
                )
                (found,) = paired_difference(ours, theirs, [metric], RUN.seed, SETTINGS.replicates).values()
                printed = [float(text) for text in re.findall(r"[+-]?[\d.]+", paired[1 + number][column])]
                expected = [100 * found.difference, 100 * found.low, 100 * found.high]
                assert printed[:3] == pytest.approx(expected, abs=0.0051)
                assert printed[3] == pytest.approx(found.p, abs=0.00051)
                cell = table[2 + number][table[0].index(heading)]
                assert cell.endswith("†") == (found.p < 0.05)
    assert "†" in (results / "tables" / "world-verification.md").read_text().split("\n\n")[1]


def test_notes_tell_protocol_images_seed_and_machine(world_report: Layout):
    results = world_report.results
    page = (results / "tables" / "world-verification.md").read_text()
    lines = read_json(results / "scores" / "lgaf" / "lfw.json")["protocol"]
    for text in (*lines, "seed 7", "2 CPU cores", "made_up & small", "world/lfw 110 of 110"):
        assert text in page
    assert "world/lfw 5 without a face found and 1 unreadable of 205, 5 of them left out" in page
    assert "world/cfp_fp 4 without a face found" in page
    assert "Photos not aligned: train 3 without a face found and 2 unreadable of 500, 5 of them left out; " in page


def test_a_method_with_fewer_images_is_named(world_report: Layout):
    summaries = summaries_of(world_report)
    short = next(s for s in summaries if (s["method"], s["benchmark"]) == ("magface", "world/lfw"))
    short["images"] |= {"used": 108, "missing": 2}
    alignment = dict.fromkeys(("train", *(summary["benchmark"] for summary in summaries)), COUNTS)
    (page,) = (t for t in make_tables(collect(summaries, "x"), summaries, alignment, {}, RUN) if "verif" in t.name)
    (note,) = (note for note in page.notes if note.startswith("Images scored"))
    assert "world/lfw 110 of 110 (LGAF, ArcFace); " in note
    assert "world/lfw 108 of 110 (MagFace)" in note
    assert "world/cfp_fp 110 of 110" in note


def test_published_rows_below_ours(real_report: Layout):
    results = real_report.results
    published = [vars(row) for row in read_published()]
    for name, benchmarks in {
        "verification": ("lfw", "cfp_fp"),
        "tinyface": ("tinyface",),
        "scface": ("scface",),
    }.items():
        page = (results / "tables" / f"{name}.md").read_text()
        rows = markdown_tables(page)[0]
        ours, others = rows[1 : 1 + len(METHODS)], rows[1 + len(METHODS) :]
        assert all(row[-1] == "this run" for row in ours)
        assert others[0][0] == "LGAF, published"
        assert "not available" in others[0]
        assert not re.search(r"\d", "".join(others[0][3:-1]))
        values = {row["value"] for row in published if row["benchmark"] in benchmarks}
        for row in others[1:]:
            assert row[-1].split()[0] in ("primary", "rerun", "secondary")
            number = re.search(r"\[(\d+)\]", row[-1])
            assert number is not None
            assert f"\n- [{number[1]}] " in page
            assert set(row[3:-1]) <= values | {"-"}
        records = list(csv.DictReader(io.StringIO((results / "tables" / f"{name}.csv").read_text())))
        quoted = [row for row in records if row["kind"] == "published" and row["method"] != "LGAF"]
        assert [{key: row[key] for key in published[0]} for row in quoted] == [
            row for row in published if row["benchmark"] in benchmarks
        ]


def test_the_csv_holds_every_metric(real_report: Layout):
    results = real_report.results
    metrics = read_json(results / "metrics.json")
    rows = list(csv.DictReader(io.StringIO((results / "tables" / "tinyface.csv").read_text())))
    ours = {(row["method"], row["metric"]): row for row in rows if row["kind"] == "measured"}
    for method, display in (("lgaf", "LGAF"), ("magface", "MagFace")):
        for metric, found in metrics[method]["tinyface"].items():
            row = ours[display, metric]
            assert float(row["value"]) == pytest.approx(100 * found["value"], abs=1e-4)
            assert int(row["n"]) == found["n"]


def test_generated_and_published_never_meet(world_report: Layout):
    metrics = read_metrics(world_report.results / "metrics.json")
    renamed = {m: {name.replace("world", "part"): v for name, v in row.items()} for m, row in metrics.items()}
    for published, unread in ((read_published(), ()), ((), read_published("lgaf_published.csv"))):
        for table, found in (("world-verification", metrics), ("part-verification", renamed)):
            with pytest.raises(ValueError, match="never stand in a table"):
                build(table, found, [], {}, {}, RUN, published, unread)


def test_no_world_table_holds_a_published_word(world_report: Layout):
    results = world_report.results
    for path in (results / "tables").iterdir():
        text = path.read_text()
        assert path.name == "README.md" or path.name.startswith("world-")
        assert "published" not in text
        assert "MS1MV2" not in text


def test_each_kind_of_benchmark_has_tables_of_its_own(real_report: Layout):
    summaries = summaries_of(real_report)
    for summary in summaries:
        if summary["benchmark"] == "lfw":
            summary["benchmark"] = "world/lfw"
        if summary["benchmark"] == "tinyface":
            summary["benchmark"] = "part/tinyface"
    alignment = dict.fromkeys(("train", *(summary["benchmark"] for summary in summaries)), COUNTS)
    tables = make_tables(collect(summaries, "x"), summaries, alignment, {}, RUN)
    benchmarks = {table.name: {row["benchmark"] for row in table.records} for table in tables}
    assert benchmarks == {
        "verification": {"cfp_fp"},
        "world-verification": {"world/lfw"},
        "part-tinyface": {"part/tinyface"},
        "scface": {"scface"},
    }
    part = next(table for table in tables if table.name == "part-tinyface")
    assert {row["kind"] for row in part.records} == {"measured"}
    assert "published" not in " ".join([part.title, *part.headers, *(cell for row in part.rows for cell in row)])


def test_latex_is_escaped_and_balanced(real_report: Layout):
    results = real_report.results
    for path in (results / "tables").glob("*.tex"):
        text = path.read_text()
        assert r"made\_up \& small" in text
        assert "**" not in text
        assert "†" not in text
        assert text.isascii()
        body = text.replace(r"\&", "").replace(r"\_", "").replace(r"\%", "").replace(r"\\", "")
        assert body.count("{") == body.count("}")
        assert "_" not in re.sub(r"\\label\{.*\}", "", body)
        assert "%" not in body
        assert text.count(r"\toprule") == text.count(r"\bottomrule") == 2
        for grid in re.findall(r"\\begin\{tabular\}\{(l+)\}(.*?)\\end\{tabular\}", body, re.DOTALL):
            for line in (line for line in grid[1].splitlines() if "&" in line):
                assert line.count("&") == len(grid[0]) - 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("95 % of a_b & c#d", r"95 \% of a\_b \& c\#d"),
        ("**1.0** †", r"\textbf{1.0} \textdagger{}"),
        ("{x} ~ ^ $", None),
    ],
)
def test_escape_latex(text: str, expected: str | None):
    escaped = escape_latex(text)
    if expected is not None:
        assert escaped == expected
    assert not re.search(r"(?<!\\)[%&#$_]", escaped)


def test_plots_are_drawn_and_not_empty(world_report: Layout):
    results = world_report.results
    names = {
        "training",
        "world-roc",
        "world-cmc",
        "world-reject",
        "world-attention-hidden",
        "world-attention-deformation",
    }
    names |= {f"world-histogram-{method}" for method in METHODS}
    assert {path.stem for path in (results / "plots").iterdir()} == names
    for path in (results / "plots").iterdir():
        pixels = np.asarray(Image.open(path).convert("RGB"), float)
        assert pixels.shape[1] <= 1000
        assert pixels.std() > 10
        blue = np.abs(pixels - [0, 114, 178]).sum(axis=2) < 30  # LGAF's colour, and that of mated scores
        assert blue.sum() > 100


def test_curves_for_dvc(world_report: Layout):
    results = world_report.results
    summary = read_json(results / "scores" / "lgaf" / "lfw.json")
    with (results / "curves" / "roc" / "world-lfw.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["log10_far", *METHODS]
    far, tar = summary["roc"]["far"], summary["roc"]["tar"]
    for row in rows:
        limit = 10 ** float(row["log10_far"]) * 1.0001
        assert float(row["lgaf"]) == pytest.approx(
            max(t for f, t in zip(far, tar, strict=True) if f <= limit), abs=1e-5
        )
    with (results / "curves" / "histogram" / "world-lfw.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sum(float(row["magface_mated"]) for row in rows) == pytest.approx(1, abs=1e-3)
    kinds = {path.name for path in (results / "curves").iterdir()}
    assert kinds == {"roc", "cmc", "histogram", "reject", "attention-hidden", "attention-deformation", "training"}
    assert {path.name for path in (results / "curves" / "cmc").iterdir()} == {
        "world-tinyface.csv",
        *(f"world-scface-d{distance}.csv" for distance in (1, 2, 3)),
    }
    assert (results / "curves" / "training" / "lgaf.csv").read_text().splitlines()[:2] == ["epoch,loss", "1,9.0"]


def test_equal_inputs_give_equal_bytes_and_nothing_old_stays(world_report: Layout, world_run: Layout):
    stale = world_run.results / "tables" / "verification.md"
    write_json(stale, "of an earlier run")
    report(world_run, METHODS, BENCHMARKS, RUN, SETTINGS)

    def contents(results: Path) -> dict[str, bytes]:
        return {str(path.relative_to(results)): path.read_bytes() for path in results.rglob("*") if path.is_file()}

    assert contents(world_run.results) == contents(world_report.results)


def test_without_lgaf_nothing_is_tested(tmp_path: Path):
    layout = write_run(tmp_path, world=True, methods=("arcface", "magface"), benchmarks=("lfw",))
    report(layout, ("arcface", "magface"), ("lfw",), RUN, SETTINGS)
    page = (layout.results / "tables" / "world-verification.md").read_text()
    assert "ArcFace" in page
    assert "†" not in page
    assert "LGAF" not in page
    assert len(markdown_tables(page)) == 1


def broken_summary(layout: Layout) -> str:
    path = layout.results / "scores" / "arcface" / "lfw.json"
    path.write_text(json.dumps({"method": "arcface"}))
    return "scores/arcface/lfw.json: has no 'benchmark'"


def missing_summary(layout: Layout) -> str:
    (layout.results / "scores" / "arcface" / "lfw.json").unlink()
    return "lfw.json: no such file"


def missing_curve(layout: Layout) -> str:
    (layout.models / "magface" / "live" / "plots" / "metrics" / "loss.tsv").unlink()
    return "loss.tsv: not a training curve"


def missing_trials(layout: Layout) -> str:
    (layout.trials / "magface" / "lfw.arrow").unlink()
    return "lfw.arrow: no such file"


def other_trials(layout: Layout) -> str:
    path = layout.trials / "magface" / "lfw.arrow"
    table = read_table(path, ()).slice(1)
    table = pa.Table.from_pylist(table.to_pylist(), schema=table.schema)  # off the file before it is overwritten
    path.unlink()
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)
    return "magface/lfw.arrow: the trials differ"


@pytest.mark.parametrize("harm", [broken_summary, missing_summary, missing_curve, missing_trials, other_trials])
def test_a_broken_input_is_named_and_nothing_is_written(world_run: Layout, harm):
    message = harm(world_run)
    with pytest.raises(DataError, match=re.escape(message)):
        report(world_run, METHODS, BENCHMARKS, RUN, SETTINGS)
    assert not (world_run.results / "tables").exists()
    assert not (world_run.results / "metrics.json").exists()


def test_the_report_imports_no_torch():
    code = "import sys, lgaf.report.report, lgaf.report.check; assert 'torch' not in sys.modules, 'torch'"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_luck_of_training_has_its_own_seed_under_the_table():
    assert "one run, seed 7." in reading_notes(RUN, 0)[0]
    assert "one run, seed 7, of training 7, 9." in reading_notes(replace(RUN, train_seeds=(7, 9)), 0)[0]

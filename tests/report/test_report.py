"""The whole report, from files to files."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from reading import markdown_tables, page
from report_files import BENCHMARKS, EVALUATE, ROWS, make, settings, write_run, write_scores

from lgaf.errors import DataError
from lgaf.files import read_json, write_json
from lgaf.report.sources import Layout


def test_with_one_seed_metrics_are_the_scores(world_report: Layout):
    results = world_report.results
    metrics = read_json(results / "metrics.json")
    assert list(metrics) == list(ROWS)
    for row in ROWS:
        assert list(metrics[row]) == [f"world/{name}" for name in BENCHMARKS]
        for name in BENCHMARKS:
            summary = read_json(results / "scores" / row / "7" / f"{name}.json")
            assert metrics[row][f"world/{name}"] == summary["metrics"]
        main = read_json(results / "summary" / f"{row}.json")
        assert main["world/lfw"] == round(100 * metrics[row]["world/lfw"]["accuracy"]["value"], 2)
        assert main["world/scface"] == round(100 * metrics[row]["world/scface"]["d1_rank1"]["value"], 2)


def test_notes_say_what_a_reader_must_know(world_report: Layout):
    text = page(world_report.results, "world-verification")
    summary = read_json(world_report.results / "scores" / "lgaf" / "7" / "lfw.json")
    for said in (*summary["protocol"], "2 CPU cores", "Training set: made_up & small.", "world/lfw 110 of 110"):
        assert said in text
    assert "not the luck of training: every row is one run, seed 7." in text
    assert "Backbone: iresnet_mini. " in text
    assert "Training images: 495 of 50 people. Precision: float32. Trained on: cpu. " in text
    assert "Parameters" not in text
    assert "world/lfw 5 without a face found and 1 unreadable of 205, 5 of them left out" in text
    assert "world/cfp_fp 4 without a face found" in text
    assert "Photos not aligned: train 3 without a face found and 2 unreadable of 500, 5 of them left out; " in text
    assert "deviation over seeds" not in text


def test_the_luck_of_training_has_its_own_seed_under_the_table(tmp_path: Path):
    run = settings(("lgaf", "arcface"), seeds=(9,), benchmarks=("lfw",))
    layout = write_run(tmp_path, run)
    make(layout, run)
    assert "every row is one run, seed 7, of training 9." in page(layout.results, "world-verification")


def test_a_row_with_fewer_images_is_named(world_run: Layout):
    path = world_run.results / "scores" / "magface" / "7" / "lfw.json"
    short = read_json(path)
    short["images"] |= {"used": 108, "missing": 2}
    write_json(path, short)
    make(world_run, settings())
    text = page(world_run.results, "world-verification")
    note = next(line for line in text.splitlines() if line.startswith("- Images scored"))
    assert "world/lfw 110 of 110 (LGAF, ArcFace); " in note
    assert "world/lfw 108 of 110 (MagFace)" in note
    assert "world/cfp_fp 110 of 110" in note


def test_what_differs_between_rows_is_a_column(world_run: Layout):
    path = world_run.models / "arcface" / "7" / "training.json"
    write_json(path, read_json(path) | {"backbone": "iresnet100", "precision": "bfloat16", "device": "cuda"})
    make(world_run, settings())
    text = page(world_run.results, "world-tinyface")
    head, *rows = markdown_tables(text)[0]
    assert head[:5] == ["method", "backbone", "parameters (M)", "precision", "trained on"]
    assert [row[:5] for row in rows] == [
        ["LGAF", "iresnet_mini", "0.57", "float32", "cpu"],
        ["ArcFace", "R100", "0.45", "bfloat16", "cuda"],
        ["MagFace", "iresnet_mini", "0.45", "float32", "cpu"],
    ]
    assert not re.search("Backbone:|Precision:|Trained on:", text)
    assert "Training set: made_up & small." in text


def test_equal_inputs_give_equal_bytes_and_nothing_old_stays(world_report: Layout, world_run: Layout):
    write_json(world_run.results / "tables" / "world-old.md", "of an earlier run")
    make(world_run, settings(), plots=True)

    def contents(results: Path) -> dict[str, bytes]:
        return {str(path.relative_to(results)): path.read_bytes() for path in results.rglob("*") if path.is_file()}

    assert contents(world_run.results) == contents(world_report.results)


def test_any_row_may_be_the_reference(world_run: Layout):
    make(world_run, settings(reference="arcface"))
    text = page(world_run.results, "world-verification")
    assert [row[0] for row in markdown_tables(text)[1][1:]] == ["ArcFace - LGAF", "ArcFace - MagFace"]
    assert "† differs from ArcFace: " in text


def test_a_row_alone_is_not_tested(tmp_path: Path):
    run = settings(("arcface",), benchmarks=("lfw",))
    layout = write_run(tmp_path, run)
    make(layout, run)
    text = page(layout.results, "world-verification")
    assert "ArcFace" in text
    assert "†" not in text
    assert "**" not in text
    assert len(markdown_tables(text)) == 1


def broken_summary(layout: Layout) -> str:
    path = layout.results / "scores" / "arcface" / "7" / "lfw.json"
    path.write_text(json.dumps({"method": "arcface"}))
    return "scores/arcface/7/lfw.json: has no 'seed'"


def missing_summary(layout: Layout) -> str:
    (layout.results / "scores" / "arcface" / "7" / "lfw.json").unlink()
    return "lfw.json: no such file"


def summary_of_another_seed(layout: Layout) -> str:
    path = layout.results / "scores" / "arcface" / "7" / "lfw.json"
    write_json(path, read_json(path) | {"seed": 8})
    return "7/lfw.json: holds scores of 'arcface', seed 8; run"


def missing_training(layout: Layout) -> str:
    (layout.models / "magface" / "7" / "training.json").unlink()
    return "models/magface/7/training.json: no such file"


def broken_training(layout: Layout) -> str:
    path = layout.models / "magface" / "7" / "training.json"
    write_json(path, read_json(path) | {"parameters": "many"})
    return "training.json: parameters: Input should be a valid integer"


def missing_replicates(layout: Layout) -> str:
    (layout.replicates / "magface" / "7" / "lfw.arrow").unlink()
    return "lfw.arrow: no such file"


def other_trials(layout: Layout) -> str:
    shutil.copy(layout.replicates / "magface" / "7" / "cfp_fp.arrow", layout.replicates / "magface" / "7" / "lfw.arrow")
    return "replicates/lgaf/7/lfw.arrow: not of the same trials and resamples"


def other_draws(layout: Layout) -> str:
    run = settings(seed=8)
    write_scores(layout.results.parent, layout, run, "magface", 7, "lfw", 1, True)
    return "replicates/magface/7/lfw.arrow and "


def fewer_draws(layout: Layout) -> str:
    run = settings(evaluate=EVALUATE.model_copy(update={"replicates": 100}))
    for row in ROWS:
        write_scores(layout.results.parent, layout, run, row, 7, "lfw", 1, True)
    return "lgaf/7/lfw.arrow: not of 200 resamples"


def another_benchmark(layout: Layout) -> str:
    path = layout.results / "scores" / "magface" / "7" / "lfw.json"
    write_json(path, read_json(path) | {"benchmark": "lfw"})
    return "magface/7/lfw.arrow: is of 'world/lfw', its scores"


HARMS = [
    broken_summary,
    missing_summary,
    summary_of_another_seed,
    missing_training,
    broken_training,
    missing_replicates,
    other_trials,
    other_draws,
    fewer_draws,
    another_benchmark,
]


@pytest.mark.parametrize("harm", HARMS)
def test_a_broken_input_is_named_and_nothing_is_written(world_run: Layout, harm):
    message = harm(world_run)
    with pytest.raises(DataError, match=re.escape(message)):
        make(world_run, settings())
    assert not (world_run.results / "tables").exists()
    assert not (world_run.results / "metrics.json").exists()


def test_the_report_imports_no_torch():
    code = "import sys, lgaf.report.report; assert 'torch' not in sys.modules, 'torch'"
    subprocess.run([sys.executable, "-c", code], check=True)

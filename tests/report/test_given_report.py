"""Rows that were trained elsewhere, beside rows of several seeds, and alone."""

import json
import shutil
from pathlib import Path

import pytest
from reading import markdown_tables, page, records
from report_files import make, settings, write_run

from lgaf.errors import DataError
from lgaf.files import read_json, write_json
from lgaf.report.settings import ReportRow, ReportRun
from lgaf.report.sources import Layout

MANIFEST = {
    "file": "n.onnx", "format": "onnx", "sha256": "a" * 64, "image_size": 112, "channels": "RGB",
    "mean": [127.5, 127.5, 127.5], "scale": [128, 128, 128], "flip": True, "flip_fusion": "sum", "alignment": "arcface",
    "embedding_dim": 16, "train_set": "Glint360K", "licence": "MIT", "source": "its author",
}  # fmt: skip


def given_run(rows: tuple[str, ...], folder: Path) -> tuple[ReportRun, Layout]:
    """Rows of three seeds and, after them, one that was trained elsewhere."""
    trained = settings(rows or ("arcface",), seeds=(3, 4, 5), benchmarks=("lfw", "tinyface"))
    other = ReportRow(id="arcface", label="Net", network="file", head="", fusion=None, trained=False)
    alone = trained.model_copy(update={"rows": (other,), "seeds": (0,)})
    layout = write_run(folder, alone)
    shutil.rmtree(layout.models)
    write_json(layout.models / "arcface" / "0" / "manifest.json", MANIFEST)
    if not rows:
        return alone.model_copy(update={"seeds": (3, 4, 5), "reference": "arcface"}), layout
    write_run(folder, trained)
    return trained.model_copy(update={"rows": (*trained.rows, other)}), layout


def test_a_given_row_stands_in_every_table_beside_rows_of_several_seeds(tmp_path: Path):
    run, layout = given_run(("lgaf", "magface"), tmp_path)
    make(layout, run, plots=True)
    metrics = read_json(layout.results / "metrics.json")
    for benchmark, metric in (("world/lfw", "accuracy"), ("world/tinyface", "rank1")):
        found = metrics["arcface"][benchmark][metric]
        name = benchmark.partition("/")[2]
        alone = read_json(layout.results / "scores" / "arcface" / "0" / f"{name}.json")["metrics"][metric]
        assert found == pytest.approx({key: alone[key] for key in found}), (
            "one network: no seeds, the people's interval"
        )
        assert len(metrics["lgaf"][benchmark][metric]["seeds"]) == 3
        text = page(layout.results, "world-verification" if metric == "accuracy" else "world-tinyface")
        table, paired = markdown_tables(text)
        assert [row[0] for row in table[1:]] == ["LGAF", "MagFace", "Net"]
        facts = dict(zip(table[0], table[3], strict=True))
        assert (facts["backbone"], facts["training set"], facts["parameters (M)"]) == ("onnx file", "Glint360K", "-")
        assert [row[0] for row in paired[1:]] == ["LGAF - MagFace", "LGAF - Net"]
        assert "p=" in paired[2][1]
        assert "seeds 3, 4, 5; of a network trained elsewhere, that of its one file." in text
        assert "Trained elsewhere, on what may hold people of these benchmarks: Net (its author, MIT)." in text
        spread = next(line for line in text.splitlines() if "Standard deviation over seeds" in line)
        assert "LGAF " in spread
        assert "Net" not in spread
        assert "nan" not in text
    record = next(it for it in records(layout.results / "tables" / "world-verification.csv") if it["row"] == "arcface")
    assert (record["network"], record["head"], record["seeds"], record["seed_values"]) == ("file", "", "-", "")
    assert (layout.results / "plots" / "world-histogram-arcface.png").exists()
    training = (layout.results / "curves" / "training" / "loss.csv").read_text()
    assert "LGAF" in training
    assert "Net" not in training


def test_where_nothing_is_trained_there_is_no_training_to_show(tmp_path: Path):
    run, layout = given_run((), tmp_path)
    counts = dict.fromkeys(("images", "detected", "given", "missed", "unreadable", "written"), 0)
    write_json(layout.results / "align" / "train.json", {"counts": counts, "missed": [], "unreadable": []})
    make(layout, run, plots=True)
    assert not (layout.results / "plots" / "training.png").exists()
    assert not (layout.results / "curves" / "training").exists()
    text = page(layout.results, "world-verification")
    assert "An interval covers the choice of test images.\n" in text
    assert "Backbone: onnx file. Training set: Glint360K. Machine: " in text
    assert "luck of training" not in text
    assert "Photos not aligned: world/lfw" in text
    assert "train none" not in text
    assert json.loads((layout.results / "summary" / "arcface.json").read_text())["world/lfw"] > 50


def test_a_broken_manifest_is_named(tmp_path: Path):
    run, layout = given_run((), tmp_path)
    path = layout.models / "arcface" / "0" / "manifest.json"
    write_json(path, {key: value for key, value in MANIFEST.items() if key != "licence"})
    with pytest.raises(DataError, match=r"manifest\.json: licence: Field required; make arcface again"):
        make(layout, run)

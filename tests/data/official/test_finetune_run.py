"""The presets that fine-tune, run on miniatures of their data sets from a checkpoint of ours."""

import json
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML

from lgaf.cli import main
from lgaf.formats.pack import Pack
from lgaf.models import create_model
from lgaf.models.checkpoint import save_model

ROOT = Path(__file__).parents[3]
SMALL = {"backbone": "iresnet_mini", "embedding_dim": 16}
FILE = "imported/start.safetensors"
ROWS = ["arcface", "lgaf"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of a run, with a checkpoint."""
    torch.manual_seed(2)
    save_model(create_model("plain", **SMALL), tmp_path / FILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    yield tmp_path
    torch.set_flush_denormal(False)  # training sets it for the process


def write_params(preset, layouts, benchmark):
    """The preset, small: one benchmark, two rows, both from the checkpoint, their other values as they are."""
    yaml = YAML()
    values = yaml.load(ROOT / "presets" / f"{preset}.yaml")
    values |= {**SMALL, "benchmarks": [benchmark]}
    values["data"] |= {"root": str(layouts), "counts": "any"}
    values["damage"]["enabled"] = False
    values["train"] |= {"epochs": 2, "warmup_epochs": 1, "batch_size": 8, "workers": 0, "precision": "float32"}
    values["evaluate"] |= {"replicates": 100, "far": [0.1]}
    values["methods"] = {row: values["methods"][row] for row in ROWS}
    for method in values["methods"].values():
        method.pop("backbone", None)
        method["train"]["start_from"] |= {"checkpoint": FILE, "format": None}
    yaml.dump(values, Path("params.yaml"))


def run(benchmark):
    stages = [["settings"], ["photos"], ["align", "train"], ["align", benchmark]]
    for row in ROWS:
        stages += [["train", row, "0"], ["embed", row, "0"], ["score", row, benchmark, "0"]]
    for stage in [*stages, ["report"]]:
        assert main(stage) == 0, stage


@pytest.mark.parametrize(
    ("preset", "benchmark", "images", "train_set"),
    [("finetune-tinyface", "tinyface", 9, "Training_Set"), ("finetune-scface", "scface_test80", 64, "scface")],
)
def test_a_preset_from_checkpoint_to_table(folder, layouts, preset, benchmark, images, train_set):
    write_params(preset, layouts, benchmark)
    assert main(["doctor"]) == 0
    run(benchmark)
    assert len(Pack("data/aligned/train.arrow")) == images
    start = create_model(checkpoint=FILE).state_dict()
    frozen = preset == "finetune-scface"
    for row, take in (("arcface", "whole"), ("lgaf", "backbone")):
        said = json.loads(Path("models", row, "0", "training.json").read_text())["started_from"]
        assert (said["file"], said["take"], said["lr_factor"]) == ("start.safetensors", take, 0.1)
        assert said["sha256"] == json.loads(Path(f"settings/train/{row}.json").read_text())["settings"]["train"][
            "start_from"]["sha256"] is not None  # fmt: skip
        tuned = create_model(checkpoint=Path("models", row, "0")).state_dict()
        for layer, still in (("layer1.0.conv1", frozen), ("layer3.0.conv1", False)):
            name = f"backbone.network.{layer}.weight"
            assert torch.equal(tuned[name], start[name]) == still, name
    page = Path("results/tables", f"part-{benchmark}.md").read_text()
    assert f"{train_set}, started from start.safetensors (whole)" in page
    assert f"{train_set}, started from start.safetensors (backbone)" in page
    assert list(json.loads(Path("results/metrics.json").read_text())["lgaf"]) == [f"part/{benchmark}"]


def test_another_checkpoint_is_another_training(folder, layouts, capsys):
    """DVC watches the file of settings; what is not below imported/ is said."""
    write_params("finetune-scface", layouts, "scface_test80")
    found = []
    for _ in range(2):
        assert main(["settings"]) == 0
        found.append(Path("settings/train/arcface.json").read_text())
        save_model(create_model("plain", **SMALL), FILE)
    assert found[0] != found[1]
    assert "lies outside" not in capsys.readouterr().err
    Path(FILE).rename("elsewhere.safetensors")
    assert main(["settings"]) == 1
    error = capsys.readouterr().err
    for row in ROWS:
        assert f"methods.{row}.train.start_from: {FILE}: no such file; put the checkpoint there" in error
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace(FILE, "elsewhere.safetensors"))
    assert main(["settings"]) == 0
    said = "methods.arcface.train.start_from: elsewhere.safetensors lies outside the folder imported, which DVC watches"
    assert said in capsys.readouterr().err


def test_whom_a_preset_trains_it_does_not_test(folder, layouts, capsys):
    write_params("finetune-scface", layouts, "scface")
    assert main(["settings"]) == 1
    assert "benchmarks: 'scface' tests everyone, and data.train scface are 50 of them" in capsys.readouterr().err

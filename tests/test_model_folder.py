"""A model that is handed on loads as it is, and its card says what it was trained on, how, and what it is worth."""

import json
from ast import literal_eval
from pathlib import Path

import pytest
import torch

from lgaf.cli import main
from lgaf.config import load_settings
from lgaf.model_folder import export_folder
from lgaf.models import create_model
from lgaf.models.checkpoint import read_metadata, save_model

PARAMS = Path(__file__).parents[1] / "params.yaml"
METRICS = {
    "lgaf": {
        "world/lfw": {"accuracy": {"value": 0.93, "low": 0.8984, "high": 0.9574, "n": 600}},
        "world/tinyface": {"rank1": {"value": 0.23, "low": 0.16, "high": 0.31, "n": 160}},
    },
    "arcface": {"world/lfw": {"accuracy": {"value": 0.77, "low": 0.7, "high": 0.8, "n": 600}}},
}


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """One as params.yaml has the row trained, in an empty folder to run in."""
    monkeypatch.chdir(tmp_path)
    run = load_settings(PARAMS).run("lgaf")
    facts = {"row": "lgaf", "seed": 0, "precision": "float32", "images": 5000, "identities": 500}
    facts |= {"epochs": run.train.epochs, "head": run.head, "head_options": run.head_options}
    save_model(create_model(**run.model), tmp_path / "trained.safetensors", facts)
    return tmp_path / "trained.safetensors"


def card(checkpoint, params=PARAMS, results=Path("results/metrics.json")):
    export_folder(checkpoint, Path("made"), params, results)
    return Path("made/README.md").read_text()


def test_the_command_and_what_it_makes(checkpoint):
    Path("results").mkdir()
    Path("results/metrics.json").write_text(json.dumps(METRICS))
    assert main(["--params", str(PARAMS), "export", str(checkpoint), "out/lgaf/"]) == 0
    assert sorted(path.name for path in Path("out").rglob("*")) == ["README.md", "lgaf", "model.safetensors"]
    images = torch.rand(2, 3, 64, 64)
    expected = create_model(checkpoint=checkpoint)(images)
    for place in ("out/lgaf", "out/lgaf/model.safetensors"):
        out = create_model(checkpoint=place)(images)
        assert torch.equal(out.embedding, expected.embedding)
        assert torch.equal(out.attention, expected.attention)
    text = Path("out/lgaf/README.md").read_text()
    assert text.startswith("# lgaf: a face-recognition network\n")
    lines = [" ".join(line.split()) for line in text.splitlines()]  # columns without their padding
    for line in (
        "5,000 images of 500 identities of the generated world of faces.",
        "- channels: `RGB`",
        "- backbone: `iresnet_mini`",
        "- head: `arcface`",
        "- lr: `0.1`",
        "- batch_size: `64`",
        "| world/lfw | accuracy | 93.00 | 89.84 to 95.74 | 600 |",
        "| world/tinyface | rank1 | 23.00 | 16.00 to 31.00 | 160 |",
        "- Results on `world/...` are on generated people and say nothing of accuracy on photographs.",
    ):
        assert line in lines
    assert "77.00" not in text


def test_a_card_says_what_it_does_not_know(checkpoint):
    """No results; and a recipe only from the params.yaml that it was trained by."""
    changed = Path("params.yaml")
    changed.write_text(PARAMS.read_text().replace("epochs: 8", "epochs: 16"))
    for params in (Path("none.yaml"), changed):
        text = card(checkpoint, params)
        assert "None at hand." in text
        assert "which was not at hand." in text
        assert "- epochs: `8`" in text
        assert "- lr:" not in text
        assert "5,000 images of 500 identities.\n" in text
        assert "`world/...`" not in text
        for path in Path("made").iterdir():
            path.unlink()


def test_a_card_says_what_training_started_from(checkpoint):
    start = {"file": "theirs.pt", "format": "adaface", "take": "backbone", "freeze": ["conv1"], "lr_factor": 0.1}
    facts = {**read_metadata(checkpoint), "started_from": start}
    save_model(create_model(checkpoint=checkpoint), checkpoint, facts)
    (line,) = [line for line in card(checkpoint).splitlines() if line.startswith("- started_from: ")]
    assert literal_eval(line.partition("`")[2].rstrip("`")) == start


def test_a_checkpoint_without_facts_has_a_card_too(checkpoint):
    save_model(create_model("plain", backbone="iresnet_mini", image_size=32), checkpoint)
    text = card(checkpoint)
    assert text.startswith("# plain: a face-recognition network\n")
    assert "Not recorded in the checkpoint." in text


def test_what_is_refused_leaves_nothing(checkpoint, capsys):
    def refused(source, target):
        assert main(["--params", str(PARAMS), "export", str(source), target]) == 1
        return capsys.readouterr().err

    Path("full").mkdir()
    Path("full/file").write_text("")
    assert refused(checkpoint, "full") == "lgaf: full: is there and not an empty folder; name another or delete it\n"
    assert "full/file: is there and not" in refused(checkpoint, "full/file")
    assert "no such checkpoint" in refused("none", "made")
    Path("results").mkdir()
    Path("results/metrics.json").write_text("{")
    assert "metrics.json: not JSON" in refused(checkpoint, "made")
    assert "a.pt: must end in .rec, or in .bin and come with a protocol; a checkpoint in .onnx" in refused(
        checkpoint, "a.pt"
    )
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["full", "results", "trained.safetensors"]

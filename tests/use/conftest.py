"""A folder of a run: parameters, a tiny trained row and photos of one real face, which scikit-image carries."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from skimage.data import astronaut

import lgaf.cli as cli
from lgaf.models import create_model
from lgaf.models.checkpoint import save_model

ROOT = Path(__file__).parents[2]
SIZE = 32


@pytest.fixture(scope="session")
def face():
    """(250, 250, 3) RGB, one face."""
    return np.ascontiguousarray(astronaut()[:250, 100:350])


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """An LGAF with random weights, at 32 pixels."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("checkpoint") / "model.safetensors"
    save_model(create_model("lgaf", backbone="iresnet_mini", embedding_dim=8, image_size=SIZE).eval(), path)
    return path


@pytest.fixture
def project(tmp_path, monkeypatch, checkpoint, face):
    """The folder of a run in which row ``lgaf`` is trained: a.jpg, its mirror image b.png, and nobody.png."""
    (tmp_path / "params.yaml").write_text((ROOT / "presets" / "tiny.yaml").read_text())
    folder = tmp_path / "models" / "lgaf" / "0"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(checkpoint.read_bytes())
    save(tmp_path / "a.jpg", face)
    save(tmp_path / "b.png", face[:, ::-1])
    save(tmp_path / "nobody.png", np.full((60, 50, 3), 90, np.uint8))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, image[..., ::-1])[1].tobytes())


@pytest.fixture(name="save")
def _save():
    return save


@pytest.fixture
def lgaf(capsys):
    """``lgaf("compare", ...)`` -> (exit status, output, lines of errors but for the progress bars)."""

    def run(*arguments):
        status = cli.main([str(each) for each in arguments])
        out, error = capsys.readouterr()
        return status, out, [line for line in error.splitlines() if line.startswith("lgaf: ")]

    return run


@pytest.fixture
def thresholds(project):
    """``thresholds(0.5, fmr=...)`` writes results/thresholds.json with one threshold of row lgaf, seed 0."""

    def write(threshold, **changed):
        row = {
            "row": "lgaf", "seed": 0, "benchmark": "world/lfw", "over": "all pairs", "mated": 700, "fmr": 0.001,
            "threshold": threshold,
            "threshold_low": threshold - 0.02, "threshold_high": threshold + 0.02, "fnmr": 0.125, "fnmr_low": 0.1,
            "fnmr_high": 0.15, "nonmated": 60375, **changed,
        }  # fmt: skip
        path = project / "results" / "thresholds.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"rows": [row]}))
        return path

    return write

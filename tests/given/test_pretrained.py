"""Networks that others trained on real faces, on real photos: the rows of presets/pretrained.yaml."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from lgaf.align.find import Finder
from lgaf.align.settings import AlignSettings
from lgaf.align.warp import align
from lgaf.config import load_settings
from lgaf.embed import embed_batch
from lgaf.formats.image import decode
from lgaf.given.manifest import Manifest, path_of
from lgaf.given.network import Given
from lgaf.given.separation import separation

PRESET = load_settings(Path(__file__).parents[2] / "presets" / "pretrained.yaml")
MOBILEFACENET = {
    "format": "tflite", "sha256": "d8ba40c0127fb8ca9917e8fddc79bbbda063657bc92a496d34da0bc8a760443b",
    "mean": (127.5,) * 3, "scale": (128,) * 3, "embedding_dim": 192,
}  # fmt: skip


def data() -> Path:
    if not (found := os.environ.get("LGAF_TEST_DATA")):
        pytest.skip(
            "set LGAF_TEST_DATA to a folder that holds models/ and lfw/ to test on networks and photos of others"
        )
    return Path(found)


def network(name: str) -> Given:
    """A row of the preset, its file where it lies here; and a network of TFLite beside them."""
    values = PRESET.given("dlib" if name == "dlib" else "faceplugin").model_dump(exclude={"label"})
    if name == "dlib":
        pytest.importorskip("dlib")
        return Given(Manifest(**values))
    file = "fr_feature.onnx" if name == "faceplugin" else "mobilefacenet.tflite"
    pytest.importorskip("onnxruntime" if name == "faceplugin" else "ai_edge_litert")
    changed = {"file": str(data() / "models" / file), **(MOBILEFACENET if name == "mobilefacenet" else {})}
    return Given(Manifest(**{**values, **changed}))


@pytest.fixture(scope="module")
def faces() -> tuple[np.ndarray, np.ndarray]:
    """(N, 112, 112, 3) two aligned photos each of 12 people of LFW, and whose they are."""
    find = Finder(AlignSettings())
    folders = [it for it in sorted((data() / "lfw" / "lfw-deepfunneled").iterdir()) if len(list(it.iterdir())) > 1]
    crops, people = [], []
    for person, folder in enumerate(folders[:12]):
        for path in sorted(folder.iterdir())[:2]:
            photo = decode(path.read_bytes())
            crops.append(align(photo, find(photo).points, 112))
            people.append(person)
    return np.stack(crops), np.array(people)


@pytest.mark.parametrize("name", ["faceplugin", "mobilefacenet", "dlib"])
def test_it_knows_people_of_lfw(name, faces):
    """Far better than chance, and better than with its input turned upside down."""
    crops, people = faces
    given = network(name)

    def apart(pixels: np.ndarray) -> float:
        vectors, *_ = embed_batch(given, torch.from_numpy(np.ascontiguousarray(pixels)), given.preprocessing.flip)
        return float(separation(vectors.numpy(), people, 10, 0)[0])

    assert apart(crops) > 3
    assert apart(crops[:, ::-1]) < 0.7 * apart(crops)


def test_the_file_of_a_package_is_found_without_running_it():
    pytest.importorskip("dlib")
    assert path_of(PRESET.given("dlib").file).name == "dlib_face_recognition_resnet_model_v1.dat"

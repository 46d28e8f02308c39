"""lgaf probe: a wrong manifest is warned of, a right one is not, and neither are ties."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from onnx_files import SIZE, manifest, onnx_file
from ruamel.yaml import YAML

import lgaf.cli as cli
from lgaf.errors import DataError
from lgaf.formats.pack import write_pack
from lgaf.given.probe import probe, warnings
from lgaf.given.separation import separation
from lgaf.given.variants import recut, variants

PEOPLE, EACH, CELLS = 30, 3, 8


def faces(rng: np.random.Generator) -> list[tuple[int, np.ndarray]]:
    """Faces that differ in the pattern of red; green and blue are noise, as is a little of the red."""
    found = []
    for person in range(PEOPLE):
        own = rng.normal(size=(CELLS, CELLS, 1))
        for _ in range(EACH):
            cells = np.concatenate([own + rng.normal(0, 0.7, own.shape), rng.normal(0, 3, (CELLS, CELLS, 2))], axis=2)
            pixels = np.kron(cells, np.ones((SIZE // CELLS, SIZE // CELLS, 1)))
            found.append((person, np.clip(128 + 25 * pixels, 0, 255).astype(np.uint8)))
    return found


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "faces.arrow"
    with write_pack(path) as out:
        for index, (person, pixels) in enumerate(faces(np.random.default_rng(0))):
            out.add(f"{index}.png", cv2.imencode(".png", pixels[..., ::-1])[1].tobytes(), person)
    return path


def sees_red(place: int) -> bytes:
    """A network whose embedding is the pattern of its input's channel ``place``, and how bright that is."""
    weights = np.zeros((3, SIZE, SIZE, CELLS * CELLS + 1))
    side = SIZE // CELLS
    for row in range(SIZE):
        for column in range(SIZE):
            weights[place, row, column, CELLS * (row // side) + column // side] = 1 / side**2
    return onnx_file(weights.reshape(3 * SIZE * SIZE, -1))


def tried(tmp_path, pack, place: int, **changed: object):
    told = manifest(tmp_path / "n.onnx", sees_red(place), embedding_dim=CELLS * CELLS + 1, **changed)
    return probe(told, pack, torch.device("cpu"))


def test_a_right_manifest_is_not_warned_of(tmp_path, pack):
    found = tried(tmp_path, pack, place=0)
    assert warnings(found) == []
    assert (found.people, found.images) == (PEOPLE, PEOPLE * EACH)
    assert found.low < found.value < found.high
    worse = {it.change for it in found.tried if it.high < 0}
    assert {"channels: BGR", "scaling: x", "alignment: a fifth tighter", "alignment: 5 % higher"} <= worse


def test_wrong_channels_are_named_first(tmp_path, pack):
    found = tried(tmp_path, pack, place=2)
    first, *_ = warnings(found)
    assert first.startswith("channels: BGR tells people better apart than the manifest: d' ")
    assert all("scaling: x " not in line for line in warnings(found))


def test_wrong_scaling_is_named(tmp_path, pack):
    found = tried(tmp_path, pack, place=0, mean=0, scale=1)
    assert any(line.startswith("scaling: (x - 127.5)/127.5 tells people better") for line in warnings(found))
    assert "channels" not in warnings(found)[0]


def test_ties_are_no_warning(tmp_path, pack):
    """To a network that takes all channels alike, their order is nothing."""
    weights = np.random.default_rng(2).normal(size=(SIZE * SIZE, 8))
    told = manifest(tmp_path / "n.onnx", onnx_file(np.tile(weights, (3, 1))))
    found = probe(told, pack, torch.device("cpu"))
    swapped = next(it for it in found.tried if it.change == "channels: BGR")
    assert abs(swapped.value - found.value) < 1e-3
    assert not swapped.better


def test_the_manifests_own_scaling_is_not_tried_again(tmp_path):
    changes = {it.change for it in variants(manifest(tmp_path / "n.onnx", b"", mean=127.5, scale=128))}
    assert "scaling: (x - 127.5)/127.5" not in changes
    assert "scaling: x/255" in changes
    reverse = manifest(
        tmp_path / "n.onnx", b"", mean=(103.53, 116.28, 123.675), scale=(57.375, 57.12, 58.395), channels="BGR"
    )
    assert "scaling: ImageNet's mean and deviation" not in {it.change for it in variants(reverse)}


def test_a_cut_moves_the_face():
    face = np.zeros((100, 100, 3), np.uint8)
    face[48:52, 48:52] = 255
    for enlarge, down, expected in ((1.0, 0.05, (44.5, 49.5)), (1.2, 0.0, (49.5, 49.5)), (0.8, -0.1, (59.5, 49.5))):
        rows, columns = np.nonzero(recut(enlarge, down, face)[..., 0] > 127)
        np.testing.assert_allclose((rows.mean(), columns.mean()), expected, atol=0.6)
        assert np.ptp(rows) + 1 == pytest.approx(4 * enlarge, abs=1.1)


def test_separation_by_hand():
    """Pair by pair, and resamples by counting each person as often as it was drawn."""
    rng = np.random.default_rng(3)
    people = np.repeat(np.arange(6), [2, 3, 2, 4, 2, 3])
    vectors = rng.normal(size=(6, 5))[people] + rng.normal(size=(len(people), 5))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [(i, j) for i in range(len(people)) for j in range(i)]
    cosine = np.array([unit[i] @ unit[j] for i, j in pairs])
    mated = np.array([people[i] == people[j] for i, j in pairs])
    mates, strangers = cosine[mated], cosine[~mated]
    expected = (mates.mean() - strangers.mean()) / np.sqrt((mates.var() + strangers.var()) / 2)
    found = separation(vectors, people + 40, 500, 0)
    assert found[0] == pytest.approx(expected)
    assert found.shape == (501,)
    assert 0.2 < found[1:].std() < 3


def test_a_pack_of_too_few_people(tmp_path):
    with write_pack(tmp_path / "few.arrow") as out:
        for index in range(8):
            pixels = np.full((SIZE, SIZE, 3), 10 * index, np.uint8)
            out.add(f"{index}.png", cv2.imencode(".png", pixels)[1].tobytes(), index // 2 if index < 6 else -1)
    with pytest.raises(DataError, match=r"few\.arrow: has 3 people with two images or more, 5 are needed .* --pack"):
        tried(tmp_path, tmp_path / "few.arrow", place=0)


def test_a_pack_of_another_size(tmp_path, pack):
    with pytest.raises(DataError, match=r"record 0 \(0\.png\): 32x32, and the manifest says image_size 48"):
        tried(tmp_path, pack, place=0, image_size=48)


def test_the_command(tmp_path, monkeypatch, capsys, pack):
    """The table on standard output, the warning beside it; exit 0, since it is no error."""
    monkeypatch.chdir(tmp_path)
    told = manifest(tmp_path / "n.onnx", sees_red(2), embedding_dim=CELLS * CELLS + 1)
    values = YAML(typ="safe").load(Path(cli.__file__).parents[1] / "presets" / "tiny.yaml")
    values["models"] = {"net": told.model_dump(mode="json")}
    YAML().dump(values, tmp_path / "params.yaml")
    assert cli.main(["probe", "net", "--pack", str(pack)]) == 0
    said = capsys.readouterr()
    assert "as the manifest says" in said.out
    assert "lgaf: warning: models.net: channels: BGR tells people better apart" in said.err
    assert cli.main(["probe", "net"]) == 1
    assert "lfw.arrow: no such file" in capsys.readouterr().err
    assert cli.main(["probe", "lgaf"]) == 1
    assert "models: 'lgaf' is no row; there are net" in capsys.readouterr().err

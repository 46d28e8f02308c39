"""`lgaf overlap`: planted people are found, strangers are not, and as many come by chance as are expected to."""

import re

import cv2
import numpy as np
import pytest
import torch

from lgaf.formats.image import encode
from lgaf.formats.pack import write_pack
from lgaf.models import create_model
from lgaf.models.checkpoint import save_model
from lgaf.use.overlap import DEEP, SAME, chance, find_nearest, list_hits

DIM = 64


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def nearest_of(known, others, labels, deep=DEEP, batch=37):
    parts = (torch.from_numpy(others[start : start + batch]) for start in range(0, len(others), batch))
    return find_nearest(torch.from_numpy(unit(known)), parts, labels, deep)


@pytest.mark.parametrize("block", [1, 50, 10_000])
def test_the_nearest_people_do_not_depend_on_blocks(monkeypatch, block):
    """Against sorting everything at once; people lie scattered over the blocks."""
    monkeypatch.setattr("lgaf.use.overlap.BLOCK", block)
    rng = np.random.default_rng(0)
    known, others = (rng.normal(size=(count, 8)).astype(np.float32) for count in (30, 500))
    labels = rng.integers(0, 40, 500)
    labels[::50] = -2 - np.arange(500)[::50]
    found = nearest_of(known, others, labels, deep=12)
    cosines = unit(known) @ unit(others).T
    for row in range(30):
        best = {}
        for column in np.argsort(-cosines[row]):
            best.setdefault(labels[column], column)
        columns = list(best.values())[:12]
        np.testing.assert_array_equal(found.images[row], columns)
        np.testing.assert_array_equal(found.people[row], labels[columns])
        np.testing.assert_allclose(found.cosines[row], cosines[row, columns], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.means, cosines.mean(axis=1), atol=1e-6)


def test_chance_is_how_often_strangers_look_so():
    """Exponential tails, for which the formula is exact: its values are uniform."""
    rng = np.random.default_rng(1)
    draws = -np.sort(-rng.exponential(0.03, (20_000, 300)), axis=1)[:, :DEEP]
    found = chance(draws)[:, 0]
    for level in (0.5, 0.1, 0.01, 0.001):
        assert np.mean(found <= level) == pytest.approx(level, abs=4 * np.sqrt(level / 20_000))
    assert (np.diff(chance(draws), axis=1) >= 0).all()
    assert chance(draws).shape == (20_000, SAME)


def test_planted_people_are_found_and_strangers_are_not():
    """4 of 300 people are in the training set, one under two labels; all are found, and of strangers about none."""
    rng = np.random.default_rng(2)
    people, images = 2000, 3
    centres = rng.normal(size=(people, DIM))
    labels = np.repeat(np.arange(people), images)
    others = (centres[labels] + 0.5 * rng.normal(size=(len(labels), DIM))).astype(np.float32)
    own = rng.normal(size=(300, DIM))
    planted = {7: 1900, 50: 3, 51: 800, 299: 42}
    for person, other in planted.items():
        own[person] = centres[other]
    centres[1000] = centres[42]
    others[labels == 1000] = (centres[1000] + 0.5 * rng.normal(size=(images, DIM))).astype(np.float32)
    known_labels = np.repeat(np.arange(300), 2)
    known = (own[known_labels] + 0.5 * rng.normal(size=(600, DIM))).astype(np.float32)
    hits = list_hits(nearest_of(known, others, labels), known_labels, 1.0)
    pairs = {(known_labels[hit.image], labels[hit.other]) for hit in hits}
    assert {*planted.items(), (299, 1000)} <= pairs
    assert len(pairs) <= 5 + 3
    assert [hit.cosine for hit in hits] == sorted((hit.cosine for hit in hits), reverse=True)
    assert {hit.images for hit in hits if (known_labels[hit.image], labels[hit.other]) in planted.items()} == {2}
    strangers = np.delete(np.arange(600), [2 * p + k for p in planted for k in (0, 1)])
    alone = list_hits(nearest_of(known[strangers], others, labels), known_labels[strangers], 1.0)
    assert len(alone) <= 3
    assert 5 <= len(list_hits(nearest_of(known[strangers], others, labels), np.arange(592), 20.0)) <= 40


def test_images_without_a_label_are_people_of_their_own():
    rng = np.random.default_rng(3)
    others = rng.normal(size=(100, DIM)).astype(np.float32)
    hits = list_hits(nearest_of(others[[5, 9, 5]], others, np.arange(100)), np.array([-1, -1, -1]), 1e-6)
    assert {(hit.image, hit.other) for hit in hits} == {(0, 5), (1, 9), (2, 5)}


@pytest.fixture
def packs(project):
    """A training set of 60 made-up faces, two of them in the benchmark; a wider network, which tells them apart."""
    torch.manual_seed(0)
    network = create_model("plain", backbone="iresnet_mini", embedding_dim=256, image_size=32)
    save_model(network.eval(), project / "models/lgaf/0/model.safetensors")
    rng = np.random.default_rng(4)
    images = [cv2.resize(rng.integers(0, 256, (4, 4, 3), np.uint8), (32, 32)) for _ in range(70)]
    for name, chosen in (("train", range(60)), ("lfw", [3, *range(60, 70), 41])):
        with write_pack(project / f"{name}.arrow") as pack:
            for label, index in enumerate(chosen):
                pack.add(f"{name}/{index}.png", encode(images[index]), label)
    return project


def test_the_command(packs, lgaf):
    status, out, error = lgaf("overlap", "train.arrow", "lfw.arrow", "--out", "sheet.png")
    assert (status, error) == (0, [])
    rows = re.findall(r"\| lfw/(\d+)\.png +\| train/(\d+)\.png +\| ([\d.]+) +\| (\d) +\|", out)
    assert {row[:2] for row in rows[:2]} == {("3", "3"), ("41", "41")}
    assert rows[0][2] == rows[1][2] == "1.000"
    assert f"{len(rows)} pairs of people of lfw.arrow and train.arrow are likely the same" in out
    sheet = cv2.imread("sheet.png")
    assert sheet.shape == (112 * len(rows), 110 + 2 * 112, 3)
    np.testing.assert_array_equal(sheet[:112, 110:222], sheet[:112, 222:])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.arrow", "lfw.arrow"], "none.arrow: no such file"),
        (["train.arrow", "a.jpg"], "a.jpg: not a whole Arrow IPC file"),
        (["lfw.arrow", "train.arrow"], "lfw.arrow: 12 people are too few"),
        (["train.arrow", "empty.arrow"], "empty.arrow: holds no images"),
        (["train.arrow", "large.arrow"], "large.arrow: a: 40x40, not 32x32; align again"),
        (["train.arrow", "lfw.arrow", "--chance", "1e-30", "--out", "sheet.png"], "sheet.png: not written"),
    ],
)
def test_what_is_refused(packs, lgaf, arguments, said):
    with write_pack("empty.arrow"):
        pass
    with write_pack("large.arrow") as pack:
        pack.add("a", encode(np.zeros((40, 40, 3), np.uint8)), 0)
    before = sorted(packs.rglob("*"))
    status, _, error = lgaf("overlap", *arguments)
    assert (status, len(error)) == (1, 1)
    assert said in error[0]
    assert sorted(packs.rglob("*")) == before

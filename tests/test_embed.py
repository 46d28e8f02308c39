"""Embedding a pack: the mirror image's part in it, and what is refused."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from lgaf.embed import embed, embed_pack
from lgaf.errors import DataError
from lgaf.formats.embeddings import read_embeddings
from lgaf.formats.pack import Pack, write_pack
from lgaf.models import create_model

COUNT, SIZE = 5, 32


@pytest.fixture
def pack(tmp_path):
    rng = np.random.default_rng(0)
    with write_pack(tmp_path / "faces.arrow", truth=["yaw"]) as out:
        for index in range(COUNT):
            pixels = rng.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
            out.add(f"{index}.png", cv2.imencode(".png", pixels)[1].tobytes(), index % 2, yaw=index)
    return Pack(tmp_path / "faces.arrow")


@pytest.fixture
def model():
    torch.manual_seed(0)
    return create_model("lgaf", backbone="iresnet_mini", embedding_dim=8, image_size=SIZE).eval()


@pytest.mark.parametrize("flip", [True, False, None])
def test_the_mirror_image_is_added_before_scaling(pack, model, flip):
    found = embed_pack(model, pack, torch.device("cpu"), flip)
    assert found.flip is (flip is not False)  # networks trained here ask for it
    images = np.stack([pack.image(index) for index in range(COUNT)])
    with torch.inference_mode():
        plain, mirrored = (
            model(torch.from_numpy((pixels.transpose(0, 3, 1, 2) / 255 - 0.5) / 0.5).float())
            for pixels in (images, images[:, :, ::-1])
        )
    expected = plain.embedding + mirrored.embedding if found.flip else plain.embedding
    np.testing.assert_allclose(found.vectors, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.norms, plain.embedding.norm(dim=1), rtol=1e-4)
    np.testing.assert_allclose(found.attention, plain.attention, rtol=1e-4, atol=1e-5)
    assert found.truth["yaw"].tolist() == list(range(COUNT))


def test_the_laboratory_has_the_branches_and_no_mirror_image(pack, model, tmp_path):
    embed(model, {}, {pack.path: tmp_path / "e.arrow"}, torch.device("cpu"), True)
    found = read_embeddings(tmp_path / "e.arrow")
    assert found.flip is False
    weighted = found.attention[:, :1] * found.local + found.attention[:, 1:] * found.global_
    np.testing.assert_allclose(found.vectors, weighted, rtol=1e-4, atol=1e-5)
    assert np.abs(found.local - found.global_).max() > 0.01
    logits = model(
        model.preprocessing(torch.from_numpy(np.stack([pack.image(i) for i in range(len(pack))])))
    ).visibility
    expected = (1 / (1 + np.exp(-logits.detach().numpy().astype(float)))).mean(axis=(1, 2))
    np.testing.assert_allclose(found.visible, expected, atol=1e-5)
    plain = create_model("plain", backbone="iresnet_mini", embedding_dim=8, image_size=SIZE).eval()
    assert embed_pack(plain, pack, torch.device("cpu"), branches=True).local is None


def test_the_file_says_whether_it_was(pack, model, tmp_path):
    for flip in (True, False):
        embed(model, {pack.path: tmp_path / "e.arrow"}, {}, torch.device("cpu"), flip)
        assert read_embeddings(tmp_path / "e.arrow").flip is flip


def test_an_image_of_another_size_is_named(tmp_path, model):
    with write_pack(tmp_path / "faces.arrow") as out:
        out.add("large.png", cv2.imencode(".png", np.zeros((40, 50, 3), np.uint8))[1].tobytes(), 0)
    with pytest.raises(DataError, match=r"large\.png: 50x40, not 32x32"):
        embed_pack(model, Pack(tmp_path / "faces.arrow"), torch.device("cpu"))


class Broken:
    """A network that says of each image what it is told to."""

    def __init__(self, vectors: list[list[float]]):
        self.vectors, self.preprocessing = (
            vectors,
            create_model("plain", backbone="iresnet_mini", image_size=SIZE).preprocessing,
        )

    def __call__(self, images):
        return SimpleNamespace(embedding=torch.tensor(self.vectors), attention=None)


def test_what_is_not_finite_is_named(pack):
    vectors = [[1.0, 2.0], [2.0, 1.0], [float("nan"), 1.0], [3.0, 1.0], [float("inf"), 1.0]]
    with pytest.raises(
        DataError, match=r"faces\.arrow: record 2 \(2\.png\): the network gives what is not finite; look"
    ):
        embed_pack(Broken(vectors), pack, torch.device("cpu"), flip=False)


@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_one_embedding_for_all_is_no_network(pack, scale):
    vectors = [[1.0, 2.0 + scale * 1e-8 * k] for k in range(COUNT)]
    with pytest.raises(DataError, match=r"faces\.arrow: the network gives one and the same embedding for all 5 faces"):
        embed_pack(Broken(vectors), pack, torch.device("cpu"), flip=False)
    vectors[3] = [1.0, 2.001]
    embed_pack(Broken(vectors), pack, torch.device("cpu"), flip=False)

"""Embedding a pack: the mirror image's part in it, and what is refused."""

import os
import signal
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from lgaf.embed import BATCH, embed_pack
from lgaf.embed_packs import embed_packs
from lgaf.errors import DataError, LostProcess
from lgaf.formats.embeddings import read_embeddings
from lgaf.formats.pack import Pack, write_pack
from lgaf.models import create_model
from lgaf.processes.launch import launch
from lgaf.processes.team import Team

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
    embed_packs(model, {}, {pack.path: tmp_path / "e.arrow"}, torch.device("cpu"), True)
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
        embed_packs(model, {pack.path: tmp_path / "e.arrow"}, {}, torch.device("cpu"), flip)
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


def write_faces(path, count):
    rng = np.random.default_rng(1)
    with write_pack(path, truth=["yaw"]) as out:
        for index in range(count):
            pixels = rng.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
            out.add(f"{index}.png", cv2.imencode(".png", pixels)[1].tobytes(), index % 2, yaw=index)
    return path


def embed_in_team(model, packs, laboratory, team):
    torch.set_num_threads(1)
    embed_packs(model, packs, laboratory, torch.device("cpu"), None, team)


def end_in_team(model, packs, team):
    """An embedding whose last process is killed in the first pack."""
    if team.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    with team.heard():
        embed_packs(model, packs, {}, torch.device("cpu"), None, team)


def test_several_processes_write_what_one_writes(tmp_path, model, pack):
    """The same bytes: a pack of three batches for two processes, and one of a batch, which leaves nothing for one."""
    large = write_faces(tmp_path / "large.arrow", 2 * BATCH + 3)
    threads = torch.get_num_threads()
    for out, size in (("one", 1), ("two", 2)):
        folder = tmp_path / out
        packs = {path: folder / path.name for path in (large, pack.path)}
        launch(size, "cpu", embed_in_team, model, packs, {pack.path: folder / "damage.arrow"})
        assert sorted(path.name for path in folder.iterdir()) == ["damage.arrow", "faces.arrow", "large.arrow"]
    torch.set_num_threads(threads)
    for name in ("damage.arrow", "faces.arrow", "large.arrow"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_process_that_fails_ends_all_with_its_line(tmp_path, model, pack):
    broken = tmp_path / "broken.arrow"
    with write_pack(broken) as out:
        for index in range(BATCH + 1):  # the last one, of the other process, is too large
            out.add(
                f"{index}.png",
                cv2.imencode(".png", np.zeros((SIZE + index // BATCH, SIZE, 3), np.uint8))[1].tobytes(),
                0,
            )
    with pytest.raises(DataError, match=rf"^.*broken\.arrow: {BATCH}\.png: 32x33, not 32x32; align again$"):
        launch(2, "cpu", embed_in_team, model, {broken: tmp_path / "e.arrow"}, {})
    with pytest.raises(LostProcess, match=r"^process 1 of 2 has ended \(SIGKILL\): .*; run the same command again$"):
        launch(2, "cpu", end_in_team, model, {pack.path: tmp_path / "e.arrow"})
    assert not (tmp_path / "e.arrow").exists()


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 700])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_shares_are_whole_batches_in_order(count, size):
    shares = [Team(rank, size).share(count, 128) for rank in range(size)]
    assert [record for share in shares for record in share] == list(range(count))
    assert {share.start % 128 for share in shares if share} <= {0}
    assert max(map(len, shares)) <= -(-count // 128 // size) * 128 + 128

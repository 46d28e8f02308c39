"""Training images: the same for a seed however they are loaded, and a corrupt one is one line."""

import cv2
import numpy as np
import pytest
import torch
from small_runs import SIZE, make_run, train

import lgaf.train.dataset as dataset_module
from lgaf.errors import DataError
from lgaf.formats.pack import write_pack
from lgaf.processes.team import Team
from lgaf.train.dataset import FaceDataset, places, training_batches
from lgaf.train.settings import AugmentSettings


def test_seed_decides_and_workers_do_not(pack, monkeypatch):
    def batches(seed, workers, kept=2**30):
        monkeypatch.setattr(dataset_module, "KEPT", kept)
        dataset = FaceDataset(pack, SIZE, AugmentSettings(), seed)
        assert (dataset.kept is None) == (kept == 0)
        return list(training_batches(dataset, range(1, 3), 16, workers))

    one, *others = batches(1, 0), batches(1, 0), batches(1, 2), batches(1, 0, kept=0), batches(1, 2, kept=0)
    for other in others:
        for batch, twin in zip(one, other, strict=True):
            assert all(torch.equal(x, u) for x, u in zip(batch, twin, strict=True))
    assert not torch.equal(one[0][0], batches(2, 0)[0][0])


def test_an_epoch_is_whole_batches_of_different_images(pack):
    """64 images in batches of 10: six, and four images left out; in the next epoch others."""
    dataset = FaceDataset(pack, SIZE, AugmentSettings(flip=0, low_resolution=0, crop=0, photometric=0), 1)
    batches = [[image.numpy().tobytes() for image in x] for x, _, _ in training_batches(dataset, range(2), 10, 0)]
    assert [len(batch) for batch in batches] == [10] * 12
    seen = [{image for batch in epoch for image in batch} for epoch in (batches[:6], batches[6:])]
    assert [len(images) for images in seen] == [60, 60]
    assert seen[0] != seen[1]


def test_an_image_is_augmented_anew_in_each_epoch(pack):
    dataset = FaceDataset(pack, SIZE, AugmentSettings(flip=0.5, low_resolution=0, crop=0, photometric=0), 1)
    epochs = [[dataset[epoch, index][0] for index in range(32)] for epoch in (0, 1, 0)]
    same = [[torch.equal(*both) for both in zip(epochs[0], other, strict=True)] for other in epochs[1:]]
    assert 0 < sum(same[0]) < 32
    assert all(same[1])


def test_a_run_that_goes_on_sees_the_rest(pack):
    """From inside an epoch on, with or without workers, and the next epochs from their beginning."""
    dataset = FaceDataset(pack, SIZE, AugmentSettings(), 1)
    whole = list(training_batches(dataset, range(3), 10, 0))
    for workers in (0, 2):
        rest = list(training_batches(dataset, range(1, 3), 10, workers, start=4))
        assert len(rest) == 8
        for batch, twin in zip(whole[10:], rest, strict=True):
            assert all(torch.equal(x, u) for x, u in zip(batch, twin, strict=True))


def test_processes_share_a_batch_out():
    alone = list(places(25, 1, range(2), 6, 0, Team()))
    assert [len(batch) for batch in alone] == [6] * 8
    shares = [list(places(25, 1, range(2), 6, 0, Team(rank, 3))) for rank in range(3)]
    assert [[place for part in parts for place in part] for parts in zip(*shares, strict=True)] == alone


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kept", [2**30, 0])
def test_a_corrupt_image_is_one_line(tmp_path, monkeypatch, workers, kept):
    monkeypatch.setattr(dataset_module, "KEPT", kept)
    path = tmp_path / "train.arrow"
    with write_pack(path) as pack:
        for number in range(32):
            good = cv2.imencode(".png", np.full((SIZE, SIZE, 3), number, np.uint8))[1].tobytes()
            pack.add(f"{number}.png", good if number != 20 else b"not an image", number % 4)
    with pytest.raises(DataError) as error:
        train(path, tmp_path / "out", tmp_path / "state", make_run(workers=workers))
    (line,) = str(error.value).splitlines()
    assert "train.arrow: record 20 (20.png): " in line

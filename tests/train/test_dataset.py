"""Training images: the same for a seed however they are loaded, and a corrupt one is one line."""

import cv2
import numpy as np
import pytest
import torch
from small_runs import SIZE, make_run, train

import lgaf.train.dataset as dataset_module
from lgaf.errors import DataError
from lgaf.formats.pack import write_pack
from lgaf.train.dataset import FaceDataset, epoch_batches
from lgaf.train.settings import AugmentSettings


def test_seed_decides_and_workers_do_not(pack, monkeypatch):
    def batches(seed, workers, kept=2**30):
        monkeypatch.setattr(dataset_module, "KEPT", kept)
        dataset = FaceDataset(pack, SIZE, AugmentSettings(), seed)
        assert (dataset.kept is None) == (kept == 0)
        return list(epoch_batches(dataset, 1, 16, workers))

    one, *others = batches(1, 0), batches(1, 0), batches(1, 2), batches(1, 0, kept=0), batches(1, 2, kept=0)
    for other in others:
        for batch, twin in zip(one, other, strict=True):
            assert all(torch.equal(x, u) for x, u in zip(batch, twin, strict=True))
    assert not torch.equal(one[0][0], batches(2, 0)[0][0])


def test_an_epoch_is_whole_batches_of_different_images(pack):
    """64 images in batches of 10: six, and four images left out; in the next epoch others."""
    dataset = FaceDataset(pack, SIZE, AugmentSettings(flip=0, low_resolution=0, crop=0, photometric=0), 1)
    seen = [
        [image.numpy().tobytes() for x, _, _ in epoch_batches(dataset, epoch, 10, 0) for image in x] for epoch in (0, 1)
    ]
    assert [len(x) for x, _, _ in epoch_batches(dataset, 0, 10, 0)] == [10] * 6
    assert [len(set(images)) for images in seen] == [60, 60]
    assert seen[0] != seen[1]


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

"""Training images: decoded, augmented, normalised; the same for a given seed however they are loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.train.augment import augment
from lgaf.train.settings import AugmentSettings


class FaceDataset(Dataset):
    """Aligned faces of a pack as (image, class), classes 0 to C - 1 in the order of the identity labels."""

    def __init__(self, path: Path, image_size: int, settings: AugmentSettings, seed: int):
        self.pack = Pack(path)
        if len(self.pack) == 0:
            raise DataError(f"{path}: no images; look at the alignment report for why")
        self.identities, self.classes = np.unique(self.pack.labels, return_inverse=True)
        if len(self.identities) < 2:
            raise DataError(f"{path}: one identity only; training needs at least two")
        side = self.pack.image(0).shape
        if side != (image_size, image_size, 3):
            raise DataError(f"{path}: images are {side[1]}x{side[0]}, image_size is {image_size}; align again")
        self.settings = settings
        self.seed = seed
        self.epoch = 0

    @property
    def num_classes(self) -> int:
        """C, identities in the pack."""
        return len(self.identities)

    def __len__(self) -> int:
        return len(self.pack)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        rng = np.random.default_rng([self.seed, self.epoch, index])
        image = augment(self.pack.image(index), self.settings, rng)
        return torch.from_numpy(image), int(self.classes[index])


def epoch_loader(dataset: FaceDataset, epoch: int, batch_size: int, workers: int) -> DataLoader:
    """Batches of epoch ``epoch``: ((B, H, W, 3) uint8, (B,) int64), shuffled by seed and epoch alone."""
    dataset.epoch = epoch
    order = np.random.default_rng([dataset.seed, epoch]).permutation(len(dataset))
    return DataLoader(dataset, batch_size, sampler=order.tolist(), num_workers=workers, drop_last=True)

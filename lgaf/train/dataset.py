"""Training images: decoded, augmented, normalised; the same for a given seed however they are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.processes.team import ALONE, Team
from lgaf.train.augment import augment
from lgaf.train.settings import AugmentSettings
from lgaf.workers import cores

KEPT = 2**30
"""Bytes of decoded images that are kept in memory; a larger set is decoded anew in every epoch."""


class FaceDataset(Dataset):
    """Aligned faces of a pack as (image, visible, class), classes 0 to C - 1 in the order of the identity labels.

    Raises:
        DataError: the pack holds no images, one identity, or images of another size or none.
    """

    def __init__(self, path: Path, image_size: int, settings: AugmentSettings, seed: int):
        self.pack = Pack(path)
        if len(self.pack) == 0:
            raise DataError(f"{path}: no images; look at the alignment report for why")
        self.identities, self.classes = np.unique(self.pack.labels, return_inverse=True)
        if len(self.identities) < 2:
            raise DataError(f"{path}: one identity only; training needs at least two")
        self.shape = (image_size, image_size, 3)
        self.settings = settings
        self.seed = seed
        self.read(0)
        self.kept: np.ndarray | None = None
        if len(self.pack) * np.prod(self.shape) <= KEPT:
            with ThreadPoolExecutor(cores()) as threads:  # decoders work outside Python's lock
                images = tqdm(threads.map(self.read, range(len(self))), "decode", len(self), unit="image", leave=False)
                self.kept = np.stack(list(images))

    def read(self, index: int) -> np.ndarray:
        """An image as it lies in the pack."""
        image = self.pack.image(index)
        if image.shape != self.shape:
            found, wanted = (f"{shape[1]}x{shape[0]}" for shape in (image.shape, self.shape))
            raise DataError(f"{self.pack.where(index)}: images are {found}, image_size is {wanted}; align again")
        return image

    @property
    def num_classes(self) -> int:
        """C, identities in the pack."""
        return len(self.identities)

    def __len__(self) -> int:
        return len(self.pack)

    def __getitem__(self, place: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor, int]:
        """Image ``place[1]`` as it is in epoch ``place[0]``."""
        epoch, index = place
        rng = np.random.default_rng([self.seed, epoch, index])
        image = self.read(index) if self.kept is None else self.kept[index]
        augmented, visible = augment(image, self.settings, rng)
        return torch.from_numpy(augmented), torch.from_numpy(visible), int(self.classes[index])


Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Images (B, H, W, 3) uint8, visible (B, H, W) bool, classes (B,) int64."""


def training_batches(
    dataset: FaceDataset, epochs: range, batch_size: int, workers: int, start: int = 0, team: Team = ALONE
) -> Iterator[Batch]:
    """All batches of ``epochs``, the first epoch's from number ``start`` on; one that is not full is left out.

    One loader serves all epochs, so that its workers live through them and read ahead over their ends. torch's random
    state is drawn from here, not when the batches are.

    Raises:
        DataError: an image cannot be read, in this process or in a worker; when a batch is asked for.
    """
    pinned = torch.cuda.is_available()  # a GPU then copies while it computes
    order = places(len(dataset), dataset.seed, epochs, batch_size, start, team)
    return readable(iter(DataLoader(dataset, batch_sampler=order, num_workers=workers, pin_memory=pinned)))


def places(
    count: int, seed: int, epochs: range, batch_size: int, start: int, team: Team
) -> Iterator[list[tuple[int, int]]]:
    """The (epoch, image) of each image of each batch, shuffled by seed and epoch alone.

    Of each batch of ``batch_size`` a process of ``team`` gets its share, so that all together see what one alone sees.
    """
    for epoch in epochs:
        order = np.random.default_rng([seed, epoch]).permutation(count)
        batches = order[: count // batch_size * batch_size].reshape(-1, team.size, batch_size // team.size)
        for batch in batches[start if epoch == epochs.start else 0 :, team.rank]:
            yield [(epoch, index) for index in batch.tolist()]


def readable(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, with a worker's error as it would be in this process."""
    try:
        yield from batches
    except DataError as error:
        # torch hands a worker's error on with the worker's traceback before it; the last line is the error's own.
        raise DataError(str(error).rstrip().rpartition("\n")[2].removeprefix("lgaf.errors.DataError: ")) from None

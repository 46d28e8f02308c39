"""The people of a training set who are in a benchmark too, found by their faces.

Of every image of the benchmark the nearest people of the training set are kept, each with their nearest image. That the
nearest one is the same person is told by the gap to those behind: strangers' similarities thin out smoothly, a mate
stands out. They are taken to fall off as a normal distribution does, so that the squares y of what they are above their
mean fall off exponentially, with a scale b. Then j times y's gap from rank j to rank j + 1 is exponential with mean b,
independently for all j (Renyi, "On the theory of order statistics", 1953), and the gap from rank 1 to rank k + 1 is
distributed as the greatest of k such values. b is estimated from the ranks behind, of the same image, and the error of
the estimate is part of :func:`chance`. Ranks 2 to k are left out of it, since a training set may have a person under
several labels. So no threshold is needed, and what is expected by chance follows the size of the training set and the
quality of the image.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from math import comb

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from lgaf.embed import embed_batches, embed_pack
from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.use.model import Model

SAME = 3
"""k: the nearest may be one of up to so many labels of one person."""
DEEP = 50
"""Ranks that are kept, SAME + 1 to DEEP to estimate b from."""
LEAST = 20
"""People that a training set must have: fewer leave too few ranks."""
BLOCK = 1024
"""Training images whose cosines to the whole benchmark are in memory at once: 50 MB for 12,000 images."""


@dataclass(frozen=True)
class Nearest:
    """Of N images of a benchmark the K nearest people of a training set, nearest first.

    cosines: (N, K) float32; people: (N, K) int64, the training set's label, or -2 - index of an image without one;
    images: (N, K) int64 index of that person's nearest image; means: (N,) float64 mean cosine to all training images.
    """

    cosines: np.ndarray
    people: np.ndarray
    images: np.ndarray
    means: np.ndarray

    @property
    def above(self) -> np.ndarray:
        """(N, K) squares of what the cosines are above their mean, 0 below it."""
        return np.maximum(self.cosines - self.means[:, None], 0) ** 2


@dataclass(frozen=True)
class Hit:
    """A person of the benchmark and one of the training set who are likely the same.

    image, other: their two nearest images, as indices into the benchmark and the training set; images: how many of the
    benchmark person's images say so; chance: how many images of the benchmark are expected to look so like a stranger.
    """

    image: int
    other: int
    cosine: float
    images: int
    chance: float


def find_overlap(model: Model, train: Pack, benchmark: Pack, chance_allowed: float) -> list[Hit]:
    """Likely same people, nearest first: ``chance_allowed`` images are expected to be listed by chance.

    Raises:
        DataError: a pack is empty, not aligned for the model, or the training set has too few people.
    """
    for pack in (train, benchmark):
        if not len(pack):
            raise DataError(f"{pack.path}: holds no images")
    known = torch.from_numpy(embed_pack(model.network, benchmark, model.device, model.flip).vectors)
    labels = train.labels.astype(np.int64)
    labels = np.where(labels >= 0, labels, -2 - np.arange(len(labels)))
    if (people := len(np.unique(labels))) < LEAST:
        raise DataError(f"{train.path}: {people} people are too few to tell a mate from the nearest stranger; {LEAST} "
                        "or more are needed")  # fmt: skip
    batches = (vector for vector, _ in embed_batches(model.network, train, model.device, model.flip))
    nearest = find_nearest(normalize(known).to(model.device), batches, labels, min(DEEP, people))
    return list_hits(nearest, benchmark.labels, chance_allowed)


def find_nearest(known: Tensor, batches: Iterable[Tensor], labels: np.ndarray, deep: int) -> Nearest:
    """The ``deep`` nearest people of the training set, whose embeddings come in batches, in the order of ``labels``.

    known: (N, D) of length 1. No more than ``BLOCK`` training images and a batch are in memory.
    """
    shape = len(known), deep
    best = Nearest(np.full(shape, -np.inf, np.float32), np.full(shape, -1), np.full(shape, -1), np.zeros(len(known)))
    waiting: list[Tensor] = []
    start = 0
    for batch in chain(batches, [None]):
        if batch is not None:
            waiting.append(batch)
        if waiting and (batch is None or sum(map(len, waiting)) >= BLOCK):
            block = normalize(torch.cat(waiting)).to(known.device)
            stop = start + len(block)
            merge(best, (known @ block.T).cpu().numpy(), labels[start:stop], start)
            start, waiting = stop, []
    return best


def merge(best: Nearest, cosines: np.ndarray, labels: np.ndarray, start: int) -> None:
    """Let ``best`` take in a block: cosines (N, B) to B training images, the first of which has index ``start``."""
    best.means[:] += (cosines.sum(axis=1) - len(labels) * best.means) / (start + len(labels))
    order = np.argsort(labels, kind="stable")
    people, first, counts = np.unique(labels[order], return_index=True, return_counts=True)
    cosines = cosines[:, order]
    nearest = np.maximum.reduceat(cosines, first, axis=1)  # (N, people of the block)
    at_nearest = cosines == np.repeat(nearest, counts, axis=1)
    images = np.maximum.reduceat(np.where(at_nearest, start + order, -1), first, axis=1)

    place = np.minimum(np.searchsorted(people, best.people), len(people) - 1)
    row, rank = np.nonzero(people[place] == best.people)  # people who were among the nearest before
    column = place[row, rank]
    nearer = nearest[row, column] > best.cosines[row, rank]
    at = row[nearer], rank[nearer]
    best.cosines[at], best.images[at] = nearest[row, column][nearer], images[row, column][nearer]
    nearest[row, column] = -np.inf

    deep = best.cosines.shape[1]
    found = np.concatenate([best.cosines, nearest], axis=1)
    chosen = np.argpartition(-found, deep - 1, axis=1)[:, :deep]
    chosen = np.take_along_axis(chosen, np.argsort(-np.take_along_axis(found, chosen, 1), axis=1), 1)
    best.cosines[:] = np.take_along_axis(found, chosen, 1)
    for own, new in ((best.people, np.broadcast_to(people, nearest.shape)), (best.images, images)):
        own[:] = np.take_along_axis(np.concatenate([own, new], axis=1), chosen, 1)


def chance(above: np.ndarray) -> np.ndarray:
    """(N, SAME) probability that of an image's nearest strangers one is as near as each of the first ranks is.

    above: (N, K), falling, of exponential tails. With r the gap to rank k + 1 divided by the mean of the m normalised
    gaps behind it, that is 1 - E[(1 - exp(-r X))^k], X the mean of m exponential variables of mean 1.
    """
    ranks = np.arange(SAME + 1, above.shape[1])
    scale = (ranks * -np.diff(above[:, SAME:], axis=1)).mean(axis=1, keepdims=True)
    ratio = (above[:, :SAME] - above[:, SAME : SAME + 1]) / np.maximum(scale, 1e-12)
    terms = [(-1) ** (i + 1) * comb(SAME, i) * (1 + i * ratio / len(ranks)) ** -len(ranks) for i in range(1, SAME + 1)]
    return np.clip(sum(terms), 0, 1)


def list_hits(nearest: Nearest, labels: np.ndarray, allowed: float) -> list[Hit]:
    """A hit for each two people of whom some image is listed, nearest first; (N,) labels of the benchmark's images."""
    expected = len(labels) * chance(nearest.above)
    hits: dict[tuple[int, int], Hit] = {}
    for image, rank in np.argwhere(expected <= allowed):
        who = int(labels[image]) if labels[image] >= 0 else -2 - int(image)
        pair = who, int(nearest.people[image, rank])
        new = Hit(int(image), int(nearest.images[image, rank]), float(nearest.cosines[image, rank]), 1,
                  float(expected[image, rank]))  # fmt: skip
        if (old := hits.get(pair)) is not None:
            nearer = max(new, old, key=lambda hit: hit.cosine)
            new = replace(nearer, images=old.images + 1, chance=min(new.chance, old.chance))
        hits[pair] = new
    return sorted(hits.values(), key=lambda hit: -hit.cosine)

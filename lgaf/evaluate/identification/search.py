"""1:N closed-set identification, as in AdaFace's ``validation_lq`` (TinyFace) and the SCFace literature.

Score = cosine, no template pooling; a probe is found at rank r when any of its r best gallery entries is its own
identity. Probes without a mate in the gallery are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from lgaf.errors import DataError, SettingsError
from lgaf.evaluate.vectors import as_ids, as_vectors, unit

DISTRACTOR = -100
DROPPED = -1
TIE = 1e-6  # about the rounding of a float32 inner product of unit vectors: a smaller difference is no difference
PROBES_A_BLOCK, GALLERY_A_BLOCK = 1024, 8192  # 40 MB of scores and comparisons at a time


def identify(
    gallery: ArrayLike,
    gallery_ids: ArrayLike,
    probes: ArrayLike,
    probe_ids: ArrayLike,
    ranks: Iterable[int] = (1, 5, 20),
) -> dict[int, float]:
    """Share of probes found at each rank, in [0, 1], over the probes that have a mate.

    Arguments and errors as :func:`mate_ranks`.

    Raises:
        SettingsError: a rank below 1.
        DataError: no probe has a mate.
    """
    found = mate_ranks(gallery, gallery_ids, probes, probe_ids)
    return rates(found[found != DROPPED], ranks)


def rates(found: np.ndarray, ranks: Iterable[int]) -> dict[int, float]:
    """Share of ``found`` (0-based ranks of the first mate) below each of ``ranks``."""
    ranks = list(ranks)
    if wrong := [rank for rank in ranks if rank < 1]:
        raise SettingsError(f"ranks: {wrong[0]} is no rank; the best is 1")
    if not len(found):
        raise DataError("no probe has a mate in the gallery; check that the two are labelled alike")
    return {int(rank): float(np.mean(found < rank)) for rank in ranks}


def mate_ranks(gallery: ArrayLike, gallery_ids: ArrayLike, probes: ArrayLike, probe_ids: ArrayLike) -> np.ndarray:
    """For each of P probes how many gallery entries of other identities score at least as high as its best mate.

    (G, D) and (P, D) embeddings of any length; (G,) and (P,) whole-number identities, of which negative ones (-100 for
    a distractor) are nobody's mate. Returns (P,) int64, 0 for a hit at rank 1, -1 for a probe that is dropped since
    it has no mate.

    The reference leaves ties to an unstable sort. Here a tie (within 1e-6) counts against the probe, so that a
    network that maps every face to one point scores 0, not 1.

    Scores are made in blocks and never stored: about 100 MB beyond the inputs, and the time of one matrix product.

    Raises:
        DataError: shapes that do not match, nothing in gallery or probes, or a value that is not finite.
    """
    gallery, probes = as_vectors(gallery, "gallery"), as_vectors(probes, "probes")
    if gallery.shape[1] != probes.shape[1]:
        raise DataError(f"gallery embeddings have {gallery.shape[1]} components, probes {probes.shape[1]}")
    gallery_ids, probe_ids = as_ids(gallery_ids, len(gallery), "gallery"), as_ids(probe_ids, len(probes), "probes")

    # In order of identity a probe's mates are one range of the gallery, and so are those of a block of probes.
    order = np.argsort(gallery_ids, kind="stable")
    start = np.searchsorted(gallery_ids[order], probe_ids, "left")
    end = np.searchsorted(gallery_ids[order], probe_ids, "right")
    kept = np.flatnonzero((end > start) & (probe_ids >= 0))
    kept = kept[np.argsort(probe_ids[kept], kind="stable")]
    start, end = start[kept], end[kept]
    units = unit(probes.astype(np.float32, copy=False), "probes")[kept]

    best = np.empty(len(kept), np.float32)
    for rows in blocks(len(kept), PROBES_A_BLOCK // 4):
        first = start[rows][0]
        entries = order[first : end[rows][-1]]
        mates = unit(gallery[entries].astype(np.float32, copy=False), "gallery", entries)
        scores = units[rows] @ mates.T
        spans = zip(scores, start[rows] - first, end[rows] - first, strict=True)
        best[rows] = [row[a:b].max() for row, a, b in spans]

    better = np.zeros(len(kept), np.int64)
    limits = (best - np.float32(TIE))[:, None]
    score_buffer = np.empty((PROBES_A_BLOCK, GALLERY_A_BLOCK), np.float32)
    for columns in tqdm(blocks(len(gallery), GALLERY_A_BLOCK), "gallery", delay=2, leave=False, disable=None):
        block = unit(gallery[order[columns]].astype(np.float32, copy=False), "gallery", order[columns]).T
        for rows in blocks(len(kept), PROBES_A_BLOCK):
            scores = np.matmul(units[rows], block, out=score_buffer[: rows.stop - rows.start, : block.shape[1]])
            for row in np.flatnonzero((start[rows] < columns.stop) & (end[rows] > columns.start)):
                a, b = start[rows][row], end[rows][row]
                scores[row, max(a - columns.start, 0) : b - columns.start] = -np.inf  # mates do not outrank a mate
            better[rows] += [np.count_nonzero(row) for row in scores >= limits[rows]]

    result = np.full(len(probes), DROPPED, np.int64)
    result[kept] = better
    return result


def blocks(count: int, size: int) -> list[slice]:
    """Slices of at most ``size`` that cover ``range(count)``."""
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]

"""1:N identification: every probe against the whole gallery, by AdaFace's ``validation_lq`` (TinyFace) and SCFace's
literature.

Score = cosine, or what a similarity makes of it; a probe is found at rank r when any of its r best gallery entries is
its own identity. Probes without a mate in the gallery have no rank; see
:mod:`lgaf.evaluate.identification.open_set`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from lgaf.errors import DataError, SettingsError
from lgaf.evaluate.similarity import QMagFace
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

    Arguments and errors as :func:`search`.

    Raises:
        SettingsError: a rank below 1.
        DataError: no probe has a mate.
    """
    found = search(gallery, gallery_ids, probes, probe_ids).rank
    return rates(found[found != DROPPED], ranks)


def rates(found: np.ndarray, ranks: Iterable[int]) -> dict[int, float]:
    """Share of ``found`` (0-based ranks of the first mate) below each of ``ranks``."""
    ranks = list(ranks)
    if wrong := [rank for rank in ranks if rank < 1]:
        raise SettingsError(f"ranks: {wrong[0]} is no rank; the best is 1")
    if not len(found):
        raise DataError("no probe has a mate in the gallery; check that the two are labelled alike")
    return {int(rank): float(np.mean(found < rank)) for rank in ranks}


class ByQuality(NamedTuple):
    """A similarity with the qualities (G,) of the gallery's entries and (P,) of the probes."""

    similarity: QMagFace
    gallery: np.ndarray
    probes: np.ndarray

    def __call__(self, cosines: np.ndarray, probes: np.ndarray, entries: np.ndarray) -> np.ndarray:
        """(R, C) scores of the ``probes`` (R,) with the ``entries`` (C,), by their places, from their cosines."""
        quality = np.minimum.outer(self.probes[probes], self.gallery[entries])
        return self.similarity(cosines, quality.astype(np.float32, copy=False))


class Search(NamedTuple):
    """What came of P searches.

    rank: (P,) int64, how many gallery entries of other identities score at least as high as the probe's best mate, 0
    for a hit at rank 1, -1 for a probe without a mate; mate: (P,) float32 score of the best mate, NaN without one;
    other: (P,) float32 highest score of an entry that is no mate, -inf where there is none. mate_at, other_at: (P,)
    int64, where in the gallery these two are, -1 where there is none.
    """

    rank: np.ndarray
    mate: np.ndarray
    other: np.ndarray
    mate_at: np.ndarray
    other_at: np.ndarray


def search(
    gallery: ArrayLike,
    gallery_ids: ArrayLike,
    probes: ArrayLike,
    probe_ids: ArrayLike,
    by_quality: ByQuality | None = None,
) -> Search:
    """Search each of P probes in the gallery: closed set and open set, in one pass over it.

    (G, D) and (P, D) embeddings of any length; (G,) and (P,) whole-number identities, of which negative ones (-100 for
    a distractor) are nobody's mate. Scores are cosines, or what ``by_quality`` makes of them.

    The reference leaves ties to an unstable sort. Here a tie (within 1e-6) counts against the probe, so that a
    network that maps every face to one point scores 0, not 1.

    Scores are made in blocks and never stored: about 100 MB beyond the inputs, and the time of one matrix product; by
    quality 64 MB more.

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
    has_mate = (end > start) & (probe_ids >= 0)
    mated = np.flatnonzero(has_mate)
    mated = mated[np.argsort(probe_ids[mated], kind="stable")]
    searched = np.concatenate([mated, np.flatnonzero(~has_mate)])
    start, end = start[mated], end[mated]
    units = unit(probes.astype(np.float32, copy=False), "probes")[searched]

    best, best_at = np.empty(len(mated), np.float32), np.empty(len(mated), np.int64)
    for rows in blocks(0, len(mated), PROBES_A_BLOCK // 4):
        first = start[rows][0]
        entries = order[first : end[rows][-1]]
        mates = unit(gallery[entries].astype(np.float32, copy=False), "gallery", entries)
        scores = units[rows] @ mates.T
        if by_quality:
            scores = by_quality(scores, searched[rows], entries)
        spans = zip(scores, start[rows] - first, end[rows] - first, strict=True)
        at = np.array([a + row[a:b].argmax() for row, a, b in spans])
        best[rows], best_at[rows] = scores[np.arange(len(at)), at], entries[at]

    better = np.zeros(len(mated), np.int64)
    other, other_at = np.full(len(searched), -np.inf, np.float32), np.full(len(searched), -1)
    limits = (best - np.float32(TIE))[:, None]
    score_buffer = np.empty((PROBES_A_BLOCK, GALLERY_A_BLOCK), np.float32)
    for columns in tqdm(blocks(0, len(gallery), GALLERY_A_BLOCK), "gallery", delay=2, leave=False, disable=None):
        block = unit(gallery[order[columns]].astype(np.float32, copy=False), "gallery", order[columns]).T

        def scores_of(rows: slice, block: np.ndarray = block, entries: np.ndarray = order[columns]) -> np.ndarray:
            found = np.matmul(units[rows], block, out=score_buffer[: rows.stop - rows.start, : block.shape[1]])
            return by_quality(found, searched[rows], entries) if by_quality else found

        def keep_highest(rows: slice, scores: np.ndarray, entries: np.ndarray = order[columns]) -> None:
            at = scores.argmax(axis=1)
            highest = scores[np.arange(len(at)), at]
            higher = highest > other[rows]
            other[rows][higher], other_at[rows][higher] = highest[higher], entries[at[higher]]

        for rows in blocks(0, len(mated), PROBES_A_BLOCK):
            scores = scores_of(rows)
            for row in np.flatnonzero((start[rows] < columns.stop) & (end[rows] > columns.start)):
                a, b = start[rows][row], end[rows][row]
                scores[row, max(a - columns.start, 0) : b - columns.start] = -np.inf  # mates do not outrank a mate
            better[rows] += [np.count_nonzero(row) for row in scores >= limits[rows]]
            keep_highest(rows, scores)
        for rows in blocks(len(mated), len(searched), PROBES_A_BLOCK):
            keep_highest(rows, scores_of(rows))

    found = Search(
        rank=np.full(len(probes), DROPPED, np.int64),
        mate=np.full(len(probes), np.nan, np.float32),
        other=np.empty(len(probes), np.float32),
        mate_at=np.full(len(probes), -1),
        other_at=np.empty(len(probes), np.int64),
    )
    found.rank[mated], found.mate[mated], found.other[searched] = better, best, other
    found.mate_at[mated], found.other_at[searched] = best_at, other_at
    return found


def blocks(first: int, last: int, size: int) -> list[slice]:
    """Slices of at most ``size`` that cover ``range(first, last)``."""
    return [slice(start, min(start + size, last)) for start in range(first, last, size)]

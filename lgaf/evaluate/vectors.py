"""Checks of what callers hand in, unit vectors and their cosines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from lgaf.errors import DataError

PAIRS_A_BLOCK = 128  # two blocks of float64 vectors stay in the cache


def as_vectors(values: ArrayLike, what: str) -> np.ndarray:
    """``values`` as an (N, D) array of real numbers, not copied where it is one.

    Raises:
        DataError: another shape or type, or nothing in it. That the numbers are finite is left to :func:`unit`.
    """
    array = np.asarray(values)
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(f"{what}: embeddings have shape {array.shape}; expected (N, D), neither of them 0")
    if array.dtype.kind not in "fiu":
        raise DataError(f"{what}: embeddings have type {array.dtype}; expected real numbers")
    return array


def as_ids(values: ArrayLike, count: int, what: str) -> np.ndarray:
    """``values`` as (count,) int64 identities.

    Raises:
        DataError: another length, or not whole numbers.
    """
    array = np.asarray(values)
    if array.shape != (count,):
        raise DataError(f"{what}: identities have shape {array.shape}; expected ({count},), one for each embedding")
    if array.dtype.kind not in "iu":
        raise DataError(f"{what}: identities have type {array.dtype}; expected whole numbers")
    return array.astype(np.int64, copy=False)


def unit(vectors: np.ndarray, what: str, rows: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
    """Rows of ``vectors`` (floating point) scaled to length 1, as a copy of the same type.

    A row of zeros stays zeros, as in scikit-learn's ``normalize``, which insightface uses. ``rows`` are
    the rows' numbers, for the message.

    Raises:
        DataError: a row holds NaN or infinity, or overflows when squared.
    """
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    if not np.isfinite(lengths).all():
        row = int(np.flatnonzero(~np.isfinite(lengths))[0])
        row = row if rows is None else int(rows[row])
        raise DataError(f"{what}: embedding {row} is not finite; embed again, and train again if it persists")
    lengths[lengths == 0] = 1
    return vectors / lengths[:, None]


def both_kinds(same: np.ndarray) -> None:
    """Check that of (N,) bool pairs some are mated and some are not.

    Raises:
        DataError: they are all of one kind.
    """
    if same.all() or not same.any():
        kind = "mated" if same.any() else "non-mated"
        raise DataError(f"same: all {len(same)} pairs are {kind}; verification needs both kinds")


def pair_scores(vectors: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(P,) float64 inner products of rows ``left`` (P,) and ``right`` (P,) of (V, D) unit vectors."""
    scores = np.empty(len(left))
    for start in tqdm(range(0, len(left), PAIRS_A_BLOCK), "pairs", unit="block", delay=2, leave=False, disable=None):
        block = slice(start, start + PAIRS_A_BLOCK)
        np.einsum("ij,ij->i", vectors[left[block]], vectors[right[block]], out=scores[block])
    return scores

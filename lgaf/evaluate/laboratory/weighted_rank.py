"""Spearman's rank correlation of weighted values, for many weightings at once; the values are sorted once."""

from __future__ import annotations

import numpy as np

COLUMNS_A_BLOCK = 100


def weighted_spearman(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(R,) correlations of (N,) and (N,) values of which each counts (N, R) ``weights`` times.

    As if each value stood in the sample that often: ranks of equal values are their mean, the correlation is Pearson's
    of the ranks (Spearman, American Journal of Psychology 15 (1904)). NaN where one of the two is constant.
    """
    found = np.empty(weights.shape[1])
    for start in range(0, len(found), COLUMNS_A_BLOCK):
        block = weights[:, start : start + COLUMNS_A_BLOCK]
        total = block.sum(axis=0)
        x, y = (ranks(values, block) - (total + 1) / 2 for values in (one, other))
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.sqrt((block * x**2).sum(axis=0) * (block * y**2).sum(axis=0))
            found[start : start + COLUMNS_A_BLOCK] = np.where(spread > 0, (block * x * y).sum(axis=0) / spread, np.nan)
    return found


def ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(N, R) mean ranks, from 1, of (N,) values of which each counts (N, R) ``weights`` times."""
    _, index = np.unique(values, return_inverse=True)
    order = np.argsort(index, kind="stable")
    first = np.flatnonzero(np.diff(index[order], prepend=-1))
    equal = np.add.reduceat(weights[order], first, axis=0)
    return (np.cumsum(equal, axis=0) - (equal - 1) / 2)[index]

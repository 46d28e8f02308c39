"""Intervals and tests by a bootstrap over identities.

Pairs share people, so they are not independent, and resampling pairs gives intervals that are too narrow. People are
resampled instead: U of the U identities are drawn with replacement, identity i so m_i times, and a trial then counts

- m_i m_j times if it is a pair of two people i and j: once for each copy of either;
- m_i times if it is a pair of one person i, or a probe of i: once for each copy. (Copies of one person are not
  compared with each other, which would count images that the protocol does not pair.)

Sources: persons as units, Bolle, Ratha & Pankanti, "Error analysis of pattern recognition systems - the subsets
bootstrap", Computer Vision and Image Understanding 93 (2004); products of multiplicities for data on pairs, Snijders &
Borgatti, "Non-parametric standard errors and tests for network statistics", Connections 22(2) (1999), and Owen, "The
pigeonhole bootstrap", Annals of Applied Statistics 1 (2007), by whom the variance is, if anything, too large; face
verification in particular, Fogliato, Patil & Perona, "Confidence intervals for error rates in 1:1 matching tasks",
arXiv 2306.01198.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Seed = int | Sequence[int]
"""What NumPy's generators take."""
WEIGHTS_A_CHUNK = 2**20  # 8 MB of float64 at a time
RESAMPLES_A_CHUNK = 250
"""Resamples that are made at a time where there are many trials."""
PAIRS_A_BLOCK = 1024  # 1 MB of float32 weights: they stay in the cache


@dataclass(frozen=True, eq=False)
class Estimate:
    """A fraction measured on ``n`` trials of ``units`` identities, and its (R,) bootstrap replicates."""

    value: float
    n: int
    units: int
    replicates: np.ndarray

    def interval(self, confidence: float) -> tuple[float, float]:
        """Percentile interval, (low, high).

        A value of 1 (or 0) has replicates that hardly vary, and would look certain. There the interval is widened to
        Clopper and Pearson's for no failure among ``units`` identities: 1 - value <= 1 - (alpha / 2)^(1 / units).
        """
        tail = (1 - confidence) / 2
        low, high = (float(bound) for bound in np.nanquantile(self.replicates, [tail, 1 - tail]))
        unseen = 1 - tail ** (1 / self.units)
        if self.value == 1:
            low = min(low, 1 - unseen)
        if self.value == 0:
            high = max(high, unseen)
        return low, high


def draws(count: int, replicates: int, seed: Seed, chunk: int) -> Iterator[np.ndarray]:
    """Yield (count, <= chunk) float64 multiplicities, ``replicates`` columns in all, each of sum ``count``."""
    rng = np.random.default_rng(seed)
    for first in range(0, replicates, chunk):
        columns = min(chunk, replicates - first)
        drawn = rng.integers(count, size=(columns, count)) * columns + np.arange(columns)[:, None]
        yield np.bincount(drawn.ravel(), minlength=count * columns).reshape(count, columns).astype(np.float64)


def unit_ids(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is resampled, for N pairs of identities (N,), (N,): the identities themselves.

    A negative identity is unknown; then each pair stands for itself, which is the ordinary bootstrap of pairs.
    """
    if min(left.min(), right.min()) >= 0:
        return left, right
    return np.arange(len(left)), np.arange(len(left))


def units(left: np.ndarray, right: np.ndarray) -> int:
    """How many identities N pairs have, or pairs where identities are unknown."""
    return len(np.unique(unit_ids(left, right)))


def pair_weights(left: np.ndarray, right: np.ndarray, replicates: int, seed: Seed) -> Iterator[np.ndarray]:
    """Yield (N, <= chunk) weights of N pairs of identities (N,), (N,), ``replicates`` columns in all."""
    people, index = np.unique(unit_ids(left, right), return_inverse=True)
    left, right = index.reshape(2, -1)
    different = np.flatnonzero(left != right)
    for drawn in draws(len(people), replicates, seed, max(1, WEIGHTS_A_CHUNK // len(left))):
        weights = drawn[left]
        weights[different] *= drawn[right[different]]
        yield weights


def weight_of_runs(weights: np.ndarray, one: np.ndarray, other: np.ndarray, run: np.ndarray, count: int) -> np.ndarray:
    """(count, R) float64 sums of weights[one] * weights[other] over the pairs of each run; ``run`` ascends.

    Weights are small whole numbers, so that the sums are exact in any order.
    """
    sums = np.zeros((count, weights.shape[1]))
    bounds = np.union1d(np.arange(0, len(run), PAIRS_A_BLOCK), np.flatnonzero(np.diff(run)) + 1)
    for first, last in pairwise([*bounds.tolist(), len(run)]):
        sums[run[first]] += np.einsum("ij,ij->j", weights[one[first:last]], weights[other[first:last]])
    return sums


def p_value(differences: np.ndarray) -> float:
    """Two-sided p of (R,) bootstrap differences: min(1, 2 (1 + min(#{d <= 0}, #{d >= 0})) / (R + 1)).

    The added 1 counts the observed sample as one of the resamples, so that p is never 0 (Davison & Hinkley, "Bootstrap
    Methods and their Application", 1997, section 4.2).
    """
    differences = differences[~np.isnan(differences)]
    smaller = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    return float(min(1.0, 2 * (1 + smaller) / (len(differences) + 1)))

"""1:1 verification by the protocol that papers quote: insightface, ``recognition/arcface_torch/eval/verification.py``.

Unit embeddings, squared distance d = ||a - b||^2 = 2 - 2 cos, "same person" iff d < t, strictly. Contiguous folds over
the pair order; a fold's threshold is the first of 0, 0.01 ... 3.99 that is most accurate on the other folds.
All in float64, step by step as there, so that the numbers agree to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from lgaf.errors import DataError, SettingsError
from lgaf.evaluate.vectors import as_vectors, both_kinds, unit

ACCURACY_GRID = np.arange(0, 4, 0.01)
FAR_GRID = np.arange(0, 4, 0.001)
ROWS_A_BLOCK = 128  # a block's float64 copies stay in the cache


@dataclass(frozen=True, eq=False)
class VerificationResult:
    """The outcome of N trials in F folds.

    distances: (N,) float64 squared distances in [0, 4]; same: (N,) bool, mated; folds: (N,) int, the fold of each;
    accuracy: mean over folds, in [0, 1]; std: population standard deviation over folds; fold_thresholds: (F,) squared
    distances; correct: (N,) bool, each pair judged by its own fold's threshold.
    """

    distances: np.ndarray
    same: np.ndarray
    folds: np.ndarray
    accuracy: float
    std: float
    fold_thresholds: np.ndarray
    correct: np.ndarray

    @property
    def threshold(self) -> float:
        """Mean of the folds' thresholds on the squared distance."""
        return float(self.fold_thresholds.mean())

    @property
    def scores(self) -> np.ndarray:
        """(N,) cosine similarities, 1 - d / 2."""
        return 1 - self.distances / 2

    @cached_property
    def _false_accepts(self) -> np.ndarray:
        """(F, 4000) false accept rate of the other folds at each threshold of the fine grid."""
        different, count = ~self.same, len(self.fold_thresholds)
        accepted = counts_below(self.distances[different], self.folds[different], count, FAR_GRID)
        totals = np.bincount(self.folds[different], minlength=count)
        others = totals.sum() - totals
        if not others.all():
            raise DataError("TAR@FAR: all non-mated pairs lie in one fold; mix both kinds of pairs over the folds")
        return (accepted.sum(axis=0) - accepted) / others[:, None]

    def tar(self, far: float) -> float:
        """True accept rate at a false accept rate, insightface's ``calculate_val``: mean over folds.

        Each fold's threshold is interpolated linearly on the grid 0, 0.001 ... 3.999 where the other folds' false
        accept rate crosses ``far``, and is 0 (nothing accepted) where it never reaches it. Among thresholds of equal
        rate the interpolation starts from the last, as SciPy's interp1d did up to 1.8.1 (newer ones refuse such data).
        A fold without a mated pair has no rate and is left out, where insightface divides by zero.

        Raises:
            SettingsError: ``far`` outside (0, 1].
            DataError: all non-mated pairs lie in one fold.
        """
        if not 0 < far <= 1:
            raise SettingsError(f"far: {far} is no false accept rate; expected a number above 0 and at most 1")
        thresholds = [np.interp(far, rates, FAR_GRID) if rates.max() >= far else 0.0 for rates in self._false_accepts]
        accepted = self.distances[self.same] < np.array(thresholds)[self.folds[self.same]]
        totals = np.bincount(self.folds[self.same])
        hits = np.bincount(self.folds[self.same], accepted)
        return float(np.mean(hits[totals > 0] / totals[totals > 0]))

    def roc(self) -> tuple[np.ndarray, np.ndarray]:
        """False and true accept rates over all pairs pooled, one point a distinct distance, from (0, 0) to (1, 1)."""
        order = np.argsort(self.distances)
        same = self.same[order]
        last = np.append(np.flatnonzero(np.diff(self.distances[order])), len(order) - 1)  # of equal distances
        true, false = np.cumsum(same)[last], np.cumsum(~same)[last]
        return np.append(0, false / false[-1]), np.append(0, true / true[-1])


def verify(left: ArrayLike, right: ArrayLike, same: ArrayLike, folds: int = 10) -> VerificationResult:
    """Score N pairs of embeddings, (N, D) and (N, D) of any length, with ``same`` (N,) bool.

    Raises:
        DataError: shapes that do not match, a value that is not finite, fewer pairs than folds, or pairs that are all
            mated or all non-mated.
    """
    distance = distances(left, right)
    return judge(distance, same, fold_numbers(len(distance), folds))


def judge(distance: np.ndarray, same: ArrayLike, folds: np.ndarray) -> VerificationResult:
    """Score N squared distances, each with its fold's number: :func:`verify` from where the embeddings are done.

    Raises:
        DataError: as :func:`verify`.
    """
    same = np.asarray(same)
    if same.dtype != bool or same.shape != distance.shape:
        raise DataError(f"same: type {same.dtype}, shape {same.shape}; expected booleans, shape {distance.shape}")
    folds = gapless(folds, same)
    count = int(folds.max()) + 1
    true = counts_below(distance[same], folds[same], count, ACCURACY_GRID)
    false = counts_below(distance[~same], folds[~same], count, ACCURACY_GRID)
    right = true - false  # up to a constant the number judged correctly
    best = np.argmax(right.sum(axis=0) - right, axis=1)
    thresholds = ACCURACY_GRID[best]
    return outcome(distance, same, folds, thresholds, distance < thresholds[folds])


def gapless(folds: np.ndarray, same: np.ndarray) -> np.ndarray:
    """(N,) folds numbered without a gap: one may have lost all its pairs.

    Raises:
        DataError: pairs that are all mated or all non-mated, or all of one fold.
    """
    both_kinds(same)
    folds = np.unique(folds, return_inverse=True)[1]
    if folds.max() == 0:
        raise DataError("all pairs lie in one fold; a threshold needs pairs of another")
    return folds


def outcome(
    distance: np.ndarray, same: np.ndarray, folds: np.ndarray, thresholds: np.ndarray, accepted: np.ndarray
) -> VerificationResult:
    """What it comes to that (N,) ``accepted`` pairs are judged mated, each by its fold's of (F,) ``thresholds``."""
    correct = accepted == same
    accuracies = np.bincount(folds, correct) / np.bincount(folds)
    return VerificationResult(
        distances=distance,
        same=same,
        folds=folds,
        accuracy=float(np.mean(accuracies)),
        std=float(np.std(accuracies)),
        fold_thresholds=thresholds,
        correct=correct,
    )


def distances(left: ArrayLike, right: ArrayLike) -> np.ndarray:
    """(N,) float64 squared distances of the unit vectors of (N, D) and (N, D).

    Raises:
        DataError: shapes that do not match, or a value that is not finite.
    """
    left, right = as_vectors(left, "left"), as_vectors(right, "right")
    if left.shape != right.shape:
        raise DataError(f"left has shape {left.shape}, right {right.shape}; expected the same")
    result = np.empty(len(left))
    for start in range(0, len(left), ROWS_A_BLOCK):
        block = slice(start, start + ROWS_A_BLOCK)
        rows = range(start, len(left))
        difference = unit(left[block].astype(np.float64), "left", rows)
        difference -= unit(right[block].astype(np.float64), "right", rows)
        result[block] = np.sum(np.square(difference, out=difference), axis=1)
    return result


def fold_numbers(count: int, folds: int) -> np.ndarray:
    """(count,) fold of each pair: contiguous, the first ``count % folds`` one longer (scikit-learn's KFold).

    Raises:
        DataError: fewer pairs than folds, or fewer than two folds.
    """
    if not 2 <= folds <= count:
        raise DataError(f"{count} pairs in {folds} folds; expected at least 2 folds and a pair in each")
    sizes = np.full(folds, count // folds)
    sizes[: count % folds] += 1
    return np.repeat(np.arange(folds), sizes)


def counts_below(distance: np.ndarray, folds: np.ndarray, count: int, grid: np.ndarray) -> np.ndarray:
    """(count, T) int: how many of a fold's distances lie strictly below each of the T thresholds of ``grid``."""
    first = np.searchsorted(grid, distance, side="right")  # index of the first threshold above the distance
    width = len(grid) + 1
    counts = np.bincount(folds * width + first, minlength=count * width).reshape(count, width)
    return np.cumsum(counts[:, :-1], axis=1)

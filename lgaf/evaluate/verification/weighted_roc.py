"""TAR@FAR and AUC of weighted pairs, for many weightings at once; the pairs are sorted once.

TAR at a false accept rate: the highest true accept rate of a rule "same person iff score >= t" that accepts at most
that share of the non-mated pairs. AUC: the probability that a mated pair scores higher than a non-mated one, equal
scores counted half (Hanley & McNeil, Radiology 143 (1982)). Weights of a resample: :mod:`lgaf.evaluate.bootstrap`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lgaf.evaluate.bootstrap import weight_of_runs
from lgaf.evaluate.vectors import both_kinds


@dataclass(frozen=True, eq=False)
class Sorted:
    """M mated and N non-mated pairs of U people, sorted once for all resamples.

    The D distinct scores of mated pairs are the only thresholds that matter: between two of them false accepts grow and
    true ones do not.

    person: (M,) whose a mated pair is, from the highest score to the lowest; first: (D,) the first of them with each
    distinct score. left, right: (N,) the two people of a non-mated pair; run: (N,), ascending, 2 d + 1 where its score
    is the distinct score d, 2 d where it lies above that and below the one before, 2 D where it lies below all.
    people: U.
    """

    person: np.ndarray
    first: np.ndarray
    left: np.ndarray
    right: np.ndarray
    run: np.ndarray
    people: int

    def rates(self, weights: np.ndarray, fars: Sequence[float]) -> np.ndarray:
        """(len(fars) + 1, R) TAR at each of ``fars``, and the AUC, where people count (U, R) ``weights`` times.

        NaN where the mated pairs, or the non-mated ones, have no weight at all.
        """
        steps = len(self.first)
        false = np.cumsum(
            weight_of_runs(weights.astype(np.float32), self.left, self.right, self.run, 2 * steps + 1), axis=0
        )
        above, accepted = false[0:-1:2], false[1::2]  # non-mated above each distinct score, and also at it
        mated = np.add.reduceat(weights[self.person], self.first, axis=0)
        true = np.concatenate([np.zeros((1, weights.shape[1])), np.cumsum(mated, axis=0)])
        column = np.arange(weights.shape[1])
        allowed = [np.count_nonzero(accepted <= far * false[-1], axis=0) for far in fars]
        with np.errstate(invalid="ignore"):
            tar = [np.where(false[-1] > 0, true[count, column] / true[-1], np.nan) for count in allowed]
            worse = (mated * (above + accepted)).sum(axis=0) / (2 * true[-1] * false[-1])
        return np.array([*tar, 1 - worse])


def sort_pairs(trials: pa.Table) -> Sorted:
    """Sort a table with the columns identity_left, identity_right, same and score.

    Raises:
        DataError: pairs that are all mated or all non-mated.
    """
    score, same, left, right = (trials[key].to_numpy() for key in ("score", "same", "identity_left", "identity_right"))
    both_kinds(same)
    people, index = np.unique(np.concatenate([left, right]), return_inverse=True)
    left, right = index.reshape(2, -1)
    mated, nonmated = np.flatnonzero(same), np.flatnonzero(~same)
    mated = mated[np.argsort(-score[mated], kind="stable")]
    distinct, first = np.unique(-score[mated], return_index=True)
    run = sum(np.searchsorted(distinct, -score[nonmated], side) for side in ("left", "right"))
    order = np.argsort(run, kind="stable")
    nonmated = nonmated[order]
    return Sorted(left[mated], first, left[nonmated], right[nonmated], run[order], len(people))

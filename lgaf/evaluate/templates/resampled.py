"""TAR@FAR of ranked pairs in resamples of the people: see :mod:`lgaf.evaluate.bootstrap` for the weights.

Millions of pairs times a thousand resamples are too many to store. But a corner of the ROC curve is a mated pair: of
the non-mated ones only the weight between two mated pairs matters, and they are added up as they are made.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from lgaf.evaluate.bootstrap import RESAMPLES_A_CHUNK, Estimate, Seed, draws, weight_of_runs
from lgaf.evaluate.names import far_of, tar_name
from lgaf.evaluate.templates.ranking import Ranking, last_argmin


def resampled_tar(ranking: Ranking, fars: Sequence[float], replicates: int, seed: Seed) -> np.ndarray:
    """(len(fars), replicates) true accept rates, each at the nearest corner of its resample's own ROC curve.

    With all weights 1 this is :meth:`Ranking.tar`, but for equal scores and a best pair that is not mated: points of
    theirs scikit-learn keeps although they are no corners. NaN in a resample that has lost all pairs of a kind.
    """
    same, left, right = ranking.same, ranking.left, ranking.right
    count = int(max(left.max(), right.max())) + 1
    one, other = left[~same], right[~same]
    other = np.where(one == other, count, other)  # a pair of one person counts once a copy: the last weight is 1
    mated, run = left[same], np.searchsorted(-ranking.scores[same], -ranking.scores[~same])
    found = []
    with tqdm(total=replicates, desc="resamples", delay=2, leave=False, disable=None) as progress:
        for drawn in draws(count, replicates, seed, RESAMPLES_A_CHUNK):
            weights = np.vstack([drawn, np.ones(drawn.shape[1])])
            accepted = np.cumsum(weights[mated], axis=0)
            false = np.cumsum(weight_of_runs(weights.astype(np.float32), one, other, run, len(mated) + 1), axis=0)
            found.append(nearest_corners(accepted, false, weights[mated] > 0, fars))
            progress.update(drawn.shape[1])
    return np.concatenate(found, axis=1)


def nearest_corners(accepted: np.ndarray, false: np.ndarray, there: np.ndarray, fars: Sequence[float]) -> np.ndarray:
    """(len(fars), R) true accept rates at the corners nearest to ``fars``.

    accepted: (K, R) weight of the mated pairs down to each of K; false: (K + 1, R) of the non-mated ones down to it,
    and of all; there: (K, R) whether the resample holds the mated pair.
    """
    with np.errstate(invalid="ignore"):
        rates, tar = false / false[-1], accepted / accepted[-1]
    ends = np.zeros((1, rates.shape[1])), np.ones((1, rates.shape[1]))
    rates = np.concatenate([ends[0], np.where(there, rates[:-1], np.inf), ends[1]])
    tar = np.concatenate([ends[0], tar, ends[1]])
    lost = (accepted[-1] == 0) | (false[-1] == 0)
    columns = np.arange(rates.shape[1])
    return np.array([np.where(lost, np.nan, tar[last_argmin(np.abs(rates - far)), columns]) for far in fars])


def estimate_ranking(ranking: Ranking, metrics: Sequence[str], seed: Seed, replicates: int) -> dict[str, Estimate]:
    """TAR@FAR of templates; each resample has thresholds of its own."""
    fars = [far_of(name, f"templates; expected {tar_name(1e-4)}") for name in metrics]
    mated, people = int(ranking.same.sum()), len(np.unique(ranking.left[ranking.same]))
    rates = resampled_tar(ranking, fars, replicates, seed)
    values = map(ranking.tar, fars)
    found = zip(metrics, values, rates, strict=True)
    return {name: Estimate(value, mated, people, replicate) for name, value, replicate in found}

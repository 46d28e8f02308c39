"""Scores on a scale of their own: folds and rates without insightface's grid. **Ours**.

Thresholds are such scores: a fold's is the highest of the other folds' scores that is most accurate on them, "same
person" iff score >= threshold. At a false accept rate a mated pair is accepted iff at most that share of the other
folds' non-mated pairs score as high. Both are what insightface's rules (:mod:`lgaf.evaluate.verification.folds`) come
to as the steps of their grids go to 0, and no change of scale changes them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import Estimate, Seed
from lgaf.evaluate.names import accuracy_name, tar_name
from lgaf.evaluate.verification.estimates import estimate_judged, mean_of_known
from lgaf.evaluate.verification.folds import VerificationResult, gapless, outcome

RULES = (
    "threshold: the highest of the others' own scores that is most accurate on them; accuracy is the mean over folds",
    "TAR: a mated pair is accepted where at most the target share of the other folds' non-mated pairs score as high; "
    "no interpolation",
)
"""The two rules in print."""
ROUNDING = 1e-9
"""Share of a pair by which a product of a rate and a count may be too small."""


def judge(score: np.ndarray, same: np.ndarray, folds: np.ndarray) -> VerificationResult:
    """Judge N scores, each by the threshold that the other folds give; negated, they stand for distances.

    Where nothing accepted is most accurate on the others, a fold's threshold is infinite.

    Raises:
        DataError: pairs that are all mated or all non-mated, or all of one fold.
    """
    folds = gapless(folds, same)
    thresholds = np.array([most_accurate(score[folds != k], same[folds != k]) for k in range(folds.max() + 1)])
    return outcome(-score, same, folds, thresholds, score >= thresholds[folds])


def most_accurate(score: np.ndarray, same: np.ndarray) -> float:
    """The highest threshold of (N,) scores, or none of them, infinity, that judges most pairs right."""
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)  # of equal scores
    right = np.cumsum(np.where(same[order], 1, -1))[last]  # more than where nothing is accepted
    return float(score[order][last[right.argmax()]]) if right.max() > 0 else np.inf


def estimate(
    trials: pa.Table,
    result: VerificationResult,
    fars: Sequence[float],
    conditions: Sequence[str],
    seed: Seed,
    replicates: int,
) -> dict[str, Estimate]:
    """Accuracy, TAR@FAR, whose thresholds are set anew in every resample, and the accuracy of each condition.

    Raises:
        DataError: all non-mated pairs lie in one fold, so that it has no threshold; a condition has no pair left.
    """
    if fars and len(np.unique(result.folds[~result.same])) < 2:
        raise DataError("TAR@FAR: all non-mated pairs lie in one fold; mix both kinds of pairs over the folds")
    rates = [tar_name(far) for far in fars]

    def tars(weights: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(rates, accept_rates(result, weights, fars), strict=True))

    whole = {name: float(rate[0]) for name, rate in tars(np.ones((trials.num_rows, 1))).items()}
    names = ["accuracy", *rates, *map(accuracy_name, dict.fromkeys(conditions))]
    return estimate_judged(trials, result, names, whole, tars, seed, replicates)


def accept_rates(result: VerificationResult, weights: np.ndarray, fars: Sequence[float]) -> np.ndarray:
    """(len(fars), R) mean over folds of the true accept rate, where pairs count (N, R) ``weights`` times.

    A fold without a mated pair of weight has no rate and is left out.
    """
    score, same, folds = -result.distances, result.same, result.folds
    nonmated = np.flatnonzero(~same)
    nonmated = nonmated[np.argsort(-score[nonmated], kind="stable")]
    rates = []
    for fold in np.unique(folds[same]):
        others = weights[nonmated] * (folds[nonmated] != fold)[:, None]
        accepted = np.concatenate([np.zeros((1, weights.shape[1])), np.cumsum(others, axis=0)])
        mated = np.flatnonzero(same & (folds == fold))
        as_high = accepted[np.searchsorted(-score[nonmated], -score[mated], side="right")]
        own, total = weights[mated], accepted[-1]
        hits = (own * ((as_high <= far * total + ROUNDING) & (total > 0)) for far in fars)
        with np.errstate(invalid="ignore"):
            rates.append([hit.sum(axis=0) / own.sum(axis=0) for hit in hits])
    found = np.reshape(rates, (len(rates), len(fars), weights.shape[1]))
    return mean_of_known(found)

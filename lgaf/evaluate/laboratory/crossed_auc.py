"""The AUC of probes against a gallery, for many weightings of the people at once."""

from __future__ import annotations

import numpy as np

from lgaf.evaluate.laboratory.crossed import Crossed

LEVELS = 2**15
"""Steps of the cosine, from -1 to 1, to which an AUC is computed."""


def auc(pairs: Crossed, scores: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """The AUC of (D, G) cosines, equal ones counted half, and what it is where people count (U, R) ``weights`` times.

    Cosines are rounded to 1 / 16,384. The second is of first order in the weights, AUC + sum of (weight - 1) times the
    person's influence (infinitesimal jackknife, Efron, "Nonparametric estimates of standard error", Biometrika 68
    (1981)): an AUC is a mean over thousands of pairs, and of a thousand resamples the exact value would take seconds.
    """
    level = np.clip(np.rint((scores.ravel() + 1) * (LEVELS / 2)), 0, LEVELS).astype(np.int32)
    mated, nonmated = level[pairs.mated], level[pairs.nonmated]
    over = 1 - below(mated)[nonmated]  # share of the mated pairs above each non-mated one
    under = below(nonmated)[mated]
    value = float(under.mean())
    owner = pairs.owners(pairs.mated)[0]
    influence = np.bincount(owner, under - value, minlength=pairs.people) / len(mated)
    for side in pairs.owners(pairs.nonmated):
        influence += np.bincount(side, over - value, minlength=pairs.people) / len(nonmated)
    return value, np.clip(value + influence @ (weights - 1), 0, 1)


def below(levels: np.ndarray) -> np.ndarray:
    """(LEVELS + 1,) share of (P,) levels below each level, those equal to it counted half."""
    counts = np.bincount(levels, minlength=LEVELS + 1)
    return (np.cumsum(counts) - counts / 2) / len(levels)

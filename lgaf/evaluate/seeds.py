"""Several trainings of one row: the mean over its seeds, and its luck in the interval.

People and seeds are crossed: every model meets every test person. Both are resampled, apart (the pigeonhole bootstrap:
Owen, Annals of Applied Statistics 1 (2007)). Of S seeds S - 1 are drawn with replacement: so the variance of the mean
over seeds comes out without bias, which S draws would make smaller by (S - 1) / S, half for two seeds (McCarthy &
Snowden, "The bootstrap and finite population sampling", 1985; Rao & Wu, JASA 83 (1988)). With one seed nothing is
known of the luck of training, and the interval is that of the people alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lgaf.evaluate.bootstrap import Estimate
from lgaf.evaluate.replicates import seed_of


def seed_draws(row: str, seeds: int, replicates: int, seed: int) -> np.ndarray:
    """(R, max(1, S - 1)) places of the seeds drawn in each replicate.

    Of a row the same on all benchmarks, since one training meets them all; of two rows independent, since the luck of
    one network is not that of another.
    """
    if seeds == 1:
        return np.zeros((replicates, 1), np.int64)
    return np.random.default_rng(seed_of(seed, row)).integers(seeds, size=(replicates, seeds - 1))


def over_seeds(estimates: Sequence[Estimate], drawn: np.ndarray) -> Estimate:
    """One metric of one row: the mean over its S seeds; replicate r is the mean over the seeds drawn in it."""
    replicates = np.stack([estimate.replicates for estimate in estimates])
    return Estimate(
        value=float(np.mean([estimate.value for estimate in estimates])),
        n=estimates[0].n,
        units=estimates[0].units,
        replicates=replicates[drawn, np.arange(replicates.shape[1])[:, None]].mean(axis=1),
    )


def average(estimates: Sequence[Estimate]) -> Estimate:
    """The plain mean of one metric over several benchmarks, whose people are taken for unrelated."""
    return Estimate(
        value=float(np.mean([estimate.value for estimate in estimates])),
        n=sum(estimate.n for estimate in estimates),
        units=sum(estimate.units for estimate in estimates),
        replicates=np.mean([estimate.replicates for estimate in estimates], axis=0),
    )

"""Many benchmarks in one number: mean accuracy of verification, mean AUC over all pairs, mean rank-1 rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lgaf.evaluate.bootstrap import Estimate
from lgaf.evaluate.names import AUC, of_one_gallery
from lgaf.evaluate.replicates import Replicates
from lgaf.evaluate.seeds import average, over_seeds, seed_draws

POOLS: dict[str, Callable[[str], bool]] = {
    "verification": lambda metric: metric == "accuracy",
    "all pairs": lambda metric: metric == AUC,
    "identification": lambda metric: (metric == "rank1" or metric.endswith("_rank1")) and not of_one_gallery(metric),
}
"""Pool -> whether a metric is in it."""
Place = tuple[str, str]
"""(benchmark, metric)"""


def places(models: Mapping[int, Mapping[str, Replicates]], pool: str) -> list[Place]:
    """The metrics of a pool that every seed's model has."""
    found = [
        {(name, metric) for name, it in benchmarks.items() for metric in it.estimates if POOLS[pool](metric)}
        for benchmarks in models.values()
    ]
    return sorted(set.intersection(*found)) if found else []


def pooled(row: str, models: Mapping[int, Mapping[str, Replicates]], chosen: Iterable[Place], seed: int) -> Estimate:
    """The mean of the ``chosen`` metrics of one row, over its seeds; all metrics count alike.

    seed: of the draw of seeds, see :mod:`lgaf.evaluate.seeds`.
    """
    chosen = list(chosen)
    each = [average([benchmarks[name].estimates[metric] for name, metric in chosen]) for benchmarks in models.values()]
    return over_seeds(each, seed_draws(row, len(each), len(each[0].replicates), seed))

"""From the replicates of every model to the metrics of every row: means over seeds, averages over benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lgaf.evaluate.bootstrap import Estimate
from lgaf.evaluate.seeds import average, over_seeds, seed_draws
from lgaf.report.columns import averaged, averages
from lgaf.report.metrics import Metric, Metrics
from lgaf.report.sources import Model


@dataclass(frozen=True)
class Measured:
    """A metric of a row: the mean over its seeds with its replicates, and the value of each seed."""

    estimate: Estimate
    seeds: tuple[float, ...]


Estimates = dict[str, dict[str, dict[str, Measured]]]
"""{row: {benchmark, or average: {metric: ...}}}"""


def measure(models: Sequence[Model], seed: int) -> Estimates:
    """Every metric of every row, and the average over LGAF's four benchmarks where a row has them.

    seed: of the draws of seeds.
    """
    found: Estimates = {}
    for row in dict.fromkeys(model.row for model in models):
        tables = [one_model(model) for model in models if model.row == row]
        first = next(estimate for names in tables[0].values() for estimate in names.values())
        found[row] = over_models(tables, seed_draws(row, len(tables), len(first.replicates), seed))
    return found


def over_models(
    tables: Sequence[Mapping[str, Mapping[str, Estimate]]], drawn: np.ndarray
) -> dict[str, dict[str, Measured]]:
    """{benchmark: {metric: ...}} of a row from that of each of its models, one a seed; ``drawn``: its seeds' draws."""
    return {
        benchmark: {
            name: Measured(
                over_seeds([table[benchmark][name] for table in tables], drawn),
                tuple(table[benchmark][name].value for table in tables),
            )
            for name in names
        }
        for benchmark, names in tables[0].items()
    }


def one_model(model: Model) -> dict[str, dict[str, Estimate]]:
    """{benchmark: {metric: ...}} of one model, with the averages."""
    found = {it.benchmark: dict(it.estimates) for it in model.replicates if it.estimates}
    for name, parts in averages(found).items():
        shared = [it for it in found[parts[0]] if averaged(it) and all(it in found[part] for part in parts)]
        found[name] = {it: average([found[part][it] for part in parts]) for it in shared}
    return found


def metrics_of(estimates: Mapping[str, Mapping[str, Mapping[str, Measured]]], confidence: float) -> Metrics:
    """What ``metrics.json`` says of them."""
    return {
        row: {
            benchmark: {name: metric_of(measured, confidence) for name, measured in names.items()}
            for benchmark, names in benchmarks.items()
        }
        for row, benchmarks in estimates.items()
    }


def metric_of(measured: Measured, confidence: float) -> Metric:
    """One metric with its interval."""
    low, high = measured.estimate.interval(confidence)
    seeds = measured.seeds if len(measured.seeds) > 1 else None
    return Metric(value=measured.estimate.value, low=low, high=high, n=measured.estimate.n, seeds=seeds)

"""Two methods on the same trials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import p_value
from lgaf.evaluate.estimates import estimate

SAME_TRIALS = ("left", "right", "same", "fold", "set", "probe", "identity", "dropped")


class Difference(NamedTuple):
    """First method minus second, a fraction in [-1, 1]; its percentile interval; two-sided p."""

    difference: float
    low: float
    high: float
    p: float


def paired_difference(
    first: pa.Table,
    second: pa.Table,
    metrics: Iterable[str],
    seed: int = 0,
    replicates: int = 1000,
    confidence: float = 0.95,
) -> dict[str, Difference]:
    """Compare two methods' tables of the same trials, metric by metric, on the same resamples of the identities.

    Raises:
        DataError: the tables hold different trials.
        SettingsError: an unknown metric.
    """
    for column in SAME_TRIALS:
        a, b = (table[column] if column in table.column_names else None for table in (first, second))
        if (a is None) != (b is None) or (a is not None and not a.equals(b)):
            raise DataError(f"the trials differ in column {column!r}; only methods of equal trials compare, score both")
    metrics = list(metrics)
    one, other = (estimate(table, metrics, seed, replicates) for table in (first, second))
    tail = (1 - confidence) / 2
    found = {}
    for name in metrics:
        differences = one[name].replicates - other[name].replicates
        low, high = np.nanquantile(differences, [tail, 1 - tail])
        value = one[name].value - other[name].value
        found[name] = Difference(value, float(low), float(high), p_value(differences))
    return found

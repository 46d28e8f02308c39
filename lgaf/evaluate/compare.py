"""Two rows on the same trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lgaf.evaluate.bootstrap import Estimate, p_value


class Difference(NamedTuple):
    """First minus second, a fraction in [-1, 1]; its percentile interval; two-sided p."""

    difference: float
    low: float
    high: float
    p: float


def paired_difference(first: Estimate, second: Estimate, confidence: float = 0.95) -> Difference:
    """Compare two estimates whose replicates are of the same resamples of the same trials."""
    differences = first.replicates - second.replicates
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(differences, [tail, 1 - tail])
    return Difference(first.value - second.value, float(low), float(high), p_value(differences))


def holm(p: Sequence[float]) -> list[float]:
    """Holm's corrected p-values, in the order given: the k-th smallest of m times m - k + 1, made monotone.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979).
    """
    order = np.argsort(p, kind="stable")
    scaled = np.asarray(p)[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1)
    return corrected.tolist()

"""What each protocol's room hands back of a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from lgaf.evaluate.bootstrap import Estimate
from lgaf.evaluate.images import Images
from lgaf.evaluate.lines import LEFT_OUT

BLOCKS = ("roc", "histogram", "cmc", "reject", "all_pairs", "thresholds")
"""Blocks of a summary that not every protocol has."""


class Scored(NamedTuple):
    """One model on one benchmark."""

    summary: dict[str, Any]
    """The blocks of :func:`lgaf.evaluate.score.score` that the protocol has."""
    trials: pa.Table
    images: Images
    estimates: dict[str, Estimate]
    """Each metric with its replicates."""
    left_out: str = LEFT_OUT
    """What becomes of images without an embedding."""


def intervals(estimates: Mapping[str, Estimate], confidence: float) -> dict[str, dict[str, float]]:
    """{metric: value, low, high, n} as ``results/metrics.json`` has them."""
    found = {}
    for name, metric in estimates.items():
        low, high = metric.interval(confidence)
        found[name] = {"value": metric.value, "low": low, "high": high, "n": metric.n}
    return found

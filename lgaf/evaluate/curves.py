"""Curves of scores, small enough for a summary: the ROC curve and the histogram."""

from __future__ import annotations

import numpy as np

ROC_POINTS = 200
HISTOGRAM_BINS = 60


def roc_points(far: np.ndarray, tar: np.ndarray) -> dict[str, list[float]]:
    """At most 200 points of the staircase, at logarithmic steps of the false accept rate from the lowest to 1."""
    wanted = np.geomspace(far[far > 0].min(), 1, ROC_POINTS)
    place = np.unique(np.searchsorted(far, wanted * (1 + 1e-9), side="right") - 1)
    return {"far": far[place].tolist(), "tar": tar[place].tolist()}


def histogram(mated: np.ndarray, nonmated: np.ndarray) -> dict[str, list[float]]:
    """Counts of cosine scores in equal bins over [-1, 1]."""
    edges = np.linspace(-1, 1, HISTOGRAM_BINS + 1)
    counts = (np.histogram(np.clip(scores, -1, 1), edges)[0].tolist() for scores in (mated, nonmated))
    return {"edges": edges.tolist(), **dict(zip(("mated", "nonmated"), counts, strict=True))}

"""What the embedding norm and the attention weights follow, where the truth of each image is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lgaf.formats.embeddings import Embeddings

BINS = 8
CAUSES = ("hidden", "deformation")


def ranks_of(values: np.ndarray) -> np.ndarray:
    """(N,) ranks from 1, ties sharing their mean."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[index]


def spearman(a: np.ndarray, b: np.ndarray) -> float | None:
    """Spearman's rank correlation, in [-1, 1]; None where one of the two is constant."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(ranks_of(a), ranks_of(b))[0, 1])


def correlations(norms: np.ndarray, truth: dict[str, np.ndarray]) -> dict[str, Any]:
    """Spearman's correlation of the norm with each column of the truth, over the images where it is known.

    A norm that is a quality falls with what harms (hidden, deformation, noise) and rises with resolution.
    """
    found = {}
    for name, values in truth.items():
        known = np.isfinite(values)
        rho = spearman(norms[known], values[known])
        if rho is not None:
            found[name] = {"spearman": rho, "n": int(known.sum())}
    return found


def trend(weights: np.ndarray, cause: np.ndarray) -> dict[str, Any] | None:
    """Mean of (N,) ``weights`` in equal-width bins of ``cause``, with the mean's standard error and the count.

    Bins of fewer than two images are left out; None where no bin is left or ``cause`` is constant.
    """
    known = np.isfinite(cause)
    weights, cause = weights[known], cause[known]
    if len(cause) < 2 or np.ptp(cause) == 0:
        return None
    edges = np.linspace(cause.min(), cause.max(), BINS + 1)
    place = np.clip(np.searchsorted(edges, cause, side="right") - 1, 0, BINS - 1)
    groups = [(edges[i] + edges[i + 1], weights[place == i]) for i in range(BINS) if np.count_nonzero(place == i) > 1]
    if not groups:
        return None
    return {
        "centre": [float(width / 2) for width, _ in groups],
        "mean": [float(group.mean()) for _, group in groups],
        "error": [float(group.std(ddof=1) / np.sqrt(len(group))) for _, group in groups],
        "count": [len(group) for _, group in groups],
        "spearman": spearman(weights, cause),
    }


def truth_blocks(embeddings: Embeddings, rows: np.ndarray) -> dict[str, Any]:
    """The ``attention`` and ``quality`` blocks over the images used; None where there is nothing to tell."""
    truth = {name: values[rows] for name, values in embeddings.truth.items()}
    attention: dict[str, Any] = {}
    if embeddings.attention is not None:
        local = embeddings.attention[rows, 0]
        trends = {cause: trend(local, truth[cause]) for cause in CAUSES if cause in truth}
        attention = {cause: found for cause, found in trends.items() if found}
    return {"attention": attention or None, "quality": correlations(embeddings.norms[rows], truth) or None}

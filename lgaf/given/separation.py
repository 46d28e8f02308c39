"""How well embeddings tell people apart: d', and its interval over people."""

from __future__ import annotations

import numpy as np

from lgaf.evaluate.bootstrap import draws


def separation(vectors: np.ndarray, people: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """d' of mates and strangers, (1 + R,): of the people as they are, then of R resamples of them.

    d' is the difference of the mean cosines of mates and of strangers over the root of the mean of their variances
    (Green & Swets, "Signal Detection Theory and Psychophysics", 1966). Copies of one person are not compared with each
    other, as in :mod:`lgaf.evaluate.bootstrap`. One seed gives other embeddings of the same images the same resamples.

    Args:
        vectors: (N, D), of any length.
        people: (N,) a number a person; two or more people, and two or more images of some.
        replicates: R.
        seed: of the draws.
    """
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit.astype(np.float64) @ unit.T.astype(np.float64)
    np.fill_diagonal(cosine, 0)
    _, who = np.unique(people, return_inverse=True)
    member = np.eye(who.max() + 1)[who].T  # (P, N)
    size = member.sum(1)
    weights = np.concatenate([np.ones((len(size), 1)), *draws(len(size), replicates, seed, replicates)], axis=1)
    sums = {"n": np.outer(size, size) - np.diag(size), "x": member @ cosine @ member.T}
    sums["xx"] = member @ cosine**2 @ member.T
    apart = {key: table - np.diag(np.diag(table)) for key, table in sums.items()}
    mates = {key: np.diag(table) @ weights for key, table in sums.items()}
    strangers = {key: ((table @ weights) * weights).sum(0) for key, table in apart.items()}
    mean = [each["x"] / each["n"] for each in (mates, strangers)]
    spread = [each["xx"] / each["n"] - of**2 for each, of in zip((mates, strangers), mean, strict=True)]
    return (mean[0] - mean[1]) / np.sqrt(np.maximum(sum(spread) / 2, 1e-12))

"""Batches of another size than a file was made for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def in_steps(run: Callable[[np.ndarray], list[np.ndarray]], images: np.ndarray, step: int) -> list[np.ndarray]:
    """Run (B, ...) images ``step`` at a time, the last ones filled up with zeros; each output (B, ...), in order."""
    parts = []
    for start in range(0, len(images), step):
        part = images[start : start + step]
        filled = np.concatenate([part, np.zeros((step - len(part), *part.shape[1:]), part.dtype)])
        # an output of fewer rows than images is passed on as it is: the caller says what is wrong with it
        parts.append([it[: len(part)] if it.ndim and len(it) == step else it for it in map(np.asarray, run(filled))])
    return [np.concatenate([np.atleast_1d(it) for it in each]) for each in zip(*parts, strict=True)]

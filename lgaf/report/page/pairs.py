"""Pairs as a model judges them: the verdict of the trials file, by the threshold of the pair's fold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from lgaf.report.page.judged import Answer, Judged, Words, column, numbered

WORDS = Words("Two people, taken for one", "One person, taken for two", ("score",))


def judged_pairs(table: pa.Table, summary: Mapping[str, Any], faces: dict[str, list[float | None]]) -> Judged:
    """A model's verification trials; ``summary`` is that of its scores. The threshold is the mean of the folds'."""
    same, score = column(table, "same").astype(bool), column(table, "score")
    threshold = summary["folds"]["threshold"]
    if summary["histogram"]:  # of cosines: the threshold is on a squared distance of unit vectors
        threshold = 1 - threshold / 2
    return Judged(
        words=WORDS,
        trials=numbered(zip(table["left"].to_pylist(), table["right"].to_pylist(), strict=True)),
        mated=same,
        right=column(table, "correct").astype(bool),
        beyond=np.where(same, threshold - score, score - threshold),
        answers=[Answer(score, [None] * len(score))],
        threshold=threshold,
        faces=faces,
    )

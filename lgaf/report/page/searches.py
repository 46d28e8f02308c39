"""Searches as a model judges them, each probe set apart, by the ranks and scores of the trials file.

A mated search is right where nobody is ranked before the mate (closed set, rank 1). A non-mated one is right where
nobody is above the threshold at the lowest FPIR that the set can show (:mod:`lgaf.evaluate.identification.open_set`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lgaf.evaluate.identification.open_set import shown_fpirs
from lgaf.evaluate.operating_point import threshold, trials_of
from lgaf.report.page.judged import Answer, Judged, Words, column, numbered

WORDS = Words("Not in the gallery, taken for somebody in it", "In the gallery, another ranked first",
              ("best mate", "best other"))  # fmt: skip


def judged_searches(table: pa.Table, faces: dict[str, list[float | None]]) -> dict[str, Judged]:
    """Probe set -> its searches, those left out that no rate counts."""
    sets = column(table, "set")
    return {name: judged_set(table.filter(pa.array(sets == name)), faces) for name in dict.fromkeys(sets)}


def judged_set(table: pa.Table, faces: dict[str, list[float | None]]) -> Judged:
    """The searches of one probe set."""
    outside = column(table, "nonmated").astype(bool)
    limit = alarm(column(table, "other")[outside])
    table = table.filter(pa.array(~column(table, "dropped").astype(bool) | (outside & (limit is not None))))
    mated = ~column(table, "nonmated").astype(bool)
    mate, other = column(table, "mate"), column(table, "other")
    above = np.nan if limit is None else limit
    return Judged(
        words=WORDS,
        trials=numbered((probe,) for probe in table["probe"].to_pylist()),
        mated=mated,
        right=np.where(mated, column(table, "rank") == 0, ~(other > above)),
        beyond=other - np.where(mated, mate, above),
        answers=[Answer(mate, table["mate_image"].to_pylist()), Answer(other, table["other_image"].to_pylist())],
        threshold=limit,
        faces=faces,
    )


def alarm(scores: np.ndarray) -> float | None:
    """Threshold of non-mated searches (N,) at the lowest FPIR that so many can show; None where they are too few."""
    fpirs = shown_fpirs(len(scores))
    if not fpirs:
        return None
    nobody = np.zeros(len(scores), int)
    return float(threshold(trials_of(scores, nobody, nobody, 1), fpirs[-1], np.ones((2, 1)))[0])

"""1:1 verification of templates: the ROC curve of scikit-learn, read at its nearest corner.

As insightface ``recognition/arcface_torch/eval_ijbc.py`` (1b8d928) and AdaFace
``validation_mixed/validate_IJB_BC.py`` (9cb9816) read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lgaf.evaluate.vectors import both_kinds

FARS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""False accept rates that the field prints."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """P pairs from the highest score to the lowest.

    scores: (P,) float64; same: (P,) bool, mated; left, right: (P,) int, the people whose templates are compared.
    """

    scores: np.ndarray
    same: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @cached_property
    def corners(self) -> tuple[np.ndarray, np.ndarray]:
        """False and true accept rates at the corners of the ROC curve, from (0, 0) to (1, 1).

        The corners are those of scikit-learn's ``roc_curve``: a point between two equal steps is left out.
        """
        last = np.append(np.flatnonzero(np.diff(self.scores)), len(self.scores) - 1)  # of equal scores
        true = np.cumsum(self.same)[last]
        false = 1 + last - true
        if len(last) > 2:
            corner = (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0)
            kept = np.concatenate([[True], corner, [True]])
            true, false = true[kept], false[kept]
        return np.append(0, false) / false[-1], np.append(0, true) / true[-1]

    def tar(self, far: float) -> float:
        """True accept rate at the corner whose false accept rate is nearest to ``far``; at equal distance, the last."""
        rates, accepted = self.corners
        return float(accepted[last_argmin(np.abs(rates - far))])


def rank_pairs(trials: pa.Table) -> Ranking:
    """Rank the pairs of a table with the columns left, right (numbers of templates), same and score.

    Raises:
        DataError: pairs that are all mated or all non-mated.
    """
    scores, same = trials["score"].to_numpy(), trials["same"].to_numpy()
    both_kinds(same)
    left, right = trials["left"], trials["right"]
    templates = pc.unique(pa.chunked_array([*left.chunks, *right.chunks]))
    left, right = (pc.index_in(side, value_set=templates).to_numpy() for side in (left, right))
    people = infer_people(left[same], right[same], len(templates))
    order = np.argsort(-scores)
    return Ranking(scores[order], same[order], people[left[order]], people[right[order]])


def last_argmin(values: np.ndarray) -> np.ndarray:
    """Index of the last smallest value along the first axis."""
    return len(values) - 1 - np.argmin(values[::-1], axis=0)


def infer_people(left: np.ndarray, right: np.ndarray, count: int) -> np.ndarray:
    """(count,) number of each template's person, as far as pairs of one person, (M,) and (M,) templates, tell.

    The lists name nobody. Templates that a chain of mated pairs joins are one person; a person whose templates are not
    so joined counts as several.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    joined = coo_array((np.ones(len(left), np.int8), (left, right)), (count, count))
    return connected_components(joined, directed=False)[1]

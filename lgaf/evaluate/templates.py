"""1:1 verification of templates (IJB-B, IJB-C), as the two codes that papers quote compute it.

insightface ``recognition/arcface_torch/eval_ijbc.py`` (1b8d928) and AdaFace ``validation_mixed/validate_IJB_BC.py``
(9cb9816). Both add the raw features of an image and its mirror image and keep the norm, so that blurred faces weigh
less; insightface also multiplies by the detector's score, AdaFace does not. From there they are one code: the mean over
the images of a medium, the sum over the media of a template, scaled to length 1; the inner product; the ROC curve of
scikit-learn, read at its nearest corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from lgaf.evaluate.vectors import both_kinds, unit

FARS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""False accept rates that the field prints."""
IMAGES_A_BLOCK = 4096
PAIRS_A_BLOCK = 128  # two blocks of float64 templates stay in the cache


def pool(
    vectors: np.ndarray, template: np.ndarray, media: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Pool N images, (N, D) float32, each with its template (N,), medium (N,) and factor (N,) float32 or None.

    A medium's number means something within its template only. Returns the T templates' numbers, ascending, and their
    (T, D) float64 unit vectors. The sums are in float32 and in the reference's order, so that they agree to the last
    bit.

    Raises:
        DataError: a template is not finite.
    """
    order = np.lexsort((media, template))
    template, media = template[order], media[order]
    ids, starts = np.unique(template, return_index=True)
    ends = np.append(starts[1:], len(order))
    pooled = np.empty((len(ids), vectors.shape[1]))
    first = 0
    while first < len(ids):  # as many whole templates as make a block
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + IMAGES_A_BLOCK, side="right")))
        rows = slice(starts[first], ends[last - 1])
        images = vectors[order[rows]]
        if weights is not None:
            images *= weights[order[rows], None]
        new = (np.diff(template[rows]) != 0) | (np.diff(media[rows]) != 0)
        groups = np.concatenate([[0], 1 + np.flatnonzero(new), [len(images)]])
        means = sums_of_runs(images, groups) / np.diff(groups)[:, None].astype(np.float32)
        pooled[first:last] = sums_of_runs(
            means, np.searchsorted(groups, np.append(starts[first:last], rows.stop) - rows.start)
        )
        first = last
    return ids, unit(pooled, "template", ids)


def sums_of_runs(values: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Row r: the sum of rows ``bounds[r]`` to ``bounds[r + 1]`` of (N, D) ``values``, one after the other.

    NumPy's ``add.reduceat`` sums in another order, and so to another last bit than the reference's ``sum``.
    """
    from scipy.sparse import csr_array

    ones = np.ones(len(values), values.dtype)
    return csr_array((ones, np.arange(len(values)), bounds), (len(bounds) - 1, len(values))) @ values


def pair_scores(templates: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(P,) float64 inner products of rows ``left`` (P,) and ``right`` (P,) of (T, D) unit vectors."""
    scores = np.empty(len(left))
    for start in tqdm(range(0, len(left), PAIRS_A_BLOCK), "pairs", unit="block", delay=2, leave=False, disable=None):
        block = slice(start, start + PAIRS_A_BLOCK)
        np.einsum("ij,ij->i", templates[left[block]], templates[right[block]], out=scores[block])
    return scores


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

"""From images to templates (IJB-B, IJB-C), as the two codes that papers quote compute it.

insightface ``recognition/arcface_torch/eval_ijbc.py`` (1b8d928) and AdaFace ``validation_mixed/validate_IJB_BC.py``
(9cb9816). Both add the raw features of an image and its mirror image and keep the norm, so that blurred faces weigh
less; insightface also multiplies by the detector's score, AdaFace does not. From there they are one code: the mean over
the images of a medium, the sum over the media of a template, scaled to length 1.
"""

from __future__ import annotations

import numpy as np

from lgaf.evaluate.vectors import unit

IMAGES_A_BLOCK = 4096


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

"""From images to templates (IJB-B, IJB-C), as the codes that papers quote compute it.

insightface ``recognition/arcface_torch/eval_ijbc.py`` (1b8d928) and AdaFace ``validation_mixed/validate_IJB_BC.py``
(9cb9816). Both add the raw features of an image and its mirror image and keep the norm, so that blurred faces weigh
less; insightface also multiplies by the detector's score, AdaFace does not. From there they are one code: the mean over
the images of a medium, the sum over the media of a template, scaled to length 1. QMagFace
``experiments/ijb_benchmarks.py`` (54923db) weighs features of norm q once more by q, in both steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lgaf.evaluate.vectors import unit

IMAGES_A_BLOCK = 4096


class Block(NamedTuple):
    """Some whole templates: ``templates`` are their places, ``images`` (N,) those of their images, ``media`` the bounds
    of the images of each medium, ``of_templates`` the bounds of the media of each template."""

    templates: slice
    images: np.ndarray
    media: np.ndarray
    of_templates: np.ndarray


def blocks(template: np.ndarray, media: np.ndarray) -> tuple[np.ndarray, Iterator[Block]]:
    """The (T,) numbers of the templates of N images, ascending, and as many whole templates at a time as make a block.

    A medium's number means something within its template only.
    """
    order = np.lexsort((media, template))
    template, media = template[order], media[order]
    ids, starts = np.unique(template, return_index=True)
    ends = np.append(starts[1:], len(order))

    def found() -> Iterator[Block]:
        first = 0
        while first < len(ids):
            last = max(first + 1, int(np.searchsorted(ends, starts[first] + IMAGES_A_BLOCK, side="right")))
            rows = slice(starts[first], ends[last - 1])
            new = (np.diff(template[rows]) != 0) | (np.diff(media[rows]) != 0)
            bounds = np.concatenate([[0], 1 + np.flatnonzero(new), [rows.stop - rows.start]])
            of_templates = np.searchsorted(bounds, np.append(starts[first:last], rows.stop) - rows.start)
            yield Block(slice(first, last), order[rows], bounds, of_templates)
            first = last

    return ids, found()


def pool(
    vectors: np.ndarray, template: np.ndarray, media: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Pool N images, (N, D) float32, each with its template (N,), medium (N,) and factor (N,) float32 or None.

    Returns the T templates' numbers, ascending, and their (T, D) float64 unit vectors. The sums are in float32 and in
    the reference's order, so that they agree to the last bit.

    Raises:
        DataError: a template is not finite.
    """
    ids, parts = blocks(template, media)
    pooled = np.empty((len(ids), vectors.shape[1]))
    for block in parts:
        images = vectors[block.images]
        if weights is not None:
            images *= weights[block.images, None]
        means = sums_of_runs(images, block.media) / np.diff(block.media)[:, None].astype(np.float32)
        pooled[block.templates] = sums_of_runs(means, block.of_templates)
    return ids, unit(pooled, "template", ids)


def pool_by_quality(
    vectors: np.ndarray, norms: np.ndarray, template: np.ndarray, media: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pool N images of qualities (N,) ``norms`` as QMagFace does; the rest as in :func:`pool`, in float64.

    A feature is the unit vector times its quality q. Those of a medium are added with the weight q and then scaled to
    the quality sum q^2 / sum q; those of the media likewise. Returns the templates' qualities (T,) too.

    Raises:
        DataError: an image or a template is not finite.
    """
    ids, parts = blocks(template, media)
    pooled, quality = np.empty((len(ids), vectors.shape[1])), np.empty(len(ids))
    for block in parts:
        images = unit(vectors[block.images].astype(np.float64), "image", block.images)
        found = fused(images, norms[block.images].astype(np.float64), block.media)
        pooled[block.templates], quality[block.templates] = fused(*found, block.of_templates)
    return ids, unit(pooled, "template", ids), quality


def fused(units: np.ndarray, quality: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each run of (N, D) unit vectors of (N,) qualities as one, and its quality; 0 where all have none."""
    weight = quality[:, None] ** 2
    total, squares = sums_of_runs(quality[:, None], bounds)[:, 0], sums_of_runs(weight, bounds)[:, 0]
    mean = np.divide(squares, total, out=np.zeros_like(total), where=total > 0)
    return unit(sums_of_runs(units * weight, bounds), "medium"), mean


def sums_of_runs(values: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Row r: the sum of rows ``bounds[r]`` to ``bounds[r + 1]`` of (N, D) ``values``, one after the other.

    NumPy's ``add.reduceat`` sums in another order, and so to another last bit than the reference's ``sum``.
    """
    from scipy.sparse import csr_array

    ones = np.ones(len(values), values.dtype)
    return csr_array((ones, np.arange(len(values)), bounds), (len(bounds) - 1, len(values))) @ values

"""From embeddings and lists of templates to trials, one row a pair of templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lgaf.evaluate.images import Images, locate
from lgaf.evaluate.similarity import QMagFace
from lgaf.evaluate.templates.pooling import pool, pool_by_quality
from lgaf.evaluate.vectors import pair_scores, unit

if TYPE_CHECKING:
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.templates import Templates


class Pooled(NamedTuple):
    """T templates: their numbers (T,), ascending, unit vectors (T, D) float64, and their qualities (T,) where they are
    compared by it."""

    ids: np.ndarray
    vectors: np.ndarray
    quality: np.ndarray | None


def pooled_templates(
    embeddings: Embeddings, protocol: Templates, settings: EvaluateSettings, similarity: QMagFace | None
) -> tuple[Pooled, Images]:
    """Pool images to templates. One that has lost images is pooled without them, one that has lost all is not there.

    Raises:
        DataError: as :func:`locate`.
    """
    members = protocol.members
    names = members["image"].to_pylist()
    images = locate(embeddings, names, settings.max_missing)
    rows = np.array([images.rows.get(name, -1) for name in names])
    kept = rows >= 0
    template, media, detector = (members[key].to_numpy()[kept] for key in ("template", "media", "score"))
    vectors = embeddings.vectors[rows[kept]]
    if similarity:
        return Pooled(*pool_by_quality(vectors, embeddings.norms[rows[kept]], template, media)), images
    if settings.templates.protocol == "unit":
        vectors = unit(vectors, "image", rows[kept])
    weights = None if settings.templates.protocol == "adaface" else detector
    return Pooled(*pool(vectors, template, media, weights), None), images


def template_trials(pooled: Pooled, protocol: Templates, similarity: QMagFace | None) -> pa.Table:
    """Score a protocol's pairs of templates.

    The table: left, right (numbers of templates), same, score (cosine, or what ``similarity`` makes of it). A pair of a
    template that is not there is left out.
    """
    pairs = protocol.pairs
    left, right = (pc.index_in(pairs[side], value_set=pa.array(pooled.ids)) for side in ("left", "right"))
    if left.null_count or right.null_count:
        whole = pc.and_(pc.is_valid(left), pc.is_valid(right))
        pairs, left, right = pairs.filter(whole), left.filter(whole), right.filter(whole)
    left, right = left.to_numpy(), right.to_numpy()
    scores = pair_scores(pooled.vectors, left, right)
    if similarity and pooled.quality is not None:
        scores = similarity(scores, np.minimum(pooled.quality[left], pooled.quality[right]))
    return pairs.append_column("score", pa.array(scores))

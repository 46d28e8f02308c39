"""From embeddings and lists of templates to trials, one row a pair of templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lgaf.evaluate.images import Images, locate
from lgaf.evaluate.templates.pooling import pool
from lgaf.evaluate.vectors import pair_scores

if TYPE_CHECKING:
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.templates import Templates


def template_trials(embeddings: Embeddings, protocol: Templates, settings: EvaluateSettings) -> tuple[pa.Table, Images]:
    """Pool images to templates and score a protocol's pairs. A template that has lost images is pooled without them.

    The table: left, right (numbers of templates), same, score (cosine). A pair of a template that has lost all is left
    out.

    Raises:
        DataError: as :func:`locate`.
    """
    members = protocol.members
    names = members["image"].to_pylist()
    images = locate(embeddings, names, settings.max_missing)
    rows = np.array([images.rows.get(name, -1) for name in names])
    kept = rows >= 0
    template, media, weights = (members[key].to_numpy()[kept] for key in ("template", "media", "score"))
    with_score = settings.templates.protocol == "insightface"
    ids, vectors = pool(embeddings.vectors[rows[kept]], template, media, weights if with_score else None)
    pairs = protocol.pairs
    left, right = (pc.index_in(pairs[side], value_set=pa.array(ids)) for side in ("left", "right"))
    if left.null_count or right.null_count:
        whole = pc.and_(pc.is_valid(left), pc.is_valid(right))
        pairs, left, right = pairs.filter(whole), left.filter(whole), right.filter(whole)
    scores = pair_scores(vectors, left.to_numpy(), right.to_numpy())
    return pairs.append_column("score", pa.array(scores)), images

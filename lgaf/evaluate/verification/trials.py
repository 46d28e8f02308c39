"""From embeddings and a list of pairs to trials, one row a pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.evaluate.images import Images, locate
from lgaf.evaluate.similarity import QMagFace
from lgaf.evaluate.verification import own_scale
from lgaf.evaluate.verification.folds import VerificationResult, distances, fold_numbers, judge

if TYPE_CHECKING:
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.protocol import Verification


def verification_trials(
    embeddings: Embeddings, protocol: Verification, max_missing: float, similarity: QMagFace | None
) -> tuple[VerificationResult, pa.Table, Images]:
    """Score a protocol's pairs. A pair with a missing image is left out; the others keep their folds.

    The table: left, right (names), identity_left, identity_right, same, fold, score (cosine, or what ``similarity``
    makes of it), correct, quality (the smaller of the two norms), and condition where the protocol has them.

    Raises:
        DataError: as :func:`locate` and :func:`judge`, or a pair's ``same`` contradicts its identities.
    """
    images = locate(embeddings, (name for pair in protocol.pairs for name in pair[:2]), max_missing)
    folds = folds_of(protocol)
    kept = [i for i, pair in enumerate(protocol.pairs) if pair[0] in images.rows and pair[1] in images.rows]
    pairs = [protocol.pairs[i] for i in kept]
    left, right = images[[pair[0] for pair in pairs]], images[[pair[1] for pair in pairs]]
    same = np.array([pair[2] for pair in pairs], dtype=bool)
    identity = embeddings.labels[left], embeddings.labels[right]
    known = (identity[0] >= 0) & (identity[1] >= 0)
    if (wrong := known & (same != (identity[0] == identity[1]))).any():
        pair = pairs[int(np.flatnonzero(wrong)[0])]
        raise DataError(
            f"pair {pair[0]!r}, {pair[1]!r}: the protocol says {'same' if pair[2] else 'different'}, their identities "
            "say otherwise; make pack and protocol again, together"
        )
    apart = distances(embeddings.vectors[left], embeddings.vectors[right])
    quality = np.minimum(embeddings.norms[left], embeddings.norms[right])
    if similarity:
        score = similarity(1 - apart / 2, quality)
        result = own_scale.judge(score, same, folds[kept])
    else:
        result = judge(apart, same, folds[kept])
        score = result.scores
    return result, trials_table(protocol, kept, identity, result, folds[kept], score, quality=quality), images


def trials_table(
    protocol: Verification,
    kept: Sequence[int],
    identity: tuple[np.ndarray, np.ndarray],
    result: VerificationResult,
    folds: np.ndarray,
    score: np.ndarray,
    **more: np.ndarray,
) -> pa.Table:
    """The table of the pairs ``kept``, by their places in the protocol, with the columns ``more`` before condition."""
    pairs = [protocol.pairs[place] for place in kept]
    columns = {
        "left": pa.array([left for left, _, _ in pairs], pa.string()),
        "right": pa.array([right for _, right, _ in pairs], pa.string()),
        "identity_left": identity[0],
        "identity_right": identity[1],
        "same": result.same,
        "fold": folds,
        "score": score,
        "correct": result.correct,
        **more,
    }
    if protocol.conditions:
        columns["condition"] = pa.array([protocol.conditions[place] for place in kept], pa.string())
    return pa.table(columns)


def folds_of(protocol: Verification) -> np.ndarray:
    """(N,) the fold of each pair.

    Raises:
        DataError: fewer pairs than folds.
    """
    sizes = protocol.fold_sizes
    return np.repeat(np.arange(len(sizes)), sizes) if sizes else fold_numbers(len(protocol.pairs), protocol.folds)

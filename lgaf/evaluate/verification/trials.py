"""From embeddings and a list of pairs to trials, one row a pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.evaluate.images import Images, locate
from lgaf.evaluate.verification.folds import VerificationResult, distances, fold_numbers, judge

if TYPE_CHECKING:
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.protocol import Verification


def verification_trials(
    embeddings: Embeddings, protocol: Verification, max_missing: float
) -> tuple[VerificationResult, pa.Table, Images]:
    """Score a protocol's pairs. A pair with a missing image is left out; the others keep their folds.

    The table: left, right (names), identity_left, identity_right, same, fold, score (cosine), correct, quality (the
    smaller of the two norms), and condition where the protocol has them.

    Raises:
        DataError: as :func:`locate` and :func:`judge`, or a pair's ``same`` contradicts its identities.
    """
    images = locate(embeddings, (name for pair in protocol.pairs for name in pair[:2]), max_missing)
    folds = folds_of(protocol)
    kept = [i for i, pair in enumerate(protocol.pairs) if pair[0] in images.rows and pair[1] in images.rows]
    pairs = [protocol.pairs[i] for i in kept]
    left_names, right_names = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    left, right = images[left_names], images[right_names]
    same = np.array([pair[2] for pair in pairs], dtype=bool)
    identity = embeddings.labels[left], embeddings.labels[right]
    known = (identity[0] >= 0) & (identity[1] >= 0)
    if (wrong := known & (same != (identity[0] == identity[1]))).any():
        pair = pairs[int(np.flatnonzero(wrong)[0])]
        raise DataError(
            f"pair {pair[0]!r}, {pair[1]!r}: the protocol says {'same' if pair[2] else 'different'}, their identities "
            "say otherwise; make pack and protocol again, together"
        )
    result = judge(distances(embeddings.vectors[left], embeddings.vectors[right]), same, folds[kept])
    table = pa.table(
        {
            "left": pa.array(left_names, pa.string()),
            "right": pa.array(right_names, pa.string()),
            "identity_left": identity[0],
            "identity_right": identity[1],
            "same": same,
            "fold": folds[kept],
            "score": result.scores,
            "correct": result.correct,
            "quality": np.minimum(embeddings.norms[left], embeddings.norms[right]),
        }
    )
    if protocol.conditions:
        table = table.append_column("condition", pa.array([protocol.conditions[i] for i in kept], pa.string()))
    return result, table, images


def folds_of(protocol: Verification) -> np.ndarray:
    """(N,) the fold of each pair.

    Raises:
        DataError: fewer pairs than folds.
    """
    sizes = protocol.fold_sizes
    return np.repeat(np.arange(len(sizes)), sizes) if sizes else fold_numbers(len(protocol.pairs), protocol.folds)

"""Scores of pairs of images by any matcher: an Arrow IPC file, which stands in the place of embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.files import atomic
from lgaf.formats.pack import check_types, read_table

SCHEMA = pa.schema(
    [
        ("left", pa.string()),
        ("right", pa.string()),
        ("score", pa.float64()),
        ("identity_left", pa.int32()),
        ("identity_right", pa.int32()),
    ]
)


@dataclass(frozen=True)
class PairScores:
    """N scored pairs.

    left, right: N image names each; scores: (N,) float64, higher is more alike, on any scale; identity_left,
    identity_right: (N,) int32, -1 unknown.
    """

    left: list[str]
    right: list[str]
    scores: np.ndarray
    identity_left: np.ndarray
    identity_right: np.ndarray


def pair_of(left: str, right: str) -> tuple[str, str]:
    """A pair by whose order nothing hangs."""
    return (left, right) if left <= right else (right, left)


def nothing() -> PairScores:
    """No scores, of a benchmark that pairs cannot answer."""
    return PairScores([], [], np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32))


def write_scores(path: str | Path, scores: PairScores) -> None:
    """Write a file of scores, atomically."""
    columns = (scores.left, scores.right, scores.scores, scores.identity_left, scores.identity_right)
    table = pa.table([pa.array(it, kind) for it, kind in zip(columns, SCHEMA.types, strict=True)], schema=SCHEMA)
    with atomic(path) as temporary, pa.ipc.new_file(str(temporary), table.schema) as sink:
        sink.write_table(table)


def holds_scores(path: str | Path) -> bool:
    """Whether a file of a row and benchmark holds scores, and not embeddings.

    Raises:
        DataError: it is missing, or no Arrow IPC file.
    """
    columns = read_table(path, ()).column_names
    return "score" in columns and "embedding" not in columns


def read_scores(path: str | Path) -> PairScores:
    """Read a file of scores.

    Raises:
        DataError: it is missing or broken, or a score is not finite.
    """
    table = read_table(path, SCHEMA.names)
    check_types(path, table, SCHEMA, filled=SCHEMA.names)
    left, right = table["left"].to_pylist(), table["right"].to_pylist()
    scores, identity_left, identity_right = (table[name].to_numpy() for name in SCHEMA.names[2:])
    if not (finite := np.isfinite(scores)).all():
        bad = int(finite.argmin())
        raise DataError(f"{path}: record {bad} ({left[bad]}, {right[bad]}): the score is not finite; import it again")
    return PairScores(left, right, scores, identity_left, identity_right)

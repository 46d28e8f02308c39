"""Right or wrong, trial by trial: the least to keep of a run so that another can be compared with it."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError


class Outcomes(NamedTuple):
    """The N trials of one metric."""

    right: np.ndarray
    """(N,) bool."""
    person: np.ndarray
    """(N,) identity of the probe, or of a pair's left image; where it is unknown, a number that no other trial has."""


def outcomes(trials: pa.Table) -> dict[str, Outcomes]:
    """Metric -> its trials: ``accuracy`` of pairs, ``rank1`` of each probe set of a search; templates have none."""
    if "fold" in trials.column_names:
        person = trials["identity_left"].to_numpy().astype(np.int64)
        unknown = -1 - np.arange(len(person))
        return {"accuracy": Outcomes(trials["correct"].to_numpy(), np.where(person < 0, unknown, person))}
    if "rank" not in trials.column_names:
        return {}
    ranks, sets = trials["rank"].fill_null(-1).to_numpy(), np.array(trials["set"].to_pylist(), object)
    people, found = trials["identity"].to_numpy(), {}
    for name in dict.fromkeys(sets):
        kept = (sets == name) & (ranks >= 0)
        found[f"{name}_rank1" if name else "rank1"] = Outcomes(ranks[kept] == 0, people[kept])
    return found


def pack_bits(right: np.ndarray) -> str:
    """(N,) bool as text, six trials a letter."""
    return base64.b64encode(np.packbits(right).tobytes()).decode()


def unpack_bits(text: Any, count: int) -> np.ndarray:
    """(count,) bool of :func:`pack_bits`.

    Raises:
        DataError: it is not that text.
    """
    try:
        packed = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
        if len(packed) != -(-count // 8):
            raise ValueError
        return np.unpackbits(packed, count=count).astype(bool)
    except (ValueError, TypeError):
        raise DataError(f"does not hold {count} trials") from None

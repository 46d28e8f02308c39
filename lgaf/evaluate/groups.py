"""Groups of images by what is known of the people in them: sex, origin and age, or what a protocol says."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lgaf.formats.embeddings import Embeddings

SEXES = ("female", "male")
ORIGINS = ("african", "asian", "caucasian")
"""In the order of the generated world's column ``origin``."""
AGES = (35, 50)
"""Years at which an age group ends and the next begins. Ours."""
UNKNOWN = ""


def groupings(embeddings: Embeddings, listed: Mapping[str, str] | None) -> dict[str, np.ndarray]:
    """{what is grouped by: (N,) the group of each of N embedded images, UNKNOWN where it has none}.

    listed: image -> group, of the protocol; without it the generated world's truth, as far as the embeddings have it.
    """
    if listed is not None:
        return {"group": np.array([listed.get(name, UNKNOWN) for name in embeddings.names], object)}
    ages = (f"under {AGES[0]}", *(f"{a} to {b - 1}" for a, b in pairwise(AGES)), f"{AGES[-1]} and over")
    known = {"sex": ("male", SEXES), "origin": ("origin", ORIGINS), "age": ("age", ages)}
    found = {}
    for name, (column, groups) in known.items():
        if column not in embeddings.truth:
            continue
        values = embeddings.truth[column]
        place = np.searchsorted(AGES, values, side="right") if name == "age" else np.nan_to_num(values, nan=0)
        found[name] = np.where(np.isfinite(values), np.array(groups, object)[place.astype(int)], UNKNOWN)
    return found

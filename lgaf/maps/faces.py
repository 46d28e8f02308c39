"""Which faces of the damage laboratory are shown: of two people the clean one, and that one at the worst damage."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lgaf.damage.kinds import BY_NAME, CLEAN, KINDS
from lgaf.formats.pack import Pack

SHOWN = ("mask", "rectangles", "warp", "low_resolution", "noise")
"""Kinds of damage: regions that are missing, a layout that is deformed, detail that is lost."""


class Sample(NamedTuple):
    """One face: its row of the pack, and what it is in print."""

    row: int
    title: str


def sample_faces(pack: Pack) -> list[Sample]:
    """Of the laboratory's pack the first clean face that was damaged, then its damaged ones; then the last and its."""
    kind, level, source = (pack.truth[name].astype(int) for name in ("kind", "level", "source"))
    damaged = np.unique(source[kind > 0])
    found = []
    for face in damaged[[0, -1]]:
        found.append(Sample(int(face), CLEAN))
        for name in SHOWN:
            it = BY_NAME[name]
            (row,) = np.flatnonzero((kind == 1 + KINDS.index(it)) & (level == level.max()) & (source == face))
            strength = pack.truth["strength"][row]
            found.append(Sample(int(row), f"{name.replace('_', ' ')}\n{strength:.2g} {it.unit}"))
    return found

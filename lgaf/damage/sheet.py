"""A labelled sheet of the laboratory's faces, to look at before believing in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lgaf.damage.kinds import KINDS
from lgaf.formats.pack import Pack
from lgaf.tiles import write_tiles

TILE, FACES = 80, 2


def damage_sheet(source: Path, path: Path) -> None:
    """Write a JPEG, a row a kind: of two people the clean face and then every level, from the laboratory's pack.

    Raises:
        DataError: the pack is missing, broken or not the laboratory's, or ``path`` cannot be written.
    """
    pack = Pack(source)
    kind, level, origin = (pack.truth[name].astype(int) for name in ("kind", "level", "source"))
    first = origin[kind > 0]
    shown = np.unique(first)[np.linspace(0, len(np.unique(first)) - 1, FACES).astype(int)]
    rows = []
    for number, it in enumerate(KINDS, start=1):
        images = []
        for face in shown:
            own = np.flatnonzero((kind == number) & (origin == face))
            images += [pack.image(int(index)) for index in (face, *own[np.argsort(level[own])])]
        rows.append((it.name.replace("_", " "), images))
    write_tiles(rows, path, TILE, FACES * (1 + level.max()))

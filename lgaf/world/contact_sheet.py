"""A labelled sheet of what the world holds, to look at before believing in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.tiles import write_tiles

TILE, COLUMNS = 125, 10
Truth = dict[str, np.ndarray]


def rows_of(name: str, truth: Truth) -> list[tuple[str, np.ndarray]]:
    """What to show of a pack: a label and the indices of the images it fits."""
    clean = (truth["hidden"] < 0.08) & (truth["deformation"] == 0)
    everything = np.ones(len(clean), bool)
    chosen = {
        "train": [("train", everything)],
        "lfw": [("clean", clean), ("hidden", truth["hidden"] > 0.25), ("deformed", truth["deformation"] > 0.15)],
        "cfp_fp": [("frontal", np.abs(truth["yaw"]) < 20), ("profile", np.abs(truth["yaw"]) > 55)],
        "cplfw": [("poses", everything)],
        "calfw": [("young", truth["age"] < 31), ("old", truth["age"] > 44)],
        "agedb": [("30 years", everything)],
        "tinyface": [("low resolution", everything)],
        "scface": [("mugshot", truth["distance"] == 0), ("4.20 m", truth["distance"] == 1),
                   ("2.60 m", truth["distance"] == 2), ("1.00 m", truth["distance"] == 3)],
    }.get(name, [("", everything)])  # fmt: skip
    return [(f"{name} {label}".strip() if label != name else name, np.flatnonzero(fits)) for label, fits in chosen]


def contact_sheet(packs: Iterable[str | Path], path: str | Path) -> None:
    """Write a labelled JPEG with rows of images from rendered packs: clean, poses, ages, covered, deformed, distances.

    Raises:
        DataError: a pack is missing, broken or not of the generated world, or ``path`` cannot be written.
    """
    strips = []
    for source in map(Path, packs):
        pack = Pack(source)
        missing = {"hidden", "deformation", "yaw", "age", "distance"} - set(pack.truth)
        if missing:
            raise DataError(f"{source}: column {min(missing)!r} is missing; only packs of the generated world have it")
        for label, indices in rows_of(source.stem, pack.truth):
            spread = indices[np.linspace(0, len(indices) - 1, min(COLUMNS, len(indices))).astype(int)]
            strips.append((label, [pack.image(int(index)) for index in spread]))
    if not strips:
        raise DataError(f"{path}: no pack to show; run `dvc repro` to render the world")
    write_tiles(strips, path, TILE, COLUMNS)

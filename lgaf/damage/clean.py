"""Which faces are damaged: those of test people that are clean by the truth of each image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lgaf.align.warp import template
from lgaf.formats.pack import Pack

HIDDEN, YAW = 0.05, 35.0
"""A clean face is covered by less, and turned by fewer degrees."""


class CleanFace(NamedTuple):
    """One clean face: where it lies, its name with the benchmark's, and whose it is over all benchmarks."""

    benchmark: str
    row: int
    name: str
    person: int


def clean_faces(packs: Mapping[str, Path]) -> list[CleanFace]:
    """The clean faces of all aligned packs, {benchmark: pack}, of people who have two at least.

    Where a pack says nothing of cover, deformation, yaw or resolution, as those of photographs, every face counts as
    clean; one that alignment did not find never does. Nobody is in two benchmarks.

    Raises:
        DataError: a pack is missing or broken.
    """
    found: list[CleanFace] = []
    first = 0
    for benchmark, path in packs.items():
        pack = Pack(path)
        people, number = np.unique(pack.labels, return_inverse=True)
        clean = np.flatnonzero(is_clean(pack))
        several = np.bincount(number[clean], minlength=len(people)) > 1
        found += [
            CleanFace(benchmark, int(index), f"{benchmark}/{pack.name(int(index))}", first + int(number[index]))
            for index in clean
            if several[number[index]]
        ]
        first += len(people)
    return found


def is_clean(pack: Pack) -> np.ndarray:
    """(N,) bool."""
    truth = pack.truth
    clean = (pack.labels >= 0) & pack.columns["landmarks"].is_valid().to_numpy()
    if "hidden" in truth:
        clean &= truth["hidden"] < HIDDEN
    if "deformation" in truth:
        clean &= truth["deformation"] == 0
    if "yaw" in truth:
        clean &= np.abs(truth["yaw"]) < YAW
    if "resolution" in truth and len(pack):
        left, right = template(pack.image(0).shape[0])[:2]
        clean &= truth["resolution"] >= np.linalg.norm(right - left)
    return clean


def chosen(faces: list[CleanFace], people: int, images: int, seed: int) -> list[int]:
    """Places of the faces that are damaged: up to ``images`` of each of up to ``people`` people, drawn by ``seed``."""
    order = np.random.default_rng(seed).permutation(len(faces))
    taken: dict[int, list[int]] = {}
    for place in order.tolist():
        own = taken.setdefault(faces[place].person, [])
        if len(own) < images:
            own.append(place)
    return sorted(place for own in list(taken.values())[:people] for place in own)

"""From aligned packs to the laboratory's one pack: the clean faces once, then every damaged one.

The columns of truth are ``kind`` (0 clean, else 1 + the place in :data:`lgaf.damage.kinds.KINDS`), ``level`` (0 clean),
``strength`` (in the kind's unit, as measured; NaN for a clean face) and ``source`` (the row of the clean face that was
damaged; a clean face's own). A damaged face is named ``mask-3/lfw/0001_02``, the clean one ``clean/lfw/0001_02``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lgaf.damage.clean import CleanFace, chosen, clean_faces
from lgaf.damage.face import Face
from lgaf.damage.generators import MAKE
from lgaf.damage.kinds import CLEAN, KINDS, Kind, condition
from lgaf.damage.settings import DamageSettings
from lgaf.errors import DataError
from lgaf.formats.image import encode
from lgaf.formats.pack import Pack, write_pack
from lgaf.workers import cores, ordered_map

TRUTH = ("kind", "level", "strength", "source")
FACES_A_TASK = 2
FACES_A_WORKER = 50
"""Fewer are damaged sooner than a process starts."""


class Maker:
    """Damages one face in every way, by its place among those asked for; made once a process."""

    def __init__(self, packs: Mapping[str, Path], faces: list[CleanFace], levels: int, seed: int):
        self.packs = {name: Pack(path) for name, path in packs.items()}
        self.faces = faces
        self.levels = levels
        self.seed = seed

    def __call__(self, index: int) -> list[tuple[bytes, float]]:
        """PNG and strength of every kind at every level, kinds outermost."""
        found = self.faces[index]
        pack = self.packs[found.benchmark]
        points = pack.landmarks(found.row)
        assert points is not None
        face = Face(pack.image(found.row), points)
        made = (
            damaged(face, kind, level, self.levels, self.seed, found.name)
            for kind in KINDS
            for level in range(1, self.levels + 1)
        )
        return [(encode(image), strength) for image, strength in made]


def damaged(face: Face, kind: Kind, level: int, levels: int, seed: int, name: str) -> tuple[np.ndarray, float]:
    """A face at one of ``levels`` levels of a kind, and the strength as measured.

    It follows from seed, kind, level and the image's ``name`` alone, and not from what else is damaged.
    """
    words = (int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in (kind.name, name))
    rng = np.random.default_rng([seed, *words, level])
    return MAKE[kind.name](face, kind.strength((level - 1) / (levels - 1)), rng)


def make_pack(
    packs: Mapping[str, Path], target: Path, settings: DamageSettings, seed: int, workers: int | None = None
) -> None:
    """Write the laboratory's pack.

    Args:
        packs: {benchmark: aligned pack}, whose clean faces are used.
        target: the pack to write; one without a row where the laboratory is not enabled, or no benchmark is for it.
        settings: how many faces are damaged, in how many levels.
        seed: of all that is drawn.
        workers: processes; the bytes do not depend on it.

    Raises:
        DataError: a pack is missing or broken, or no two people have two clean faces.
    """
    wanted = settings.enabled and bool(packs)
    faces = clean_faces(packs) if wanted else []
    if wanted and len({face.person for face in faces}) < 2:
        raise DataError(
            f"damage: no two people with two clean faces in {', '.join(packs)}; set damage.enabled to false"
        )
    places = chosen(faces, settings.people, settings.images, seed)
    opened = {name: Pack(path) for name, path in packs.items()}
    job = (packs, [faces[place] for place in places], settings.levels, seed)
    workers = workers or min(cores(), 1 + len(places) // FACES_A_WORKER)
    made = ordered_map(Maker, job, len(places), workers, FACES_A_TASK)
    with closing(made), write_pack(target, TRUTH) as out:
        for row, face in enumerate(faces):
            pack = opened[face.benchmark]
            out.add(f"{CLEAN}/{face.name}", pack.encoded(face.row), face.person, pack.landmarks(face.row),
                    kind=0, level=0, strength=None, source=row)  # fmt: skip
        for place in tqdm(places, "damage", unit="face"):
            face = faces[place]
            ways = ((kind, level) for kind in range(len(KINDS)) for level in range(1, settings.levels + 1))
            for (kind, level), (image, strength) in zip(ways, next(made), strict=True):
                out.add(f"{condition(KINDS[kind].name, level)}/{face.name}", image, face.person,
                        kind=kind + 1, level=level, strength=strength, source=place)  # fmt: skip

"""Render the whole world on all cores, the same to the last bit however many there are."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lgaf.formats.pack import write_pack
from lgaf.formats.protocol import write_protocol
from lgaf.workers import cores, ordered_map
from lgaf.world.basis import load_basis
from lgaf.world.benchmarks import Set, Shot, people_of, plan, protocol
from lgaf.world.paint import Subject
from lgaf.world.photograph import TRUTH, Photograph, Studio, photograph
from lgaf.world.settings import WorldSettings
from lgaf.world.texture import paint

STREAM = 2
"""Separates the images' random numbers from the people's (identity.py) and the pairs' (benchmarks.py)."""


class Renderer:
    """Takes all photographs of one person of the world, by the person's place in it; made once a process."""

    def __init__(self, basis_path: str | Path, settings: WorldSettings, seed: int):
        self.studio = Studio(load_basis(basis_path))
        self.people = [(world, shots) for world in plan(settings) for shots in people_of(world.shots)]
        self.frame = settings.frame
        self.seed = seed

    def __call__(self, index: int) -> list[Photograph]:
        """The photographs in the order of the person's shots."""
        return photographs(self.studio, *self.people[index], self.frame, self.seed)


def render_world(
    basis_path: str | Path, out_dir: str | Path, settings: WorldSettings, seed: int, workers: int | None = None
) -> None:
    """Render the training pack ``train.arrow`` and, for every benchmark, ``<name>.arrow`` and ``<name>.json``.

    Every image draws from its own random numbers, seeded by world, person and image, so that the packs do not depend
    on the number of workers. A pack that is not finished leaves nothing behind.

    Args:
        basis_path: the head basis.
        out_dir: folder for packs and lists.
        settings: how large the world is.
        seed: of everything drawn.
        workers: processes; all cores available to this process by default.

    Raises:
        DataError: the basis is missing or broken, or ``out_dir`` cannot be written.
    """
    load_basis(basis_path)  # fail here and not in every worker
    out_dir = Path(out_dir)
    sets = plan(settings)
    people = sum(len(people_of(world.shots)) for world in sets)
    rendered = ordered_map(Renderer, (basis_path, settings, seed), people, workers or cores(), chunk=1)
    bar = tqdm(total=sum(len(world.shots) for world in sets), desc="world", unit="image", smoothing=0.05)
    with closing(rendered), bar:
        for world in sets:
            bar.set_description(f"world/{world.name}")
            with write_pack(out_dir / f"{world.name}.arrow", truth=(*TRUTH, "distance")) as pack:
                for shots in people_of(world.shots):
                    for shot, photo in zip(shots, next(rendered), strict=True):
                        pack.add(shot.name, photo.image, shot.label, photo.landmarks, distance=shot.distance,
                                 **photo.truth)  # fmt: skip
                    bar.update(len(shots))
            if world.name != "train":
                write_protocol(out_dir / f"{world.name}.json", protocol(world, settings, seed))


def photographs(studio: Studio, world: Set, shots: list[Shot], frame: int, seed: int) -> list[Photograph]:
    """All photographs of one person in a set."""
    person = world.person(studio.basis, seed, shots[0])
    subject = Subject(person, paint(person).stack())
    photos = []
    for k, shot in enumerate(shots):
        random = np.random.default_rng([seed, STREAM, shot.person, k])
        scene = world.scene(random, person, shot, frame)
        photos.append(photograph(studio, subject, scene, frame, random))
    return photos

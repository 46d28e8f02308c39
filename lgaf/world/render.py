"""Render the whole world on all cores, the same to the last bit however many there are."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from lgaf.data.pack import write_pack
from lgaf.data.protocol import write_protocol
from lgaf.world.basis import load_basis
from lgaf.world.benchmarks import Set, Shot, people_of, plan, protocol
from lgaf.world.paint import Subject
from lgaf.world.photograph import TRUTH, Photograph, Studio, photograph
from lgaf.world.settings import WorldSettings
from lgaf.world.texture import paint

STREAM = 2
"""Separates the images' random numbers from the people's (identity.py) and the pairs' (benchmarks.py)."""
_studio: Studio  # of a worker process


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
    pool = ProcessPoolExecutor(
        workers or cores(),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=start_worker,
        initargs=(str(basis_path),),
    )
    try:
        with tqdm(total=sum(len(world.shots) for world in sets), desc="world", unit="image", smoothing=0.05) as bar:
            for world in sets:
                bar.set_description(f"world/{world.name}")
                with write_pack(out_dir / f"{world.name}.arrow", truth=(*TRUTH, "distance")) as pack:
                    for shot, photo in render_set(pool, world, settings.frame, seed):
                        pack.add(shot.name, photo.image, shot.label, photo.landmarks, distance=shot.distance,
                                 **photo.truth)  # fmt: skip
                        bar.update()
                if world.name != "train":
                    write_protocol(out_dir / f"{world.name}.json", protocol(world, settings, seed))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def render_set(pool: ProcessPoolExecutor, world: Set, frame: int, seed: int) -> Iterator[tuple[Shot, Photograph]]:
    """Render a set person by person, a bounded number ahead, and yield in order."""
    people = iter(people_of(world.shots))
    waiting: list[tuple[list[Shot], Future[list[Photograph]]]] = []

    def submit(count: int) -> None:
        for shots in islice(people, count):
            waiting.append((shots, pool.submit(render_person, world, shots, frame, seed)))

    submit(64)
    while waiting:
        shots, future = waiting.pop(0)
        yield from zip(shots, future.result(), strict=True)
        submit(1)


def start_worker(basis_path: str) -> None:
    """Load the basis once in a worker; OpenCV's own threads would only get in each other's way."""
    global _studio
    cv2.setNumThreads(1)
    _studio = Studio(load_basis(basis_path))


def render_person(world: Set, shots: list[Shot], frame: int, seed: int) -> list[Photograph]:
    """All photographs of one person."""
    return photographs(_studio, world, shots, frame, seed)


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

"""SCFace: mugshots searched for the people that surveillance cameras saw from three distances.

Grgic, Delac and Grgic, "SCface - surveillance cameras face database", Multimedia Tools and Applications 51(3), 2011:
130 people, a frontal mugshot each, and an image from each of five cameras at 4.20 m (distance 1), 2.60 m (2) and 1.00 m
(3). Infrared images (cameras 6 to 8) are left out. No protocol is standard: ``scface`` tests everyone, and benchmark
``scface_test80`` tests 80 people and leaves 50 to train on; :class:`lgaf.data.settings.ScfaceOptions` names the other
choices that papers make, each of which changes the numbers. ``docs/datasets/scface.md`` shows the tree.
"""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from lgaf.data.benchmark import Benchmark, Image, image_bytes
from lgaf.data.official.reading import compare_counts, find, list_images
from lgaf.data.settings import OfficialOptions, ScfaceOptions
from lgaf.errors import DataError
from lgaf.formats.pack import write_pack
from lgaf.formats.protocol import Identification

TEST80 = "scface_test80"
EVERYONE = range(1, 131)
TUNING = 50
"""People whom ``scface_test80`` leaves for fine-tuning."""
CAMERAS = range(1, 6)
METRES = {1: "4.20", 2: "2.60", 3: "1.00"}
BASES = (".", "SCface_database", "SCface")
MUGSHOTS = {True: "mugshot_frontal_cropped_all", False: "mugshot_frontal_original_all"}


class Photos(NamedTuple):
    """The visible photos of everyone."""

    base: Path
    """Holds the folders of mugshots and of surveillance images."""
    mugshots: list[Image]
    probes: dict[str, list[Image]]
    """``d1``, ``d2``, ``d3`` -> the images at that distance."""
    notes: list[str]


def read_scface(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """The benchmark ``scface`` or ``scface_test80`` from ``folder``, which holds the folders of mugshots and of
    surveillance images.

    A probe set a distance: ``d1``, ``d2``, ``d3``.

    Raises:
        DataError: files are missing, or the counts are not the published ones.
    """
    choice, split = options.scface, name == TEST80
    base, mugshots, probe_sets, notes = read_photos(folder, options)
    tested = who_is_tested(choice) if split else set(EVERYONE)
    searched = [image for image in mugshots if image.label in tested]
    wide = split and choice.gallery == "everyone"
    others = [image for image in mugshots if image.label not in tested] if wide else []
    probes = {key: [image for image in images if image.label in tested] for key, images in probe_sets.items()}
    if not searched or not all(probes.values()):
        raise DataError(f"{base}: holds no mugshot, or no image of some distance, of the people tested; get all of it")
    protocol = Identification(
        gallery=[image.name for image in searched],
        distractors=[image.name for image in others],
        probes={key: [image.name for image in images] for key, images in probes.items()},
    )
    images = [*searched, *others, *chain(*probes.values())]
    notes = notes + describe(choice, split, len(searched), len(others))
    return Benchmark(name, images, protocol, notes)


def tuning_images(folder: Path, options: OfficialOptions) -> tuple[list[Image], list[str]]:
    """The mugshots and the images at all distances of those whom ``scface_test80`` leaves, and who they are.

    Raises:
        DataError: as :func:`read_scface`.
    """
    base, mugshots, probe_sets, notes = read_photos(folder, options)
    tested = who_is_tested(options.scface)
    left = [image for image in (*mugshots, *chain(*probe_sets.values())) if image.label not in tested]
    if not left:
        raise DataError(f"{base}: holds no image of the people left for fine-tuning; get all of it")
    return left, [*notes, f"{who_is_left(options.scface)}: {len(left):,} images"]


def import_tuning(folder: Path, target: Path, options: OfficialOptions) -> None:
    """Write :func:`tuning_images` as the training pack ``target``.

    Raises:
        DataError: as :func:`read_scface`.
    """
    images, notes = tuning_images(folder, options)
    with write_pack(target) as pack:
        for image in tqdm(images, "import train", unit="image"):
            pack.add(image.name, image_bytes(image), image.label)
    print("\n".join(f"train: {note}" for note in notes), file=sys.stderr)


def read_photos(folder: Path, options: OfficialOptions) -> Photos:
    """All photos in ``folder``, named, not read.

    Raises:
        DataError: files are missing, or the counts are not the published ones.
    """
    mugshots = find_mugshots(folder, options.scface.cropped)
    base = mugshots.parent
    files = list_images(mugshots, "scface") | surveillance(base)
    asked = {f"mugshots in {mugshots.name}": [(person, f"{person:03d}_frontal") for person in EVERYONE]}
    for distance in METRES:
        names = [(person, f"{person:03d}_cam{camera}_{distance}") for person in EVERYONE for camera in CAMERAS]
        asked[f"images at distance {distance}"] = names
    found = {
        what: [Image(name, files[name], person) for person, name in names if name in files]
        for what, names in asked.items()
    }
    missing = [name for names in asked.values() for _, name in names if name not in files]
    where = f"{base} (without {missing[0]}.jpg)" if missing else base
    counts, published = ({what: len(names) for what, names in each.items()} for each in (found, asked))
    notes = compare_counts(where, counts, published, options)
    frontal, *probes = found.values()
    return Photos(base, frontal, {f"d{distance}": each for distance, each in zip(METRES, probes, strict=True)}, notes)


def find_mugshots(folder: Path, cropped: bool) -> Path:
    """The folder of mugshots of the kind asked for.

    Raises:
        DataError: it is not there; if the other kind is, how to ask for that one.
    """
    wanted, others = ([f"{base}/{MUGSHOTS[kind]}" for base in BASES] for kind in (cropped, not cropped))
    if not any((folder / place).is_dir() for place in wanted):
        for other in filter(Path.is_dir, map(folder.joinpath, others)):
            raise DataError(
                f"{other.parent}: has no {MUGSHOTS[cropped]}, but {other.name}; "
                f"set data.scface.cropped: {str(not cropped).lower()} to search among those"
            )
    return find(folder, wanted, "mugshots", "scface")


def surveillance(base: Path) -> dict[str, Path]:
    """Images of cameras 1 to 5 by name without ending: from folders a distance and camera, or from one flat folder.

    Raises:
        DataError: neither is there.
    """
    flat = base / "surveillance_cameras_all"
    nested = [base / f"surveillance_cameras_distance_{distance}" for distance in METRES]
    if any(folder.is_dir() for folder in nested):
        found: dict[str, Path] = {}
        for folder in nested:
            cameras = [folder / f"cam_{camera}" for camera in CAMERAS]
            for place in cameras if any(camera.is_dir() for camera in cameras) else [folder]:
                found |= list_images(place, "scface")
        return found
    if not flat.is_dir():
        raise DataError(
            f"{base}: has neither surveillance_cameras_distance_1 to _3 nor surveillance_cameras_all; "
            "see docs/datasets/scface.md"
        )
    return list_images(flat, "scface")


def who_is_tested(choice: ScfaceOptions) -> set[int]:
    """The 80 people whose images ``scface_test80`` searches for."""
    people = np.array(EVERYONE)
    if choice.draw is None:
        return set(people[TUNING:].tolist())
    tuning = np.random.default_rng(choice.draw).choice(people, TUNING, replace=False)
    return set(people.tolist()) - set(tuning.tolist())


def who_is_left(choice: ScfaceOptions) -> str:
    """The people whom ``scface_test80`` leaves, in words."""
    drawn = f"people 1 to {TUNING}" if choice.draw is None else f"{TUNING} people, drawn with seed {choice.draw},"
    return f"{drawn} left for fine-tuning"


def describe(choice: ScfaceOptions, split: bool, searched: int, distractors: int) -> list[str]:
    """What a reader must know of the protocol."""
    who = f"test80: {who_is_left(choice)}" if split else "all130: everyone is tested, no one left for training"
    kind = "cropped" if choice.cropped else "original, uncropped"
    others = f" and of {distractors} people not searched for" if distractors else ""
    distances = ", ".join(f"d{distance} {metres} m" for distance, metres in METRES.items())
    return [
        f"protocol {who}; gallery: {kind} frontal mugshots of {searched} people{others}; {distances}; cameras 1 to 5"
    ]

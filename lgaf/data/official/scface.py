"""SCFace: mugshots searched for the people that surveillance cameras saw from three distances.

Grgic, Delac and Grgic, "SCface - surveillance cameras face database", Multimedia Tools and Applications 51(3), 2011:
130 people, a frontal mugshot each, and an image from each of five cameras at 4.20 m (distance 1), 2.60 m (2) and 1.00 m
(3). No protocol is standard; :class:`lgaf.data.settings.ScfaceOptions` names the choices that papers make, each of
which changes the numbers. Infrared images (cameras 6 to 8) are left out. ``docs/datasets/scface.md`` shows the tree.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lgaf.data.benchmark import Benchmark, Image
from lgaf.data.official.reading import compare_counts, find, list_images
from lgaf.data.settings import OfficialOptions, ScfaceOptions
from lgaf.errors import DataError
from lgaf.formats.protocol import Identification

PEOPLE = 130
TUNING = 50
"""People whom ``test80`` leaves for fine-tuning."""
CAMERAS = range(1, 6)
METRES = {1: "4.20", 2: "2.60", 3: "1.00"}
BASES = (".", "SCface_database", "SCface")
MUGSHOTS = {True: "mugshot_frontal_cropped_all", False: "mugshot_frontal_original_all"}


def read_scface(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """The benchmark from ``folder``, which holds the folders of mugshots and of surveillance images.

    A probe set a distance: ``d1``, ``d2``, ``d3``.

    Raises:
        DataError: files are missing, or the counts are not the published ones.
    """
    choice = options.scface
    mugshots = find_mugshots(folder, choice.cropped)
    base = mugshots.parent
    files = list_images(mugshots, "scface") | surveillance(base)
    everyone = range(1, PEOPLE + 1)
    asked = {f"mugshots in {mugshots.name}": [(person, f"{person:03d}_frontal") for person in everyone]}
    for distance in METRES:
        names = [(person, f"{person:03d}_cam{camera}_{distance}") for person in everyone for camera in CAMERAS]
        asked[f"images at distance {distance}"] = names
    found = {what: [(person, name) for person, name in names if name in files] for what, names in asked.items()}
    missing = [name for names in asked.values() for _, name in names if name not in files]
    where = f"{base} (without {missing[0]}.jpg)" if missing else base
    counts, published = ({what: len(names) for what, names in each.items()} for each in (found, asked))
    notes = compare_counts(where, counts, published, options)

    tested = who_is_tested(choice)
    gallery, *probe_sets = found.values()
    searched = [name for person, name in gallery if person in tested]
    others = [name for person, name in gallery if person not in tested] if choice.gallery == "everyone" else []
    probes = {
        f"d{distance}": [name for person, name in names if person in tested]
        for distance, names in zip(METRES, probe_sets, strict=True)
    }
    if not searched or not all(probes.values()):
        raise DataError(f"{base}: holds no mugshot, or no image of some distance, of the people tested; get all of it")
    used = [*searched, *others, *(name for names in probes.values() for name in names)]
    images = [Image(name, files[name], int(name[:3])) for name in used]
    protocol = Identification(gallery=searched, distractors=others, probes=probes)
    return Benchmark(name, images, protocol, notes + describe(choice, len(searched), len(others)))


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
    """The people whose images are searched for."""
    people = np.arange(1, PEOPLE + 1)
    if choice.protocol == "all130":
        return set(people.tolist())
    if choice.draw is None:
        return set(people[TUNING:].tolist())
    tuning = np.random.default_rng(choice.draw).choice(people, TUNING, replace=False)
    return set(people.tolist()) - set(tuning.tolist())


def describe(choice: ScfaceOptions, searched: int, distractors: int) -> list[str]:
    """What a reader must know of the protocol."""
    who = {
        "all130": "all130: everyone is tested, no one left for training",
        "test80": f"test80: people 1 to {TUNING} left for fine-tuning"
        if choice.draw is None
        else f"test80: {TUNING} people, drawn with seed {choice.draw}, left for fine-tuning",
    }[choice.protocol]
    kind = "cropped" if choice.cropped else "original, uncropped"
    others = f" and of {distractors} people not searched for" if distractors else ""
    distances = ", ".join(f"d{distance} {metres} m" for distance, metres in METRES.items())
    return [
        f"protocol {who}; gallery: {kind} frontal mugshots of {searched} people{others}; {distances}; cameras 1 to 5"
    ]

"""What of the data that params.yaml asks for is there, and room for what is made of it, before anything is trained."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tabulate import tabulate
from tqdm import tqdm

from lgaf.align.warp import TEMPLATE_SIZE
from lgaf.catalogue import BENCHMARKS, TRAINING_SETS, Entry
from lgaf.config import Settings
from lgaf.data.benchmark import Image
from lgaf.data.official.lfw_fetch import locate_lfw
from lgaf.data.official.lfw_split import split_lfw
from lgaf.data.official.readers import locate, open_benchmark
from lgaf.data.official.run import no_root, no_training_set
from lgaf.data.official.scface import tuning_images
from lgaf.data.own.read import read_own
from lgaf.data.settings import SCFACE, OfficialOptions
from lgaf.errors import LgafError
from lgaf.files import printable, regular_file
from lgaf.formats.protocol import differs
from lgaf.paths import in_project
from lgaf.strict import checked

State = Literal["ok", "differs", "missing", "broken", "to fetch"]
CROP_BYTES = 2.25
"""A pixel of an aligned crop, as PNG (docs/datasets/README.md)."""
WIDTH = 60
"""Width of the column that says what was found, in characters."""
NEAR = 0.05
"""A training set whose number of images is within this share of a published one is probably that one, incomplete."""


@dataclass(frozen=True)
class Finding:
    """What was found of one data set, or of the disk."""

    name: str
    state: State
    found: str
    """What is there, or what is wrong."""
    entry: Entry | None = None
    """The data set as published, if it is known which."""
    images: int = 0
    packs: float = 0
    """Bytes that packs of it will take: its images where they are copied, and the crops."""

    @property
    def failed(self) -> bool:
        """It stops a run."""
        return self.state in ("missing", "broken")

    def __str__(self) -> str:
        """One line: what is wrong and where to ask."""
        line = f"{self.name}: {self.state}: {self.found}"
        if self.state == "missing" and self.entry:
            line += f"; ask for it at {self.entry.page}, about {self.entry.gigabytes:g} GB"
        return line


def find_problems(settings: Settings, work: Path = Path()) -> list[Finding]:
    """Look for the training set and every benchmark that ``settings`` ask for, and for room in ``work``.

    Lists are read and counts checked; images are looked for, not read. Nothing is raised for data: each problem is a
    finding, so that all are told at once.
    """
    own = [find_own(settings, name) for name in settings.own]
    if settings.data.source == "world":
        world = Finding("world", "ok", "the faces are generated; nothing to fetch")
        return [world, *own, find_room(own, work)] if own else [world]
    if settings.data.source == "lfw":
        found = [find_lfw(settings)]
    else:
        official = [name for name in settings.benchmarks if name not in settings.own]
        benchmarks = tqdm(official, "look for", unit="benchmark", leave=False)
        found = [find_training_set(settings), *(find_benchmark(settings, name) for name in benchmarks)]
        if settings.data.root is not None and not settings.data.root.is_dir():
            found = [Finding("data.root", "missing", no_root(settings.data.root)), *found]
    found += own
    return [*found, find_room(found, work)]


def find_benchmark(settings: Settings, name: str) -> Finding:
    """What there is of an official benchmark."""
    root, entry = settings.data.root, BENCHMARKS[name]
    assert root is not None
    try:
        benchmark = open_benchmark(name, root, **settings.data.official_options())
        size = sum(map(bytes_of, benchmark.images))
    except (LgafError, OSError) as error:
        there = any(locate(name, root))
        return Finding(name, "broken" if there else "missing", str(error), entry)
    notes = [note for note in benchmark.notes if differs([note])]
    said = "; ".join(notes) or benchmark.notes[0]
    images = len(benchmark.images)
    return Finding(name, "differs" if notes else "ok", said, entry, images, pack_bytes(settings, images, size))


def find_own(settings: Settings, name: str) -> Finding:
    """What there is of a benchmark of the user's own photos."""
    own = settings.own[name]
    try:
        benchmark = read_own(name, own)
        size = sum(map(bytes_of, benchmark.images))
    except (LgafError, OSError) as error:
        there = all(map(os.path.lexists, map(in_project, (own.folder, *own.files))))
        return Finding(f"own/{name}", "broken" if there else "missing", str(error))
    images = len(benchmark.images)
    return Finding(f"own/{name}", "ok", "; ".join(benchmark.notes), None, images, pack_bytes(settings, images, size))


def find_lfw(settings: Settings) -> Finding:
    """What there is of LFW, to train and to test."""
    root, entry = settings.data.root, BENCHMARKS["lfw"]
    assert root is not None
    try:
        folder = locate_lfw(root)
        if folder is None:
            said = f"{root} holds no lfw; scikit-learn fetches it there, about {entry.gigabytes:g} GB"
            return Finding("lfw", "to fetch", said, entry)
        split = split_lfw(folder, settings.data.lfw.fold)
        images = [Image(photo.name, split.photos / photo.name) for photo in {**split.trained, **split.tested.named}]
        size = sum(map(bytes_of, images))
    except (LgafError, OSError) as error:
        return Finding("lfw", "broken", str(error), entry)
    return Finding("lfw", "ok", str(split), entry, len(images), pack_bytes(settings, len(images), size))


def find_training_set(settings: Settings) -> Finding:
    """What there is of an official run's training set, and which published one it is by its number of images."""
    root, train = settings.data.root, settings.data.train
    assert root is not None
    if train is None:
        return Finding("train", "ok", "no training set is named (data.train); fine where nothing is trained")
    path, name = root / train, f"train ({train})"
    if not os.path.lexists(path):
        return Finding(name, "missing", no_training_set(path))
    try:
        if str(train) in SCFACE:
            people, notes = tuning_images(path, checked(OfficialOptions, settings.data.official_options()))
            packs = pack_bytes(settings, len(people), sum(map(bytes_of, people)))
            return Finding(name, "ok", "; ".join(notes), BENCHMARKS["scface"], len(people), packs)
        images, aligned = count_training_images(path)
    except (LgafError, OSError) as error:
        return Finding(name, "broken", str(error))
    if not images:
        return Finding(name, "broken", f"{path}: holds no image; see docs/datasets/training.md")
    as_is = aligned and settings.align.landmarks == "given" and settings.image_size == TEMPLATE_SIZE
    packs = 0 if as_is else pack_bytes(settings, images, 0)  # the pack of photos only refers to them
    nearest = min(TRAINING_SETS, key=lambda entry: abs(entry.images - images))
    if images == nearest.images:
        return Finding(name, "ok", f"{nearest.title}: {nearest.counts}", nearest, images, packs)
    if abs(nearest.images - images) <= NEAR * nearest.images:
        said = f"{images:,} images; {nearest.title} has {nearest.images:,}: incomplete, or a cleaned list?"
        return Finding(name, "differs", said, nearest, images, packs)
    return Finding(name, "ok", f"{images:,} images, as many as no published set", None, images, packs)


def count_training_images(path: Path) -> tuple[int, bool]:
    """(number of images, whether they are published aligned) of a training set in any form that is read.

    Raises:
        DataError, OSError: it is broken.
    """
    if path.suffix == ".rec" or os.path.lexists(path / "train.rec"):
        from lgaf.data.recordio import read_recordio

        return len(read_recordio(path)), True
    if path.suffix == ".arrow":
        from lgaf.formats.pack import Pack

        return len(Pack(path)), False
    if not path.is_dir():
        regular_file(path, "see docs/datasets/training.md")
        with path.open("rb") as lines:
            return sum(1 for line in lines if line.strip()), False
    people = [entry for entry in os.scandir(path) if entry.is_dir()]
    return sum(
        1 for person in people for entry in os.scandir(person) if entry.name[0] != "." and entry.is_file()
    ), False


def pack_bytes(settings: Settings, images: int, copied: int) -> float:
    """Bytes of packs with that many images, ``copied`` of them the images themselves, and a crop of each."""
    return copied + images * CROP_BYTES * settings.image_size**2


def find_room(found: Iterable[Finding], work: Path) -> Finding:
    """Whether the disk of ``work`` has room for the packs of what was found."""
    needed, free = sum(each.packs for each in found), shutil.disk_usage(work.absolute()).free
    said = f"packs of what is here, with crops: about {gigabytes(needed)}; free: {gigabytes(free)}"
    return Finding("disk", "ok" if needed < free else "broken", said)


def gigabytes(size: float) -> str:
    """A number of bytes, in print."""
    return f"{size / 1e6:,.0f} MB" if size < 1e9 else f"{size / 1e9:,.0f} GB"


def bytes_of(image: Image) -> int:
    """The size of an encoded image."""
    return len(image.source) if isinstance(image.source, bytes) else image.source.stat().st_size


def show(findings: Sequence[Finding]) -> str:
    """The findings as a table; a problem's own line says more."""
    rows = [
        [
            printable(finding.name),
            finding.state,
            "see below" if finding.failed else printable(finding.found),
            f"{finding.images:,}" if finding.images else "",
            f"{finding.entry.gigabytes:g} GB" if finding.entry else "",
            finding.entry.page if finding.entry else "",
        ]
        for finding in findings
    ]
    headers = ["data", "state", "found", "images", "download, about", "ask for it at"]
    align = ("left", "left", "left", "right", "right", "left")
    return tabulate(rows, headers, disable_numparse=True, colalign=align, maxcolwidths=[None, None, WIDTH, *[None] * 3])

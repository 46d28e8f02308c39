"""A benchmark as read from its official files: its images, still encoded, and what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lgaf.data.protocol import Protocol, write_protocol
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError
from lgaf.strict import checked


@dataclass(frozen=True)
class Image:
    """One image of a benchmark, not yet read."""

    name: str
    """Unique in the benchmark; the protocol and the pack name the image so."""
    source: Path | bytes
    """The file, or the encoded bytes."""
    label: int = -1
    """Identity, -1 unknown."""
    landmarks: np.ndarray | None = None
    """Five points (5, 2) in pixels, in the order of a pack's, if the data set gives them."""
    truth: Mapping[str, float] = field(default_factory=dict)
    """What else is known of it, such as a detector's score: a float32 column of the pack each, the same in all."""


@dataclass(frozen=True)
class Benchmark:
    """Images and the question about them."""

    name: str
    images: list[Image]
    protocol: Protocol
    notes: list[str]
    """Lines to print under the table: which protocol, every option that changes a number, the counts."""


def open_benchmark(name: str, root: str | Path, **options: Any) -> Benchmark:
    """Read a benchmark's lists from its official layout below ``root``, or its ``.bin``, and check its counts.

    Images are not read, only named (those of a ``.bin`` are held in memory). options: the fields of
    :class:`lgaf.data.settings.OfficialOptions`.

    Raises:
        DataError: it is not there, a file is malformed or missing, or the counts are not the published ones.
        SettingsError: an unknown option.
    """
    from lgaf.data.official import READERS  # they are made of the classes above

    settings = checked(OfficialOptions, options)
    if name not in READERS:
        raise DataError(f"{name!r} is no benchmark; known: {', '.join(READERS)}")
    layout, bin_file = locate(name, Path(root))
    # AgeDB's photos alone ask no question, so its .bin is read where no seed says to draw one.
    prefer_bin = settings.prefer == "bin" or (name == "agedb" and settings.agedb.draw is None)
    if bin_file and (prefer_bin or not layout):
        from lgaf.data.official.bins import read_bin

        return read_bin(name, bin_file, settings)
    if layout:
        return READERS[name].read(name, layout, settings)
    raise not_there(name, Path(root))


def locate(name: str, root: Path) -> tuple[Path | None, Path | None]:
    """A benchmark's folder and its ``.bin`` file below ``root``, None where there is none."""
    from lgaf.data.official import READERS

    folders = (root / folder for folder in READERS[name].folders)
    files = (root / place / file for file in READERS[name].bins for place in (".", "bin"))
    return next(filter(Path.is_dir, folders), None), next(filter(Path.is_file, files), None)


def not_there(name: str, root: Path) -> DataError:
    """What is said of a benchmark of which :func:`locate` finds nothing."""
    from lgaf.data.official import READERS

    places = [f"{folder}/" for folder in READERS[name].folders]
    places += [place for file in READERS[name].bins for place in (file, f"bin/{file}")]
    return DataError(f"{root}: has no {name}: looked for {', '.join(places)}; see docs/datasets/README.md")


def write_benchmark(benchmark: Benchmark, out_dir: str | Path) -> None:
    """Write ``<out_dir>/<name>.arrow`` (the images) and ``<name>.json`` (the protocol with the notes).

    Raises:
        DataError: an image cannot be read, or the disk is full.
    """
    from tqdm import tqdm

    from lgaf.data.pack import write_pack

    out_dir = Path(out_dir)
    truth = list(benchmark.images[0].truth) if benchmark.images else []
    with write_pack(out_dir / f"{benchmark.name}.arrow", truth) as pack:
        for image in tqdm(benchmark.images, f"import {benchmark.name}", unit="image"):
            pack.add(image.name, image_bytes(image), image.label, image.landmarks, **image.truth)
    protocol = benchmark.protocol.model_copy(update={"notes": benchmark.notes})
    write_protocol(out_dir / f"{benchmark.name}.json", protocol)


def image_bytes(image: Image) -> bytes:
    """The encoded image."""
    if isinstance(image.source, bytes):
        return image.source
    try:
        return image.source.read_bytes()
    except OSError as error:
        raise DataError(f"{image.source}: cannot be read: {error.strerror}; get the whole data set") from None

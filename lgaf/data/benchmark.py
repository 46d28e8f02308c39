"""A benchmark as read from its official files: its images, still encoded, and what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lgaf.files import read_bytes
from lgaf.formats.pack import write_pack
from lgaf.formats.protocol import Protocol, write_protocol

LARGEST_IMAGE = 2**28
"""Bytes of one in a file of its own: more than the largest that is decoded, without compression."""


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


def write_benchmark(benchmark: Benchmark, out_dir: str | Path) -> None:
    """Write ``<out_dir>/<name>.arrow`` (the images) and ``<name>.json`` (the protocol with the notes).

    Raises:
        DataError: an image cannot be read, or the disk is full.
    """
    out_dir = Path(out_dir)
    truth = list(benchmark.images[0].truth) if benchmark.images else []
    with write_pack(out_dir / f"{benchmark.name}.arrow", truth) as pack:
        for image in tqdm(benchmark.images, f"import {benchmark.name}", unit="image"):
            pack.add(image.name, image_bytes(image), image.label, image.landmarks, **image.truth)
    protocol = benchmark.protocol.model_copy(update={"notes": benchmark.notes})
    write_protocol(out_dir / f"{benchmark.name}.json", protocol)


def image_bytes(image: Image) -> bytes:
    """The encoded image.

    Raises:
        DataError: its file cannot be read, or is none.
    """
    if isinstance(image.source, bytes):
        return image.source
    return read_bytes(image.source, "get the whole data set", LARGEST_IMAGE)

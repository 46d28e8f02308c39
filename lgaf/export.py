"""Packs to the files that other suites read: InsightFace RecordIO (``.rec``, ``.idx``, ``property``) and ``.bin``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
from tqdm import tqdm

from lgaf.data.recordio import FIRST, FRAME, HEADER, LAST, MAGIC, MAGIC_BYTES, MIDDLE, WHOLE
from lgaf.data.verification_bin import write_verification_bin
from lgaf.errors import DataError
from lgaf.files import atomic
from lgaf.formats.image import READ, image_size
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import Verification, read_protocol

FOLDS = 10
"""That InsightFace's code, and all that follows it, makes of the pairs."""


def export(pack: Path, target: Path, protocol: Path | None = None) -> None:
    """Write a pack as ``target``: RecordIO if its name ends in ``.rec``, a verification set if in ``.bin``.

    protocol: of a verification set, the pairs; not needed for RecordIO.

    Raises:
        DataError: the name ends otherwise, or the pack or the protocol cannot be written so.
    """
    if target.suffix == ".rec":
        export_recordio(pack, target)
    elif target.suffix == ".bin" and protocol is not None:
        export_verification(pack, protocol, target)
    else:
        raise DataError(f"{target}: must end in .rec, or in .bin and come with a protocol; a checkpoint in .onnx")


def export_recordio(source: Path, target: Path) -> None:
    """Write a training pack as ``target`` (``.rec``), its ``.idx`` and, in the same folder, ``property``.

    Identities are numbered 0 to C - 1 in the order of their labels, and each identity's images stand together, as all
    that reads such files expects. Names, landmarks and truth columns have no place there.

    Raises:
        DataError: an image's identity is unknown, or its size is not that of the first.
    """
    pack = Pack(source)
    if not len(pack) or (pack.labels < 0).any():
        what = "has images of unknown identity" if len(pack) else "holds no images"
        raise DataError(f"{source}: {what}; a training set must have identities")
    identities, labels = np.unique(pack.labels, return_inverse=True)
    order = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[order], np.arange(len(identities) + 1)) + 1
    first, total = len(pack) + 1, len(pack) + 1 + len(identities)
    height, width = size = size_of(pack, int(order[0]))
    with ExitStack() as stack:
        paths = [target, target.with_suffix(".idx"), target.with_name("property")]
        rec, idx, properties = (stack.enter_context(open(stack.enter_context(atomic(path)), "wb")) for path in paths)
        write_record(rec, idx, 0, [first, total])
        for key, index in enumerate(tqdm(order.tolist(), f"export {target.name}", unit="image"), start=1):
            if size_of(pack, index) != size:
                raise DataError(
                    f"{pack.where(index)}: is not of {width}x{height} pixels, as the first is; align the pack"
                )
            write_record(rec, idx, key, float(labels[index]), pack.encoded(index))
        for key, images in enumerate(pairwise(bounds), start=first):
            write_record(rec, idx, key, images)
        properties.write(f"{len(identities)},{height},{width}\n".encode())


def size_of(pack: Pack, index: int) -> tuple[int, int]:
    """Height and width of an image, by its header."""
    size = image_size(pack.encoded(index))
    if size is None:
        raise DataError(f"{pack.where(index)}: not a readable image ({READ} are read); align the pack")
    return size


def write_record(rec: BinaryIO, idx: BinaryIO, key: int, label: float | Sequence[float], image: bytes = b"") -> None:
    """Append one record and its line in the index; the formats are those that :mod:`lgaf.data.recordio` reads."""
    idx.write(f"{key}\t{rec.tell()}\n".encode())
    if isinstance(label, float):
        payload = HEADER.pack(0, label, key, 0) + image
    else:
        payload = HEADER.pack(len(label), 0, key, 0) + np.array(label, "<f4").tobytes() + image
    *before, last = cut(payload)
    for number, part in enumerate(before):
        rec.write(FRAME.pack(MAGIC, (MIDDLE if number else FIRST) << 29 | len(part)) + part)
    rec.write(FRAME.pack(MAGIC, (LAST if before else WHOLE) << 29 | len(last)) + last + bytes(-len(last) % 4))


def cut(payload: bytes) -> list[bytes]:
    """The parts between magic words at multiples of four bytes."""
    parts, start, at = [], 0, payload.find(MAGIC_BYTES)
    while at >= 0:
        if at % 4 == 0:
            parts.append(payload[start:at])
            start = at + 4
        at = payload.find(MAGIC_BYTES, at + 1)
    return [*parts, payload[start:]]


def export_verification(source: Path, protocol: Path, target: Path) -> None:
    """Write a pack and the pairs of its protocol as a ``.bin`` file.

    Raises:
        DataError: the protocol is no list of pairs, or names an image that the pack has not.
    """
    asked, pack = read_protocol(protocol), Pack(source)
    if not isinstance(asked, Verification):
        raise DataError(f"{protocol}: asks for {asked.kind}; a .bin file holds pairs only")
    if asked.folds != FOLDS or asked.fold_sizes:
        print(
            f"{target}: what reads such files makes {FOLDS} even folds, not the {asked.folds} of {protocol}",
            file=sys.stderr,
        )
    row = {name: index for index, name in enumerate(pack.names)}
    images: dict[str, bytes] = {}  # one that is in several pairs is written once
    for left, right, _ in tqdm(asked.pairs, f"export {target.name}", unit="pair"):
        for name in (left, right):
            if name not in row:
                raise DataError(
                    f"{source}: has no image {name}, which {protocol} asks for; align with test_miss: centre"
                )
            images.setdefault(name, pack.encoded(row[name]))
    pairs = [images[name] for left, right, _ in asked.pairs for name in (left, right)]
    write_verification_bin(target, pairs, np.array([same for _, _, same in asked.pairs]))

"""Any training set -> a training pack. Images that lie in files of their own, or in a large one, are not copied."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from lgaf.align.warp import template
from lgaf.data.recordio import RecordIO, read_recordio
from lgaf.errors import DataError
from lgaf.files import atomic, regular_file, unreadable
from lgaf.formats.image import decode_image
from lgaf.formats.pack import Pack, write_pack
from lgaf.formats.reference import Reference

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
LABEL = re.compile("[0-9]{1,9}")


def import_training(source: str | Path, target: str | Path) -> None:
    """Write the training set ``source`` as the pack ``target`` and print its numbers of images and identities.

    source: a folder with ``train.rec`` and ``train.idx`` (InsightFace RecordIO), or the ``.rec`` itself; a folder with
    a folder of images for each identity; a list, ``.lst`` or ``.txt``, of ``path<TAB>label`` or ``path label``, paths
    relative to the list's folder; or a pack. The pack refers to images in files of theirs and to records by absolute
    path; only records of several parts, a few in a million, are copied.

    Links are followed wherever they lead, since sets on shared disks are often folders of links; one that leads nowhere
    is an error.

    Images of RecordIO are published aligned: square ones get the template's points as landmarks. Those of folders and
    lists get none, also at 112x112, since nothing says how they were cut.

    Raises:
        DataError: ``source`` is none of these, is empty, or a file, a line or a record in it is not what it should be.
    """
    source = Path(os.path.abspath(source))
    if source.suffix == ".rec" or os.path.lexists(source / "train.rec"):
        labels = import_recordio(read_recordio(source), target)
    elif os.path.isdir(source):
        labels = import_images(folder_images(source), source, source, target)
    else:
        if not os.path.lexists(source):
            raise DataError(f"{source}: no such file or folder; see docs/datasets/training.md")
        regular_file(source, "see docs/datasets/training.md")
        if source.suffix in (".lst", ".txt"):
            labels = import_images(listed_images(source), source, source.parent, target)
        elif source.suffix == ".arrow":
            labels = import_pack(source, target)
        else:
            raise DataError(f"{source}: must be a folder, or a file that ends in .rec, .lst, .txt or .arrow")
    _, counts = np.unique(labels, return_counts=True)
    print(
        f"train: {len(labels):,} images of {len(counts):,} identities ({(counts == 1).sum():,} of them with one image, "
        "kept)",
        file=sys.stderr,
    )


def import_recordio(records: RecordIO, target: str | Path) -> np.ndarray:
    """Refer to every image of a RecordIO file; each record's own label counts. Returned are the labels (N,)."""
    first = decode_image(records[0].image, f"{records.path}: record {records.keys[0]}").shape
    landmarks = template(first[0]) if first[0] == first[1] else None
    labels = np.empty(len(records), np.int32)
    with write_pack(target, refers=True) as pack, tqdm(desc="import train", total=len(records), unit="image") as bar:
        for indices, heads in records.walk(np.arange(len(records))):
            labels[indices] = found = records.identities(indices, heads)
            names = pa.array(records.keys[indices]).cast(pa.string())
            done = 0
            for row in [*np.flatnonzero(~heads.whole).tolist(), len(indices)]:
                rows = slice(done, row)
                place = heads.offset[rows], heads.length[rows]
                pack.refer_many(names[rows], str(records.path), *place, found[rows], landmarks)
                if row < len(indices):  # of several parts
                    pack.add(names[row].as_py(), records[int(indices[row])].image, int(found[row]), landmarks)
                done = row + 1
            bar.update(len(indices))
    return labels


class Listed(NamedTuple):
    """One image, where it was named, and whose it is."""

    where: str
    name: str
    label: int


def folder_images(root: Path) -> Iterator[Listed]:
    """The images of a folder of folders; identities count the folders in order of name. Hidden files are passed over.

    Either may be a link, also to what lies outside ``root``.

    Raises:
        DataError: an image outside a folder, a folder without images, a link that leads nowhere, or anything else.
    """
    for label, identity in enumerate(entries(root)):
        if not stat.S_ISDIR(status(identity).st_mode):
            raise DataError(f"{identity.path}: not a folder; each identity's images must be in a folder of its own")
        images = entries(identity.path)
        if not images:
            raise DataError(f"{identity.path}: holds no image; remove the folder")
        for image in images:
            if not stat.S_ISREG(status(image).st_mode):
                raise DataError(f"{image.path}: not a file; a person's folder holds images only: remove it")
            if not image.name.lower().endswith(ENDINGS):
                raise DataError(
                    f"{image.path}: its name ends in none of {', '.join(ENDINGS)}; save it as one of them, or remove it"
                )
            yield Listed(image.path, f"{identity.name}/{image.name}", label)


def status(entry: os.DirEntry[str]) -> os.stat_result:
    """Status of what is there, or of what a link leads to.

    Raises:
        DataError: the link leads nowhere, or in a circle.
    """
    try:
        return entry.stat()
    except OSError as error:
        what = "a link that leads nowhere" if entry.is_symlink() else f"cannot be read: {error.strerror}"
        raise DataError(f"{entry.path}: {what}; mend or remove it") from None


def entries(folder: str | Path) -> list[os.DirEntry[str]]:
    """What is in a folder and not hidden, in order of name."""
    try:
        return sorted((entry for entry in os.scandir(folder) if entry.name[0] != "."), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}") from None


def listed_images(path: Path) -> Iterator[Listed]:
    """The images that a list names.

    Raises:
        DataError: a line is not a path and a label.
    """
    regular_file(path, "see docs/datasets/training.md")
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                name, _, label = line.strip().rpartition("\t" if "\t" in line.strip() else " ")
                if not name.strip() or not name.isprintable() or not LABEL.fullmatch(label.strip()):
                    raise DataError(
                        f"{path}: line {number}: must be PATH, tab or space, LABEL (a whole number from 0 up), "
                        f"is {line.strip()[:100]!r}"
                    )
                yield Listed(f"{path}: line {number}", name.strip(), int(label))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file: {error}; write it as UTF-8") from None
    except OSError as error:
        raise unreadable(path, error, "see docs/datasets/training.md") from None


def import_images(images: Iterator[Listed], source: Path, root: Path, target: str | Path) -> np.ndarray:
    """Refer to images that ``source`` names, in files of their own, ``root``/name. Returned are the labels (N,)."""
    labels = array("i")
    with write_pack(target, refers=True) as pack:
        for where, name, label in tqdm(images, "import train", unit="image"):
            path = os.path.join(root, name)
            try:
                path.encode()
            except UnicodeEncodeError as error:
                raise DataError(f"{where}: not a name that can be kept: {error}; rename the file") from None
            try:
                size = regular_file(path, "get the whole data set, or mend the list").st_size
            except DataError as error:
                raise DataError(f"{where}: {error}") from None
            pack.add(name, Reference(path, 0, size), label)
            labels.append(label)
        if not labels:
            raise DataError(f"{source}: holds no image; see docs/datasets/training.md")
    return np.array(labels, np.int32)


def import_pack(source: Path, target: str | Path) -> np.ndarray:
    """Take a pack as it is. Returned are the labels (N,)."""
    pack = Pack(source)
    if not len(pack):
        raise DataError(f"{source}: holds no image")
    if (unknown := pack.labels < 0).any():
        raise DataError(f"{pack.where(int(unknown.argmax()))}: label {pack.labels.min()}; to train, all must be known")
    with atomic(target) as temporary:
        shutil.copyfile(source, temporary)
    return pack.labels

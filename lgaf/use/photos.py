"""Photo files to aligned faces: one, or all below a folder by several processes."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from tqdm import tqdm

from lgaf.align.find import Finder, Found
from lgaf.align.settings import Alignment
from lgaf.align.warp import align
from lgaf.errors import DataError
from lgaf.files import read_bytes
from lgaf.formats.image import decode_image
from lgaf.use.model import BATCH, Embedded, Model
from lgaf.workers import cores, ordered_map

LARGEST = 2**30
"""Bytes of a photo's file."""
PHOTOS_A_TASK = 8
PHOTOS_A_WORKER = 50
"""Below this a further process takes longer to start than it saves."""


class NoFaceError(DataError):
    """A photo in which no face was found."""


class Photo(NamedTuple):
    """A photo and the face that it is of."""

    path: Path
    image: np.ndarray
    """(H, W, 3) uint8 RGB."""
    face: Found
    crop: np.ndarray
    """(S, S, 3) uint8 RGB, aligned."""


def read_photo(path: Path) -> np.ndarray:
    """The pixels of a file: (H, W, 3) uint8 RGB, upright.

    Raises:
        DataError: it is missing, no file, or no image that is read.
    """
    return decode_image(read_bytes(path, "name a photo", LARGEST), str(path))


def find_face(path: Path, image: np.ndarray, find: Finder, image_size: int) -> Photo:
    """The face of a photo, aligned.

    Raises:
        NoFaceError: there is none.
    """
    try:
        face = find(image)
        return Photo(path, image, face, align(image, face.points, image_size))
    except ValueError as error:
        raise NoFaceError(f"{path}: {error}; see align.min_score and align.detect_size") from None


def embed_photo(model: Model, path: Path, image: np.ndarray) -> np.ndarray:
    """The embedding (D,), of length 1, of the face of one photo.

    Raises:
        DataError: there is no face, or the network gives what is not finite.
    """
    photo = find_face(path, image, Finder(model.choice.alignment), model.image_size)
    return model.embed(photo.crop[None]).units[0]


@dataclass(frozen=True)
class Outcome:
    """What became of one photo of a folder."""

    status: Literal["found", "no face", "unreadable"]
    crop: np.ndarray | None = None
    count: int = 0
    """Faces in it."""
    reason: str = ""


class PhotoFinder:
    """Finds the faces of photo files, by index; made once a process."""

    def __init__(self, paths: Sequence[Path], alignment: Alignment, image_size: int):
        self.paths, self.image_size = paths, image_size
        self.find = Finder(alignment)

    def __call__(self, index: int) -> Outcome:
        """The face of one photo."""
        path = self.paths[index]
        try:
            photo = find_face(path, read_photo(path), self.find, self.image_size)
        except NoFaceError as error:
            return Outcome("no face", reason=str(error))
        except DataError as error:
            return Outcome("unreadable", reason=str(error))
        return Outcome("found", photo.crop, photo.face.count)


def photos_below(folder: Path) -> list[Path]:
    """All files below a folder but hidden ones, sorted; whether each is a photo is seen when it is read.

    Raises:
        DataError: it is no folder, or holds none.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name one that holds photos")
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in files if not name.startswith(".")]
    if not found:
        raise DataError(f"{folder}: holds no files; name a folder that holds photos")
    return sorted(found)


@dataclass(frozen=True)
class Faces:
    """The embedded faces of a folder's photos."""

    paths: list[Path]
    """Of the photos with a face, in order."""
    counts: np.ndarray
    """(N,) faces in each."""
    embedded: Embedded
    no_face: dict[Path, str]
    """Photos without a face, and those that cannot be read: path -> what is said of it."""
    unreadable: dict[Path, str]


def embed_photos(model: Model, paths: Sequence[Path], workers: int | None = None) -> Faces:
    """Embed the face of each photo: other processes decode and find faces, this one runs the network.

    workers: by default as many as there are cores and photos worth it; the result does not depend on it.

    Raises:
        DataError: no photo has a face, or the network gives what is not finite.
    """
    counts: dict[Path, int] = {}
    missed: dict[str, dict[Path, str]] = {"no face": {}, "unreadable": {}}

    def crops() -> Generator[np.ndarray, None, None]:
        job = (paths, model.choice.alignment, model.image_size)
        processes = workers or min(cores(), max(1, len(paths) // PHOTOS_A_WORKER))
        outcomes = ordered_map(PhotoFinder, job, len(paths), processes, PHOTOS_A_TASK)
        with closing(outcomes):
            for path, outcome in zip(paths, tqdm(outcomes, "photos", len(paths), unit="photo"), strict=True):
                if outcome.crop is None:
                    missed[outcome.status][path] = outcome.reason
                else:
                    counts[path] = outcome.count
                    yield outcome.crop

    parts = []
    with closing(crops()) as faces:
        while batch := list(islice(faces, BATCH)):
            parts.append(model.embed(np.stack(batch)))
    if not parts:
        first = next(iter({**missed["no face"], **missed["unreadable"]}.values()))
        raise DataError(f"no face found in any of {len(paths)} photos; the first: {first}")
    return Faces(list(counts), np.array(list(counts.values())), joined(parts), missed["no face"], missed["unreadable"])


def joined(parts: Sequence[Embedded]) -> Embedded:
    """Batches as one."""
    vectors, norms, attention = zip(*parts, strict=True)
    whole = None if attention[0] is None else np.concatenate(attention)
    return Embedded(np.concatenate(vectors), np.concatenate(norms), whole)

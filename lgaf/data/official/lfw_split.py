"""Who of Labeled Faces in the Wild is trained on and who is tested."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lgaf.data.official.lfw_fetch import find_photos
from lgaf.data.official.lfw_lists import NUMBER, Lines, Photo, PhotoPair, read_pairs, read_train
from lgaf.data.official.reading import require
from lgaf.errors import DataError


class Lists(NamedTuple):
    """What there is to train on and to test."""

    photos: Path
    """The folder of people's folders."""
    trained: Lines
    pairs: list[PhotoPair]
    folds: int
    tested: Lines


def lists_of(folder: Path) -> Lists:
    """Read ``pairs.txt`` and, if it is there, ``train.txt`` (NAME, tab, number a line) and check that photos are there.

    Without ``train.txt`` everyone whom ``pairs.txt`` does not name is trained on.

    Raises:
        DataError: a file is missing or malformed, a list names a missing photo, or someone is in both lists.
    """
    photos = find_photos(folder)
    pairs, folds, tested = read_pairs(folder / "pairs.txt")
    trained = read_train(folder / "train.txt") if (folder / "train.txt").exists() else everyone_else(photos, tested)
    if not trained:
        raise DataError(f"{photos}: no photo of anyone outside pairs.txt; there is nobody to train on")
    if shared := sorted({photo.person for photo in trained} & {photo.person for photo in tested}):
        raise DataError(
            f"{folder}/train.txt: also in pairs.txt: {', '.join(shared)}; a test is of unseen people: remove them"
        )
    require({photo.name: where for photo, where in {**trained, **tested}.items()}, photos)
    return Lists(photos, trained, pairs, folds, tested)


def everyone_else(photos: Path, tested: Lines) -> Lines:
    """Every photo of the people whom the pair list does not name."""
    people = {photo.person for photo in tested}
    found = {}
    for path in sorted(photos.glob("*/*.jpg")):
        person, _, number = path.stem.rpartition("_")
        photo = Photo(person, int(number)) if NUMBER.fullmatch(number) else None
        if photo is None or photo.name != f"{path.parent.name}/{path.name}":
            raise DataError(f"{path}: not named as LFW names photos (NAME/NAME_0001.jpg); rename or remove it")
        if person not in people:
            found[photo] = str(path)
    return found

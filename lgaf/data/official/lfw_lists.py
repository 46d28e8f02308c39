"""The lists of Labeled Faces in the Wild: ``pairs.txt``, whose pairs are tested, and ``train.txt``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from lgaf.data.official.reading import check_pair, quote, read_lines
from lgaf.errors import DataError

PERSON = re.compile(r"[^\s/\\.][^\s/\\]*")
NUMBER = re.compile(r"[0-9]{1,4}")


class Photo(NamedTuple):
    """The ``number``-th photo of a person."""

    person: str
    number: int

    @property
    def name(self) -> str:
        """Its path below the photo folder, also its name in a pack."""
        return f"{self.person}/{self.person}_{self.number:04d}.jpg"


Lines = dict[Photo, str]
"""Each photo that a list names, and where: file and line."""
PhotoPair = tuple[Photo, Photo, bool]


def parse(where: str, person: str, number: str) -> Photo:
    """A photo as the lists name it."""
    if not PERSON.fullmatch(person) or not NUMBER.fullmatch(number):
        raise DataError(
            f"{where}: {quote(person)} {quote(number)} is not a person and the number of a photo; mend the list"
        )
    return Photo(person, int(number))


def read_pairs(path: Path) -> tuple[list[PhotoPair], int, Lines]:
    """Pairs in the order of the list, its number of folds, and the photos named.

    The file starts with the number of folds F and of pairs N: F blocks of N pairs of the same person, then N of
    different people.
    """
    (where, header), *lines = read_lines(path, "lfw") or [(f"{path}: line 1", [])]
    if len(header) != 2 or not all(re.fullmatch("[1-9][0-9]{0,5}", field) for field in header):
        raise DataError(f"{where}: must be the number of folds and of pairs of each kind a fold, such as '10 300'")
    folds, each = int(header[0]), int(header[1])
    if len(lines) != 2 * folds * each:
        raise DataError(f"{path}: has {len(lines)} pairs, its first line promises {2 * folds * each}; fetch it again")
    pairs: list[PhotoPair] = []
    named: Lines = {}
    for index, (where, fields) in enumerate(lines):
        same = index // each % 2 == 0
        if len(fields) != (3 if same else 4):
            shape = "NAME number number (same person)" if same else "NAME number NAME number (different people)"
            raise DataError(f"{where}: must be {shape}, is {quote(fields)}")
        left, right = parse(where, *fields[:2]), parse(where, *([fields[0], *fields[2:]] if same else fields[2:]))
        check_pair(where, left.name, right.name, (left.person, right.person), same)
        pairs.append((left, right, same))
        for photo in (left, right):
            named.setdefault(photo, where)
    return pairs, folds, named


def read_train(path: Path) -> Lines:
    """The photos that ``train.txt`` names."""
    named: Lines = {}
    for where, fields in read_lines(path, "lfw"):
        if len(fields) != 2:
            raise DataError(f"{where}: must be NAME number, is {quote(fields)}")
        photo = parse(where, *fields)
        if photo in named:
            raise DataError(f"{where}: {photo.name} again; name it once")
        named[photo] = where
    if not named:
        raise DataError(f"{path}: names no photo; delete it to train on everyone outside pairs.txt")
    return named

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


class PairList(NamedTuple):
    """What ``pairs.txt`` asks."""

    pairs: list[tuple[Photo, Photo, bool]]
    """(left, right, same person): fold after fold, in each first those of one person, then as many of two."""
    folds: int
    named: Lines

    @property
    def people(self) -> set[str]:
        """Everyone whom a pair names."""
        return {photo.person for photo in self.named}


def parse(where: str, person: str, number: str) -> Photo:
    """A photo as the lists name it."""
    if not PERSON.fullmatch(person) or not NUMBER.fullmatch(number):
        raise DataError(
            f"{where}: {quote(person)} {quote(number)} is not a person and the number of a photo; mend the list"
        )
    return Photo(person, int(number))


def read_pairs(path: Path) -> PairList:
    """The pairs of ``pairs.txt``.

    The file starts with the number of folds F and of pairs N: F blocks of N pairs of the same person, then N of
    different people.

    Raises:
        DataError: the file is missing or malformed.
    """
    (where, header), *lines = read_lines(path, "lfw") or [(f"{path}: line 1", [])]
    if len(header) != 2 or not all(re.fullmatch("[1-9][0-9]{0,5}", field) for field in header):
        raise DataError(f"{where}: must be the number of folds and of pairs of each kind a fold, such as '10 300'")
    folds, each = int(header[0]), int(header[1])
    if len(lines) != 2 * folds * each:
        raise DataError(f"{path}: has {len(lines)} pairs, its first line promises {2 * folds * each}; fetch it again")
    pairs = []
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
    return PairList(pairs, folds, named)


def one_fold(path: Path, whole: PairList, fold: int) -> PairList:
    """The ``fold``-th fold, counted from 1, of the list ``path`` as a list of its own.

    Raises:
        DataError: there is no such fold, or folds share a person, who would be tested in one run of two.
    """
    if fold > whole.folds:
        there = "one fold" if whole.folds == 1 else f"{whole.folds} folds"
        raise DataError(f"{path}: has {there} and no fold {fold}; set data.lfw.fold to one that is there")
    size = len(whole.pairs) // whole.folds
    fold_of: dict[str, int] = {}
    for index, (left, right, _) in enumerate(whole.pairs):
        for photo in (left, right):
            first = fold_of.setdefault(photo.person, index // size + 1)
            if first != index // size + 1:
                raise DataError(
                    f"{path}: {photo.person} is in folds {first} and {index // size + 1}, and folds must "
                    "share no one; fetch the list again, or set data.lfw.fold to null"
                )
    pairs = whole.pairs[(fold - 1) * size : fold * size]
    named = {photo: whole.named[photo] for left, right, _ in pairs for photo in (left, right)}
    return PairList(pairs, 1, named)


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

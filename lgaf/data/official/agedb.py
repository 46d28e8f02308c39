"""AgeDB: 16,488 photos of people at known ages.

Moschoglou et al., "AgeDB: the first manually collected, in-the-wild age database", CVPR workshops 2017. A photo's name
is ``number_NAME_age_gender.jpg``. What papers call AgeDB-30 are the authors' 6,000 pairs with 30 years between the two
photos, passed on as ``agedb_30.bin``; the photos alone do not say which pairs those are. From the photos a seed
(``data.agedb.draw``) draws pairs by a rule in its likeness, which is a test of our own: its numbers must not stand
beside published ones, and the notes say so. ``docs/datasets/agedb.md`` shows the tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lgaf.data.benchmark import Benchmark, Image
from lgaf.data.official.reading import Pair, compare_counts, find, list_images, numbered, verification
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError
from lgaf.formats.protocol import DIFFERS

PHOTOS = 16488
FOLDS = 10
EACH = 300
"""Pairs of either kind a fold."""
GAP = 30
"""Least years between the two photos of a pair."""
PHOTO_FOLDERS = ("AgeDB", "03_Protocol_Images", ".")
NAME = re.compile(r"[0-9]{1,6}_([^\s/\\]+)_([0-9]{1,3})_([fm])")


class Photo(NamedTuple):
    """What a file's name says."""

    name: str
    person: str
    age: int


def read_agedb(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """Pairs drawn from the photos in ``folder``.

    Raises:
        DataError: no seed is set, a name is malformed, or the counts are not the published ones.
    """
    seed = options.agedb.draw
    if seed is None:
        raise DataError(
            f"{folder}: AgeDB's photos do not say which pairs AgeDB-30 has; put agedb_30.bin beside the folder, "
            "or set data.agedb.draw to a seed to draw pairs of our own"
        )
    place = find(folder, PHOTO_FOLDERS, "photos", "agedb")
    files = list_images(place, "agedb")
    notes = compare_counts(place, {"photos": len(files)}, {"photos": PHOTOS}, options)
    photos = [parse(path) for path in files.values()]
    pairs = draw_pairs(place, photos, seed)
    labels = numbered(photo.person for photo in photos)
    by_name = {photo.name: Image(photo.name, place / photo.name, labels[photo.person], truth={"age": photo.age})
               for photo in photos}  # fmt: skip
    notes += [
        f"{DIFFERS} AgeDB-30: pairs at least {GAP} years apart, drawn here with seed {seed} from "
        f"{len(photos):,} photos of {len(labels):,} people; no one is in two folds"
    ]
    return verification(name, pairs, FOLDS, by_name.__getitem__, notes)


def parse(path: Path) -> Photo:
    """A photo as its file's name tells."""
    match = NAME.fullmatch(path.stem)
    if match is None:
        raise DataError(f"{path}: not named as AgeDB names photos (number_NAME_age_gender.jpg); rename or remove it")
    return Photo(path.name, match[1], int(match[2]))


def draw_pairs(where: Path, photos: Sequence[Photo], seed: int) -> list[Pair]:
    """In each of ten folds of people: pairs of one person, then as many of two, up to 300, at least 30 years apart.

    Raises:
        DataError: there are too few photos for that.
    """
    random = np.random.default_rng(seed)
    people = random.permutation(sorted({photo.person for photo in photos}))
    fold_of = {person: place % FOLDS for place, person in enumerate(people.tolist())}
    folds = []
    for fold in range(FOLDS):
        members = [photo for photo in photos if fold_of[photo.person] == fold]
        ages = np.array([photo.age for photo in members])
        who = np.array([photo.person for photo in members])
        apart = np.triu(np.abs(ages[:, None] - ages) >= GAP)
        folds.append((members, [np.argwhere(apart & ((who[:, None] == who) == same)) for same in (True, False)]))
    each = min(EACH, *(len(kind) for _, kinds in folds for kind in kinds))
    if each == 0:
        raise DataError(f"{where}: some fold of people has no pair {GAP} years apart; get the whole data set")
    return [
        (members[left].name, members[right].name, same)
        for members, kinds in folds
        for same, kind in zip((True, False), kinds, strict=True)
        for left, right in kind[np.sort(random.choice(len(kind), each, replace=False))]
    ]

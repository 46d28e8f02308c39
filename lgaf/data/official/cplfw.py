"""CPLFW: 6,000 pairs of LFW's people, the same in different poses.

Zheng and Deng, "Cross-Pose LFW", Beijing University of Posts and Telecommunications, technical report 18-01, 2018.
``pairs_CPLFW.txt`` has two lines a pair, ``NAME_1.jpg 1``: an image and 0 where the two are different people. It lists
3,000 same pairs, then 3,000 different ones; fold k is the k-th tenth of either (FaceX-Zoo ``pairs_parser.py``).
``docs/datasets/cplfw.md`` shows the tree.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from lgaf.data.benchmark import Benchmark, Image
from lgaf.data.official.reading import (
    Pair,
    check_pair,
    compare_counts,
    find,
    halves_to_folds,
    numbered,
    quote,
    read_lines,
    require,
    verification,
)
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError

FOLDS = 10
PUBLISHED = {"same pairs": 3000, "different pairs": 3000}
IMAGE_FOLDERS = ("images", "images&landmarks/images", "images&landmarks/images&landmarks/images", "aligned images")
"""Where the archives of CPLFW and CALFW put images; originals first, since every photo is aligned here alike."""
POINT_FOLDERS = ("landmarks", "CP_landmarks", "CA_landmarks")
NAME = re.compile(r"([^\s/\\.][^\s/\\]*)_[0-9]{1,4}\.jpg")


def read_cplfw(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """The benchmark from ``folder``, which holds ``pairs_CPLFW.txt`` and ``images``.

    Raises:
        DataError: a file is missing or malformed, or the counts are not the published ones.
    """
    return read_two_line_pairs(name, folder, folder / "pairs_CPLFW.txt", options)


def read_two_line_pairs(name: str, folder: Path, pair_list: Path, options: OfficialOptions) -> Benchmark:
    """CPLFW or CALFW; see :func:`read_cplfw`."""
    pairs, asked = read_pairs(pair_list, name)
    same = sum(pair[2] for pair in pairs)
    found = {"same pairs": same, "different pairs": len(pairs) - same}
    notes = compare_counts(pair_list, found, PUBLISHED, options)
    photos = find(folder, IMAGE_FOLDERS, "images", name)
    require(asked, photos)
    points = {image: given_points(photos, image) for image in asked}
    given = sum(each is not None for each in points.values())
    labels = numbered(person(image) for image in asked)

    def source(image: str) -> Image:
        return Image(image, photos / image, labels[person(image)], points[image])

    notes += [
        f"official list {pair_list.name}: {len(asked):,} images of {len(labels):,} people from "
        f"{photos.relative_to(folder)!s}; fold k is the k-th tenth of the same and of the different pairs"
    ]
    if given:
        notes += [f"landmarks come with {given:,} images, and are used where align.landmarks is given"]
    return verification(name, halves_to_folds(pair_list, pairs, FOLDS), FOLDS, source, notes)


def person(image: str) -> str:
    """The person that an image's name tells."""
    return image.rpartition("_")[0]


def read_pairs(path: Path, page: str) -> tuple[list[Pair], dict[str, str]]:
    """Pairs with the same ones in the order of their folds, and each image named -> file and line.

    The number after a name is 0 for different people; for the same person it is 1 (CPLFW) or the fold, 1 to 10 (CALFW).

    Raises:
        DataError: the file is missing or malformed, or a name contradicts the number.
    """
    lines = read_lines(path, page)
    if len(lines) % 2:
        raise DataError(f"{lines[-1][0]}: has no partner: two lines make a pair; fetch the list again")
    found: list[tuple[int, Pair]] = []
    named: dict[str, str] = {}
    for (where, left), (where_right, right) in zip(lines[::2], lines[1::2], strict=True):
        for at, fields in ((where, left), (where_right, right)):
            if len(fields) != 2 or not NAME.fullmatch(fields[0]) or not re.fullmatch("[0-9]|10", fields[1]):
                raise DataError(f"{at}: must be NAME_1.jpg and a number from 0 to 10, is {quote(fields)}")
            named.setdefault(fields[0], at)
        if left[1] != right[1]:
            raise DataError(
                f"{where_right}: ends in {right[1]}, the line before in {left[1]}; they must be of one pair"
            )
        same = left[1] != "0"
        check_pair(where, left[0], right[0], (person(left[0]), person(right[0])), same)
        found.append((int(left[1]), (left[0], right[0], same)))
    pairs = [pair for _, pair in sorted(found, key=lambda each: each[0])]  # stable: within a fold as listed
    return pairs, named


def given_points(photos: Path, image: str) -> np.ndarray | None:
    """Five points (5, 2) from ``NAME_1_5loc_attri.txt`` in a folder beside the original images, or None.

    The file has a line ``x y`` a point in the order of the template (FaceX-Zoo ``crop_cplfw_by_arcface.py``).

    Raises:
        DataError: the file is there and is not so.
    """
    for name in POINT_FOLDERS if photos.name == "images" else ():
        path = photos.parent / name / f"{Path(image).stem}_5loc_attri.txt"
        if path.is_file():
            try:
                points = np.array([[float(field) for field in fields] for _, fields in read_lines(path, "cplfw")])
            except ValueError:
                points = np.empty(0)
            if points.shape != (5, 2) or not np.isfinite(points).all():
                raise DataError(f"{path}: must be five lines of x and y; fetch it again, or remove the folder {name}")
            return points.astype(np.float32)
    return None

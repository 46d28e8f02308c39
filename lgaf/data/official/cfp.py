"""CFP: 7,000 pairs of celebrities, frontal with frontal (FF) or frontal with profile (FP).

Sengupta et al., "Frontal to Profile Face Verification in the Wild", WACV 2016. 500 people have ten frontal and four
profile images each. ``Protocol/Pair_list_F.txt`` and ``Pair_list_P.txt`` number them (``1 ../Data/Images/001/frontal/
01.jpg``); ``Protocol/Split/{FF,FP}/01..10/{same,diff}.txt`` has a pair of numbers a line, ``5,1``, 350 a file: the left
from list F, the right from list F or P. Each folder is a fold. ``docs/datasets/cfp.md`` shows the tree.
"""

from __future__ import annotations

import re
from pathlib import Path

from lgaf.data.benchmark import Benchmark, Image
from lgaf.data.official.reading import (
    Pair,
    check_pair,
    compare_counts,
    find,
    numbered,
    quote,
    read_lines,
    require,
    verification,
)
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError

FOLDS = 10
LISTED = {"F": 5000, "P": 2000}
"""Images in either list."""
EACH = 350
"""Pairs of either kind a fold."""
IMAGE = re.compile(r"(?:\.\./)?(Data/Images/([0-9]{3})/(?:frontal|profile)/[0-9]{2}\.jpg)")
NUMBER = re.compile("[1-9][0-9]{0,5}")
PROTOCOL_FOLDERS = ("Protocol", "cfp-dataset/Protocol")


def read_cfp(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """``cfp_ff`` or ``cfp_fp`` from ``folder``, which holds ``Data`` and ``Protocol``, or ``cfp-dataset`` with them.

    Raises:
        DataError: a file is missing or malformed, or the counts are not the published ones.
    """
    kind = name.rpartition("_")[2].upper()
    protocol = find(folder, PROTOCOL_FOLDERS, "protocol", "cfp")
    lists = {letter: read_list(protocol / f"Pair_list_{letter}.txt") for letter in sorted(set(kind))}
    found = {f"images in Pair_list_{letter}.txt": len(images) for letter, images in lists.items()}
    published = {f"images in Pair_list_{letter}.txt": LISTED[letter] for letter in lists}
    pairs: list[Pair] = []
    asked: dict[str, str] = {}
    for fold in range(1, FOLDS + 1):
        for file, same in (("same.txt", True), ("diff.txt", False)):
            path = protocol / "Split" / kind / f"{fold:02d}" / file
            split = read_split(path, lists[kind[0]], lists[kind[1]], same, asked)
            pairs += split
            found[f"pairs in {path.relative_to(protocol)}"] = len(split)
            published[f"pairs in {path.relative_to(protocol)}"] = EACH
    notes = compare_counts(protocol, found, published, options)
    if len({found[place] for place in found if place.startswith("pairs")}) > 1:
        raise DataError(f"{protocol / 'Split' / kind}: folds are not of one length; fetch the official splits")
    require(asked, protocol.parent)
    labels = numbered(person(image) for image in asked)
    notes += [f"official split {kind} in ten folds: {len(asked):,} images of {len(labels):,} people"]
    return verification(
        name, pairs, FOLDS, lambda image: Image(image, protocol.parent / image, labels[person(image)]), notes
    )


def person(image: str) -> str:
    """The person's number in an image's name."""
    return image.split("/")[2]


def read_list(path: Path) -> list[str]:
    """Image names below the data set's folder, in the order of their numbers, which count from 1.

    Raises:
        DataError: the file is missing or malformed.
    """
    images: list[str] = []
    for where, fields in read_lines(path, "cfp"):
        image = IMAGE.fullmatch(fields[1]) if len(fields) == 2 else None
        if image is None or fields[0] != str(len(images) + 1):
            raise DataError(
                f"{where}: must be {len(images) + 1} ../Data/Images/001/frontal/01.jpg (or profile), is {quote(fields)}"
            )
        images.append(image[1])
    if not images:
        raise DataError(f"{path}: lists no image; fetch the list again")
    return images


def read_split(path: Path, left: list[str], right: list[str], same: bool, asked: dict[str, str]) -> list[Pair]:
    """The pairs of one file; every image named is added to ``asked`` with file and line.

    Raises:
        DataError: the file is missing or malformed, or a number is in no list or contradicts the file's name.
    """
    pairs: list[Pair] = []
    for where, fields in read_lines(path, "cfp"):
        numbers = fields[0].split(",") if len(fields) == 1 else []
        if len(numbers) != 2 or not all(NUMBER.fullmatch(number) for number in numbers):
            raise DataError(f"{where}: must be two numbers as in 5,1, is {quote(fields)}")
        images: list[str] = []
        for number, listed in zip(numbers, (left, right), strict=True):
            if int(number) > len(listed):
                raise DataError(
                    f"{where}: image {number} is not among the {len(listed):,} of its list; fetch both again"
                )
            images.append(listed[int(number) - 1])
            asked.setdefault(images[-1], where)
        check_pair(where, images[0], images[1], (person(images[0]), person(images[1])), same)
        pairs.append((images[0], images[1], same))
    if not pairs:
        raise DataError(f"{path}: lists no pair; fetch the official splits")
    return pairs

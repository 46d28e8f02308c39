"""Labeled Faces in the Wild in its official layout -> packs and a verification protocol.

Huang et al., "Labeled Faces in the Wild", UMass Amherst technical report 07-49, 2007. ``docs/real-data.md`` shows the
layout.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tqdm import tqdm

from lgaf.data.pack import write_pack
from lgaf.data.protocol import Verification, write_protocol
from lgaf.errors import DataError

PHOTO_FOLDERS = ("lfw-deepfunneled", "lfw_funneled", "lfw")
"""Names under which the photos are published, best aligned first."""
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
Pair = tuple[Photo, Photo, bool]


def import_lfw(root: Path, out_dir: Path) -> None:
    """Write ``train.arrow``, ``lfw.arrow`` (each photo of the pair list once) and ``lfw.json`` into ``out_dir``.

    root: holds the photos (``lfw-deepfunneled``, ``lfw_funneled`` or ``lfw``), ``pairs.txt`` and, if it is there,
    ``train.txt`` (NAME, tab, number a line); without it everyone whom ``pairs.txt`` does not name is trained on. Labels
    count the people of train by name, then those of the pair list.

    Raises:
        DataError: a file is missing or malformed, a list names a missing photo, or someone is in both lists.
    """
    photos = find_photos(root)
    pairs, folds, tested = read_pairs(root / "pairs.txt")
    trained = read_train(root / "train.txt") if (root / "train.txt").exists() else everyone_else(photos, tested)
    if not trained:
        raise DataError(f"{photos}: no photo of anyone outside pairs.txt; there is nobody to train on")
    people = {kind: sorted({photo.person for photo in lines}) for kind, lines in (("a", trained), ("b", tested))}
    shared = sorted({*people["a"]} & {*people["b"]})
    if shared:
        raise DataError(
            f"{root}/train.txt: also in pairs.txt: {', '.join(shared)}; a test is of unseen people: remove them"
        )
    for photo, where in {**trained, **tested}.items():
        if not (photos / photo.name).is_file():
            raise DataError(f"{where}: no such photo: {photos / photo.name}; get the whole data set, or mend the list")
    alone = sum(count == 1 for count in Counter(photo.person for photo in trained).values())
    print(
        f"lfw: train on {len(trained)} photos of {len(people['a'])} people ({alone} of them with one photo, kept); "
        f"test on {len(pairs)} pairs of {len(tested)} photos of {len(people['b'])} people in {folds} folds",
        file=sys.stderr,
    )
    labels = {person: label for label, person in enumerate([*people["a"], *people["b"]])}
    for file, lines in (("train.arrow", trained), ("lfw.arrow", tested)):
        with write_pack(out_dir / file) as pack:
            for photo in tqdm(sorted(lines), f"import {file}", unit="photo"):
                pack.add(photo.name, (photos / photo.name).read_bytes(), labels[photo.person])
    named = [(left.name, right.name, same) for left, right, same in pairs]
    write_protocol(out_dir / "lfw.json", Verification(pairs=named, folds=folds))


def fetch_lfw(root: Path) -> Path:
    """The folder that :func:`import_lfw` reads: ``root``, or ``root``/lfw_home where scikit-learn fetched the data.

    A ``root`` that is missing or empty is filled: scikit-learn downloads LFW (funneled, about 230 MB) and checks its
    SHA-256 sums. ``lfw_home`` appears only when whole.

    Raises:
        DataError: there is no network, or the disk is full.
    """
    home = Path(root) / "lfw_home"
    if home.exists():
        return home
    if Path(root).exists() and any(not path.name.startswith(".") for path in Path(root).iterdir()):
        return Path(root)
    from sklearn.datasets import fetch_lfw_pairs

    print(f"lfw: fetching into {home} (about 230 MB)", file=sys.stderr)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=root, prefix=".fetch-") as temporary:
            fetch_lfw_pairs(subset="test", data_home=temporary)  # the smallest call that gets all photos and lists
            (Path(temporary) / home.name).rename(home)
    except OSError as error:
        raise DataError(
            f"{root}: LFW cannot be downloaded: {error}; fetch it by hand, see docs/real-data.md"
        ) from error
    return home


def find_photos(root: Path) -> Path:
    """The folder of people's folders."""
    for name in PHOTO_FOLDERS:
        if (root / name).is_dir():
            return root / name
    raise DataError(f"{root}: has none of the folders {', '.join(PHOTO_FOLDERS)}; set data.root, see docs/real-data.md")


def read_lines(path: Path) -> list[tuple[str, list[str]]]:
    """The file's lines that are not blank: (file and line number, fields)."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; set data.root, see docs/real-data.md") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file: {error}") from None
    lines = enumerate(text.split("\n"), start=1)
    return [(f"{path}: line {number}", line.split()) for number, line in lines if line.strip()]


def parse(where: str, person: str, number: str) -> Photo:
    """A photo as the lists name it."""
    if not PERSON.fullmatch(person) or not NUMBER.fullmatch(number):
        raise DataError(f"{where}: {person!r} {number!r} is not a person and the number of a photo")
    return Photo(person, int(number))


def read_pairs(path: Path) -> tuple[list[Pair], int, Lines]:
    """Pairs in the order of the folds, the number of folds, and the photos named.

    The official file starts with the number of folds F and of pairs N: F blocks of N pairs of the same person, then N
    of different people; its folds stay as they are. A file of one fold is split: same and different pairs take turns,
    so that ten contiguous folds are as even as can be.
    """
    (where, header), *lines = read_lines(path) or [(f"{path}: line 1", [])]
    if len(header) != 2 or not all(re.fullmatch("[1-9][0-9]{0,5}", field) for field in header):
        raise DataError(f"{where}: must be the number of folds and of pairs of each kind a fold, such as '10 300'")
    folds, each = int(header[0]), int(header[1])
    if len(lines) != 2 * folds * each:
        raise DataError(f"{path}: has {len(lines)} pairs, its first line promises {2 * folds * each}; fetch it again")
    pairs: list[Pair] = []
    named: Lines = {}
    for index, (where, fields) in enumerate(lines):
        same = index // each % 2 == 0
        if len(fields) != (3 if same else 4):
            shape = "NAME number number (same person)" if same else "NAME number NAME number (different people)"
            raise DataError(f"{where}: must be {shape}, is {' '.join(fields)!r}")
        left, right = parse(where, *fields[:2]), parse(where, *([fields[0], *fields[2:]] if same else fields[2:]))
        if left == right or (left.person == right.person) != same:
            raise DataError(f"{where}: {left.name} and {right.name} are not a pair of {'one' if same else 'two'}")
        pairs.append((left, right, same))
        for photo in (left, right):
            named.setdefault(photo, where)
    if folds > 1:
        return pairs, folds, named
    turns = [pair for both in zip(pairs[:each], pairs[each:], strict=True) for pair in both]
    if each < 2:
        raise DataError(f"{path}: too few pairs to choose a threshold on some and test it on others")
    return turns, min(10, each), named


def read_train(path: Path) -> Lines:
    """The photos that ``train.txt`` names."""
    named: Lines = {}
    for where, fields in read_lines(path):
        if len(fields) != 2:
            raise DataError(f"{where}: must be NAME number, is {' '.join(fields)!r}")
        photo = parse(where, *fields)
        if photo in named:
            raise DataError(f"{where}: {photo.name} again; name it once")
        named[photo] = where
    if not named:
        raise DataError(f"{path}: names no photo; delete it to train on everyone outside pairs.txt")
    return named


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

"""Labeled Faces in the Wild in its official layout: 6,000 pairs in ten folds, and people to train on.

Huang et al., "Labeled Faces in the Wild", UMass Amherst technical report 07-49, 2007. ``pairs.txt`` is view 2: a first
line ``10 300``, then for each fold 300 pairs of one person and 300 of two. ``docs/datasets/lfw.md`` shows the tree.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tqdm import tqdm

from lgaf.data.benchmark import Benchmark, Image, image_bytes, write_benchmark
from lgaf.data.official.reading import (
    check_pair,
    compare_counts,
    find,
    first_filled,
    numbered,
    quote,
    read_lines,
    require,
    verification,
)
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError
from lgaf.files import unreadable
from lgaf.formats.pack import write_pack
from lgaf.formats.protocol import DIFFERS

FETCHED = "lfw_home"
"""Folder that scikit-learn fetches LFW into."""
FOLDERS = ("lfw", FETCHED)
"""Names of LFW's folder below ``data.root``; the first that is there and not empty is read."""
PHOTO_FOLDERS = ("lfw-deepfunneled", "lfw_funneled", "lfw")
"""Names under which the photos are published, best aligned first."""
PUBLISHED = {"folds": 10, "pairs": 6000}
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


def read_lfw(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """The benchmark from ``folder``, which holds the photos and ``pairs.txt``.

    Raises:
        DataError: a file is missing or malformed, or the counts are not the published ones.
    """
    pairs, folds, tested = read_pairs(folder / "pairs.txt")
    notes = compare_counts(folder / "pairs.txt", {"folds": folds, "pairs": len(pairs)}, PUBLISHED, options)
    photos = find_photos(folder)
    require({photo.name: where for photo, where in tested.items()}, photos)
    labels = numbered(photo.person for photo in tested)
    benchmark = pairs_of(folder / "pairs.txt", pairs, folds, photos, labels)
    return replace(benchmark, name=name, notes=notes + benchmark.notes)


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


def import_lfw(folder: Path, out_dir: Path) -> None:
    """Write ``train.arrow``, ``lfw.arrow`` (each photo of the pair list once) and ``lfw.json`` into ``out_dir``.

    folder: holds the photos (``lfw-deepfunneled``, ``lfw_funneled`` or ``lfw``) and what :func:`lists_of` reads.
    Labels count the people of train by name, then those of the pair list.

    Raises:
        DataError: as :func:`lists_of`.
    """
    photos, trained, pairs, folds, tested = lists_of(folder)
    to_train, to_test = (sorted({photo.person for photo in lines}) for lines in (trained, tested))
    labels = {person: label for label, person in enumerate([*to_train, *to_test])}
    benchmark = pairs_of(folder / "pairs.txt", pairs, folds, photos, labels)
    found = {"folds": folds, "pairs": len(pairs)}
    notes = compare_counts(folder / "pairs.txt", found, PUBLISHED, OfficialOptions(counts="any"))
    alone = sum(count == 1 for count in Counter(photo.person for photo in trained).values())
    print(
        f"lfw: train on {len(trained)} photos of {len(to_train)} people ({alone} of them with one photo, kept); "
        f"test on {len(pairs)} pairs of {len(tested)} photos of {len(to_test)} people",
        file=sys.stderr,
    )
    with write_pack(out_dir / "train.arrow") as pack:
        for photo in tqdm(sorted(trained), "import train", unit="photo"):
            pack.add(photo.name, image_bytes(Image(photo.name, photos / photo.name)), labels[photo.person])
    write_benchmark(replace(benchmark, notes=notes + benchmark.notes), out_dir)


def locate_lfw(root: Path) -> Path | None:
    """LFW's folder below ``root``, which is ``data.root``; None where there is none and it can be fetched.

    Raises:
        DataError: ``root`` is LFW's folder itself, or is no folder, or has a file where LFW would be fetched to.
    """
    if os.path.lexists(root) and not os.path.isdir(root):
        raise DataError(f"{root}: not a folder; set data.root to the folder that holds the data sets")
    try:
        folder = first_filled(root, FOLDERS)
    except OSError as error:
        raise unreadable(root, error, "see docs/datasets/lfw.md") from None
    if folder is None or not (folder / "pairs.txt").exists():
        own = [name for name in ("pairs.txt", *PHOTO_FOLDERS[:2]) if (root / name).exists()]
        if own:
            path = Path(os.path.abspath(root))
            name = "" if path.name in FOLDERS else f", and name {path.name} {FOLDERS[0]} there"
            raise DataError(
                f"{root}: is LFW's own folder, since it holds {own[0]}; set data.root to the folder that holds it, "
                f"{path.parent}{name}"
            )
    home = root / FETCHED
    empty = home.is_dir() and not home.is_symlink() and not any(os.scandir(home))
    if folder is None and os.path.lexists(home) and not empty:
        raise DataError(f"{home}: holds no LFW, and is in the way where it would be fetched to; remove it")
    return folder


def fetch_lfw(root: Path) -> Path:
    """LFW's folder, which :func:`import_lfw` reads, below ``root``, which is ``data.root``.

    Where there is none, scikit-learn downloads LFW (funneled, about 230 MB) into ``root``/lfw_home and checks its
    SHA-256 sums. ``lfw_home`` appears only when whole.

    Raises:
        DataError: as :func:`locate_lfw`; there is no network, or the disk is full.
    """
    if folder := locate_lfw(root):
        return folder
    from sklearn.datasets import fetch_lfw_pairs

    home = root / FETCHED
    print(f"lfw: fetching into {home} (about 230 MB)", file=sys.stderr)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=root, prefix=".fetch-") as temporary:
            fetch_lfw_pairs(subset="test", data_home=temporary)  # the smallest call that gets all photos and lists
            (Path(temporary) / home.name).rename(home)
    except OSError as error:
        raise DataError(
            f"{root}: LFW cannot be downloaded: {error}; fetch it by hand, see docs/datasets/lfw.md"
        ) from error
    return home


def find_photos(folder: Path) -> Path:
    """The folder of people's folders."""
    return find(folder, PHOTO_FOLDERS, "photos", "lfw")


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


def pairs_of(path: Path, pairs: list[PhotoPair], folds: int, photos: Path, labels: Mapping[str, int]) -> Benchmark:
    """The benchmark of a pair list. Official folds stay as they are.

    A list of one fold is cut in ten: same and different pairs take turns, so that they are as even as can be.
    """
    named = {photo.name: photo for pair in pairs for photo in pair[:2]}
    notes = [f"{path.name}: {len(named):,} images of {len({photo.person for photo in named.values()}):,} people, "
             f"photos of {photos.name}"]  # fmt: skip
    if folds == 1:
        each = len(pairs) // 2
        if each < 2:
            raise DataError(f"{path}: too few pairs to choose a threshold on some and test it on others")
        pairs = [pair for both in zip(pairs[:each], pairs[each:], strict=True) for pair in both]
        folds = min(10, each)
        notes += [f"{DIFFERS} protocol: the list has one fold, cut into {folds} here"]

    def source(name: str) -> Image:
        return Image(name, photos / name, labels[named[name].person])

    return verification("lfw", [(left.name, right.name, same) for left, right, same in pairs], folds, source, notes)


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

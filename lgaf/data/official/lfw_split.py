"""Who of Labeled Faces in the Wild is trained on and who is tested."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from lgaf.data.official.lfw_fetch import find_photos
from lgaf.data.official.lfw_lists import NUMBER, Lines, PairList, Photo, one_fold, read_pairs, read_train
from lgaf.data.official.reading import require
from lgaf.errors import DataError


class Split(NamedTuple):
    """What there is to train on and to test."""

    photos: Path
    """The folder of people's folders."""
    trained: Lines
    left_out: str
    """Whom training leaves out and why; empty where ``train.txt`` says whom it takes."""
    whole: PairList
    """All of ``pairs.txt``."""
    tested: PairList
    """All of it, or the one fold that is tested."""

    def __str__(self) -> str:
        """One line in words."""
        counts = Counter(photo.person for photo in self.trained)
        alone = sum(count == 1 for count in counts.values())
        return (
            f"train on {len(self.trained):,} photos of {len(counts):,} people"
            + ("" if self.left_out else " of train.txt")
            + (f" ({alone:,} of them with one photo, kept)" if alone else "")
            + (f"; left out: {self.left_out}" if self.left_out else "")
            + f"; test on {len(self.tested.pairs):,} pairs of {len(self.tested.named):,} photos of "
            f"{len(self.tested.people):,} people"
        )


def split_lfw(folder: Path, fold: int | None = None) -> Split:
    """Read ``pairs.txt`` and, if it is there, ``train.txt`` (NAME, tab, number a line) and check that photos are there.

    Without ``train.txt`` trained on is who is not tested, where one fold is tested with two photos or more.

    fold: of ``pairs.txt``, counted from 1, the one that is tested; None tests all.

    Raises:
        DataError: a file is missing or malformed, a list names a missing photo, folds share people where one is chosen,
            or someone is both trained on and tested.
    """
    photos = find_photos(folder)
    pair_list, train_list = folder / "pairs.txt", folder / "train.txt"
    whole = read_pairs(pair_list)
    tested = whole if fold is None else one_fold(pair_list, whole, fold)
    where = "pairs.txt" if fold is None else f"fold {fold} of pairs.txt"
    if train_list.exists():
        trained, left_out = read_train(train_list), ""
    else:
        trained, left_out = everyone_else(photos, tested, where, 1 if fold is None else 2)
    if shared := sorted({photo.person for photo in trained} & tested.people):
        raise DataError(f"{train_list}: also in {where}: {', '.join(shared)}; a test is of unseen people: remove them")
    require({photo.name: line for photo, line in {**trained, **tested.named}.items()}, photos)
    return Split(photos, trained, left_out, whole, tested)


def everyone_else(photos: Path, tested: PairList, where: str, least: int) -> tuple[Lines, str]:
    """The photos of everyone who is not tested and has at least ``least`` photos; and who was left out, in words.

    where: what names those who are tested.

    Raises:
        DataError: nobody is left, or a file is not named as a photo.
    """
    found = every_photo(photos)
    counts = Counter(photo.person for photo in found)
    trained = {photo: path for photo, path in found.items()
               if photo.person not in tested.people and counts[photo.person] >= least}  # fmt: skip
    if not trained:
        several = " who has two photos" if least > 1 else ""
        raise DataError(f"{photos}: no photo of anyone outside {where}{several}; there is nobody to train on")
    seen = sum(counts[person] for person in tested.people)
    left_out = f"{seen:,} photos of the {len(tested.people):,} people of {where}"
    if few := sum(count < least and person not in tested.people for person, count in counts.items()):
        left_out += f", {few:,} people with one photo"
    return trained, left_out


def every_photo(photos: Path) -> Lines:
    """Every photo below ``photos``, and its file.

    Raises:
        DataError: one is not named as LFW names photos.
    """
    found = {}
    for path in sorted(photos.glob("*/*.jpg")):
        person, _, number = path.stem.rpartition("_")
        photo = Photo(person, int(number)) if NUMBER.fullmatch(number) else None
        if photo is None or photo.name != f"{path.parent.name}/{path.name}":
            raise DataError(f"{path}: not named as LFW names photos (NAME/NAME_0001.jpg); rename or remove it")
        found[photo] = str(path)
    return found

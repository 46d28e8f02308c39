"""What the readers of official layouts share: finding folders, reading lists, checking files and counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from lgaf.data.benchmark import Benchmark, Image
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError
from lgaf.files import read_text
from lgaf.formats.protocol import DIFFERS, Verification
from lgaf.strict import LONGEST, shorten

LARGEST_LIST = 16 * 2**20
"""Bytes; published pair lists have less than one million."""

Pair = tuple[str, str, bool]
"""(left name, right name, same person)"""


def find(folder: Path, names: Sequence[str], what: str, page: str) -> Path:
    """The first of ``names`` that is a folder in ``folder``; "." is the folder itself.

    Raises:
        DataError: there is none.
    """
    for name in names:
        if (folder / name).is_dir():
            return folder / name
    raise DataError(f"{folder}: has no {what}: looked for {', '.join(names)}; see docs/datasets/{page}.md")


def quote(text: str | Sequence[str]) -> str:
    """What a file says, or the fields of a line of it, for a message: quoted, on one line, not too long."""
    return repr(shorten(text if isinstance(text, str) else " ".join(text), LONGEST))


def first_filled(root: Path, names: Iterable[str]) -> Path | None:
    """The first of ``names`` that is a folder in ``root`` and holds anything but hidden files; None if none is."""
    return next((root / name for name in names if holds_anything(root / name)), None)


def holds_anything(folder: Path) -> bool:
    """Whether it is a folder with anything in it but hidden files; one that cannot be looked into may be."""
    if not folder.is_dir():
        return False
    try:
        return any(entry.name[0] != "." for entry in os.scandir(folder))
    except OSError:
        return True


def read_lines(path: Path, page: str) -> list[tuple[str, list[str]]]:
    """The lines of a list that are not blank: (file and line number, fields between white space).

    Raises:
        DataError: the file is missing, too large, or no text.
    """
    text = read_text(path, f"see docs/datasets/{page}.md for the expected tree", LARGEST_LIST)
    lines = enumerate(text.split("\n"), start=1)
    return [(f"{path}: line {number}", line.split()) for number, line in lines if line.strip()]


def list_images(folder: Path, page: str) -> dict[str, Path]:
    """The ``.jpg`` files (upper or lower case) of a folder, by name without ending, in order of name.

    Hidden files and all others are not images of a data set and are passed over; what is asked for and missing is the
    reader's to say.

    Raises:
        DataError: the folder is missing, or has one name with two endings.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".jpg" and path.name[0] != ".")
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"{folder}: {reason}; see docs/datasets/{page}.md for the expected tree") from None
    found: dict[str, Path] = {}
    for path in files:
        if path.stem in found:
            raise DataError(f"{path}: {found[path.stem].name} is there too; remove one of the two")
        found[path.stem] = path
    return found


def require(
    asked: Mapping[str, str],
    folder: Path,
    present: Callable[[str], bool] | None = None,
    todo: str = "get the whole data set",
) -> None:
    """Check that every image is there.

    asked: name below ``folder`` -> where it is asked for. present: says so, by default that the file is there. todo:
    what to do about one that is not, the end of the error's line.

    Raises:
        DataError: some are not; how many, the first of them and where they were looked for.
    """
    present = present or (lambda name: os.path.isfile(folder / name))
    missing = [name for name in asked if not present(name)]
    if missing:
        raise DataError(
            f"{asked[missing[0]]}: no such image: {folder / missing[0]} ({len(missing):,} of {len(asked):,} images "
            f"that are asked for are missing there); {todo}"
        )


def check_pair(where: str, left: str, right: str, people: tuple[str, str], same: bool) -> None:
    """Check that two images of ``people`` are the kind of pair that a list says.

    Raises:
        DataError: they are not, or are one image.
    """
    if left == right or (people[0] == people[1]) != same:
        kind = "one person" if same else "two people"
        raise DataError(f"{where}: {left} and {right} are not a pair of {kind}; fetch the list again")


def compare_counts(
    where: Path | str, found: Mapping[str, int], published: Mapping[str, int], options: OfficialOptions
) -> list[str]:
    """Compare counts with the published ones; a line for under the table if they differ and may, else nothing.

    Raises:
        DataError: they differ and must not.
    """
    wrong = [f"{found[what]:,} {what} (published: {n:,})" for what, n in published.items() if found[what] != n]
    if not wrong:
        return []
    differ = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more counts" if len(wrong) > 3 else "")
    if options.counts == "published":
        raise DataError(f"{where}: has {differ}; get the whole data set, or set data.counts: any to take it as it is")
    return [f"{DIFFERS} data set: {differ}"]


def halves_to_folds(where: Path, pairs: Sequence[Pair], folds: int) -> list[Pair]:
    """Order same and different pairs in ``folds`` contiguous folds, each with its share of both kinds.

    Raises:
        DataError: a kind is empty or cannot be shared out evenly.
    """
    kinds = [[pair for pair in pairs if pair[2]], [pair for pair in pairs if not pair[2]]]
    for kind in kinds:
        if not kind or len(kind) % folds:
            raise DataError(f"{where}: {len(kind):,} pairs of a kind do not make {folds} even folds; fetch it again")
    shares = [(kind, len(kind) // folds) for kind in kinds]
    return [pair for fold in range(folds) for kind, n in shares for pair in kind[fold * n : (fold + 1) * n]]


def verification(
    name: str,
    pairs: Sequence[Pair],
    folds: int,
    source: Callable[[str], Image],
    notes: Iterable[str],
) -> Benchmark:
    """A benchmark of pairs; each image that they name once, by name."""
    names = sorted({image for left, right, _ in pairs for image in (left, right)})
    return Benchmark(name, [source(image) for image in names], Verification(pairs=list(pairs), folds=folds), [*notes])


def numbered(people: Iterable[str]) -> dict[str, int]:
    """A label for each person, counted in order of name."""
    return {person: label for label, person in enumerate(sorted(set(people)))}

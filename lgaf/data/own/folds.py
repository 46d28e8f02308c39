"""Folds of a list of pairs: a threshold is chosen on some and tried on another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from lgaf.data.official.reading import Pair
from lgaf.errors import DataError

FOLDS = 10


class Folds(NamedTuple):
    """In which order the pairs are cut, and how."""

    order: list[int]
    """Places of the pairs in the list."""
    sizes: list[int]
    """Pairs of each fold, one after the other."""
    listed: bool
    """Whether the list says so."""

    def describe(self, pairs: Sequence[Pair], identity: Mapping[str, str]) -> str:
        """A line for under the table.

        identity: photo -> whose it is; empty where that is unknown.
        """
        made = "the list's own" if self.listed else "mated and non-mated pairs spread evenly, in the order of the list"
        if not identity:
            return f"folds: {made}"
        folds_of: Counter[str] = Counter()
        start = 0
        for size in self.sizes:
            rows = self.order[start : start + size]
            folds_of.update({identity[photo] for row in rows for photo in pairs[row][:2]})
            start += size
        shared = sum(count > 1 for count in folds_of.values())
        return f"folds: {made}; they share {f'{shared:,} of {len(folds_of):,} people' if shared else 'no one'}"


def into_folds(path: Path, pairs: Sequence[Pair], said: Sequence[str | None]) -> Folds:
    """Folds as the list says, in the order in which it comes to them; or ten, each with its share of both kinds.

    A list may have all mated pairs first: cut as it stands, a fold would be of one kind, and its threshold be chosen
    where the other is the more frequent. So the two kinds are laid one into the other, each in its order, evenly.

    Args:
        path: the list, for errors.
        pairs: as it has them.
        said: the fold of each, None where it does not say.

    Raises:
        DataError: there are too few pairs of a kind, or folds.
    """
    kinds = {kind: [row for row, pair in enumerate(pairs) if pair[2] == kind] for kind in (True, False)}
    counts = f"{len(kinds[True]):,} mated and {len(kinds[False]):,} non-mated pairs"
    fewest = min(map(len, kinds.values()))
    if fewest < 2:
        raise DataError(f"{path}: has {counts}; two of each are needed, to choose a threshold and to try it")
    if None in said:
        place = {row: (turn + 0.5) / len(rows) for rows in kinds.values() for turn, row in enumerate(rows)}
        folds = min(FOLDS, fewest)
        sizes = [len(pairs) // folds + (fold < len(pairs) % folds) for fold in range(folds)]
        return Folds(sorted(place, key=place.__getitem__), sizes, listed=False)
    for kind, rows in kinds.items():
        if len({said[row] for row in rows}) < 2:
            which = "mated" if kind else "non-mated"
            raise DataError(
                f"{path}: all {which} pairs are of fold {said[rows[0]]}; a threshold is chosen on the other folds, so "
                "mix both kinds over them, or take the column out"
            )
    rows_of: dict[str | None, list[int]] = {}
    for row, fold in enumerate(said):
        rows_of.setdefault(fold, []).append(row)
    return Folds([row for rows in rows_of.values() for row in rows], [*map(len, rows_of.values())], listed=True)

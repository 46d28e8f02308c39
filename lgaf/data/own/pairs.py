"""``pairs.csv``: two photos a record, and whether they show one person."""

from __future__ import annotations

from pathlib import Path

from lgaf.data.benchmark import Benchmark
from lgaf.data.official.reading import Pair, quote
from lgaf.data.own.folds import into_folds
from lgaf.data.own.photos import Photos, check_condition
from lgaf.data.own.table import read_csv
from lgaf.errors import DataError
from lgaf.formats.protocol import OWN, Verification

SIDES = ("left", "right")
COLUMNS = (*SIDES, "same")
OPTIONAL = ("identity_left", "identity_right", "group", "group_left", "group_right", "condition", "fold")
SAME = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def read_pairs(name: str, folder: Path, path: Path) -> Benchmark:
    """The benchmark of a list of pairs.

    Raises:
        DataError: the list is missing or malformed, names photos that are not there, or cannot be cut in folds.
    """
    records = read_csv(path, COLUMNS, OPTIONAL)
    check_together(f"{path}: line 1", set(records[0].values))
    photos = Photos(folder)
    seen: dict[frozenset[str], str] = {}
    pairs: list[Pair] = []
    conditions: list[str] = []
    for where, values in records:
        left, right = (
            photos.add(
                where,
                values[side],
                values.get(f"identity_{side}"),
                values.get(f"group_{side}", values.get("group")),
            )
            for side in SIDES
        )
        same = SAME.get(values["same"].lower())
        if same is None:
            raise DataError(f"{where}: same is {quote(values['same'])}; must be one of {', '.join(SAME)}")
        if left == right:
            raise DataError(f"{where}: compares {left} with itself; take it out")
        if (first := seen.setdefault(frozenset((left, right)), where)) != where:
            raise DataError(f"{where}: the pair {left}, {right} again, as at {first}; take one of the two out")
        if photos.identity and same != (photos.identity[left] == photos.identity[right]):
            who = "one person" if same else "two people"
            raise DataError(f"{where}: {left} and {right} are {who} here, their identities say otherwise; mend it")
        pairs.append((left, right, same))
        if "condition" in values:
            conditions.append(check_condition(where, values["condition"]))
    photos.check()
    folds = into_folds(path, pairs, [record.values.get("fold") for record in records])
    protocol = Verification(
        pairs=[pairs[row] for row in folds.order],
        folds=len(folds.sizes),
        fold_sizes=folds.sizes if folds.listed else None,
        conditions=[conditions[row] for row in folds.order] if conditions else None,
        groups=photos.group or None,
    )
    notes = [f"{OWN}: {path.name}: {len(pairs):,} pairs of {photos.describe()}", folds.describe(pairs, photos.identity)]
    return Benchmark(name, photos.images(), protocol, notes)


def check_together(where: str, columns: set[str]) -> None:
    """Check that columns of the two sides are there together.

    Raises:
        DataError: one is there without the other, or ``group`` beside ``group_left``.
    """
    for what in ("identity", "group"):
        both = {f"{what}_{side}" for side in SIDES}
        if len(both & columns) == 1:
            raise DataError(f"{where}: has {min(both & columns)} without {min(both - columns)}; add it")
    if {"group", "group_left"} <= columns:
        raise DataError(f"{where}: has group, of both photos of a pair, and group_left and group_right; take one out")

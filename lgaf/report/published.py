"""Numbers as others published them, each with where it was read; the only source of published numbers here.

``published.csv`` is kept exactly as collected, oddities of the sources included. ``lgaf_published.csv`` has the same
columns and the rows of the LGAF paper, whose tables could not be read: their ``value`` is empty and shown as "not
available". A reader of the paper fills the values in there, in per cent as printed, and nowhere else.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from lgaf.errors import DataError

NOT_AVAILABLE = "not available"
PROVENANCE = ("primary", "rerun", "secondary")  # by the method's authors, re-trained by others, quoted: best first


@dataclass(frozen=True)
class Published:
    """One row of the file, every field the text as it stands there; ``value`` is in per cent, "" where unknown."""

    method: str
    backbone: str
    train_set: str
    benchmark: str
    metric: str
    value: str
    provenance: str
    note: str
    source: str
    repository: str
    commit: str
    path: str


def parse(text: str, name: str) -> list[Published]:
    """Read rows from CSV text.

    Raises:
        DataError: a wrong header, a row of another length, a value that is no percentage, an unknown provenance.
    """
    header = [field.name for field in fields(Published)]
    reader = csv.reader(text.splitlines())
    if (found := next(reader, [])) != header:
        raise DataError(f"{name}: the header is {','.join(found)!r}; it must be {','.join(header)!r}")
    rows = []
    for number, cells in enumerate(reader, start=2):
        if len(cells) != len(header):
            raise DataError(f"{name}: line {number}: {len(cells)} cells; a row has {len(header)}")
        row = Published(*cells)
        # A plain decimal, not whatever float() takes ("nan", "1e2"): the text is printed as it stands.
        if row.value and not (re.fullmatch(r"\d{1,3}(\.\d+)?", row.value) and float(row.value) <= 100):
            raise DataError(f"{name}: line {number}: value {row.value!r}; write per cent as 99.13, or leave it empty")
        if row.provenance not in PROVENANCE:
            raise DataError(f"{name}: line {number}: provenance {row.provenance!r}; one of {', '.join(PROVENANCE)}")
        rows.append(row)
    return rows


@cache
def read_published(name: str = "published.csv") -> tuple[Published, ...]:
    """All rows of ``published.csv``, or of ``lgaf_published.csv``, in the file's order."""
    return tuple(parse((files("lgaf.report") / name).read_text(encoding="utf-8"), name))


def about(rows: Sequence[Published], benchmarks: Collection[str]) -> list[Published]:
    """The rows of the named benchmarks."""
    return [row for row in rows if row.benchmark in benchmarks]

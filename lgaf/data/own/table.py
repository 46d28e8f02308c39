"""A CSV file as people and spreadsheets write it: a line that names the columns, then a record a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from lgaf.data.official.reading import quote
from lgaf.errors import DataError
from lgaf.files import read_text

LARGEST = 2**26
"""Bytes; more than a million pairs."""
SEPARATORS = ",;\t"
"""The first that the line of the columns holds parts them; a spreadsheet takes a semicolon where decimals have a comma.
"""
SEE = "see docs/own-photos.md"


class Record(NamedTuple):
    """A record: where it stands (file and line), and what it says, column by column."""

    where: str
    values: dict[str, str]


def read_csv(path: Path, needed: Sequence[str], optional: Sequence[str]) -> list[Record]:
    """The records of a list, none of their values empty; blank lines are passed over.

    needed, optional: the columns that it must and may have, in any order.

    Raises:
        DataError: the file is missing, too large, no UTF-8 text or no CSV; a column is missing, unknown or there twice;
            a value is missing or cannot be printed; or there is no record.
    """
    text = read_text(path, f"write it as UTF-8, {SEE}", LARGEST)
    first = text.partition("\n")[0]
    separator = next((sign for sign in SEPARATORS if sign in first), ",")
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    columns: list[str] = []
    records = []
    try:
        for fields in reader:
            values = [field.strip() for field in fields]
            where = f"{path}: line {reader.line_num}"
            if not columns:
                columns = values
                check_columns(where, columns, needed, optional)
            elif any(values):
                check_values(where, columns, values)
                records.append(Record(where, dict(zip(columns, values, strict=True))))
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: no CSV: {error}; mend it") from None
    if not records:
        raise DataError(f"{path}: holds no record; {SEE}")
    return records


def check_columns(where: str, columns: Sequence[str], needed: Sequence[str], optional: Collection[str]) -> None:
    """Check the names of the columns.

    Raises:
        DataError: one is missing, unknown or there twice.
    """
    strange = [name for name in columns if name not in (*needed, *optional)]
    twice = [name for name in columns if columns.count(name) > 1]
    if set(needed) <= set(columns) and not strange and not twice:
        return
    lacking = [f"no {name}" for name in needed if name not in columns]
    wrong = ", ".join([*lacking, *(quote(name) for name in strange[:3]), *(f"{name} twice" for name in twice[:1])])
    allowed = f"and may name {', '.join(optional)}" if optional else "and no other"
    raise DataError(
        f"{where}: must name the columns {', '.join(needed)} {allowed}; found {wrong} in {quote(', '.join(columns))}"
    )


def check_values(where: str, columns: Sequence[str], values: Sequence[str]) -> None:
    """Check a record.

    Raises:
        DataError: it has too few or too many values, or one that is empty or cannot be printed.
    """
    if len(values) != len(columns):
        raise DataError(
            f"{where}: has {len(values)} values for {len(columns)} columns; put a text with a comma in it in quotes"
        )
    for name, value in zip(columns, values, strict=True):
        if not value:
            raise DataError(f"{where}: {name} is empty; fill it in, or take the whole column out if it is optional")
        if not value.isprintable():
            raise DataError(f"{where}: {name} {quote(value)} cannot be printed; give it another name")

"""CSV and parquet, read a batch at a time, and NumPy's files: all by libraries that execute nothing of a file."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from lgaf.errors import DataError
from lgaf.files import read_text, regular_file, unreadable

KINDS = (".npz", ".npy", ".parquet", ".csv")
ROWS_A_BATCH = 4096
LARGEST_NAMES = 2**30
"""Bytes of a file of names."""
NOT_VALUES = ("name", "label", "labels")
"""Columns beside an embedding's own; identities are the benchmark's."""
TODO = "name the file to import"
AGAIN = "write it again"
BROKEN = (ValueError, OSError, EOFError, KeyError, MemoryError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What NumPy raises of a file that is none of its own, or is not whole."""


class Block(NamedTuple):
    """Some embeddings as a file has them: N names and an (N, D) array of numbers."""

    names: list[str]
    vectors: np.ndarray


def embedding_blocks(path: Path, names: Path | None = None) -> Iterator[Block]:
    """Read a file of embeddings, a block at a time.

    ``.npz`` with the arrays ``names`` and ``embeddings``; ``.npy`` with the file ``names``, a name a line; ``.parquet``
    with the columns ``name`` and ``embedding``, lists, or a column a value; ``.csv`` with a column a value and a header
    that begins with ``name``.

    Raises:
        DataError: the file is missing or broken, or of no such form.
    """
    if path.suffix not in KINDS:
        raise DataError(f"{path}: not one of {', '.join(KINDS)}; save the embeddings as one of these")
    if (names is not None) != (path.suffix == ".npy"):
        raise DataError(f"{path}: --names FILE, a name a line, goes with a .npy file, and with no other")
    regular_file(path, TODO)
    if names is not None:
        yield from numpy_blocks(
            path, read_text(names, TODO, LARGEST_NAMES).removesuffix("\n").split("\n"), open_array(path)
        )
    elif path.suffix == ".npz":
        yield from numpy_blocks(path, *read_archive(path))
    else:
        start = 0
        for batch in table_batches(path, text=("name",)):
            yield Block(text_of(path, batch, "name"), vectors_of(path, batch, start))
            start += batch.num_rows


def open_array(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file, memory-mapped."""
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except BROKEN as error:
        raise not_numpy(path, error) from None
    if not isinstance(found, np.ndarray):
        raise DataError(f"{path}: holds several arrays; call it .npz")
    return found


def read_archive(path: Path) -> tuple[list[str], np.ndarray]:
    """The names and embeddings of a ``.npz`` file."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            for key in ("names", "embeddings"):
                if key not in archive:
                    raise DataError(f"{path}: has no array {key!r}; it has {', '.join(archive) or 'none'}")
            names, vectors = archive["names"], archive["embeddings"]
    except (*BROKEN, AttributeError, TypeError) as error:  # the last two: a single array under this name
        raise not_numpy(path, error) from None
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise DataError(f"{path}: names have type {names.dtype}, shape {names.shape}; expected one list of texts")
    try:
        return [name.decode() if isinstance(name, bytes) else name for name in names.tolist()], vectors
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: a name is no UTF-8 text: {error}; {AGAIN}") from None


def not_numpy(path: Path, error: Exception) -> DataError:
    """What is said of a file that NumPy does not read."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return DataError(f"{path}: not a whole NumPy file of plain numbers and texts: {reason}; {AGAIN}")


def numpy_blocks(path: Path, names: list[str], vectors: np.ndarray) -> Iterator[Block]:
    """An array's rows with their names."""
    if vectors.ndim != 2 or vectors.dtype.kind not in "fiu" or 0 in vectors.shape:
        raise DataError(f"{path}: embeddings have type {vectors.dtype}, shape {vectors.shape}; expected real numbers, "
                        "a row an image")  # fmt: skip
    if len(names) != len(vectors):
        raise DataError(
            f"{path}: {len(vectors):,} embeddings, but {len(names):,} names; give one a row, in their order"
        )
    for start in range(0, len(vectors), ROWS_A_BATCH):
        block = slice(start, start + ROWS_A_BATCH)
        yield Block(names[block], vectors[block])


def table_batches(path: Path, text: Collection[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a ``.parquet`` or ``.csv`` file; in the latter all columns but those of ``text`` are numbers.

    Raises:
        DataError: the file is missing or broken, or lacks a column of ``text``.
    """
    regular_file(path, TODO)
    try:
        if path.suffix == ".csv":
            header = csv_header(path)
            expect(path, header, text)
            numbers = {name: pa.string() if name in text else pa.float64() for name in header}
            batches = pa.csv.open_csv(path, convert_options=pa.csv.ConvertOptions(column_types=numbers))
        else:
            file = pa.parquet.ParquetFile(path)
            expect(path, file.schema_arrow.names, text)
            batches = file.iter_batches(ROWS_A_BATCH)
        for batch in batches:
            batch.validate(full=True)
            yield batch
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a whole {path.suffix[1:]} file of this form: {reason[:200]}; {AGAIN}") from None


def csv_header(path: Path) -> list[str]:
    """The names of a CSV file's columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return next(csv.reader(lines), [])
    except csv.Error as error:
        raise unreadable(path, error, AGAIN) from None


def expect(path: Path, columns: Collection[str], needed: Collection[str]) -> None:
    """Check that a table has the columns ``needed``, and each once.

    Raises:
        DataError: it has not.
    """
    if missing := [name for name in needed if name not in columns]:
        said = ", ".join(list(columns)[:5])
        raise DataError(f"{path}: has no column {missing[0]!r}; its first are {said or 'none'}: the first line of a "
                        "CSV names the columns")  # fmt: skip
    if len(set(columns)) < len(columns):
        raise DataError(f"{path}: two columns of one name; {AGAIN}")


def text_of(path: Path, batch: pa.RecordBatch, name: str) -> list[str]:
    """A column of texts."""
    column = batch[name]
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)) or column.null_count:
        raise DataError(
            f"{path}: column {name!r} is {column.type} with {column.null_count} empty cells; expected texts"
        )
    return column.to_pylist()


def numbers_of(path: Path, name: str, column: pa.Array) -> np.ndarray:
    """A column of numbers, NaN where a cell is empty."""
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        raise DataError(f"{path}: column {name!r} is {column.type}; expected numbers")
    return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def vectors_of(path: Path, batch: pa.RecordBatch, start: int) -> np.ndarray:
    """(N, D) embeddings of a batch whose first record is ``start``: of a column of lists, or of a column a value."""
    if "embedding" not in batch.schema.names:
        values = [name for name in batch.schema.names if name not in NOT_VALUES]
        if not values:
            raise DataError(f"{path}: has no values beside the names; {AGAIN}")
        return np.stack([numbers_of(path, name, batch[name]) for name in values], axis=1)
    column = batch["embedding"]
    kind = column.type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        raise DataError(
            f"{path}: column 'embedding' is {kind}; expected lists of numbers, or a column a value without it"
        )
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    if not len(lengths):
        return np.empty((0, 0))
    if len(other := np.flatnonzero(lengths != lengths[0])) or not lengths[0]:
        row = int(other[0]) if len(other) else 0
        raise DataError(f"{path}: record {start + row} ({batch['name'][row]}): an embedding of {lengths[row]} values, "
                        f"that of record {start} has {lengths[0]}; {AGAIN}")  # fmt: skip
    return numbers_of(path, "embedding", column.flatten()).reshape(len(lengths), -1)

"""Packs: one Arrow IPC file a set of images, memory-mapped, so that opening costs nothing and memory stays flat.

Columns ``name`` (string), ``image`` (encoded bytes, JPEG, PNG ...), ``label`` (identity, int32; -1 unknown) and
``landmarks`` (ten floats x0, y0 ... x4, y4 in pixels of the image: left eye, right eye, nose, left and right mouth
corner as seen in the image; null where unknown), then any number of float32 columns with what is known of each image.

A pack may also refer to images that lie in other files, so that 40 GB of them are not copied. It then has the columns
``file`` (absolute path), ``offset`` and ``length`` (int64, bytes), and ``image`` is null where they hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lgaf.errors import DataError
from lgaf.files import atomic, regular_file
from lgaf.formats.content import content_hash
from lgaf.formats.image import decode
from lgaf.formats.reference import COLUMNS as REFERENCE
from lgaf.formats.reference import Reference, ReferredFiles

BASE = pa.schema(
    [
        ("name", pa.string()),
        ("image", pa.binary()),
        ("label", pa.int32()),
        ("landmarks", pa.list_(pa.float32(), 10)),
    ]
)
ROWS_A_BATCH = 256


def read_table(path: str | Path, required: Sequence[str]) -> pa.Table:
    """Memory-map an Arrow IPC file and check that it has the ``required`` columns.

    Raises:
        DataError: the file is missing, is not whole Arrow IPC or lacks a column.
    """
    regular_file(path, "run `dvc repro` to make it")
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        table.validate(full=True)  # a broken offset would end the process; images themselves are not read
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a whole Arrow IPC file: {reason}; delete it and make it again") from None
    if len(set(table.column_names)) < len(table.column_names):
        raise DataError(f"{path}: two columns of one name among {', '.join(table.column_names)}; make the file again")
    check_columns(path, table, required)
    return table


def check_columns(path: str | Path, table: pa.Table, required: Sequence[str]) -> None:
    """Check that the ``required`` columns are there.

    Raises:
        DataError: one is not.
    """
    missing = [column for column in required if column not in table.column_names]
    if missing:
        raise DataError(f"{path}: column {missing[0]!r} is missing; it has {', '.join(table.column_names)}")


def check_types(path: str | Path, table: pa.Table, schema: pa.Schema, filled: Sequence[str]) -> None:
    """Check the types of ``schema``'s columns, that all others are float32, and that ``filled`` columns have no null.

    Raises:
        DataError: one is not so.
    """
    for field in table.schema:
        expected = schema.field(field.name).type if field.name in schema.names else pa.float32()
        if field.type != expected:
            raise DataError(f"{path}: column {field.name!r} is {field.type}, must be {expected}; make the file again")
    for name in filled:
        if table[name].null_count:
            raise DataError(f"{path}: column {name!r} has empty cells; make the file again")


class Pack:
    """A set of images, read from disk as they are asked for."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.table = read_table(path, BASE.names)
        self.refers = REFERENCE.names[0] in self.table.column_names
        if self.refers:
            check_columns(path, self.table, REFERENCE.names)
        schema = pa.schema([*BASE, *REFERENCE]) if self.refers else BASE
        check_types(path, self.table, schema, ("name", "label", *(REFERENCE.names if self.refers else ["image"])))
        self.columns = {name: self.table[name] for name in schema.names}  # found once: asking the table costs as much
        self.labels: np.ndarray = self.columns["label"].to_numpy()
        self.files = ReferredFiles()
        if self.refers:
            nowhere = pc.and_(pc.is_null(self.columns["image"]), pc.equal(self.columns["file"], ""))
            if (row := pc.index(nowhere, True).as_py()) >= 0:
                raise DataError(
                    f"{self.where(row)}: has neither an image nor a file that holds it; make the file again"
                )

    def __reduce__(self) -> tuple[type[Pack], tuple[Path]]:
        return Pack, (self.path,)  # another process opens the file itself

    def __len__(self) -> int:
        return self.table.num_rows

    @cached_property
    def names(self) -> list[str]:
        """All names; where there may be millions, ask for one at a time with :meth:`name`."""
        return self.columns["name"].to_pylist()

    def name(self, index: int) -> str:
        """One image's name."""
        return self.columns["name"][index].as_py()

    def where(self, index: int) -> str:
        """One image, as errors name it: file and record."""
        return f"{self.path}: record {index} ({self.name(index)})"

    def stored(self, index: int) -> bytes | Reference:
        """The image's bytes, or where they are."""
        if self.refers and (file := self.columns["file"][index].as_py()):
            return Reference(file, self.columns["offset"][index].as_py(), self.columns["length"][index].as_py())
        return self.columns["image"][index].as_py()

    def encoded(self, index: int) -> bytes:
        """The image's bytes as stored.

        Raises:
            DataError: the file that the pack refers to is gone or shorter than it was.
        """
        stored = self.stored(index)
        try:
            return self.files.read(stored) if isinstance(stored, Reference) else stored
        except DataError as error:
            raise DataError(f"{self.where(index)}: {error}") from None

    def image(self, index: int) -> np.ndarray:
        """The image as (H, W, 3) uint8 RGB.

        Raises:
            DataError: the stored bytes are no image.
        """
        encoded = self.encoded(index)
        try:
            return decode(encoded)
        except ValueError as error:
            raise DataError(f"{self.where(index)}: {error}") from None

    def landmarks(self, index: int) -> np.ndarray | None:
        """Five points (5, 2) in pixels, or None where unknown."""
        points = self.columns["landmarks"][index].as_py()
        return None if points is None else np.array(points, np.float32).reshape(5, 2)

    def content_hash(self) -> str:
        """Hash of all that the pack holds; see :func:`lgaf.formats.content.content_hash`.

        Where it refers to images in other files, it is where they are that counts, not what is in those files.
        """
        return content_hash(self.table)

    @property
    def truth(self) -> dict[str, np.ndarray]:
        """What is known of each image beside its identity: column name -> (N,) float32."""
        known = {*BASE.names, *REFERENCE.names}
        return {name: self.table[name].to_numpy() for name in self.table.column_names if name not in known}


class PackWriter:
    """Appends images to a pack; made by :func:`write_pack`."""

    def __init__(self, path: Path, truth: Sequence[str], refers: bool):
        known = [*BASE, *REFERENCE] if refers else [*BASE]
        self.schema = pa.schema([*known, *(pa.field(name, pa.float32()) for name in truth)])
        self.refers = refers
        self.sink = pa.ipc.new_file(str(path), self.schema)
        self.rows: list[dict[str, Any]] = []

    def add(
        self,
        name: str,
        image: bytes | Reference,
        label: int,
        landmarks: np.ndarray | None = None,
        **truth: float | None,
    ) -> None:
        """Append one image: encoded bytes or a reference, identity, five points (5, 2) or None, all truth columns."""
        points = None if landmarks is None else np.asarray(landmarks, np.float32).reshape(10).tolist()
        row = {"name": name, "image": image, "label": label, "landmarks": points, **truth}
        if isinstance(image, Reference):
            row.update(image._asdict(), image=None)
        elif self.refers:
            row.update(file="", offset=0, length=0)
        self.rows.append(row)
        if len(self.rows) == ROWS_A_BATCH:
            self.flush()

    def refer_many(
        self,
        names: pa.Array,
        file: str,
        offsets: np.ndarray,
        lengths: np.ndarray,
        labels: np.ndarray,
        landmarks: np.ndarray | None = None,
    ) -> None:
        """Append N images that stay in one file: arrays (N,), and five points (5, 2) that all of them share."""
        self.flush()
        count = len(labels)
        points = pa.nulls(count, pa.list_(pa.float32(), 10))
        if landmarks is not None:
            points = pa.FixedSizeListArray.from_arrays(pa.array(np.tile(np.float32(landmarks).ravel(), count)), 10)
        images = pa.nulls(count, pa.binary())
        columns = zip(
            self.schema.names, [names, images, labels, points, pa.repeat(file, count), offsets, lengths], strict=True
        )
        self.sink.write_batch(pa.RecordBatch.from_pydict(dict(columns), schema=self.schema))

    def flush(self) -> None:
        """Write what is waiting."""
        if self.rows:
            self.sink.write_batch(pa.RecordBatch.from_pylist(self.rows, schema=self.schema))
            self.rows = []


@contextmanager
def write_pack(path: str | Path, truth: Sequence[str] = (), refers: bool = False) -> Iterator[PackWriter]:
    """Write a pack atomically: ``with write_pack(path, truth=["yaw"]) as pack: pack.add(...)``.

    refers: the pack has room for images that stay in other files, see :meth:`PackWriter.refer`.
    """
    with atomic(path) as temporary:
        writer = PackWriter(temporary, truth, refers)
        try:
            yield writer
            writer.flush()
        finally:
            writer.sink.close()

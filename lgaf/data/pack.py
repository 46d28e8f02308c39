"""Packs: one Arrow IPC file a set of images, memory-mapped, so that opening costs nothing and memory stays flat.

Columns ``name`` (string), ``image`` (encoded bytes, JPEG or PNG), ``label`` (identity, int32; -1 unknown) and
``landmarks`` (ten floats x0, y0 ... x4, y4 in pixels of the image: left eye, right eye, nose, left and right mouth
corner as seen in the image; null where unknown), then any number of float32 columns with what is known of each image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.files import atomic

BASE = pa.schema(
    [
        ("name", pa.string()),
        ("image", pa.binary()),
        ("label", pa.int32()),
        ("landmarks", pa.list_(pa.float32(), 10)),
    ]
)
ROWS_A_BATCH = 256


def decode_image(encoded: bytes, where: str) -> np.ndarray:
    """Decode an encoded image to (H, W, 3) uint8 RGB.

    Raises:
        DataError: the bytes are no image; ``where`` (file and record) is named.
    """
    try:
        pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # no bytes, or a header that promises too many pixels
        pixels = None
    if pixels is None:
        raise DataError(f"{where}: not a readable image ({len(encoded)} bytes)")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def read_table(path: str | Path, required: Sequence[str]) -> pa.Table:
    """Memory-map an Arrow IPC file and check that it has the ``required`` columns.

    Raises:
        DataError: the file is missing, is not whole Arrow IPC or lacks a column.
    """
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        table.validate(full=True)  # a broken offset would end the process; images themselves are not read
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; run `dvc repro` to make it") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a whole Arrow IPC file: {reason}; delete it and make it again") from None
    if len(set(table.column_names)) < len(table.column_names):
        raise DataError(f"{path}: two columns of one name among {', '.join(table.column_names)}; make the file again")
    missing = [column for column in required if column not in table.column_names]
    if missing:
        raise DataError(f"{path}: column {missing[0]!r} is missing; it has {', '.join(table.column_names)}")
    return table


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
        check_types(path, self.table, BASE, filled=("name", "image", "label"))
        self.names: list[str] = self.table["name"].to_pylist()
        self.labels: np.ndarray = self.table["label"].to_numpy()

    def __len__(self) -> int:
        return self.table.num_rows

    def encoded(self, index: int) -> bytes:
        """The image's bytes as stored."""
        return self.table["image"][index].as_py()

    def image(self, index: int) -> np.ndarray:
        """The image as (H, W, 3) uint8 RGB.

        Raises:
            DataError: the stored bytes are no image.
        """
        return decode_image(self.encoded(index), f"{self.path}: record {index} ({self.names[index]})")

    def landmarks(self, index: int) -> np.ndarray | None:
        """Five points (5, 2) in pixels, or None where unknown."""
        points = self.table["landmarks"][index].as_py()
        return None if points is None else np.array(points, np.float32).reshape(5, 2)

    @property
    def truth(self) -> dict[str, np.ndarray]:
        """What is known of each image beside its identity: column name -> (N,) float32."""
        return {name: self.table[name].to_numpy() for name in self.table.column_names if name not in BASE.names}


class PackWriter:
    """Appends images to a pack; made by :func:`write_pack`."""

    def __init__(self, path: Path, truth: Sequence[str]):
        self.schema = pa.schema([*BASE, *((name, pa.float32()) for name in truth)])
        self.sink = pa.ipc.new_file(str(path), self.schema)
        self.rows: list[dict[str, Any]] = []

    def add(
        self, name: str, image: bytes, label: int, landmarks: np.ndarray | None = None, **truth: float | None
    ) -> None:
        """Append one image: encoded bytes, identity, five points (5, 2) or None, and every truth column."""
        points = None if landmarks is None else np.asarray(landmarks, np.float32).reshape(10).tolist()
        self.rows.append({"name": name, "image": image, "label": label, "landmarks": points, **truth})
        if len(self.rows) == ROWS_A_BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if self.rows:
            self.sink.write_batch(pa.RecordBatch.from_pylist(self.rows, schema=self.schema))
            self.rows = []


@contextmanager
def write_pack(path: str | Path, truth: Sequence[str] = ()) -> Iterator[PackWriter]:
    """Write a pack atomically: ``with write_pack(path, truth=["yaw"]) as pack: pack.add(...)``."""
    with atomic(path) as temporary:
        writer = PackWriter(temporary, truth)
        try:
            yield writer
            writer.flush()
        finally:
            writer.sink.close()

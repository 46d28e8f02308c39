"""Lists of names and identities in MATLAB files (version 5 to 7), read within bounds.

SciPy's reader is not used: it ends the process on cells nested deeply enough, and believes promised sizes. What a list
needs of the format is little: "MAT-File Format", The MathWorks, chapter 1.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from lgaf.errors import DataError
from lgaf.files import read_bytes

LARGEST_FILE = 4 * 2**20
"""Bytes; TinyFace's lists have 23,000."""
LARGEST_CONTENT = 8 * 2**20
"""Bytes of all variables, decompressed; TinyFace's lists have 0.3 million."""
HEADER = 128
MATRIX, COMPRESSED = 14, 15
CELL, CHAR = 1, 4
NUMERIC_CLASSES = range(6, 16)
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""Type of a data element -> NumPy's."""
TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}

Part = tuple[int, memoryview]
"""(type, content) of a data element."""


def read_id_list(path: Path, ids: str, names: str) -> list[tuple[str, int]]:
    """(name, identity) a row of the variables ``names``, a column of cells with text, and ``ids``, a column of numbers.

    Raises:
        DataError: the file is missing, is of another version (7.3 among them), or does not hold the two.
    """
    content = read_bytes(path, "see docs/datasets/tinyface.md for the expected tree", LARGEST_FILE)
    try:
        variables = dict(read_variables(content, (ids, names)))
        if missing := [name for name in (ids, names) if name not in variables]:
            raise ValueError(f"has no variable {missing[0]!r}")
        numbers, texts = variables[ids], variables[names]
        if not isinstance(numbers, np.ndarray) or not isinstance(texts, list):
            raise ValueError(f"{ids} must be numbers and {names} cells with text")
        if len(numbers) != len(texts):
            raise ValueError(f"{ids} has {len(numbers):,} rows, {names} {len(texts):,}")
        if not np.isfinite(numbers).all() or not ((numbers >= 0) & (numbers < 2**31) & (numbers % 1 == 0)).all():
            raise ValueError(f"{ids} must be whole numbers from 0")
    except (ValueError, struct.error, zlib.error) as error:
        raise DataError(f"{path}: not a MATLAB list of names and identities: {error}; fetch it again") from None
    return [(text, int(number)) for text, number in zip(texts, numbers, strict=True)]


def read_variables(content: bytes, wanted: Collection[str]) -> Iterator[tuple[str, np.ndarray | list[str]]]:
    """(name, value) of each variable wanted: numbers, flattened, or cells of text, as a list.

    Raises:
        ValueError, struct.error, zlib.error: the bytes are not a whole file of version 5.
    """
    if content[:10] == b"MATLAB 7.3" or content[512:516] == b"\x89HDF":
        raise ValueError("version 7.3 (HDF5) is not read; save it with -v7")
    order = {b"IM": "<", b"MI": ">"}.get(content[126:HEADER])
    if order is None:
        raise ValueError("has no header of version 5")
    budget = LARGEST_CONTENT
    for kind, body in elements(memoryview(content)[HEADER:], order):
        if kind == COMPRESSED:
            inflater = zlib.decompressobj()
            inflated = inflater.decompress(body, max(budget, 1))
            budget -= len(inflated)
            if not inflater.eof:
                raise ValueError("is cut off, or too large for a list")
            kind, body = next(elements(memoryview(inflated), order), (0, memoryview(b"")))
        if kind != MATRIX:
            raise ValueError(f"has an element of type {kind} where a variable must be")
        matrix_class, name, data = open_matrix(body, order)
        if name in wanted:
            yield name, read_values(matrix_class, name, data, order)


def elements(content: memoryview, order: str) -> Iterator[Part]:
    """The data elements that make up ``content``, one after the other."""
    position = 0
    while position < len(content):
        (tag,) = struct.unpack_from(order + "I", content, position)
        if tag >> 16:  # up to four bytes stand within the tag
            kind, size, start = tag & 0xFFFF, tag >> 16, position + 4
            position += 8
        else:
            kind, start = tag, position + 8
            (size,) = struct.unpack_from(order + "I", content, position + 4)
            position = start + size + (0 if kind == COMPRESSED else -size % 8)
        if start + size > len(content):
            raise ValueError("is cut off")
        yield kind, content[start : start + size]


def read_values(matrix_class: int, name: str, data: Iterator[Part], order: str) -> np.ndarray | list[str]:
    """The value of one variable."""
    if matrix_class == CELL:
        return [read_text(kind, body, order) for kind, body in data]
    kind, body = next(data, (0, memoryview(b""))) if matrix_class in NUMERIC_CLASSES else (0, memoryview(b""))
    if kind not in NUMBERS:
        raise ValueError(f"{name} holds neither numbers nor cells")
    return np.frombuffer(body, order + NUMBERS[kind]).astype(np.float64)


def read_text(kind: int, body: memoryview, order: str) -> str:
    """The text in a cell."""
    matrix_class, _, data = open_matrix(body, order) if kind == MATRIX else (0, "", iter(()))
    kind, text = next(data, (0, memoryview(b""))) if matrix_class == CHAR else (0, memoryview(b""))
    if kind not in TEXTS:
        raise ValueError("a cell holds no text")
    codec = TEXTS[kind]
    return bytes(text).decode(codec + {"<": "-le", ">": "-be"}[order] if codec == "utf-16" else codec)


def open_matrix(content: memoryview, order: str) -> tuple[int, str, Iterator[Part]]:
    """A matrix's class and name, and its data elements. Its dimensions are not needed: the data say their size."""
    parts = elements(content, order)
    head = [body for _, body in (next(parts, (0, memoryview(b""))) for _ in range(3))]
    if len(head[0]) != 8:
        raise ValueError("a matrix has no header")
    (flags,) = struct.unpack_from(order + "I", head[0])
    return flags & 0xFF, bytes(head[2]).decode("latin-1"), parts

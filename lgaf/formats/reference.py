"""Images that stay in other files: where they are, and how they are read from there."""

from __future__ import annotations

import mmap
from typing import NamedTuple

import pyarrow as pa

from lgaf.errors import DataError
from lgaf.files import regular_file, unreadable

OPEN_FILES = 16
"""Files kept mapped: enough for sets of a few large files; all of a folder of images would be too many."""
AGAIN = "moved or replaced since import; put it back, or run `dvc repro -f photos`"


class Reference(NamedTuple):
    """``length`` bytes at ``offset`` of ``file``, an absolute path."""

    file: str
    offset: int
    length: int


COLUMNS = pa.schema([("file", pa.string()), ("offset", pa.int64()), ("length", pa.int64())])
"""A reference as columns of a pack."""


class ReferredFiles:
    """Reads references through memory maps."""

    def __init__(self) -> None:
        self.maps: dict[str, mmap.mmap] = {}

    def read(self, reference: Reference) -> bytes:
        """The bytes referred to.

        Raises:
            DataError: the file is gone, or shorter than it was.
        """
        file, offset, length = reference
        found = self.maps.get(file) or self.open(file)
        if not 0 <= offset <= offset + length <= len(found):
            raise DataError(f"{file} has {len(found)} bytes, not the {offset + length} it had: {AGAIN}")
        return found[offset : offset + length]

    def open(self, file: str) -> mmap.mmap:
        """Map a file; the one mapped first makes room."""
        if len(self.maps) == OPEN_FILES:
            self.maps.pop(next(iter(self.maps))).close()
        regular_file(file, AGAIN)
        try:
            with open(file, "rb") as stream:
                self.maps[file] = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: it is empty
            raise unreadable(file, error, AGAIN) from None
        return self.maps[file]

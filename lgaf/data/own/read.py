"""A benchmark of the user's own, as params.yaml names it."""

from __future__ import annotations

from lgaf.data.benchmark import Benchmark
from lgaf.data.own.pairs import read_pairs
from lgaf.data.own.search import read_search
from lgaf.data.settings import OwnBenchmark
from lgaf.errors import DataError
from lgaf.files import unreadable
from lgaf.paths import in_project


def read_own(name: str, own: OwnBenchmark) -> Benchmark:
    """The benchmark: its lists are read and its photos looked for, not opened.

    Raises:
        DataError: a list or a photo is missing, or a record is not what it should be.
    """
    folder = in_project(own.folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; set data.own.{name}.folder to the one that holds the photos")
    read = read_search if len(own.files) == 2 else read_pairs
    try:
        return read(name, folder, *map(in_project, own.files))
    except OSError as error:  # a folder in which nothing may be looked for
        raise unreadable(error.filename or folder, error, "see docs/own-photos.md") from None

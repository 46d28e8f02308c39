"""What is said of a row whose embeddings, or scores, were made elsewhere, and where its files lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from lgaf.errors import DataError, SettingsError
from lgaf.files import regular_file, sha256_of
from lgaf.given.manifest import Origin
from lgaf.paths import in_project
from lgaf.rows import Label, RowId

IMPORTED = Path("imported")
"""Folder of all that is brought; DVC watches it."""
PAIRED = ("lfw", "cfp_fp", "cfp_ff", "cplfw", "calfw", "agedb")
"""Benchmarks that are known to list pairs of images, so that scores alone can answer them."""
Format = Literal["embeddings", "scores"]


class ImportedRow(Origin):
    """A row of the tables without a network: ``models.ROW``."""

    format: Format
    """What is brought."""
    label: Label | None = None
    """The row's name in print; null: its id."""


class Imported(Origin):
    """The same as the stages are told it."""

    format: Format
    files: dict[str, str]
    """Benchmark -> SHA-256 of its file."""


def file_of(row: str, benchmark: str) -> Path:
    """Where a row's file of a benchmark lies; of the project's folder also where the run is in a copy of it."""
    return in_project(IMPORTED / row / f"{benchmark}.arrow")


def place(row: str, benchmark: str, benchmarks: Sequence[str]) -> Path:
    """Where to write a row's file of one of the ``benchmarks``.

    Raises:
        SettingsError: it is none of them, or the row's name cannot be one.
    """
    try:
        TypeAdapter(RowId).validate_python(row)
    except ValidationError:
        raise SettingsError(f"{row!r}: a row is named by up to 40 letters, digits and underscores") from None
    if benchmark not in benchmarks:
        raise SettingsError(f"{benchmark!r} is none of params.yaml's benchmarks: {', '.join(benchmarks)}")
    return file_of(row, benchmark)


def wanted(row: str, said: ImportedRow, benchmarks: Sequence[str]) -> list[str]:
    """The benchmarks that a row has a file of, or must have: of scores alone those that list pairs."""
    if said.format == "embeddings":
        return list(benchmarks)
    return [name for name in benchmarks if name in PAIRED or file_of(row, name).is_file()]


def check_files(row: str, said: ImportedRow, benchmarks: Sequence[str]) -> None:
    """Look whether a row's files are there.

    Raises:
        DataError: some are not; a line each.
    """
    needed, more = wanted(row, said, benchmarks), " --flip true|false" if said.format == "embeddings" else ""
    problems = []
    for name in needed:
        try:
            regular_file(file_of(row, name), f"make it with `lgaf import-{said.format} {row} {name} FILE{more}`")
        except DataError as error:
            problems.append(str(error))
    if not needed:
        problems.append(f"format {said.format}: none of {', '.join(benchmarks)} lists pairs; bring embeddings")
    if problems:
        raise DataError("\n".join(problems))


def hashed(row: str, said: ImportedRow, benchmarks: Sequence[str]) -> Imported:
    """What the stages are told of a row, with the hashes of its files, so that DVC sees a changed one."""
    files = {name: sha256_of(file_of(row, name)) for name in wanted(row, said, benchmarks)}
    return Imported(**said.model_dump(exclude={"label"}), files=files)

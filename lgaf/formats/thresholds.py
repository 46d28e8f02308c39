"""``results/thresholds.json``: at which threshold each model makes how many errors, for whoever decides by it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from lgaf.errors import DataError
from lgaf.files import read_json, write_json
from lgaf.strict import Strict, first_problem

TEMPLATES = "the protocol's pairs of templates"
"""Comparisons of sets of images, whose thresholds are no thresholds for two images."""


class OperatingPoint(Strict):
    """One model at one false match rate on one benchmark."""

    row: str
    seed: int
    """Of training; 0 of a network that was trained elsewhere."""
    benchmark: str
    over: str
    """The comparisons: all pairs of the benchmark's images, those of its protocol, or TEMPLATES."""
    mated: int
    nonmated: int
    """How many pairs the two rates were measured on."""
    fmr: float = Field(gt=0, lt=1)
    """False match rate: the share of non-mated pairs above ``threshold``."""
    threshold: float
    """Cosine: a pair is accepted above it."""
    threshold_low: float
    threshold_high: float
    fnmr: float
    """False non-match rate: the share of mated pairs that are not above it."""
    fnmr_low: float
    fnmr_high: float


class Thresholds(Strict):
    """The whole file."""

    rows: tuple[OperatingPoint, ...]


def read_thresholds(path: Path) -> tuple[OperatingPoint, ...]:
    """Read and check the file.

    Raises:
        DataError: it is missing, broken, or holds something else.
    """
    try:
        return Thresholds.model_validate(read_json(path)).rows
    except ValidationError as error:
        raise DataError(f"{path}: {first_problem(error)}; run `dvc repro` to make it again") from None


def write_thresholds(path: Path, points: Sequence[OperatingPoint]) -> None:
    """Write the file, atomically."""
    write_json(path, Thresholds(rows=tuple(points)).model_dump())

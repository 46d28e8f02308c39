"""What a benchmark asks: which images to compare. One JSON file beside each benchmark's pack, images by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, TypeAdapter, ValidationError, model_validator

from lgaf.errors import DataError
from lgaf.files import read_json, write_json
from lgaf.formats.templates import TemplateFiles, Templates, read_templates, write_templates
from lgaf.strict import Strict, first_problem, shorten


class Verification(Strict):
    """Pairs in the order that the folds follow: fold k is the k-th contiguous part of the list."""

    kind: Literal["verification"] = "verification"
    pairs: list[tuple[str, str, bool]]
    """(left name, right name, same person)"""
    folds: int = Field(10, ge=2)
    fold_sizes: list[PositiveInt] | None = None
    """Pairs of each fold; None where all have as many."""
    conditions: list[str] | None = None
    """The condition that each pair is of, where the benchmark says so: each condition has an accuracy of its own."""
    all_pairs: list[list[str]] = Field([], max_length=2)
    """Images of which every pair is scored too, beside ``pairs``: every two of one list, or of two lists every image of
    the one with every image of the other. None for a published benchmark, whose pairs are its own."""
    groups: dict[str, str] | None = None
    """Image -> the group of people that it is of, whose error rates are told apart; None where nothing is known."""
    notes: list[str] = Field([])
    """Lines to print under the table, as in :class:`lgaf.data.benchmark.Benchmark`."""

    @model_validator(mode="after")
    def whole(self) -> Verification:
        """Folds that hold all pairs, and a condition for each."""
        sizes = self.fold_sizes
        if sizes is not None and (len(sizes), sum(sizes)) != (self.folds, len(self.pairs)):
            raise ValueError("the folds' sizes are not those of the pairs")
        if self.conditions is not None and len(self.conditions) != len(self.pairs):
            raise ValueError("not a condition for each pair")
        return self


class Identification(Strict):
    """Closed-set search: every probe set against one gallery of mates and distractors."""

    kind: Literal["identification"] = "identification"
    gallery: list[str]
    distractors: list[str] = Field([])
    """Gallery images of people with no probe."""
    probes: dict[str, list[str]]
    """Probe set -> names. A set named "" gives metrics ``rank1`` ...; a set "d1" gives ``d1_rank1`` ..."""
    ranks: list[int] = Field([1, 5, 20], min_length=1)
    notes: list[str] = Field([])
    """As of :class:`Verification`."""


Protocol = Verification | Identification | Templates
LONGEST_PROBLEM = 300
"""Letters of what is wrong with a file; it may quote the file."""
DIFFERS = "NOT the published"
"""How a note begins that says in what a benchmark differs from the one whose numbers papers print."""
OWN = "own photos"
"""How a note begins that says what photos of the user's own a benchmark is of."""
File = Annotated[Verification | Identification | TemplateFiles, Field(discriminator="kind")]


def differs(notes: Iterable[str]) -> bool:
    """Whether a benchmark with these notes is another than the published one, if in its name alone like it."""
    return any(note.startswith(DIFFERS) for note in notes)


def printed_name(name: str, notes: Iterable[str]) -> str:
    """What results call the benchmark ``name`` or ``world/NAME`` by its notes: ``own/NAME``, ``part/NAME``, or so."""
    notes = list(notes)
    if any(note.startswith(OWN) for note in notes):
        return f"own/{name.rpartition('/')[2]}"
    return f"part/{name}" if differs(notes) else name


def read_protocol(path: str | Path) -> Protocol:
    """Read and check a benchmark's protocol file.

    Raises:
        DataError: the file is missing or is no protocol.
    """
    path = Path(path)
    try:
        found: Verification | Identification | TemplateFiles = TypeAdapter(File).validate_python(read_json(path))
        return read_templates(path, found) if isinstance(found, TemplateFiles) else found
    except ValidationError as error:
        raise DataError(
            f"{path}: {shorten(first_problem(error), LONGEST_PROBLEM)}; run `dvc repro -f photos` to make it again"
        ) from None


def write_protocol(path: str | Path, protocol: Protocol) -> None:
    """Write a benchmark's protocol file, atomically."""
    if isinstance(protocol, Templates):
        write_templates(Path(path), protocol)
    else:
        write_json(path, protocol.model_dump(exclude_none=True))

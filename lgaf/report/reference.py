"""The committed reference of a run: which trials each row got right, one bit a trial, and what was run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import NonNegativeInt, ValidationError

from lgaf.errors import DataError
from lgaf.evaluate.outcomes import outcomes, pack_bits, unpack_bits
from lgaf.evaluate.replicates import read_replicates
from lgaf.files import printable, read_json
from lgaf.formats.pack import read_table
from lgaf.paths import REFERENCE, REPLICATES, SETTINGS, TRIALS
from lgaf.report.metrics import Name
from lgaf.report.settings import ReportRun
from lgaf.strict import Strict, first_problem

ADVICE = f"take the committed one back (git checkout -- {REFERENCE}), or make one: lgaf check --update"
COMPARABLE = ("photos", "align/test", "score")
"""Stages whose settings decide what the trials are."""


class Kept(Strict):
    """One metric of one row on one benchmark."""

    trials: str
    """Hash of who is compared with whom."""
    n: NonNegativeInt
    """How many trials."""
    right: tuple[str, ...]
    """Which of them each seed's model got right (:func:`lgaf.evaluate.outcomes.pack_bits`)."""


Rows = dict[Name, dict[Name, dict[Name, Kept]]]
"""Row -> benchmark -> metric."""


class Reference(Strict):
    """The file."""

    settings: dict[str, Any]
    """Settings of the stages :data:`COMPARABLE`."""
    rows: Rows


class Present(NamedTuple):
    """One metric of one row in the workspace."""

    kept: Kept
    right: np.ndarray
    """(S, N) bool, a row a seed."""
    person: np.ndarray
    """(N,) whose the trials are."""


def read_present(run: ReportRun) -> dict[str, dict[str, dict[str, Present]]]:
    """Every row's trials in the workspace, of the metrics that are pooled.

    Raises:
        DataError: trials are missing, or differ between two seeds of a row.
    """
    found: dict[str, dict[str, dict[str, Present]]] = {}
    for row in run.rows:
        for benchmark in run.benchmarks:
            places = [f"{row.id}/{seed}/{benchmark}.arrow" for seed in run.seeds_of(row)]
            scored = [read_replicates(REPLICATES / place) for place in places]
            if not all(it.paired_with(scored[0]) for it in scored):
                raise DataError(f"{TRIALS / row.id}: {benchmark}: the trials differ between seeds; score them again")
            seeds = [outcomes(read_table(TRIALS / place, ())) for place in places]
            for metric, first in seeds[0].items():
                right = np.stack([each[metric].right for each in seeds])
                kept = Kept(trials=scored[0].trials, n=right.shape[1], right=tuple(map(pack_bits, right)))
                found.setdefault(row.id, {}).setdefault(scored[0].benchmark, {})[metric] = Present(
                    kept, right, first.person
                )
    return found


def make_reference(run: ReportRun) -> Reference:
    """What is kept of the present results."""
    present = read_present(run)
    rows = {row: {b: {m: it.kept for m, it in ms.items()} for b, ms in bs.items()} for row, bs in present.items()}
    return Reference(settings=present_settings(), rows=rows)


def present_settings() -> dict[str, Any]:
    """The settings that decide what the trials are."""
    return {stage: read_json(SETTINGS / f"{stage}.json")["settings"] for stage in COMPARABLE}


def read_reference(path: Path = REFERENCE) -> Reference:
    """Read the file.

    Raises:
        DataError: it is missing or broken.
    """
    try:
        reference = Reference.model_validate(read_json(path, ADVICE))
    except ValidationError as error:
        raise DataError(f"{path}: {printable(first_problem(error))}; {ADVICE}") from None
    return reference


def right_of(kept: Kept, where: str) -> np.ndarray:
    """(S, N) bool of a kept metric.

    Raises:
        DataError: it is broken.
    """
    try:
        return np.stack([unpack_bits(text, kept.n) for text in kept.right])
    except (DataError, ValueError) as error:
        raise DataError(f"{REFERENCE}: {where}: {error}; {ADVICE}") from None

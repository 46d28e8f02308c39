"""What the report is made of, read from disk: scores, replicates, alignment reports and what training left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, Field, ValidationError

from lgaf.errors import DataError
from lgaf.evaluate.replicates import Replicates, read_replicates
from lgaf.files import read_json
from lgaf.given.manifest import Manifest
from lgaf.imported.manifest import Format, Imported
from lgaf.provenance import Made
from lgaf.report.settings import ReportRun
from lgaf.report.versions import Versions, read_made
from lgaf.strict import first_problem

SUMMARY = ("method", "seed", "benchmark", "protocol", "images", "metrics")
TRAIN = "train"
"""Name of the training set beside the benchmarks'."""


class Epoch(BaseModel):
    """One epoch of a training."""

    epoch: int
    """From 1."""
    loss: float
    images_per_second: float


class Training(BaseModel):
    """What a training left to say: ``training.json``."""

    backbone: str
    parameters: int
    """Trained weights of the network, those of the classes left out."""
    precision: str
    device: str
    images: int
    identities: int
    started_from: dict[str, Any] | None = None
    """The checkpoint that it started from, as :class:`lgaf.train.settings.StartFrom` says it, its ``file`` by name."""
    history: list[Epoch] = Field(min_length=1)


@dataclass(frozen=True)
class Layout:
    """Where a run's files are.

    results: ``scores/ROW/SEED/BENCHMARK.json`` and ``align/BENCHMARK.json`` inside it; the report is written beside
    them. replicates: ``ROW/SEED/BENCHMARK.arrow`` inside it. models: ``ROW/SEED/training.json`` inside it, or
    ``manifest.json`` of a row that was trained elsewhere. laboratory: the damage laboratory's files of each row and
    seed, ``ROW/SEED/`` inside it.
    """

    results: Path
    replicates: Path
    models: Path
    laboratory: Path


@dataclass(frozen=True)
class Model:
    """One row trained from one seed: its summaries and replicates, benchmark by benchmark in params.yaml's order."""

    row: str
    seed: int
    summaries: list[dict[str, Any]]
    replicates: list[Replicates]
    made: list[Made]
    """Where each benchmark's numbers are from."""
    origin: Training | Manifest | Imported
    """Where it is from: a training here, a file that was trained elsewhere, or what was brought."""
    of: str
    """The row whose embeddings they are: the same, or another that this one only compares in another way."""

    @property
    def stages(self) -> tuple[str, str]:
        """The stages of dvc.yaml that embed and score it."""
        given = "" if isinstance(self.origin, Training) else "_given"
        return f"embed{given}", f"score{given}" if self.of == self.row else "rescore"


def read_models(layout: Layout, run: ReportRun) -> list[Model]:
    """Every row of every seed, rows outermost.

    Raises:
        DataError: a file is missing or broken, tells of another model, or is not of the resamples of the others.
    """
    models, benchmarks = [], run.benchmarks
    for row in run.rows:
        for seed in run.seeds_of(row):
            paths = [layout.results / "scores" / row.id / str(seed) / f"{name}.json" for name in benchmarks]
            summaries = [read_summary(path, row.id, seed) for path in paths]
            made = [read_made(it, path) for it, path in zip(summaries, paths, strict=True)]
            resampled = [read_replicates(place(layout, row.id, seed, name)) for name in benchmarks]
            of = summaries[0].get("of", row.id)
            origin = read_origin(layout, of, row.trained, seed)
            models.append(Model(row.id, seed, summaries, resampled, made, origin, of))
    own = [model for model in models if not isinstance(model.origin, Imported)]
    for index, name in enumerate(benchmarks):
        for model in models:
            # What was brought may have trials of its own.
            peers = [model] if isinstance(model.origin, Imported) else own
            mine = model.made[index].versions
            # Of another version than the others' the trials may be others too, but never those of a row's seeds.
            first_of_version = next(it for it in peers if it.made[index].versions == mine)
            for first in (first_of_version, next(it for it in models if it.row == model.row)):
                path, first_path = (place(layout, it.row, it.seed, name) for it in (model, first))
                compare(path, model, first_path, first, index, run.evaluate.replicates)
    return models


def versions_of(models: Sequence[Model], benchmarks: Sequence[str], now: Mapping[str, str]) -> Versions:
    """Where all numbers are from.

    benchmarks: names as in the settings; now: {such a name: version of the benchmark as it lies there}.
    """
    made: dict[tuple[str, str], dict[int, Made]] = {}
    for model in models:
        for replicates, it in zip(model.replicates, model.made, strict=True):
            made.setdefault((model.row, replicates.benchmark), {})[model.seed] = it
    shown = {found.benchmark: name for name, found in zip(benchmarks, models[0].replicates, strict=True)}
    return Versions(made, {there: now[name] for there, name in shown.items()}, {it.row: it.stages for it in models})


def apart(models: Sequence[Model], reference: str) -> set[tuple[str, str]]:
    """(row, benchmark) that cannot be paired with the reference row: what was brought may lack images or pairs."""
    ours = next(model.replicates for model in models if model.row == reference)
    return {
        (model.row, found.benchmark)
        for model in models
        for found, other in zip(model.replicates, ours, strict=True)
        if not found.paired_with(other)
    }


def place(layout: Layout, row: str, seed: int, benchmark: str) -> Path:
    """Where the replicates are."""
    return layout.replicates / row / str(seed) / f"{benchmark}.arrow"


def compare(path: Path, model: Model, first_path: Path, first: Model, index: int, replicates: int) -> None:
    """Check that a model's replicates are of the same resamples of the same trials as those of the first model.

    Raises:
        DataError: they are not.
    """
    own, other = model.replicates[index], first.replicates[index]
    again = "run `dvc repro` to score both again"
    if not own.paired_with(other) or list(own.estimates) != list(other.estimates):
        raise DataError(f"{path} and {first_path}: not of the same trials and resamples; {again}")
    if own.benchmark != model.summaries[index]["benchmark"] or own.benchmark != other.benchmark:
        raise DataError(f"{path}: is of {own.benchmark!r}, its scores or {first_path} of another; {again}")
    if any(len(estimate.replicates) != replicates for estimate in own.estimates.values()):
        raise DataError(f"{path}: not of {replicates:,} resamples, as evaluate.replicates asks for; {again}")


def read_summary(path: Path, row: str, seed: int) -> dict[str, Any]:
    """The score summary of a model on a benchmark.

    Raises:
        DataError: it is missing, lacks a key, or tells of another model.
    """
    summary = read_json(path)
    lacking = [key for key in SUMMARY if not isinstance(summary, dict) or key not in summary]
    if lacking:
        raise DataError(f"{path}: has no {lacking[0]!r}; run `dvc repro score`")
    if (summary["method"], summary["seed"]) != (row, seed):
        raise DataError(
            f"{path}: holds scores of {summary['method']!r}, seed {summary['seed']!r}; run `dvc repro score`"
        )
    return summary


def read_origin(layout: Layout, row: str, trained: bool, seed: int) -> Training | Manifest | Imported:
    """What the training of a row from a seed left to say, or what is said of one that was made elsewhere.

    Raises:
        DataError: it is missing or broken.
    """
    path = layout.models / row / str(seed) / ("training.json" if trained else "manifest.json")
    found = read_json(path)
    brought = isinstance(found, dict) and found.get("format") in get_args(Format)
    kind: type[Training | Manifest | Imported] = Training if trained else Imported if brought else Manifest
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        raise DataError(f"{path}: {first_problem(error)}; make {row} again") from None


def read_alignment(layout: Layout, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """{name: counts of its photos: images, detected, given, missed, unreadable, written}, of benchmarks and "train".

    Raises:
        DataError: a report is missing or has no counts.
    """
    found = {}
    for name in names:
        path = layout.results / "align" / f"{name}.json"
        report = read_json(path)
        if not isinstance(report, dict) or "counts" not in report:
            raise DataError(f"{path}: has no 'counts'; run `dvc repro align` to make it again")
        found[name] = report["counts"]
    return found

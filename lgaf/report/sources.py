"""What the report is made of: score summaries, trials, alignment reports and training curves, read from disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lgaf.errors import DataError
from lgaf.files import read_json
from lgaf.report.plots import TRAINING

SUMMARY = ("method", "benchmark", "protocol", "images", "metrics")


@dataclass(frozen=True)
class Layout:
    """Where a run's files are.

    results: ``scores/METHOD/BENCHMARK.json`` and ``align/BENCHMARK.json`` inside it; the report is written beside them.
    trials: ``METHOD/BENCHMARK.arrow`` inside it. models: ``METHOD/live``, the curves that dvclive wrote.
    """

    results: Path
    trials: Path
    models: Path


def read_summaries(layout: Layout, methods: Sequence[str], benchmarks: Sequence[str]) -> list[dict[str, Any]]:
    """The score summary of every method on every benchmark, methods outermost.

    Raises:
        DataError: one is missing, lacks a key, or tells of another method.
    """
    summaries = []
    for method in methods:
        for benchmark in benchmarks:
            path = layout.results / "scores" / method / f"{benchmark}.json"
            summary = read_json(path)
            lacking = [key for key in SUMMARY if not isinstance(summary, dict) or key not in summary]
            if lacking:
                raise DataError(f"{path}: has no {lacking[0]!r}; run `dvc repro score`")
            if summary["method"] != method:
                raise DataError(f"{path}: holds scores of {summary['method']!r}; run `dvc repro score`")
            summaries.append(summary)
    return summaries


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


def read_history(layout: Layout, method: str) -> pd.DataFrame:
    """A method's training curves: columns epoch (from 1), loss, images_per_second.

    Raises:
        DataError: a curve is missing or unreadable.
    """
    folder = layout.models / method / "live" / "plots" / "metrics"
    columns = {}
    for name in TRAINING:
        path = folder / f"{name}.tsv"
        try:
            columns[name] = pd.read_csv(path, sep="\t", index_col="step")[name]
        except (OSError, KeyError, ValueError) as error:
            raise DataError(f"{path}: not a training curve: {error}; train {method} again") from None
    history = pd.DataFrame(columns)
    history.insert(0, "epoch", history.index + 1)
    return history.reset_index(drop=True)

"""Cells of our rows: values with their intervals, and paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lgaf.evaluate.names import lower_is_better
from lgaf.report.columns import Column
from lgaf.report.facts import Run
from lgaf.report.lines import NONE, display_backbone
from lgaf.report.measured import Estimates
from lgaf.report.metrics import Metric, Metrics
from lgaf.report.notes import SIGNIFICANT
from lgaf.report.paired import Tests
from lgaf.report.versions import Versions


class Value(NamedTuple):
    """A cell of our rows: value and interval; whether it is the best, and differs significantly from the reference; and
    whether another version scored it than the report's."""

    text: str
    best: bool
    marked: bool
    old: bool = False


Cell = str | Value  # nothing escaped


@dataclass(frozen=True)
class Results:
    """All that a run's tables are made of.

    metrics and estimates: the same numbers, without and with their replicates; alignment: {benchmark, or "train":
    counts}.
    """

    run: Run
    metrics: Metrics
    estimates: Estimates
    tests: Tests
    summaries: Sequence[Mapping[str, Any]]
    alignment: Mapping[str, Mapping[str, int]]
    versions: Versions

    def rivals(self, column: Column) -> dict[str, float]:
        """{row: value} of the rows among which the best of a column is looked for, see :meth:`Versions.rivals`."""
        benchmark, name = column
        rows = self.versions.rivals(benchmark, self.run.reference)
        return {
            row: metrics[benchmark][name].value
            for row, metrics in self.metrics.items()
            if row in rows and name in metrics.get(benchmark, {})
        }


def row_of(row: str, results: Results, facts: Sequence[str], columns: Sequence[Column], kind: str) -> list[Cell]:
    """One of our rows."""
    found = next(it for it in results.run.rows if it.id == row)
    told = [getattr(found, key) if key != "backbone" else display_backbone(found.backbone) for key in facts]
    values = [value_of(row, column, results) for column in columns]
    return [found.label, *told, *values, *([] if kind else ["", "this run"])]


def value_of(row: str, column: Column, results: Results) -> Cell:
    """A cell of our rows; only what is of the reference's versions can be the best."""
    benchmark, name = column
    metric = results.metrics[row].get(benchmark, {}).get(name)
    if metric is None:
        return NONE
    rivals = results.rivals(column)
    test = results.tests.get((row, benchmark, name))
    sign = -1 if lower_is_better(name) else 1
    # Means over folds of equal counts may differ in the last bit.
    best = len(rivals) > 1 and row in rivals and sign * metric.value > max(sign * it for it in rivals.values()) - 1e-9
    old = results.versions.old(row, benchmark)
    return Value(per_cent(metric), best, test is not None and test.p < SIGNIFICANT, old)


def per_cent(metric: Metric) -> str:
    """A value and its interval: "93.20 [91.00, 95.10]"."""
    return f"{100 * metric.value:.2f} [{100 * metric.low:.2f}, {100 * metric.high:.2f}]"


def points(difference: float) -> str:
    """A difference in percentage points with its sign; zero is "+0.00", never "-0.00"."""
    return f"{round(100 * difference, 2) + 0.0:+.2f}"


def paired_rows(run: Run, columns: Sequence[Column], tests: Tests) -> list[list[str]]:
    """The reference minus each other row, in percentage points: difference [interval] p."""
    rows = []
    for row in run.rows:
        found = [tests.get((row.id, *column)) for column in columns]
        cells = [
            f"{points(test.difference)} [{points(test.low)}, {points(test.high)}] p={test.p:.3f}" if test else NONE
            for test in found
        ]
        if any(found):
            rows.append([f"{run.labels[run.reference]} - {row.label}", *cells])
    return rows

"""A table's numbers as flat records of one fixed schema, for its CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lgaf.evaluate.compare import Difference
from lgaf.report.columns import tables_of
from lgaf.report.facts import Row, Run
from lgaf.report.lines import AVERAGE_COLUMN, Line
from lgaf.report.metrics import Metric, Metrics
from lgaf.report.paired import Tests
from lgaf.report.published import NOT_AVAILABLE, Published
from lgaf.report.versions import Versions, record_of_made

FIELDS = (
    "kind",
    "row",
    "method",
    "network",
    "head",
    "fusion",
    "backbone",
    "parameters_millions",
    "train_set",
    "train_images",
    "seeds",
    "precision",
    "device",
    "benchmark",
    "metric",
    "value",
    "low",
    "high",
    "n",
    "seed_values",
    "seed_spread",
    "reference",
    "reference_minus_this",
    "difference_low",
    "difference_high",
    "p",
    "year",
    "provenance",
    "note",
    "source",
    "repository",
    "commit",
    "path",
    "suite_version",
    "suite_commit",
    "benchmark_version",
    "parameters_hash",
    "machine",
    "date",
)
"""Numbers in per cent. kind: ``measured`` by us, ``published`` as a source prints it, ``computed`` from what it prints.
The last six say where a measured one is from, as :class:`lgaf.provenance.Made` does."""
Record = dict[str, str]


def measured_records(
    metrics: Metrics, benchmarks: Sequence[str], table: str, tests: Tests, run: Run, versions: Versions
) -> Iterator[Record]:
    """Every number of our rows on the given benchmarks that belongs in a table."""
    for row in run.rows:
        for benchmark in benchmarks:
            found = metrics.get(row.id, {}).get(benchmark, {})
            for name in tables_of(benchmark, list(found)).get(table, []):
                metric = found[name]
                record = {"kind": "measured", **facts(row), "benchmark": benchmark, "metric": name, **values(metric)}
                record |= record_of_made(versions.of(row.id, benchmark))
                if test := tests.get((row.id, benchmark, name)):
                    record |= record_of_difference(run, test)
                yield record


def record_of_difference(run: Run, test: Difference) -> Record:
    """The reference minus a row."""
    return {
        "reference": run.labels[run.reference],
        "reference_minus_this": per_cent(test.difference),
        "difference_low": per_cent(test.low),
        "difference_high": per_cent(test.high),
        "p": f"{test.p:.4f}",
    }


def per_cent(fraction: float) -> str:
    """A fraction in per cent; zero is never negative."""
    return f"{round(100 * fraction, 4) + 0.0:.4f}"


def facts(row: Row) -> Record:
    """What stands with a row's every number."""
    found = {**vars(row), "row": row.id, "method": row.label, "parameters_millions": row.parameters}
    return {name: found[name] for name in FIELDS if name in found}


def values(metric: Metric) -> Record:
    """A metric's own fields."""
    found = {name: per_cent(getattr(metric, name)) for name in ("value", "low", "high")} | {"n": str(metric.n)}
    if metric.seeds:
        found["seed_values"] = " ".join(map(per_cent, metric.seeds))
        found["seed_spread"] = per_cent(float(np.std(metric.seeds, ddof=1)))
    return found


def published_records(rows: Sequence[Published], lines: Sequence[Line]) -> Iterator[Record]:
    """The rows as the file has them, then the averages of the lines that have one."""
    years = {line.source: line.year for line in lines}
    for row in rows:
        yield {"kind": "published", **vars(row), "value": row.value or NOT_AVAILABLE, "year": years[row.source]}
    benchmark, metric = AVERAGE_COLUMN
    for line in lines:
        if line.average:
            known = {name: value for name, value in vars(line).items() if name in FIELDS}
            yield {"kind": "computed", **known, "benchmark": benchmark, "metric": metric, "value": line.average,
                   "year": line.year}  # fmt: skip

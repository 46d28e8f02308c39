"""A table's numbers as flat records of one fixed schema, for its CSV."""

from __future__ import annotations

from collections.abc import Sequence

from lgaf.report.metrics import Metrics
from lgaf.report.notes import Run, display
from lgaf.report.paired import Tests
from lgaf.report.published import NOT_AVAILABLE, Published

FIELDS = (
    "kind",
    "method",
    "backbone",
    "train_set",
    "benchmark",
    "metric",
    "value",
    "low",
    "high",
    "n",
    "lgaf_minus_this",
    "difference_low",
    "difference_high",
    "p",
    "provenance",
    "note",
    "source",
    "repository",
    "commit",
    "path",
)


def records_of(
    metrics: Metrics, benchmarks: Sequence[str], tests: Tests, published: Sequence[Published], run: Run
) -> list[dict[str, str]]:
    """Every number of a table's benchmarks as flat records, in per cent; published ones as the file has them."""
    records = []
    for method, rows in metrics.items():
        for benchmark in benchmarks:
            for name, metric in rows.get(benchmark, {}).items():
                record = {
                    "kind": "measured",
                    "method": display(method),
                    "backbone": run.backbone,
                    "train_set": run.train_set,
                    "benchmark": benchmark,
                    "metric": name,
                    "value": f"{100 * metric.value:.4f}",
                    "low": f"{100 * metric.low:.4f}",
                    "high": f"{100 * metric.high:.4f}",
                    "n": str(metric.n),
                }
                if test := tests.get((method, benchmark, name)):
                    record |= {
                        "lgaf_minus_this": f"{100 * test.difference:.4f}",
                        "difference_low": f"{100 * test.low:.4f}",
                        "difference_high": f"{100 * test.high:.4f}",
                        "p": f"{test.p:.4f}",
                    }
                records.append(record)
    for row in published:
        records.append({"kind": "published", **vars(row), "value": row.value or NOT_AVAILABLE})
    return records

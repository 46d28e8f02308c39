"""``metrics.json``: {method: {benchmark: {metric: value, low, high, n}}}, fractions; and its one-page summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import NonNegativeInt, TypeAdapter, ValidationError

from lgaf.errors import DataError
from lgaf.files import read_json
from lgaf.strict import Strict

TEMPLATES_MAIN = "tar@far=1e-4"
"""Of the six rates that are printed for IJB-B and IJB-C, the one that papers compare."""


class Metric(Strict):
    """A measured fraction in [0, 1], its 95 % interval and the number of trials that it rests on."""

    value: float
    low: float
    high: float
    n: NonNegativeInt

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2


Metrics = dict[str, dict[str, dict[str, Metric]]]


def parse_metrics(value: Any, where: str | Path) -> Metrics:
    """Check a value of the contract's shape.

    Raises:
        DataError: another shape, or a number that is not finite.
    """
    try:
        return TypeAdapter(Metrics).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{where}: {place}: {first['msg']}; run `dvc repro` to make it again") from None


def read_metrics(path: str | Path) -> Metrics:
    """Read ``metrics.json`` or a reference of the same shape.

    Raises:
        DataError: the file is missing or has another shape.
    """
    return parse_metrics(read_json(path), path)


def dump_metrics(metrics: Metrics) -> dict[str, Any]:
    """The plain value to write as JSON."""
    return TypeAdapter(Metrics).dump_python(metrics)


def collect(summaries: Iterable[Mapping[str, Any]], where: str | Path) -> Metrics:
    """Gather the metrics of score summaries.

    Raises:
        DataError: a metric of another shape, or not finite.
    """
    found: dict[str, dict[str, Any]] = {}
    for summary in summaries:
        found.setdefault(summary["method"], {})[summary["benchmark"]] = summary["metrics"]
    return parse_metrics(found, where)


def main_metric(names: Iterable[str]) -> str:
    """The one metric of a benchmark: accuracy, else rank1, else the first set's rank1, else TAR@FAR=1e-4, else any."""
    names = list(names)
    sets = sorted(name for name in names if name.endswith("_rank1"))
    return next((name for name in ("accuracy", "rank1", *sets, TEMPLATES_MAIN) if name in names), names[0])


def summarise(metrics: Metrics) -> dict[str, dict[str, float]]:
    """{method: {benchmark: main metric in per cent, two decimals}}: one row a method for `dvc metrics show`."""
    return {
        method: {benchmark: round(100 * row[main_metric(row)].value, 2) for benchmark, row in benchmarks.items()}
        for method, benchmarks in metrics.items()
    }

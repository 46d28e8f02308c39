"""``metrics.json``: {row: {benchmark: {metric: value, low, high, n}}}, fractions; and its one-page summary."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, NonNegativeInt, TypeAdapter, ValidationError

from lgaf.errors import DataError
from lgaf.evaluate.names import over_searches
from lgaf.files import printable
from lgaf.strict import Strict, first_problem

TEMPLATES_MAIN = "tar@far=1e-4"
"""The one of the six rates printed for IJB-B and IJB-C that papers compare."""
AGAIN = "run `dvc repro` to make it again"
"""What to do about a broken file of results."""


class Metric(Strict):
    """A measured fraction in [0, 1], its 95 % interval and the number of trials that it rests on."""

    value: float
    low: float
    high: float
    n: NonNegativeInt
    seeds: tuple[float, ...] | None = None
    """One value a seed of training, ``value`` their mean; None where there is one."""


def shown(name: str) -> str:
    """The name, if a terminal can print it.

    Raises:
        ValueError: it holds a control character, and may steer the terminal that it is printed on.
    """
    if not name.isprintable():
        raise ValueError("a name that cannot be printed")
    return name


Metrics = dict[str, dict[str, dict[str, Metric]]]
Name = Annotated[str, AfterValidator(shown)]
FILE: TypeAdapter[Metrics] = TypeAdapter(dict[Name, dict[Name, dict[Name, Metric]]])


def parse_metrics(value: Any, where: str | Path, todo: str = AGAIN) -> Metrics:
    """Check a value of the contract's shape.

    todo: what to do about one that is wrong, the end of the error's line.

    Raises:
        DataError: another shape, a number that is not finite, or a name that cannot be printed.
    """
    try:
        return FILE.validate_python(value)
    except ValidationError as error:
        problem = printable(first_problem(error)).replace("\n", r"\n")
        raise DataError(f"{where}: {problem}; {todo}") from None


def dump_metrics(metrics: Metrics) -> dict[str, Any]:
    """The plain value to write as JSON; ``seeds`` only where there are several."""
    return FILE.dump_python(metrics, exclude_none=True)


def main_metric(names: Iterable[str]) -> str:
    """The one metric of a benchmark: accuracy, else rank1, else the first set's rank1, else TAR@FAR=1e-4, else any."""
    names = list(names)
    sets = sorted(name for name in names if name.endswith("_rank1") and not over_searches(name))
    return next((name for name in ("accuracy", "rank1", *sets, TEMPLATES_MAIN) if name in names), names[0])


def summarise(metrics: Metrics) -> dict[str, dict[str, float]]:
    """{row: {benchmark: main metric in per cent, two decimals}}: one line a row for `dvc metrics show`."""
    return {
        row: {benchmark: round(100 * values[main_metric(values)].value, 2) for benchmark, values in benchmarks.items()}
        for row, benchmarks in metrics.items()
    }

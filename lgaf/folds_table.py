"""The table of LFW's folds: accuracy of each, mean and standard error over all."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lgaf.errors import DataError
from lgaf.report.metrics import Metric, Metrics
from lgaf.report.records import per_cent
from lgaf.report.render import escape_markdown, markdown_grid

BENCHMARK = "part/lfw"
"""The name that results of one fold carry."""
TITLE = "LFW, each official fold tested by networks that all others trained"


class Fold(NamedTuple):
    """What a fold's experiment found."""

    experiment: str
    trained: int
    """Photos trained on."""
    metrics: Metrics


class Spread(NamedTuple):
    """Mean and standard error over K folds, fractions."""

    mean: float
    error: float

    def shown(self, sign: str = "") -> str:
        """In per cent; ``sign`` "+" shows that of a difference."""
        return f"{round(100 * self.mean, 2) + 0.0:{sign}.2f} ± {100 * self.error:.2f}"


def spread(values: Sequence[float] | np.ndarray) -> Spread:
    """Mean and its standard error as LFW's report defines them: s / sqrt(K), s with K - 1 in its denominator.

    values: (K,), one a fold, K of 2 or more. Source: Huang et al., UMass Amherst technical report 07-49, 2007, view 2.
    """
    return Spread(float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values))))


def accuracy(fold: Fold, row: str) -> Metric:
    """A row's accuracy on the fold's pairs.

    Raises:
        DataError: the experiment has none.
    """
    try:
        return fold.metrics[row][BENCHMARK]["accuracy"]
    except KeyError:
        raise DataError(f"{fold.experiment}: results/metrics.json has no accuracy of {row} on {BENCHMARK}; remove it "
                        f"(`dvc exp remove {fold.experiment}`) and run it again") from None  # fmt: skip


def by_row(folds: Sequence[Fold], rows: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Row -> (K,) accuracies, fractions."""
    return {row: np.array([accuracy(fold, row).value for fold in folds]) for row in rows}


def to_markdown(folds: Sequence[Fold], labels: Mapping[str, str], reference: str) -> str:
    """The table as GitHub Markdown: a line a fold, a column a row of the results, and how it was made.

    labels: row -> its name in print. reference: the row that the others are compared with.

    Raises:
        DataError: as :func:`accuracy`.
    """
    values = by_row(folds, labels)
    lines = [[str(k), *(f"{100 * own[k - 1]:.2f}" for own in values.values())] for k in range(1, len(folds) + 1)]
    lines.append(["mean ± standard error", *(spread(own).shown() for own in values.values())])
    differences = (
        "-" if row == reference else spread(values[reference] - own).shown("+") for row, own in values.items()
    )
    lines.append([f"{labels[reference]} minus it", *differences])
    grid = markdown_grid(["fold", *labels.values()], lines)
    notes = "\n".join(f"- {escape_markdown(note)}" for note in notes_on(folds, next(iter(labels))))
    return f"# {TITLE}\n\n{grid}\n\n{notes}\n"


def notes_on(folds: Sequence[Fold], row: str) -> list[str]:
    """What stands below the table; ``row`` is any row."""
    trained, pairs = [fold.trained for fold in folds], [accuracy(fold, row).n for fold in folds]
    seeds = len(accuracy(folds[0], row).seeds or [0])
    return [
        f"{BENCHMARK}: per cent of {span(pairs)} pairs a fold; trained on {span(trained)} photos of people who are not "
        f"in the fold" + (f"; a value is the mean over {seeds} seeds of training" if seeds > 1 else ""),
        f"mean ± standard error over the {len(folds)} folds: s / sqrt({len(folds)}), as LFW's report has it for view 2 "
        "(Huang et al., UMass Amherst technical report 07-49, 2007)",
        "threshold: chosen on nine tenths of the fold's own pairs and applied to the tenth, ten times; view 2 chooses "
        "it on the other nine folds, which is not possible here, since they trained the network and their people score "
        "higher. So no published number is comparable",
        "the folds share most of their training photos, and the standard error takes them for independent: it is "
        "rather too small (Bengio & Grandvalet, JMLR 5, 2004)",
        f"experiments: {', '.join(fold.experiment for fold in folds)}",
    ]


def span(counts: Sequence[int]) -> str:
    """The numbers from the least to the most."""
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def to_csv(folds: Sequence[Fold], labels: Mapping[str, str], reference: str) -> str:
    """One line a row: fold 1 to K, mean, standard error, and the same two of ``reference`` minus it; per cent.

    Raises:
        DataError: as :func:`accuracy`.
    """
    values = by_row(folds, labels)
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    names = ["mean", "standard_error", "reference", "reference_minus_this", "difference_standard_error"]
    writer.writerow(["row", "method", *(f"fold_{k}" for k in range(1, len(folds) + 1)), *names])
    for row, own in values.items():
        numbers, difference = map(per_cent, [*own, *spread(own)]), map(per_cent, spread(values[reference] - own))
        writer.writerow([row, labels[row], *numbers, labels[reference], *difference])
    return sink.getvalue()

"""Average ranks of rows over benchmarks, and which rows they tell apart.

Friedman's test asks whether the rows' ranks differ more than chance; where it says so, every two rows are compared by
z = (R_i - R_j) / sqrt(k (k + 1) / 6 N), k rows on N benchmarks, p corrected by Holm (Demsar, "Statistical comparisons
of classifiers over multiple data sets", JMLR 7, 2006, section 3.2.2). The critical difference is what Holm's first step
asks for: a pair nearer than it is never told apart first.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.stats import friedmanchisquare, norm, rankdata

from lgaf.evaluate.compare import holm
from lgaf.evaluate.names import lower_is_better
from lgaf.report.cells import Results
from lgaf.report.columns import AVERAGE, KINDS, Column, kind_and_name, names_of
from lgaf.report.metrics import main_metric
from lgaf.report.notes import SIGNIFICANT

FEWEST_ROWS, FEWEST_BENCHMARKS = 3, 2


class Ranks(NamedTuple):
    """Of one kind of benchmarks. Rows are ordered by their average rank, 1 the best.

    table: (k, N) ranks; groups: first and last place of rows that are not told apart; critical: the critical
    difference, None where there is no test.
    """

    kind: str
    title: str
    columns: list[str]
    places: list[int]
    """Each row's place among all rows of the run."""
    labels: list[str]
    average: list[float]
    table: list[list[float]]
    critical: float | None
    groups: list[tuple[int, int]]
    verdict: str


def ranks(results: Results) -> list[Ranks]:
    """The ranks over each kind of benchmarks, of which there are two or more that all rows have."""
    names = {name: found for name, found in names_of(results.metrics).items() if kind_and_name(name)[1] != AVERAGE}
    found = []
    for kind in KINDS:
        columns = [(name, main_metric(metrics)) for name, metrics in names.items() if kind_and_name(name)[0] == kind]
        shared = [it for it in columns if all(it[1] in of.get(it[0], {}) for of in results.metrics.values())]
        reference, every = results.run.reference, results.run.rows
        alike = [all(results.versions.alike(name, row.id, reference) for name, _ in shared) for row in every]
        places = [place for place, it in enumerate(alike) if it]
        if len(shared) >= FEWEST_BENCHMARKS and len(places) > 1:
            found.append(rank(kind, shared, results, places))
    return found


def rank(kind: str, columns: list[Column], results: Results, places: list[int]) -> Ranks:
    """The ranks over one kind of the rows in some ``places``, which are of the same versions."""
    rows = [results.run.rows[place] for place in places]
    signs = np.array([1 if lower_is_better(name) else -1 for _, name in columns])
    values = np.array([[results.metrics[row.id][benchmark][name].value for benchmark, name in columns] for row in rows])
    # Means over folds of equal counts may differ in the last bit.
    table = rankdata(np.round(signs * values, 9), axis=0)
    order = np.argsort(table.mean(axis=1), kind="stable")
    table, labels = table[order], [rows[place].label for place in order]
    average = table.mean(axis=1)
    critical, groups, verdict = judge(table, labels)
    if others := [row.label for row in results.run.rows if row not in rows]:
        verdict += f" Of other versions, and not ranked: {', '.join(others)}."
    return Ranks(
        kind=kind,
        title=f"{KINDS[kind][0].upper()}{KINDS[kind][1:]}",
        columns=[f"{benchmark} {name}" for benchmark, name in columns],
        places=[places[place] for place in order],
        labels=labels,
        average=average.tolist(),
        table=table.tolist(),
        critical=critical,
        groups=groups,
        verdict=verdict,
    )


def judge(table: np.ndarray, labels: list[str]) -> tuple[float | None, list[tuple[int, int]], str]:
    """Critical difference, rows that are not told apart, and what to say of (k, N) ranks, best average first."""
    rows, benchmarks = table.shape
    everyone = [(0, rows - 1)]
    if rows < FEWEST_ROWS:
        return None, everyone, f"Ranks of {rows} rows are not tested: Friedman's test needs {FEWEST_ROWS} or more."
    if np.ptp(table) == 0:
        return None, everyone, "All rows are equal on every benchmark; nothing can be told apart."
    statistic, p = friedmanchisquare(*table)
    spread = np.sqrt(rows * (rows + 1) / (6 * benchmarks))
    pairs = [*combinations(range(rows), 2)]
    critical = float(norm.isf(SIGNIFICANT / 2 / len(pairs)) * spread)
    said = f"Friedman's test of {rows} rows over {benchmarks} benchmarks: chi-squared {statistic:.2f}, p={p:.3f}. "
    if p >= SIGNIFICANT:
        return critical, everyone, said + "Ranks differ no more than by chance: nothing can be told apart by them."
    average = table.mean(axis=1)
    corrected = holm([2 * norm.sf((average[b] - average[a]) / spread) for a, b in pairs])
    apart = {pair: value for pair, value in zip(pairs, corrected, strict=True) if value < SIGNIFICANT}
    if not apart:
        return critical, everyone, said + "Ranks differ, but no single pair of rows can be told apart (Holm)."
    alike = [(a, b) for a, b in pairs if (a, b) not in apart]
    groups = [(a, b) for a, b in alike if not any(c <= a and b <= d and (c, d) != (a, b) for c, d in alike)]
    names = "; ".join(f"{labels[a]} from {labels[b]} (p={value:.3f})" for (a, b), value in apart.items())
    return critical, groups, said + f"Told apart (Holm over {len(pairs)} pairs): {names}. No other pair is."

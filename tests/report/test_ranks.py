"""Average ranks, Friedman's test and what Holm makes of it, recomputed from their formulas."""

from __future__ import annotations

from itertools import combinations
from math import erfc, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_files import make
from scipy.stats import chi2

from lgaf.report.page.ranks import judge, ranks
from lgaf.report.sources import Layout

LABELS = [f"row {place}" for place in range(6)]


def table_of(scores: list[list[float]]) -> np.ndarray:
    """(k, N) ranks of (N, k) scores, highest 1, rows by their average."""
    found = []
    for values in scores:
        found.append([sum(other > value for other in values) + (1 + values.count(value)) / 2 for value in values])
    table = np.array(found).T
    return table[np.argsort(table.mean(axis=1), kind="stable")]


@given(st.integers(3, 5).flatmap(lambda k: st.lists(st.permutations(range(k)), min_size=2, max_size=9)))
def test_the_verdict_is_that_of_the_formulas(orders: list[list[int]]):
    table = table_of([list(map(float, order)) for order in orders])
    k, n = table.shape
    average = table.mean(axis=1)
    statistic = 12 * n / (k * (k + 1)) * (np.sum(average**2) - k * (k + 1) ** 2 / 4)
    p = chi2.sf(statistic, k - 1)
    critical, groups, verdict = judge(table, LABELS[:k])
    assert f"chi-squared {statistic:.2f}, p={p:.3f}" in verdict
    spread = sqrt(k * (k + 1) / (6 * n))
    pairs = sorted(combinations(range(k), 2), key=lambda pair: average[pair[0]] - average[pair[1]])
    apart = set()
    for step, (a, b) in enumerate(pairs):
        # Holm, step by step: the widest pair against alpha / m, the next against alpha / (m - 1), until one fails.
        if erfc((average[b] - average[a]) / spread / sqrt(2)) >= 0.05 / (len(pairs) - step):
            break
        apart.add((a, b))
    if p >= 0.05:
        assert "nothing can be told apart" in verdict
        assert groups == [(0, k - 1)]
        return
    joined = {pair for a, b in groups for pair in combinations(range(a, b + 1), 2)}
    assert joined == set(combinations(range(k), 2)) - apart
    assert not any(a <= c and d <= b for (a, b), (c, d) in combinations(groups, 2))
    for a, b in combinations(range(k), 2):
        assert (f"{LABELS[a]} from {LABELS[b]} (" in verdict) == ((a, b) in apart)
    assert critical is not None
    assert all(average[b] - average[a] >= critical - 1e-9 for a, b in list(apart)[:1] if len(apart) == 1)


def test_rows_that_differ_on_every_benchmark_are_told_apart():
    critical, groups, verdict = judge(np.repeat([[1.0], [2.0], [3.0]], 12, axis=1), LABELS[:3])
    assert critical == pytest.approx(2.39398 * sqrt(12 / 72), abs=1e-4)
    assert groups == [(0, 1), (1, 2)] or groups == []
    assert "row 0 from row 2" in verdict


def test_equal_rows_and_two_rows_are_said_plainly():
    assert "nothing can be told apart" in judge(np.full((3, 4), 2.0), LABELS[:3])[2]
    critical, groups, verdict = judge(np.array([[1.0, 1.0], [2.0, 2.0]]), LABELS[:2])
    assert critical is None
    assert groups == [(0, 1)]
    assert "not tested" in verdict


def test_a_runs_ranks_are_those_of_its_metrics(world_run: Layout):
    from report_files import BENCHMARKS, settings

    results = make(world_run, settings()).results
    (found,) = ranks(results)
    assert found.kind == "world"
    assert len(found.columns) == len(BENCHMARKS)
    main = {"lfw": "accuracy", "cfp_fp": "accuracy", "tinyface": "rank1", "scface": "d1_rank1"}
    for column, name in zip(np.array(found.table).T, BENCHMARKS, strict=True):
        values = [
            results.metrics[results.run.rows[place].id][f"world/{name}"][main[name]].value for place in found.places
        ]
        expected = [sum(other > value for other in values) + (1 + values.count(value)) / 2 for value in values]
        assert column.tolist() == expected
    assert found.average == sorted(found.average)

"""Resamples and their weights against a literal resampling; intervals against simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lgaf.evaluate import bootstrap
from lgaf.evaluate.bootstrap import Estimate, draws, p_value, pair_weights, units


def test_draws_are_counts_of_a_resample():
    columns = np.concatenate(list(draws(7, replicates=500, seed=1, chunk=64)), axis=1)
    assert columns.shape == (7, 500)
    assert_array_equal(columns.sum(axis=0), 7)
    assert_allclose(columns.mean(), 1)
    # Each count is binomial(7, 1/7).
    assert_allclose(columns.var(), 6 / 7, rtol=0.1)
    again = np.concatenate(list(draws(7, replicates=500, seed=1, chunk=64)), axis=1)
    assert_array_equal(columns, again)
    other = np.concatenate(list(draws(7, replicates=500, seed=2, chunk=64)), axis=1)
    assert (columns != other).any()


def test_weights_count_the_pairs_of_a_literal_resample(monkeypatch):
    monkeypatch.setattr(bootstrap, "WEIGHTS_A_CHUNK", 60)
    left, right = np.array([10, 10, 30, 20, 20, 30]), np.array([10, 20, 30, 30, 40, 10])
    weights = np.concatenate(list(pair_weights(left, right, replicates=25, seed=3)), axis=1)
    drawn = np.concatenate(list(draws(4, replicates=25, seed=3, chunk=10)), axis=1)
    for column in range(25):
        copies = [
            person for person, times in zip((10, 20, 30, 40), drawn[:, column], strict=True) for _ in range(int(times))
        ]
        for pair, (a, b) in enumerate(zip(left, right, strict=True)):
            if a == b:  # a copy is paired with itself only
                expected = sum(person == a for person in copies)
            else:
                expected = sum(x == a and y == b for x in copies for y in copies)
            assert weights[pair, column] == expected


def test_unknown_identities_make_every_pair_its_own_unit():
    left, right = np.array([-1, 3, -1, 5]), np.array([-1, 3, 4, 6])
    assert units(left, right) == 4
    weights = np.concatenate(list(pair_weights(left, right, replicates=50, seed=0)), axis=1)
    assert_array_equal(weights.sum(axis=0), 4)
    assert units(np.array([1, 2]), np.array([2, 2])) == 2


def test_percentile_interval():
    replicates = np.linspace(0, 1, 1001)
    assert Estimate(0.5, 100, 50, replicates).interval(0.95) == pytest.approx((0.025, 0.975))
    assert Estimate(0.5, 100, 50, np.append(replicates, np.nan)).interval(0.5) == pytest.approx((0.25, 0.75))


def test_no_error_seen_is_not_certainty():
    """Clopper-Pearson for 0 of 40: the bound b solves (1 - b)^40 = 0.025."""
    from scipy.stats import beta

    perfect = Estimate(1.0, 600, 40, np.ones(100)).interval(0.95)
    assert perfect == pytest.approx((1 - beta.ppf(0.975, 1, 40), 1.0))
    hopeless = Estimate(0.0, 600, 40, np.zeros(100)).interval(0.95)
    assert hopeless == pytest.approx((0.0, beta.ppf(0.975, 1, 40)))


def test_p_value_by_hand():
    assert p_value(np.array([0.1] * 99)) == pytest.approx(2 / 100)
    assert p_value(np.array([-0.1] * 99)) == pytest.approx(2 / 100)
    assert p_value(np.array([0.1] * 95 + [-0.1] * 3 + [0.0])) == pytest.approx(2 * 5 / 100)
    assert p_value(np.zeros(99)) == 1.0
    assert p_value(np.array([0.1] * 99 + [np.nan])) == pytest.approx(2 / 100)


def test_intervals_cover_the_truth_and_those_over_pairs_do_not():
    """Every person is easy or hard, and a pair is wrong if both are hard: the expected error is 0.09."""
    rng = np.random.default_rng(0)
    people, count, covered, covered_by_pairs = 60, 600, 0, 0
    for trial in range(100):
        hard = rng.random(people) < 0.3
        left = rng.integers(0, people, count)
        right = (left + rng.integers(1, people, count)) % people
        correct = ~(hard[left] & hard[right])
        for identities in (True, False):
            ids = (left, right) if identities else (np.full(count, -1), right)
            found = [(correct @ w) / w.sum(axis=0) for w in pair_weights(*ids, replicates=200, seed=trial)]
            low, high = Estimate(correct.mean(), count, people, np.concatenate(found)).interval(0.95)
            if identities:
                covered += low <= 0.91 <= high
            else:
                covered_by_pairs += low <= 0.91 <= high
    assert covered >= 88
    assert covered_by_pairs < 75

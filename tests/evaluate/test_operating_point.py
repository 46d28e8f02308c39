"""Thresholds and what they accept against pairs that are written out copy by copy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from lgaf.evaluate import operating_point
from lgaf.evaluate.bootstrap import draws
from lgaf.evaluate.operating_point import share_accepted, threshold, trials_of, weigh, with_nobody


def copies(scores, left, right, weight):
    """Each score as often as the pair stands in the resample."""
    times = [weight[a] if a == b else weight[a] * weight[b] for a, b in zip(left, right, strict=True)]
    return np.repeat(scores, np.array(times, int))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    people=st.integers(1, 12),
    count=st.integers(1, 300),
    steps=st.sampled_from([2, 10, 10**6]),
    rate=st.sampled_from([0.5, 0.1, 0.01, 0.001]),
    block=st.sampled_from([3, 1024]),
)
def test_equals_lists_of_copies(seed, people, count, steps, rate, block):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, steps, count) / steps
    left, right = rng.integers(0, people, (2, count))
    weights = next(draws(people, 25, seed, 25))
    trials, rows = trials_of(scores, left, right, people), with_nobody(weights)
    before, operating_point.PAIRS_A_BLOCK = operating_point.PAIRS_A_BLOCK, block
    try:
        found, total = threshold(trials, rate, rows), weigh(trials, rows)
        accepted = share_accepted(trials, found, rows)
    finally:
        operating_point.PAIRS_A_BLOCK = before
    for column, weight in enumerate(weights.T):
        written_out = copies(scores, left, right, weight)
        assert total[column] == len(written_out)
        if not len(written_out):
            assert np.isnan(found[column])
            assert np.isnan(accepted[column])
            continue
        fit = [t for t in np.unique(written_out) if np.count_nonzero(written_out > t) <= rate * len(written_out)]
        assert found[column] == fit[0]
        assert_allclose(accepted[column], np.mean(written_out > fit[0]))


def test_by_hand():
    """Of ten non-mated trials one may be accepted: the second highest score is the threshold, and its equal too."""
    scores = np.array([0.9, 0.7, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0, -0.1])
    trials, ones = trials_of(scores, np.arange(10), np.arange(10), 10), np.ones((11, 1))
    assert threshold(trials, 0.1, ones) == [0.7]
    assert threshold(trials, 0.2, ones) == [0.7]  # two of equal score: both or none
    assert threshold(trials, 0.3, ones) == [0.5]
    assert share_accepted(trials, np.array([0.7]), ones) == [pytest.approx(0.1)]


def test_a_person_who_holds_most_of_the_weight():
    """The first few trials by number are then few by weight: the search for the threshold goes on."""
    scores = np.linspace(1, 0, 1000)
    owners = (np.arange(1000) >= 900).astype(int)
    trials = trials_of(scores, owners, owners, 2)
    weights = with_nobody(np.array([[1.0, 0.0], [1000.0, 2.0]]))
    for found, weight in zip(threshold(trials, 0.01, weights), weights.T, strict=True):
        written_out = copies(scores, owners, owners, weight)
        assert found == np.sort(written_out)[::-1][int(0.01 * len(written_out))]

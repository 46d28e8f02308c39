"""Weighted TAR@FAR and AUC against people repeated one by one, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from lgaf.errors import DataError
from lgaf.evaluate.verification.weighted_roc import sort_pairs


def table(pairs):
    """Rows of (left, right, score); a pair is mated if it is of one person."""
    left, right, score = (np.array(column) for column in zip(*pairs, strict=True))
    columns = {"identity_left": left, "identity_right": right, "same": left == right, "score": score.astype(float)}
    return pa.table(columns)


def spelt_out(pairs, times):
    """Mated and non-mated scores where person p stands in the sample ``times[p]`` times; a copy meets no other copy."""
    mated, nonmated = [], []
    for left, right, score in pairs:
        if left == right:
            mated += [score for _ in range(times[left])]
        else:
            nonmated += [score for _ in range(times[left]) for _ in range(times[right])]
    return mated, nonmated


def tar(mated, nonmated, far):
    """The best of all thresholds, tried one by one."""
    if not mated or not nonmated:
        return math.nan
    allowed = [t for t in {*mated, *nonmated, math.inf} if sum(s >= t for s in nonmated) / len(nonmated) <= far]
    return max(sum(s >= t for s in mated) for t in allowed) / len(mated)


def auc(mated, nonmated):
    """scikit-learn's."""
    if not mated or not nonmated:
        return math.nan
    return roc_auc_score([1] * len(mated) + [0] * len(nonmated), mated + nonmated)


RATES = [0.001, 0.01, 0.1, 0.25, 0.5, 1.0]


@st.composite
def samples(draw):
    """Pairs of up to six people, scores that are often equal, and how often each person is drawn in four resamples."""
    people = draw(st.integers(2, 6))
    person = st.integers(0, people - 1)
    score = st.integers(-4, 4) | st.floats(-4, 4, allow_subnormal=False)
    pairs = draw(st.lists(st.tuples(person, person, score), min_size=2, max_size=60))
    pairs += [(0, 0, draw(score)), (0, 1, draw(score)), *((p, p - 1, draw(score)) for p in range(1, people))]
    times = draw(st.lists(st.lists(st.integers(0, 4), min_size=people, max_size=people), min_size=4, max_size=4))
    return pairs, [[1] * people, *times]


@settings(max_examples=200, deadline=None)
@given(samples())
def test_weights_are_people_repeated(sample):
    pairs, times = sample
    found = sort_pairs(table(pairs)).rates(np.array(times, float).T, RATES)
    for column, each in enumerate(times):
        mated, nonmated = spelt_out(pairs, each)
        expected = [*(tar(mated, nonmated, far) for far in RATES), auc(mated, nonmated)]
        np.testing.assert_allclose(found[:, column], expected, atol=1e-12)


def rates(pairs, fars, times):
    return sort_pairs(table(pairs)).rates(np.array([times], float).T, fars)[:, 0].tolist()


# Person 0 has mated pairs of 9 and 5, person 1 of 5 and 1; the non-mated pairs have 7, 5, 5 and 0.
BY_HAND = [(0, 0, 9), (0, 0, 5), (1, 1, 5), (1, 1, 1), (0, 1, 7), (1, 0, 5), (0, 1, 5), (0, 1, 0)]


def test_by_hand_with_ties():
    """At 5 three non-mated pairs of four are accepted, never two; until then only the 9 is accepted.

    Of the 4 x 4 comparisons the 9 wins 4, each 5 wins 1 (over 0) and draws 2, the 1 wins 1: 4 + 2 + 2 + 1 = 9.
    """
    fars = [0.24, 0.25, 0.5, 0.74, 0.75, 1.0]
    assert rates(BY_HAND, fars, [1, 1]) == pytest.approx([1 / 4, 1 / 4, 1 / 4, 1 / 4, 1, 1, 9 / 16])


def test_by_hand_with_weights():
    """Person 0 twice, person 1 thrice: mated 9 and 5 weigh 2, 5 and 1 weigh 3, each non-mated pair 6.

    Wins: 2 x 4 + 2 x 2 + 3 x 2 + 3 x 1 = 21 of 10 x 4 sixfold comparisons.
    """
    assert rates(BY_HAND, [0.74, 0.75], [2, 3]) == pytest.approx([2 / 10, 1, 21 / 40])


def test_a_network_that_maps_all_to_one_point_accepts_nobody():
    assert rates([(0, 0, 1), (1, 1, 1), (0, 1, 1), (0, 1, 1)], [0.01, 0.5, 1.0], [1, 1]) == [0, 0, 1, 0.5]


def test_a_perfect_one():
    assert rates([(0, 0, 3), (1, 1, 2), (0, 1, 1), (0, 1, 0)], [0.01, 1.0], [1, 1]) == [1, 1, 1]


def test_the_target_itself_is_allowed():
    """One false accept in a hundred is a rate of 1e-2, in spite of binary fractions; so are 29 in 2,900."""
    for count in (1, 7, 29, 58):
        pairs = [(0, 0, 0.5)] + [(0, 1, 1.0)] * count + [(0, 1, 0.0)] * 99 * count
        assert rates(pairs, [0.01, 0.0099], [1, 1])[:2] == [1, 0]


def test_a_resample_without_pairs_of_a_kind_has_no_rate():
    pairs = [(0, 0, 1), (0, 1, 0), (1, 2, 0)]
    assert np.isnan(rates(pairs, [0.1], [3, 0, 0])).all()  # nobody else
    assert np.isnan(rates(pairs, [0.1], [0, 1, 2])).all()  # nobody's mate


@pytest.mark.parametrize(("pairs", "kind"), [([(0, 0, 1), (1, 1, 2)], "mated"), ([(0, 1, 1), (1, 2, 2)], "non-mated")])
def test_pairs_of_one_kind(pairs, kind):
    with pytest.raises(DataError, match=f"all 2 pairs are {kind}; verification needs both"):
        sort_pairs(table(pairs))

"""Resamples of a ranking of templates against copies spelt out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from template_cases import QUICK, RATES, example, ranked

from lgaf.evaluate.bootstrap import draws
from lgaf.evaluate.score import score
from lgaf.evaluate.templates.ranking import Ranking, rank_pairs
from lgaf.evaluate.templates.resampled import nearest_corners, resampled_tar


def copies(ranking, drawn):
    """A resample spelt out: each pair as often as its weight says; pairs of one person once a copy."""
    weights = np.where(ranking.left == ranking.right, drawn[ranking.left], drawn[ranking.left] * drawn[ranking.right])
    return weights.astype(int)


def spelt_out_tar(ranking, weights, far):
    """TAR at the corner nearest to ``far``, pairs repeated ``weights`` times; corners: mated pairs, and the ends."""
    points = [(0.0, 0.0)]
    false = true = 0
    for same, weight in zip(ranking.same, weights, strict=True):
        true, false = true + same * weight, false + (not same) * weight
        if same and weight:
            points.append((false, true))
    points = [(a / false, b / true) for a, b in points] + [(1.0, 1.0)]
    nearest = min(abs(rate - far) for rate, _ in points)
    return max((rate, tar) for rate, tar in points if abs(rate - far) == nearest)[1]


def test_resamples_are_those_of_copies():
    ranking = rank_pairs(score(*example(), QUICK)[1])
    fars = (1e-3, 1e-2, 1e-1)
    found = resampled_tar(ranking, fars, 12, seed=5)
    (drawn,) = draws(14, 12, 5, 12)
    for replicate in range(12):
        weights = copies(ranking, drawn[:, replicate])
        expected = [spelt_out_tar(ranking, weights, far) for far in fars]
        assert found[:, replicate] == pytest.approx(expected)
    assert found.std() > 0
    assert np.array_equal(resampled_tar(ranking, fars, 12, 5), found)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(5, 3000))
def test_with_all_weights_one_the_resample_is_the_sample(seed, count):
    rng = np.random.default_rng(seed)
    same = rng.permutation(np.arange(count) % 3 == 0)
    scores = rng.permutation(count) / count
    scores[same.argmax()] = 1  # scikit-learn keeps the first point, also where it is no corner
    ranking = ranked(same, scores)
    accepted = np.cumsum(ranking.same)[ranking.same][:, None]
    false = np.append(np.cumsum(~ranking.same)[ranking.same], np.sum(~same))[:, None]
    found = nearest_corners(accepted, false, np.ones_like(accepted, bool), RATES)[:, 0]
    assert found.tolist() == [ranking.tar(far) for far in RATES]


def test_a_pair_of_one_person_counts_once_a_copy():
    """Also a non-mated one, which contradicts the mated ones but is what the lists say."""
    ranking = Ranking(
        scores=np.array([3.0, 2.0, 1.0, 0.0]),
        same=np.array([True, False, True, False]),
        left=np.array([0, 0, 1, 0]),
        right=np.array([0, 0, 1, 1]),
    )
    found = resampled_tar(ranking, (0.4,), 40, 0)[0]
    (drawn,) = draws(2, 40, 0, 40)
    expected = [spelt_out_tar(ranking, copies(ranking, column), 0.4) if column.all() else np.nan for column in drawn.T]
    lost = np.isnan(expected)
    assert 0 < lost.sum() < 40
    assert found[~lost] == pytest.approx(np.array(expected)[~lost])

"""Error versus reject, correlations and trends, by hand and by SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from lgaf.evaluate.quality import correlations, spearman, trend
from lgaf.evaluate.reject import FRACTIONS, error_versus_reject, threshold_at_fmr


def test_errors_of_low_quality_go_first():
    quality = np.arange(20.0)[::-1]
    errors = quality < 5
    curve = error_versus_reject(errors, quality)
    assert curve["fraction"] == pytest.approx([0.05 * i for i in range(20)])
    assert curve["error"] == pytest.approx([(5 - i) / (20 - i) if i < 5 else 0 for i in range(20)])
    area = sum(0.05 * (a + b) / 2 for a, b in zip(curve["error"], curve["error"][1:], strict=False))
    assert curve["auc"] == pytest.approx(area)
    against = error_versus_reject(errors, -quality)
    assert against["error"][-1] == 1.0
    assert against["auc"] > curve["auc"]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 50)), min_size=1, max_size=60))
def test_reject_leaves_something_to_measure(trials):
    errors, quality = np.array([t[0] for t in trials]), np.array([t[1] for t in trials])
    curve = error_versus_reject(errors, quality)
    assert curve["error"][0] == errors.mean()
    for fraction, error in zip(FRACTIONS, curve["error"], strict=True):
        worst_first = sorted(range(len(trials)), key=lambda i: quality[i])
        left = worst_first[int(round(fraction * 20) * len(trials) / 20) :]
        assert error == pytest.approx(np.mean([errors[i] for i in left]))


@settings(deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=50), st.sampled_from([0.01, 0.1, 0.3, 0.9]))
def test_threshold_keeps_to_the_false_match_rate_and_no_lower_one_does(scores, fmr):
    scores = np.array(scores, float)
    threshold = threshold_at_fmr(scores, fmr)
    assert np.count_nonzero(scores > threshold) <= fmr * len(scores) + 1e-9
    lower = scores[scores < threshold]
    if len(lower):
        assert np.count_nonzero(scores > lower.max()) > fmr * len(scores)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=50))
def test_spearman_is_scipys(points):
    a, b = np.array(points, float).T
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        assert spearman(a, b) is None
    else:
        assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)


def test_correlations_pass_over_what_is_unknown():
    truth = {
        "hidden": np.array([0.1, 0.2, np.nan, 0.4], np.float32),
        "yaw": np.full(4, np.nan, np.float32),
        "noise": np.zeros(4, np.float32),
    }
    found = correlations(np.array([9.0, 8, 1, 7]), truth)
    assert found == {"hidden": {"spearman": pytest.approx(-1.0), "n": 3}}


def test_trend_by_hand():
    cause = np.array([0, 0.1, 0.05, 0.5, 0.55, 0.8, 0.79, 0.75, np.nan])
    weights = np.array([1, 3, 2, 5, 7, 0, 4, 2, 99.0])
    found = trend(weights, cause)
    # Bins of width 0.1 from 0 to 0.8: [0, 0.1) has two, [0.1, 0.2) one, [0.5, 0.6) two, the last three.
    assert found["centre"] == pytest.approx([0.05, 0.55, 0.75])
    assert found["mean"] == pytest.approx([1.5, 6, 2])
    assert found["error"] == pytest.approx([0.5, 1, 2 / np.sqrt(3)])
    assert found["count"] == [2, 2, 3]
    assert found["spearman"] == pytest.approx(spearmanr(weights[:8], cause[:8]).statistic)
    assert trend(weights, np.full(9, 0.3)) is None
    assert trend(weights[:2], np.array([0.0, 1.0])) is None

"""verify() against insightface's algorithm, written out anew in loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from lgaf.errors import DataError, SettingsError
from lgaf.evaluate import verify
from lgaf.evaluate.verification.folds import FAR_GRID, fold_numbers, judge


def pairs(count: int, dimension: int, noise: float, seed: int, mated: float = 0.5):
    rng = np.random.default_rng(seed)
    left = rng.standard_normal((count, dimension)).astype(np.float32)
    same = rng.random(count) < mated
    same[:2] = True, False
    other = rng.standard_normal(left.shape).astype(np.float32)
    right = np.where(same[:, None], left, other) + noise * rng.standard_normal(left.shape).astype(np.float32)
    return 7 * left, right, same


def slow_distances(left, right):
    found = []
    for a, b in zip(left.astype(np.float64), right.astype(np.float64), strict=True):
        found.append(float(((a / np.sqrt((a * a).sum()) - b / np.sqrt((b * b).sum())) ** 2).sum()))
    return np.array(found)


def slow_folds(count, folds):
    start = 0
    for fold in range(folds):
        size = count // folds + (1 if fold < count % folds else 0)
        yield np.array([start <= i < start + size for i in range(count)])
        start += size


def slow_accuracy(distance, same, folds):
    """Per fold: threshold and accuracy."""
    thresholds, accuracies = [], []
    for test in slow_folds(len(same), folds):
        best, chosen = -1.0, None
        for threshold in np.arange(0, 4, 0.01):
            verdict = distance[~test] < threshold
            accuracy = sum(verdict == same[~test]) / sum(~test)
            if accuracy > best:  # the first of equals stays
                best, chosen = accuracy, threshold
        thresholds.append(chosen)
        accuracies.append(sum((distance[test] < chosen) == same[test]) / sum(test))
    return thresholds, accuracies


def slow_tar(distance, same, folds, far):
    rates = []
    for test in slow_folds(len(same), folds):
        train_far = []
        for threshold in np.arange(0, 4, 0.001):
            accepted = distance[~test] < threshold
            train_far.append(float((accepted & ~same[~test]).sum()) / float((~same[~test]).sum()))
        threshold = 0.0
        if max(train_far) >= far:
            j = max(j for j in range(len(train_far)) if train_far[j] <= far)
            threshold = FAR_GRID[j]
            if j + 1 < len(train_far):
                share = (far - train_far[j]) / (train_far[j + 1] - train_far[j])
                threshold += share * (FAR_GRID[j + 1] - FAR_GRID[j])
        rates.append(((distance[test] < threshold) & same[test]).sum() / same[test].sum())
    return np.mean(rates)


@pytest.mark.parametrize(("count", "folds", "noise"), [(300, 10, 1.5), (203, 10, 1.0), (64, 3, 2.5), (40, 2, 0.1)])
def test_equals_the_slow_reference(count, folds, noise):
    left, right, same = pairs(count, 16, noise, seed=count)
    result = verify(left, right, same, folds)
    distance = slow_distances(left, right)
    thresholds, accuracies = slow_accuracy(distance, same, folds)
    assert_allclose(result.distances, distance, rtol=1e-13)
    assert_array_equal(result.fold_thresholds, thresholds)
    assert result.accuracy == pytest.approx(np.mean(accuracies), abs=1e-15)
    assert result.std == pytest.approx(np.sqrt(np.mean((np.array(accuracies) - np.mean(accuracies)) ** 2)), abs=1e-15)
    assert result.threshold == pytest.approx(np.mean(thresholds))
    for far in (1e-2, 0.1, 0.5):
        assert result.tar(far) == pytest.approx(slow_tar(distance, same, folds, far), abs=1e-12)


def test_interpolation_is_that_of_scipys_interp1d_up_to_1_8_1():
    """There ``slinear`` built this spline, whose repeated knots newer releases refuse."""
    from scipy.interpolate import BSpline

    left, right, same = pairs(400, 8, 1.5, seed=1)
    result = verify(left, right, same)
    for rates in result._false_accepts:
        spline = BSpline.construct_fast(np.r_[rates[0], rates, rates[-1]], FAR_GRID, 1)
        for far in (0.003, 0.01, 0.2, rates[2000]):
            assert np.interp(far, rates, FAR_GRID) == pytest.approx(float(spline(far)), abs=1e-12)


def test_ties_on_the_grid_are_rejected():
    """Strictly below: the pair at d = 2 exactly is no match at the threshold 2."""
    axes = np.eye(4)
    left = np.stack([axes[0], axes[0], axes[0], axes[0]])
    right = np.stack([axes[0], axes[1], -axes[0], axes[2]])
    result = verify(left, right, [True, True, False, False], folds=2)
    assert_array_equal(result.distances, [0, 2, 4, 2])
    # Fold 0 learns from d = 4, 2, both non-mated: any t <= 2 is right for both, the first is 0.
    # Fold 1 learns from d = 0, 2, both mated: the first t above 2 is 2.01.
    assert_allclose(result.fold_thresholds, [0, 2.01], atol=1e-12)
    assert_array_equal(result.correct, [False, False, True, False])
    assert result.accuracy == 0.25
    assert result.std == 0.25


def test_tar_where_the_rate_is_never_reached_accepts_nothing():
    """A non-mated pair at d = 4 is beyond the grid's end, so that FAR 1 is never reached."""
    distance = np.array([0.1, 4.0, 0.1, 4.0])
    result = judge(distance, np.array([True, False, True, False]), np.array([0, 0, 1, 1]))
    assert result.tar(1.0) == 0.0
    near = judge(np.array([0.1, 3.0, 0.1, 3.0]), result.same, result.folds)
    assert near.tar(1.0) == 1.0


def test_tar_leaves_out_a_fold_without_mated_pairs():
    distance = np.array([0.1, 1.0, 1.5, 1.2, 1.1, 0.2])
    result = judge(distance, np.array([True, False, False, False, False, True]), np.array([0, 0, 1, 1, 2, 2]))
    assert result.tar(0.1) == 1.0


def test_roc_by_counting():
    left, right, same = pairs(80, 4, 2.0, seed=3)
    result = verify(left, right, same)
    far, tar = result.roc()
    for threshold in np.append(result.distances, 0):
        accepted = result.distances <= threshold if threshold else np.zeros(80, bool)
        point = (accepted[~same].mean(), accepted[same].mean())
        assert np.any((np.abs(far - point[0]) < 1e-12) & (np.abs(tar - point[1]) < 1e-12))
    assert (far[0], tar[0], far[-1], tar[-1]) == (0, 0, 1, 1)
    assert (np.diff(far) >= 0).all()
    assert (np.diff(tar) >= 0).all()


def test_each_pair_is_judged_by_its_own_fold():
    left, right, same = pairs(120, 6, 2.0, seed=5)
    result = verify(left, right, same, folds=5)
    for i in range(120):
        assert result.correct[i] == ((result.distances[i] < result.fold_thresholds[i // 24]) == same[i])
    assert_allclose(result.scores, 1 - slow_distances(left, right) / 2, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(20, 80), st.floats(0.05, 3), st.floats(0.01, 1000))
def test_length_of_embeddings_is_irrelevant_and_tar_grows_with_far(seed, count, noise, scale):
    left, right, same = pairs(count, 5, noise, seed)
    result = verify(left, right, same, folds=4)
    scaled = verify(left.astype(np.float64) * scale, right, same, folds=4)
    assert_allclose(scaled.distances, result.distances, atol=1e-12)
    assert 0 <= result.accuracy <= 1
    try:
        tars = [result.tar(far) for far in (0.01, 0.1, 0.3, 0.9, 1.0)]
    except DataError:
        return  # all non-mated pairs in one fold
    assert tars == sorted(tars)


@settings(deadline=None)
@given(st.integers(2, 200), st.integers(2, 20))
def test_folds_are_those_of_scikit_learn(count, folds):
    from sklearn.model_selection import KFold

    if folds > count:
        with pytest.raises(DataError, match="folds"):
            fold_numbers(count, folds)
        return
    expected = np.empty(count, int)
    for fold, (_, test) in enumerate(KFold(folds).split(np.arange(count))):
        expected[test] = fold
    assert_array_equal(fold_numbers(count, folds), expected)


GOOD = np.eye(4)
SAME = np.array([True, False, True, False])


@pytest.mark.parametrize(
    ("left", "right", "same", "folds", "message"),
    [
        (GOOD, GOOD[:3], SAME, 2, "expected the same"),
        (GOOD[:3], GOOD, SAME, 2, "expected the same"),
        (GOOD[0], GOOD[0], SAME, 2, "expected \\(N, D\\)"),
        (np.empty((0, 4)), np.empty((0, 4)), [], 2, "neither of them 0"),
        (GOOD.astype(str), GOOD, SAME, 2, "real numbers"),
        (np.where(GOOD == 1, np.nan, 0), GOOD, SAME, 2, "left: embedding 0 is not finite"),
        (GOOD, np.where(np.arange(4)[:, None] == 2, np.inf, GOOD), SAME, 2, "right: embedding 2 is not finite"),
        (GOOD, GOOD, SAME.astype(int), 2, "expected booleans"),
        (GOOD, GOOD, SAME[:3], 2, "expected booleans, shape \\(4,\\)"),
        (GOOD, GOOD, [True] * 4, 2, "all 4 pairs are mated"),
        (GOOD, GOOD, [False] * 4, 2, "all 4 pairs are non-mated"),
        (GOOD, GOOD, SAME, 5, "4 pairs in 5 folds"),
        (GOOD, GOOD, SAME, 1, "at least 2 folds"),
    ],
)
def test_bad_input_is_one_line(left, right, same, folds, message):
    with pytest.raises(DataError, match=message) as caught:
        verify(left, right, same, folds)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("far", [0, -1, 1.5, float("nan")])
def test_no_false_accept_rate(far):
    with pytest.raises(SettingsError, match="false accept rate"):
        verify(GOOD, GOOD, SAME, 2).tar(far)


def test_non_mated_pairs_in_one_fold_have_no_false_accept_rate():
    with pytest.raises(DataError, match="one fold"):
        verify(GOOD, np.roll(GOOD, 1, axis=0), [True, True, False, False], 2).tar(0.1)


def test_a_zero_embedding_stays_zero_as_in_the_reference():
    left = np.vstack([np.zeros(4), GOOD[1:]])
    assert verify(left, GOOD, SAME, 2).distances[0] == 1

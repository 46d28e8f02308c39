"""Pooling, scores and ranking of templates against other routes: insightface's loops, scikit-learn, by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_curve
from template_cases import RATES, insightface_pool, insightface_tar, ranked

from lgaf.errors import DataError
from lgaf.evaluate.templates.pooling import pool
from lgaf.evaluate.templates.ranking import infer_people
from lgaf.evaluate.templates.resampled import resampled_tar
from lgaf.evaluate.vectors import pair_scores


def by_hand_tar(same, scores, far):
    """The corner rule without scikit-learn: every threshold's point, straight stretches cut to their ends."""
    points = []
    for threshold in sorted(set(scores), reverse=True):
        accepted = [bool(mated) for mated, value in zip(same, scores, strict=True) if value >= threshold]
        points.append((accepted.count(False), accepted.count(True)))
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    corners = [points[k] for k in range(len(points)) if k in (0, len(points) - 1) or steps[k - 1] != steps[k]]
    rates = [(0.0, 0.0)] + [(false / points[-1][0], true / points[-1][1]) for false, true in corners]
    nearest = min(abs(rate - far) for rate, _ in rates)
    return max((rate, tar) for rate, tar in rates if abs(rate - far) == nearest)[1]


@pytest.mark.parametrize(("images", "templates"), [(1, 1), (40, 40), (3000, 200), (9000, 3), (5000, 1)])
@pytest.mark.parametrize("with_score", [True, False])
def test_pooling_is_insightfaces_to_the_last_bit(images, templates, with_score):
    rng = np.random.default_rng(images)
    features = 20 * rng.standard_normal((images, 48), dtype=np.float32)
    of, media = rng.integers(0, templates, images) * 7 - 50, rng.integers(0, 12, images)
    weights = rng.random(images, np.float32)
    expected = insightface_pool(features * weights[:, None] if with_score else features, of, media)
    before = features.copy()
    ids, found = pool(features, of, media, weights if with_score else None)
    assert np.array_equal(ids, np.unique(of))
    assert np.array_equal(found, expected)
    assert np.array_equal(features, before)


def test_pooling_by_hand():
    """A photo (3, 0) and two frames of a video, (0, 2) and (0, 6): (3, 0) + (0, 4), of length 5."""
    features = np.array([[0, 2], [3, 0], [0, 6], [0, 1]], np.float32)
    ids, found = pool(features, np.array([8, 8, 8, 5]), np.array([1, 4, 1, 1]), None)
    assert ids.tolist() == [5, 8]
    assert found.tolist() == [[0, 1], [0.6, 0.8]]
    _, found = pool(features, np.array([8, 8, 8, 5]), np.array([1, 4, 1, 1]), np.array([0, 1, 1, 1], np.float32))
    assert found[1] == pytest.approx(np.array([3, 3]) / np.sqrt(18))


def test_a_template_of_zeros_stays_zero_and_a_broken_one_is_named():
    features = np.array([[1, 1], [-1, -1], [2, 0]], np.float32)
    _, found = pool(features, np.array([3, 3, 4]), np.array([0, 1, 0]), None)
    assert found.tolist() == [[0, 0], [1, 0]]
    features[2, 0] = np.nan
    with pytest.raises(DataError, match="template: embedding 4 is not finite"):
        pool(features, np.array([3, 3, 4]), np.array([0, 1, 0]), None)


def test_scores_are_inner_products():
    rng = np.random.default_rng(0)
    vectors, left, right = rng.standard_normal((9, 5)), rng.integers(0, 9, 1000), rng.integers(0, 9, 1000)
    assert pair_scores(vectors, left, right) == pytest.approx((vectors @ vectors.T)[left, right])


pairs = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=40).filter(
    lambda listed: len({same for same, _ in listed}) == 2
)


@settings(max_examples=100, deadline=None)
@given(listed=pairs, spread=st.booleans())
def test_tar_is_the_nearest_corner_of_scikit_learns_curve(listed, spread):
    """With ties among the scores, and with few."""
    same = np.array([mated for mated, _ in listed])
    scores = np.array([value for _, value in listed]) / 8
    if spread:
        scores += np.random.default_rng(len(listed)).permutation(len(listed)) / 1000
    ranking = ranked(same, scores)
    false, true, _ = roc_curve(same, scores)
    assert np.array_equal(ranking.corners[0], false)
    assert np.array_equal(ranking.corners[1], true)
    for far in RATES:
        assert ranking.tar(far) == insightface_tar(same, scores, far) == pytest.approx(by_hand_tar(same, scores, far))


def test_tar_by_hand():
    """Mated at ranks 1, 2, 5, 10, non-mated between: corners at false accept rates 0, 2/6 and 1, not at 1/6."""
    ranking = ranked(np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 1], bool), -np.arange(10.0))
    assert ranking.tar(1e-6) == 0.5
    assert ranking.tar(1 / 6 - 0.01) == 0.5
    assert ranking.tar(1 / 6 + 0.01) == 0.75
    assert ranking.tar(0.7) == 1.0


def test_a_collapsed_network_scores_nothing():
    ranking = ranked(np.arange(2000) % 2 == 0, np.ones(2000))
    assert [ranking.tar(far) for far in (1e-6, 0.1)] == [0, 0]
    assert not resampled_tar(ranking, (1e-6, 0.1), 20, 0).any()


@pytest.mark.parametrize("kind", [True, False])
def test_pairs_of_one_kind_are_refused(kind):
    with pytest.raises(DataError, match="verification needs both kinds"):
        ranked(np.full(4, kind), np.arange(4.0))


def test_people_are_what_mated_pairs_join():
    """1-5-3 are one, 0-2 another, 4 is alone."""
    people = infer_people(np.array([1, 5, 0]), np.array([5, 3, 2]), 6)
    groups = {tuple(np.flatnonzero(people == person)) for person in people}
    assert groups == {(1, 3, 5), (0, 2), (4,)}

"""TAR@FAR and AUC of probes against a gallery, compared with the pairs written out in a list and scored there."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from lgaf.errors import DataError
from lgaf.evaluate import operating_point
from lgaf.evaluate.bootstrap import draws
from lgaf.evaluate.laboratory.crossed import Crossed, tar
from lgaf.evaluate.laboratory.crossed_auc import auc
from lgaf.evaluate.verification.weighted_roc import sort_pairs


def listed(pairs: Crossed, scores: np.ndarray) -> pa.Table:
    """Every pair but a probe's with its own origin, one by one."""
    rows = [
        (int(a), int(b), a == b, float(scores[d, g]))
        for d, a in enumerate(pairs.probe)
        for g, b in enumerate(pairs.gallery)
        if pairs.own[d] != g
    ]
    left, right, same, score = zip(*rows, strict=True)
    return pa.table({"identity_left": left, "identity_right": right, "same": same, "score": score})


def example(people: int, each: int, probes: int, steps: int | None, seed: int) -> tuple[Crossed, np.ndarray]:
    """``each`` images a person in the gallery, the first few damaged; scores of ``steps`` distinct values, or free."""
    rng = np.random.default_rng(seed)
    gallery = np.repeat(np.arange(people), each)
    own = np.concatenate([np.arange(min(probes, each)) + each * p for p in range(people)])
    pairs = Crossed(gallery[own], gallery, own, people)
    scores = rng.normal(0, 0.25, (len(own), len(gallery))) + 0.3 * (pairs.probe[:, None] == gallery)
    if steps is not None:
        scores = np.round(scores * steps) / steps
    return pairs, np.clip(scores, -1, 1).astype(np.float32)


@settings(max_examples=80, deadline=None)
@given(
    people=st.integers(2, 12),
    each=st.integers(2, 4),
    probes=st.integers(1, 3),
    steps=st.sampled_from([None, 1, 3, 20]),
    far=st.sampled_from([1e-3, 0.01, 0.1, 0.3, 1.0]),
    block=st.sampled_from([40, 2**18]),
    seed=st.integers(0, 10**6),
)
def test_the_rate_is_that_of_the_pairs_in_a_list(people, each, probes, steps, far, block, seed):
    pairs, scores = example(people, each, probes, steps, seed)
    weights = next(draws(people, 30, seed, 30))
    before = operating_point.NUMBERS_A_BLOCK
    try:
        operating_point.NUMBERS_A_BLOCK = block
        found = tar(pairs, scores, far, weights)
    finally:
        operating_point.NUMBERS_A_BLOCK = before
    expected = sort_pairs(listed(pairs, scores)).rates(weights, [far])[0]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_many_pairs_and_a_threshold_far_from_where_it_usually_is():
    """One person of forty has all high scores: resamples without her have another threshold than those with her."""
    pairs, scores = example(40, 3, 2, None, 1)
    scores[pairs.probe == 7] += 0.5
    weights = next(draws(40, 200, 3, 200))
    expected = sort_pairs(listed(pairs, scores)).rates(weights, [0.01])[0]
    assert expected.std() > 0.03
    np.testing.assert_allclose(tar(pairs, scores, 0.01, weights), expected, atol=1e-9)


def test_the_auc_is_scikit_learns_and_its_replicates_are_those_of_the_list():
    pairs, scores = example(150, 3, 2, None, 2)
    weights = next(draws(150, 400, 4, 400))
    value, replicates = auc(pairs, scores, weights)
    table = listed(pairs, scores)
    assert value == pytest.approx(roc_auc_score(table["same"].to_numpy(), table["score"].to_numpy()), abs=1e-4)
    exact = sort_pairs(table).rates(weights, [])[0]
    assert np.corrcoef(replicates, exact)[0, 1] > 0.99
    assert replicates.std() == pytest.approx(exact.std(), rel=0.05)
    assert replicates.mean() == pytest.approx(exact.mean(), abs=0.1 * exact.std())


def test_equal_cosines_count_half():
    pairs, scores = example(5, 2, 1, None, 0)
    assert auc(pairs, np.zeros_like(scores), np.ones((5, 1)))[0] == 0.5


def test_a_network_that_maps_all_to_one_point_accepts_nobody():
    pairs, scores = example(30, 3, 2, None, 0)
    assert tar(pairs, np.ones_like(scores), 0.01, np.ones((30, 3))).tolist() == [0, 0, 0]


def test_a_probe_is_not_compared_with_its_origin():
    pairs, scores = example(4, 2, 2, None, 0)
    scores[np.arange(len(pairs.own)), pairs.own] = 1.0
    first = tar(pairs, scores, 0.2, np.ones((4, 1))), auc(pairs, scores, np.ones((4, 1)))[0]
    scores[np.arange(len(pairs.own)), pairs.own] = -1.0
    assert (tar(pairs, scores, 0.2, np.ones((4, 1))), auc(pairs, scores, np.ones((4, 1)))[0]) == first


@pytest.mark.parametrize(("probe", "kind"), [([0, 1], "mated"), ([0, 0], "non-mated")])
def test_pairs_of_one_kind(probe, kind):
    gallery = np.array([0, 1] if kind == "mated" else [0, 0])
    with pytest.raises(DataError, match=f"no {kind} pair among 2 damaged and 2 clean"):
        Crossed(np.array(probe), gallery, np.array([0, 1]), 2).check()

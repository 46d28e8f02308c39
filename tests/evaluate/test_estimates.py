"""Metrics from tables of trials; two methods compared."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from embedded import differences, estimate
from numpy.testing import assert_allclose

from lgaf.errors import DataError, SettingsError
from lgaf.evaluate.names import rank_name, tar_name
from lgaf.evaluate.replicates import hash_of_trials
from lgaf.evaluate.verification.estimates import WeightedTar
from lgaf.evaluate.verification.folds import fold_numbers, judge


def verification(seed=0, count=400, people=60, shift=0.0, decimals=None):
    """Trials of ``count`` pairs; the scores of mated pairs are ``shift`` higher."""
    rng = np.random.default_rng(seed)
    same = np.arange(count) % 2 == 0
    left = rng.integers(0, people, count)
    right = np.where(same, left, (left + rng.integers(1, people, count)) % people)
    score = np.clip(rng.normal(0.15 + 0.4 * same + shift * same, 0.2), -0.99, 0.99)
    if decimals is not None:
        score = score.round(decimals)
    result = judge(2 - 2 * score, same, fold_numbers(count, 10))
    columns = {"identity_left": left, "identity_right": right, "same": same, "fold": result.folds, "score": score}
    return pa.table({**columns, "correct": result.correct}), result


def identification(ranks, identities, sets=None, dropped=None):
    count = len(ranks)
    dropped = np.zeros(count, bool) if dropped is None else np.array(dropped)
    return pa.table(
        {
            "set": [""] * count if sets is None else sets,
            "identity": identities,
            "rank": pa.array(ranks, pa.int64(), mask=dropped),
            "dropped": dropped,
        }
    )


def test_names():
    assert [tar_name(far) for far in (1e-2, 0.001, 5e-4)] == ["tar@far=1e-2", "tar@far=1e-3", "tar@far=5e-4"]
    assert [rank_name("", 1), rank_name("d1", 20)] == ["rank1", "d1_rank20"]


def test_values_are_those_of_the_result():
    trials, result = verification()
    found = estimate(trials, ["accuracy", "tar@far=1e-2"], seed=0, replicates=100)
    assert found["accuracy"].value == result.accuracy
    assert found["tar@far=1e-2"].value == result.tar(0.01)
    assert (found["accuracy"].n, found["tar@far=1e-2"].n) == (400, 200)
    left, right = trials["identity_left"].to_numpy(), trials["identity_right"].to_numpy()
    assert found["accuracy"].units == len({*left, *right})
    assert found["tar@far=1e-2"].units == len({*left[::2]})
    assert found["accuracy"].replicates.mean() == pytest.approx(result.accuracy, abs=0.01)


@pytest.mark.parametrize("decimals", [None, 2])
@pytest.mark.parametrize("far", [0.004, 0.02, 0.3, 1.0])
def test_weighted_tar_is_the_tar_of_repeated_pairs(decimals, far):
    _, result = verification(decimals=decimals)
    rng = np.random.default_rng(9)
    weights = rng.integers(0, 4, (400, 6)).astype(float)
    weights[:, 0] = 1
    found = WeightedTar(result)(weights, {"it": far})["it"]
    for column in range(6):
        times = weights[:, column].astype(int)
        repeated = judge(*(np.repeat(values, times) for values in (result.distances, result.same, result.folds)))
        assert found[column] == pytest.approx(repeated.tar(far), abs=1e-12)
    assert found[0] == pytest.approx(result.tar(far))


def test_weighted_tar_beyond_the_grid_accepts_nothing():
    distance = np.array([0.1, 4.0, 0.1, 4.0])
    result = judge(distance, np.array([True, False, True, False]), np.array([0, 0, 1, 1]))
    assert_allclose(WeightedTar(result)(np.ones((4, 2)), {"it": 0.5})["it"], result.tar(0.5))
    assert result.tar(0.5) == 0


def test_rank_replicates_are_means_over_drawn_people():
    ranks, people = [0, 3, 0, 9, 0, 0], [1, 1, 2, 3, 3, 3]
    found = estimate(identification(ranks, people), ["rank1", "rank5"], seed=4, replicates=300)
    assert (found["rank1"].value, found["rank1"].n, found["rank1"].units) == (4 / 6, 6, 3)
    assert found["rank5"].value == 5 / 6
    # Of three people, drawn a, b and c times, the probes' hits are 1 of 2, 1 of 1 and 2 of 3.
    possible = {
        (a * 1 + b * 1 + c * 2) / (2 * a + b + 3 * c)
        for a in range(4) for b in range(4) for c in range(4) if a + b + c == 3
    }  # fmt: skip
    values = found["rank1"].replicates
    assert len(values) == 300
    assert all(min(abs(value - option) for option in possible) < 1e-12 for value in values)
    assert len(set(values.round(9))) > 5


def test_sets_are_apart_and_dropped_probes_count_nowhere():
    trials = identification([0, 7, 0, -1], [1, 2, 1, 3], ["d1", "d1", "d_2", "d1"], [False, False, False, True])
    found = estimate(trials, ["d1_rank1", "d_2_rank1"], seed=0, replicates=100)
    assert (found["d1_rank1"].value, found["d1_rank1"].n) == (0.5, 2)
    assert (found["d_2_rank1"].value, found["d_2_rank1"].n) == (1.0, 1)
    with pytest.raises(DataError, match="no probe of set 'd3'"):
        estimate(trials, ["d3_rank1"], seed=0, replicates=100)


def test_unknown_metrics():
    with pytest.raises(SettingsError, match="'rank1' is no metric of a verification"):
        estimate(verification()[0], ["rank1"], seed=0, replicates=100)
    with pytest.raises(SettingsError, match="'accuracy' is no metric of an identification"):
        estimate(identification([0], [1]), ["accuracy"], seed=0, replicates=100)


METRICS = ["accuracy", "tar@far=1e-2"]


def test_a_method_does_not_differ_from_itself():
    trials, _ = verification()
    for found in differences(trials, trials, METRICS).values():
        assert found == (0, 0, 0, 1)


def test_a_better_method_is_told_apart_and_the_order_is_a_sign():
    worse, better = verification(), verification(shift=0.3)
    found = differences(better[0], worse[0], METRICS)
    back = differences(worse[0], better[0], METRICS)
    for name, value in zip(METRICS, (better[1].accuracy - worse[1].accuracy, 0), strict=True):
        assert found[name].p == pytest.approx(2 / 1001)
        assert 0 < found[name].low <= found[name].difference <= found[name].high
        assert_allclose(back[name][:3], [-found[name].difference, -found[name].high, -found[name].low])
        if name == "accuracy":
            assert found[name].difference == pytest.approx(value)


def test_pairing_is_sharper_than_two_intervals():
    """Two methods that share most of their errors differ less than their intervals suggest."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(50), 4)
    ranks = np.where(rng.random(200) < 0.4, 3, 0)
    other = np.where((ranks == 0) & (rng.random(200) < 0.06), 3, ranks)
    first, second = identification(ranks, people), identification(other, people)
    found = differences(first, second, ["rank1"])["rank1"]
    low, high = estimate(first, ["rank1"], 0, 1000)["rank1"].interval(0.95)
    assert found.high - found.low < (high - low) / 2
    assert found.p < 0.05
    assert low < float((other == 0).mean()) < high


def test_equal_methods_are_seldom_told_apart():
    rng = np.random.default_rng(1)
    found = 0
    for seed in range(100):
        people = np.repeat(np.arange(40), 5)
        easy = np.repeat(rng.random(40), 5)
        first, second = (identification(np.where(rng.random(200) < easy, 0, 1), people) for _ in range(2))
        found += differences(first, second, ["rank1"], seed, replicates=200)["rank1"].p < 0.05
    assert found <= 12


def test_other_trials_have_another_hash():
    first = identification([0, 1], [1, 2])
    assert hash_of_trials(first) == hash_of_trials(identification([7, 0], [1, 2]))  # outcomes do not count
    assert hash_of_trials(first) != hash_of_trials(identification([0, 1], [1, 3]))
    assert hash_of_trials(first) != hash_of_trials(identification([0], [1]))
    assert hash_of_trials(first) != hash_of_trials(verification()[0])
    twice = pa.concat_tables([first, first])
    assert hash_of_trials(twice.slice(2)) == hash_of_trials(first)

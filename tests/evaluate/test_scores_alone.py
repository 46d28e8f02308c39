"""Scores alone, against the protocol on embeddings, against counting by hand, and their refusals."""

from __future__ import annotations

import numpy as np
import pytest
from embedded import faces

from lgaf.errors import DataError
from lgaf.evaluate import EvaluateSettings
from lgaf.evaluate.bootstrap import pair_weights
from lgaf.evaluate.replicates import hash_of_trials
from lgaf.evaluate.score import score
from lgaf.evaluate.verification import folds as verification
from lgaf.evaluate.verification.estimates import WeightedTar
from lgaf.evaluate.verification.own_scale import accept_rates, judge, most_accurate
from lgaf.evaluate.verification.scores_alone import score_matcher
from lgaf.formats.protocol import Identification, Verification
from lgaf.formats.scores import PairScores, nothing

QUICK = EvaluateSettings(replicates=100, far=(0.1, 0.02))


def protocol(people=30, folds=10, **more):
    pairs = []
    for p in range(people):
        for k in range(3):
            pairs += [(f"p{p:02}_{k}", f"p{p:02}_{k + 1}", True)]
            pairs += [(f"p{p:02}_{k}", f"p{(p + 1 + 7 * k) % people:02}_{k}", False)]
    return Verification(pairs=pairs, folds=folds, **more)


def cosines(asked, embeddings, turned=False):
    """The scores of a matcher that compares embeddings; ``turned``: right and left exchanged."""
    place = {name: row for row, name in enumerate(embeddings.names)}
    left, right = ([pair[side] for pair in asked.pairs] for side in ((1, 0) if turned else (0, 1)))
    one, other = (embeddings.vectors[[place[name] for name in names]].astype(np.float64) for names in (left, right))
    values = 1 - verification.distances(one, other) / 2
    labels = (embeddings.labels[[place[name] for name in names]] for names in (left, right))
    return PairScores(left, right, values, *labels)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_scores_from_cosines_give_what_the_embeddings_give(seed, turned):
    """The same ROC always; the same TAR where, as here, no pair lies within a step of the grid from a threshold."""
    asked, embeddings = protocol(), faces(seed=seed)
    expected, trials, theirs = score(embeddings, asked, QUICK, 5)
    found, table, ours = score_matcher(cosines(asked, embeddings, turned), asked, QUICK, 5)
    assert found["roc"] == expected["roc"]
    assert list(found["metrics"]) == list(expected["metrics"])
    for name in ("tar@far=1e-1", "tar@far=2e-2"):
        assert found["metrics"][name] == pytest.approx(expected["metrics"][name], rel=1e-12)
        np.testing.assert_allclose(ours[name].replicates, theirs[name].replicates, rtol=1e-12)
    difference = abs(ours["accuracy"].value - theirs["accuracy"].value)
    assert difference <= 0.02, "the grid of accuracy has steps of 0.01"
    assert hash_of_trials(table) == hash_of_trials(trials), "so that they are paired"
    assert (found["images"], found["trials"]) == (expected["images"], expected["trials"])
    assert expected.keys() == found.keys()


@pytest.mark.parametrize("seed", range(40))
def test_they_are_the_rules_of_a_grid_without_its_steps(seed):
    """Where each step of the grid holds one pair at most, insightface's rules give the very verdicts and rates."""
    rng = np.random.default_rng(seed)
    count, folds, fars = int(rng.integers(30, 60)), int(rng.integers(2, 5)), [0.05, 0.1, 0.25, 1 / 3, 0.5, 0.77]
    same, numbers = rng.random(count) < 0.5, verification.fold_numbers(count, folds)

    def midpoints(grid: np.ndarray) -> np.ndarray:
        return (grid[:-1] + grid[1:])[rng.permutation(len(grid) - 1)[:count]] / 2

    distances = midpoints(verification.ACCURACY_GRID)
    theirs, ours = verification.judge(distances, same, numbers), judge(-distances, same, numbers)
    np.testing.assert_array_equal(ours.correct, theirs.correct)
    assert (ours.accuracy, ours.std) == (theirs.accuracy, theirs.std)
    distances = midpoints(verification.FAR_GRID)
    theirs, ours = verification.judge(distances, same, numbers), judge(-distances, same, numbers)
    rates = accept_rates(ours, np.ones((count, 1)), fars)[:, 0]
    np.testing.assert_allclose(rates, [theirs.tar(far) for far in fars], rtol=1e-12)
    people = np.arange(count) // 2
    (weights,) = pair_weights(people, np.roll(people, 1), 20, seed)
    expected = WeightedTar(theirs)(weights, {str(far): far for far in fars})
    np.testing.assert_allclose(accept_rates(ours, weights, fars), [expected[str(far)] for far in fars], rtol=1e-9)


@pytest.mark.parametrize("seed", range(60))
def test_ties_and_all_by_counting(seed):
    """Every threshold tried in turn, equal scores together."""
    rng = np.random.default_rng(seed)
    score, same, numbers = rng.integers(0, 5, 16).astype(float), rng.random(16) < 0.5, np.arange(16) % 2
    candidates = [np.inf, *sorted(set(score), reverse=True)]
    right = [np.count_nonzero((score >= t) == same) for t in candidates]
    assert most_accurate(score, same) == candidates[int(np.argmax(right))]
    rates, far = [], 0.4
    for k in (0, 1):
        strangers, mates = score[~same & (numbers != k)], score[same & (numbers == k)]
        rates.append(np.mean([np.mean(strangers >= mate) <= far for mate in mates]))
    assert accept_rates(judge(score, same, numbers), np.ones((16, 1)), [far])[0, 0] == pytest.approx(np.mean(rates))


def test_no_change_of_scale_changes_anything_but_the_threshold():
    asked = protocol()
    scores = cosines(asked, faces(noise=1.2))
    first, table, estimates = score_matcher(scores, asked, QUICK, 1)
    for change in (lambda it: 1e9 * it - 3e8, np.exp, lambda it: np.arctan(it) - 50):
        other = PairScores(scores.left, scores.right, change(scores.scores), *(
            scores.identity_left, scores.identity_right))  # fmt: skip
        found, changed, again = score_matcher(other, asked, QUICK, 1)
        assert {**found, "folds": None} == {**first, "folds": None}
        assert found["folds"]["std"] == first["folds"]["std"]
        assert changed.drop_columns("score").equals(table.drop_columns("score"))
        for name, estimate in again.items():
            np.testing.assert_array_equal(estimate.replicates, estimates[name].replicates)


def test_uneven_folds_and_conditions_are_those_of_embeddings():
    sizes = [30, 50, 60, 40]
    asked = protocol(folds=4, fold_sizes=sizes, conditions=["day", "night", "night"] * 60)
    embeddings = faces(noise=0.7)
    expected, trials, theirs = score(embeddings, asked, QUICK, 5)
    found, table, ours = score_matcher(cosines(asked, embeddings), asked, QUICK, 5)
    assert table["fold"].equals(trials["fold"])
    assert table["condition"].equals(trials["condition"])
    assert hash_of_trials(table) == hash_of_trials(trials)
    assert list(ours) == list(theirs)
    assert any("4 contiguous folds of 30 to 60 pairs" in line for line in found["protocol"])
    assert [line for line in found["protocol"] if "a condition" in line] == [
        line for line in expected["protocol"] if "a condition" in line
    ]
    night = np.array(table["condition"].to_pylist()) == "night"
    metric = found["metrics"]["night_accuracy"]
    assert metric["value"] == table["correct"].to_numpy()[night].mean()
    assert metric["n"] == expected["metrics"]["night_accuracy"]["n"] == 120
    assert table["correct"].equals(trials["correct"]), "no pair lies within a step of the grid from a threshold here"
    for name in ("accuracy", "day_accuracy", "night_accuracy"):
        np.testing.assert_array_equal(ours[name].replicates, theirs[name].replicates)


def some(scores: PairScores, kept) -> PairScores:
    rows = np.array(kept)
    left, right = ([side[row] for row in rows] for side in (scores.left, scores.right))
    return PairScores(left, right, scores.scores[rows], scores.identity_left[rows], scores.identity_right[rows])


def test_missing_pairs_are_left_out_counted_and_bounded():
    asked = protocol()
    scores = some(cosines(asked, faces()), range(3, 180))
    found, trials, _ = score_matcher(scores, asked, EvaluateSettings(replicates=100, far=(0.1,), max_missing=0.02), 0)
    assert found["trials"] == {"asked": 180, "used": 177, "dropped": 0}
    assert "pairs without a score: 3; they are left out" in found["protocol"]
    assert np.bincount(trials["fold"].to_numpy()).tolist() == [15, *[18] * 9], "the others keep their folds"
    with pytest.raises(DataError, match=r"^3 of 180 pairs lack a score; evaluate.max_missing allows a share of 0.01"):
        score_matcher(scores, asked, EvaluateSettings(replicates=100), 0)
    with pytest.raises(DataError, match="180 of 180 pairs lack a score"):
        score_matcher(nothing(), asked, EvaluateSettings(replicates=100, max_missing=0.999), 0)


def test_pairs_of_one_kind_or_fold_are_refused():
    asked = protocol()
    scores = cosines(asked, faces())
    mated = asked.model_copy(update={"pairs": [pair for pair in asked.pairs if pair[2]]})
    with pytest.raises(DataError, match="all 90 pairs are mated"):
        score_matcher(scores, mated, QUICK, 0)
    loose = EvaluateSettings(replicates=100, max_missing=0.99)
    with pytest.raises(DataError, match="all pairs lie in one fold"):
        score_matcher(some(scores, [0, 1, 2, 3, 6, 7, 8, 9]), asked, loose, 0)
    ordered = asked.model_copy(update={"pairs": sorted(asked.pairs, key=lambda pair: pair[2]), "folds": 2})
    with pytest.raises(DataError, match="all non-mated pairs lie in one fold"):
        score_matcher(scores, ordered, QUICK, 0)


def test_a_matcher_that_knows_nothing_has_no_threshold():
    asked = protocol()
    scores = cosines(asked, faces())
    same = np.array([pair[2] for pair in asked.pairs])
    worst = PairScores(scores.left, scores.right, -1.0 * same, scores.identity_left, scores.identity_right)
    found, _, _ = score_matcher(worst, asked, QUICK, 0)
    assert found["folds"]["threshold"] is None
    assert found["metrics"]["accuracy"]["value"] == 0.5
    assert found["metrics"]["tar@far=1e-1"]["value"] == 0


def test_a_search_is_not_available():
    search = Identification(gallery=["a", "b"], probes={"": ["c"]})
    found, trials, estimates = score_matcher(nothing(), search, QUICK, 0)
    assert (found["metrics"], estimates, trials.num_rows) == ({}, {}, 0)
    assert found["images"] == {"asked": 3, "used": 0, "missing": 3, "missing_names": ["a", "b", "c"]}
    assert found["protocol"] == ["scores of pairs alone: not available on a benchmark that lists none"]


def test_a_rate_that_a_count_hits_is_reached():
    """29 of 100 strangers are a share of 0.29, though 0.29 * 100 is less than 29 to a computer."""
    strangers, numbers = np.arange(100.0), np.repeat([0, 1], [102, 102])
    score = np.concatenate([strangers, [71, 70], strangers, [71, 70]])
    same = np.tile(np.arange(102) >= 100, 2)
    assert accept_rates(judge(score, same, numbers), np.ones((204, 1)), [0.29])[0, 0] == 0.5

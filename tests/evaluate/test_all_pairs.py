"""All pairs of a benchmark's images, listed and weighted by another route."""

from __future__ import annotations

import dataclasses
import json
from itertools import combinations, product

import numpy as np
import pytest
from embedded import faces, without
from sklearn.metrics import roc_auc_score

from lgaf.errors import DataError
from lgaf.evaluate import EvaluateSettings
from lgaf.evaluate.bootstrap import draws, pair_weights
from lgaf.evaluate.compare import paired_difference
from lgaf.evaluate.replicates import hash_of_trials, read_replicates
from lgaf.evaluate.score import score, score_files
from lgaf.evaluate.verification import all_pairs
from lgaf.formats.embeddings import write_embeddings
from lgaf.formats.protocol import Verification, write_protocol

QUICK = EvaluateSettings(replicates=100)
METRICS = ["all_pairs_tar@far=1e-2", "all_pairs_tar@far=1e-3", "all_pairs_auc"]
NAMES = faces().names


def asked(*lists, people=30):
    """A few drawn pairs of everybody, and the images of which all pairs are asked for."""
    drawn = [(f"p{p:02}_0", f"p{p:02}_1", True) for p in range(people)]
    drawn += [(f"p{p:02}_0", f"p{(p + 1) % people:02}_2", False) for p in range(people)]
    return Verification(pairs=drawn[::2] + drawn[1::2], folds=2, all_pairs=[list(names) for names in lists])


def spelt_out(embeddings, pairs):
    """(N,) identities of either side, and cosines, of pairs of names one by one."""
    row = {name: k for k, name in enumerate(embeddings.names)}
    unit = [v / np.linalg.norm(v) for v in embeddings.vectors.astype(float)]
    found = [(embeddings.labels[row[a]], embeddings.labels[row[b]], unit[row[a]] @ unit[row[b]]) for a, b in pairs]
    return [np.array(column) for column in zip(*found, strict=True)]


def expected(left, right, scores, weights):
    """TAR at 1e-2 and 1e-3 at the best threshold, and scikit-learn's AUC, of weighted pairs."""
    same = left == right
    order = np.argsort(-scores)
    false, true = (np.cumsum((weights * kind)[order]) for kind in (~same, same))
    tar = [max(true[false <= far * false[-1]] / true[-1], default=0) for far in (0.01, 0.001)]
    return [*tar, roc_auc_score(same, scores, sample_weight=weights)]


HALVES = [name for name in NAMES if name[-1] in "01"], [name for name in NAMES if name[-1] in "23"]


@pytest.mark.parametrize(
    ("protocol", "pairs", "mated"),
    [
        (asked(NAMES), list(combinations(NAMES, 2)), 30 * 6),
        (asked(*HALVES), list(product(*HALVES)), 30 * 4),
    ],
)
def test_values_and_replicates_are_those_of_the_pairs_listed_one_by_one(protocol, pairs, mated):
    embeddings = faces()
    _, trials, estimates = score(embeddings, protocol, QUICK, seed=[4, 2])
    left, right, scores = spelt_out(embeddings, pairs)
    assert list(estimates)[-3:] == METRICS
    values = expected(left, right, scores, np.ones(len(pairs)))
    assert [estimates[name].value for name in METRICS] == pytest.approx(values)
    assert 0.1 < values[1] < values[0] < values[2] < 1
    assert [estimates[name].n for name in METRICS] == [mated, mated, len(pairs)]
    assert [estimates[name].units for name in METRICS] == [30, 30, 30]
    weights = np.concatenate(list(pair_weights(left, right, 100, [4, 2])), axis=1)
    for replicate, weight in enumerate(weights.T):
        found = [estimates[name].replicates[replicate] for name in METRICS]
        assert found == pytest.approx(expected(left, right, scores, weight))
    # The drawn pairs are what they are without the others, and weigh in each resample what they weigh among all.
    alone = score(embeddings, protocol.model_copy(update={"all_pairs": []}), QUICK, seed=[4, 2])
    assert alone[1].equals(trials)
    assert np.array_equal(alone[2]["accuracy"].replicates, estimates["accuracy"].replicates)
    sides = [trials[f"identity_{side}"].to_numpy() for side in ("left", "right")]
    of_drawn = np.concatenate(list(pair_weights(*sides, 100, [4, 2])), axis=1)
    of_all = {frozenset(pair): weight for *pair, weight in zip(left, right, weights, strict=True)}
    assert all(np.array_equal(w, of_all[frozenset(pair)]) for *pair, w in zip(*sides, of_drawn, strict=True))


def test_resamples_do_not_depend_on_how_many_are_made_at_a_time(monkeypatch):
    whole = score(faces(), asked(NAMES), QUICK, seed=5)[2]
    monkeypatch.setattr(all_pairs, "RESAMPLES_A_CHUNK", 7)
    again = score(faces(), asked(NAMES), QUICK, seed=5)[2]
    assert all(np.array_equal(whole[name].replicates, again[name].replicates) for name in METRICS)
    columns = np.concatenate(list(draws(30, 100, 5, 7)), axis=1)
    assert np.array_equal(columns, np.concatenate(list(draws(30, 100, 5, 100)), axis=1))


def test_the_summary_says_what_was_compared():
    summary, _, estimates = score(faces(), asked(*HALVES), QUICK)
    json.dumps(summary, allow_nan=False)
    for name in METRICS:
        found = summary["metrics"][name]
        low, high = estimates[name].interval(0.95)
        assert found == {"value": estimates[name].value, "low": low, "high": high, "n": estimates[name].n}
        assert low < found["value"] < high
    block = summary["all_pairs"]
    assert block["trials"] == {"asked": 3600, "used": 3600, "dropped": 0}
    assert block["images"] == {"asked": 120, "used": 120, "missing": 0, "missing_names": []}
    said = "every image of one kind with every image of the other: 120 mated and 3,480 non-mated pairs"
    assert said in block["protocol"]
    assert "95 % intervals: 100 bootstrap resamples of identities, thresholds set anew in each" in block["protocol"]
    assert not any("all non-mated" in line for line in summary["protocol"])
    assert summary["images"]["asked"] == 90  # drawn pairs ask for no image 3
    whole = score(faces(), asked(NAMES), QUICK)[0]["all_pairs"]
    assert "every two images: 180 mated and 6,960 non-mated pairs" in whole["protocol"]


def test_missing_images_are_left_out_counted_and_listed():
    loose = EvaluateSettings(replicates=100, max_missing=0.02)
    lost = ["p00_3", "p10_3"]  # of which no drawn pair is
    for lists, used, mated in (((NAMES,), 118 * 117 // 2, 180 - 6), (HALVES, 60 * 58, 120 - 4)):
        protocol = asked(*lists)
        summary, _, _ = score(without(faces(), lost), protocol, loose)
        block = summary["all_pairs"]
        assert summary["images"]["missing"] == 0
        assert block["images"] == {"asked": 120, "used": 118, "missing": 2, "missing_names": lost}
        assert block["trials"] == {"asked": 3600 if lists == HALVES else 7140, "used": used, "dropped": 0}
        assert any(f": {mated} mated and {used - mated:,} non-mated pairs" in line for line in block["protocol"])
        assert block["protocol"][-1] == "images without an embedding: 2; trials with them are left out"
        assert not any("without an embedding" in line for line in summary["protocol"])
        assert block["compared"] != score(faces(), protocol, loose)[0]["all_pairs"]["compared"]
    with pytest.raises(DataError, match=r"2 of 120 images .* as 'p00_3'"):
        score(without(faces(), lost), asked(NAMES), QUICK)


def test_a_rate_that_the_pairs_cannot_show_is_left_out():
    few = [name for name in NAMES if name < "p05"]  # 160 non-mated pairs
    summary, _, estimates = score(faces(), asked(few), QUICK)
    assert list(estimates)[-2:] == ["all_pairs_tar@far=1e-2", "all_pairs_auc"]
    assert "tar@far=1e-3 left out: 160 non-mated pairs cannot show it" in summary["all_pairs"]["protocol"]


def test_a_better_network_is_told_apart_on_the_same_resamples():
    better, worse = (score(faces(noise=noise), asked(NAMES), QUICK, seed=1)[2] for noise in (0.7, 1.1))
    for name in METRICS:
        found = paired_difference(better[name], worse[name])
        assert found.p == pytest.approx(2 / 101)
        assert 0 < found.low < found.difference < found.high
        assert paired_difference(better[name], better[name]) == (0, 0, 0, 1)


def test_the_file_of_replicates_is_of_all_that_was_compared(tmp_path):
    """Two runs are paired only where the same images met, those of no drawn pair among them."""
    loose = EvaluateSettings(replicates=100, max_missing=0.02)

    def written(embeddings, protocol):
        write_embeddings(tmp_path / "e.arrow", embeddings)
        write_protocol(tmp_path / "p.json", protocol)
        outputs = (tmp_path / name for name in ("s.json", "t.arrow", "r.arrow"))
        score_files(tmp_path / "e.arrow", tmp_path / "p.json", *outputs, "lgaf", 0, "world/lfw", loose, 3)
        return read_replicates(tmp_path / "r.arrow")

    first = written(faces(), asked(NAMES))
    assert first.paired_with(written(faces(noise=2), asked(NAMES)))
    assert not first.paired_with(written(without(faces(), ["p00_3"]), asked(NAMES)))
    assert not first.paired_with(written(faces(), asked(*HALVES)))
    assert list(first.estimates)[-3:] == METRICS
    alone = written(faces(), asked())
    assert alone.trials == hash_of_trials(score(faces(), asked(), loose)[1])
    assert not any(name.startswith("all") for name in alone.estimates)


@pytest.mark.parametrize(
    ("embeddings", "lists", "message"),
    [
        (faces(), [["p00_0", "p00_1", "p00_0"]], "an image is listed twice"),
        (faces(), [["p00_0"], ["p01_1", "p00_0"]], "an image is listed twice"),
        (faces(), [["p00_0", "p00_1"]], "all 1 pairs are mated"),
        (faces(), [["p00_0", "p01_1"]], "all 1 pairs are non-mated"),
        (faces(), [["p00_0", "nobody"]], "1 of 2 images .* as 'nobody'"),
        (dataclasses.replace(faces(), labels=np.full(120, -1, np.int32)), [NAMES], "identity of 'p00_0' is unknown"),
    ],
)
def test_what_does_not_fit_is_one_line(embeddings, lists, message):
    with pytest.raises(DataError, match=message) as caught:
        score(embeddings, asked(*lists), QUICK)
    assert "\n" not in str(caught.value)

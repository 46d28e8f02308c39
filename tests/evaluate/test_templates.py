"""Templates against insightface's loops, written out, scikit-learn's curve, and resamples made of copies."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_curve
from sklearn.preprocessing import normalize

from lgaf.data.embeddings import Embeddings, write_embeddings
from lgaf.data.protocol import write_protocol
from lgaf.data.templates import MEMBERS, PAIRS, Templates
from lgaf.errors import DataError, SettingsError
from lgaf.evaluate import EvaluateSettings, paired_difference
from lgaf.evaluate.bootstrap import draws
from lgaf.evaluate.estimates import estimate
from lgaf.evaluate.resampled import nearest_corners, resampled_tar
from lgaf.evaluate.score import score, score_files
from lgaf.evaluate.templates import Ranking, infer_people, pair_scores, pool, rank_pairs

RATES = (1e-6, 1e-3, 0.01, 0.05, 0.1, 0.3, 0.5, 0.9, 1)
QUICK = EvaluateSettings(replicates=100)
WITHOUT_SCORE = EvaluateSettings(replicates=100, templates={"protocol": "adaface"})


def insightface_pool(features, templates, medias):
    """As ``image2template_feature`` goes: one template after the other, one medium after the other."""
    pooled = []
    for template in np.unique(templates):
        of_template, media = features[templates == template], medias[templates == template]
        means = [np.mean(of_template[media == medium], axis=0, keepdims=True) for medium in np.unique(media)]
        pooled.append(np.sum(np.array(means), axis=0)[0].astype(np.float64))
    return normalize(np.array(pooled))


def insightface_tar(same, scores, far):
    """As its last cell reads scikit-learn's curve."""
    false, true, _ = roc_curve(same, scores)
    false, true = np.flipud(false), np.flipud(true)
    return true[min(zip(np.abs(false - far), range(len(false)), strict=True))[1]]


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


def table(left, right, same, scores):
    columns = zip((left, right, same, scores), (pa.int32(), pa.int32(), pa.bool_(), pa.float64()), strict=True)
    return pa.table([pa.array(values, kind) for values, kind in columns], ["left", "right", "same", "score"])


def ranked(same, scores):
    count = len(same)
    return rank_pairs(table(np.arange(count), np.arange(count) + count, same, scores))


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


def example(people=14, each=4, noise=1.2, seed=0):
    """Images of two media in each of ``each`` templates a person, all pairs of templates; some images blurred."""
    rng = np.random.default_rng(seed)
    template = np.repeat(np.arange(people * each), 3)
    person = template // each
    names = [f"{number}.jpg" for number in range(len(template))]
    detector = rng.random(len(template)).astype(np.float32)
    vectors = rng.standard_normal((people, 16))[person]
    vectors = vectors + noise * (2 - detector[:, None]) * rng.standard_normal(vectors.shape)
    embeddings = Embeddings(
        names=names,
        labels=np.full(len(names), -1, np.int32),
        vectors=vectors.astype(np.float32),
        norms=np.linalg.norm(vectors, axis=1).astype(np.float32),
        attention=None,
        flip=True,
        truth={},
    )
    members = pa.table([names, template + 100, np.tile([7, 8, 8], len(names) // 3), detector], schema=MEMBERS)
    left, right = np.triu_indices(people * each, 1)
    pairs = pa.table([left + 100, right + 100, left // each == right // each], schema=PAIRS)
    return embeddings, Templates(members=members, pairs=pairs, notes=["a note of the reader's"])


def tables_tar(trials, far):
    return insightface_tar(trials["same"].to_numpy(), trials["score"].to_numpy(), far)


@pytest.mark.parametrize("chosen", [QUICK, WITHOUT_SCORE])
def test_summary(chosen):
    embeddings, protocol = example()
    summary, trials = score(embeddings, protocol, chosen)
    json.dumps(summary, allow_nan=False)
    members = protocol.members
    features = embeddings.vectors
    if chosen is QUICK:
        features = features * members["score"].to_numpy()[:, None]
    pooled = insightface_pool(features, members["template"].to_numpy(), members["media"].to_numpy())
    left, right = (protocol.pairs[side].to_numpy() - 100 for side in ("left", "right"))
    assert trials["score"].to_numpy() == pytest.approx(np.sum(pooled[left] * pooled[right], axis=1))
    assert trials.select(PAIRS.names).equals(protocol.pairs)
    assert [trials.schema.field(name).type for name in trials.column_names] == [*PAIRS.types, pa.float64()]

    nonmated = 1540 - 14 * 6
    assert list(summary["metrics"]) == ["tar@far=1e-3", "tar@far=1e-2", "tar@far=1e-1"]
    for far, metric in zip((1e-3, 1e-2, 1e-1), summary["metrics"].values(), strict=True):
        assert metric["value"] == tables_tar(trials, far)
        assert metric["n"] == 84
        assert 0 <= metric["low"] <= metric["value"] <= metric["high"] <= 1
    assert summary["trials"] == {"asked": 1540, "used": 1540, "dropped": 0}
    assert summary["images"] == {"asked": 168, "used": 168, "missing": 0, "missing_names": []}
    assert sum(summary["histogram"]["nonmated"]) == nonmated
    assert summary["roc"]["far"][-1] == summary["roc"]["tar"][-1] == 1
    text = "\n".join(summary["protocol"])
    assert ("times the detector's score (insightface" in text) == (chosen is QUICK)
    assert ("without the detector's score (AdaFace" in text) == (chosen is WITHOUT_SCORE)
    assert "56 templates; 84 mated and 1,456 non-mated pairs" in text
    assert "100 bootstrap resamples of identities, inferred" in text
    assert "tar@far=1e-4 left out: 1,456 non-mated pairs cannot show it" in text
    assert "a note of the reader's" in text


def test_the_two_protocols_differ_and_better_features_score_higher():
    embeddings, protocol = example()
    first, second = (score(embeddings, protocol, chosen)[0]["metrics"] for chosen in (QUICK, WITHOUT_SCORE))
    assert first["tar@far=1e-2"]["value"] > second["tar@far=1e-2"]["value"]  # the detector's score tells the noise
    better = score(*example(noise=0.5), QUICK)[0]["metrics"]
    assert better["tar@far=1e-2"]["value"] > first["tar@far=1e-2"]["value"]


def without(embeddings, missing):
    kept = np.array([name not in missing for name in embeddings.names])
    return dataclasses.replace(
        embeddings,
        names=[name for name in embeddings.names if name not in missing],
        labels=embeddings.labels[kept],
        vectors=embeddings.vectors[kept],
        norms=embeddings.norms[kept],
    )


def test_missing_images():
    """Template 100 keeps one image, 101 none."""
    embeddings, protocol = example()
    missing = ["0.jpg", "1.jpg", "3.jpg", "4.jpg", "5.jpg"]
    with pytest.raises(DataError, match="5 of 168 images that the protocol asks for lack"):
        score(without(embeddings, missing), protocol, QUICK)
    loose = EvaluateSettings(replicates=100, max_missing=0.05)
    summary, trials = score(without(embeddings, missing), protocol, loose)
    assert summary["images"]["missing_names"] == missing
    assert summary["trials"] == {"asked": 1540, "used": 1540 - 55, "dropped": 0}
    assert "images without an embedding: 5; templates are pooled without them" in summary["protocol"]
    assert "55 pairs are left out: one of the templates has lost all its images" in summary["protocol"]
    assert 101 not in {*trials["left"].to_pylist(), *trials["right"].to_pylist()}
    whole = score(embeddings, protocol, loose)[1].to_pandas().set_index(["left", "right"])["score"]
    rest = trials.to_pandas().set_index(["left", "right"])["score"]
    changed = rest != whole[rest.index]
    assert set(changed[changed].index.get_level_values("left")) == {100}


def test_too_few_pairs_for_any_rate():
    embeddings, protocol = example(people=2, each=3)
    with pytest.raises(DataError, match="9 non-mated pairs of templates can show no rate; at least 10 are needed"):
        score(embeddings, protocol, QUICK)


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


def test_intervals_hold_the_true_value():
    """About 95 of 100 data sets of new people; too few people and too coarse rates to ask for more than 85."""
    truth = np.mean([tables_tar(score(*example(seed=1000 + k), QUICK)[1], 0.1) for k in range(60)])
    held = 0
    for seed in range(60):
        metric = score(*example(seed=seed), QUICK)[0]["metrics"]["tar@far=1e-1"]
        held += metric["low"] <= truth <= metric["high"]
    assert held >= 51


def test_two_methods_compare_on_equal_trials():
    good, bad = (score(*example(noise=noise), QUICK)[1] for noise in (0.6, 1.5))
    found = paired_difference(good, bad, ["tar@far=1e-2"], replicates=200)["tar@far=1e-2"]
    assert found.difference == pytest.approx(tables_tar(good, 0.01) - tables_tar(bad, 0.01))
    assert 0 < found.low < found.difference < found.high
    assert found.p < 0.05
    with pytest.raises(DataError, match="the trials differ in column 'left'"):
        paired_difference(good, bad.slice(1), ["tar@far=1e-2"])


def test_another_metric_is_refused():
    _, trials = score(*example(), QUICK)
    with pytest.raises(SettingsError, match=r"'accuracy' is no metric of templates; expected tar@far=1e-4"):
        estimate(trials, ["accuracy"], 0, 100)


def test_files(tmp_path):
    embeddings, protocol = example()
    write_embeddings(tmp_path / "e.arrow", embeddings)
    write_protocol(tmp_path / "ijbc.json", protocol)
    outputs = tmp_path / "out.json", tmp_path / "trials.arrow"
    score_files(tmp_path / "e.arrow", tmp_path / "ijbc.json", *outputs, "lgaf", "ijbc", QUICK, 3)
    expected = score(embeddings, protocol, QUICK, 3)[0]
    summary = json.loads(outputs[0].read_text())
    assert summary == {"method": "lgaf", "benchmark": "ijbc", **json.loads(json.dumps(expected))}
    written = [output.read_bytes() for output in outputs]
    score_files(tmp_path / "e.arrow", tmp_path / "ijbc.json", *outputs, "lgaf", "ijbc", QUICK, 3)
    assert [output.read_bytes() for output in outputs] == written

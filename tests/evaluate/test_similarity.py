"""QMagFace's score against its authors' code, in pairs, in searches and of templates."""

from __future__ import annotations

import json

import numpy as np
import pytest
from embedded import faces
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import normalize
from template_cases import QUICK, example, insightface_pool, tables_tar
from test_scores_alone import protocol as pairs

from lgaf.evaluate import EvaluateSettings
from lgaf.evaluate.identification import search as module
from lgaf.evaluate.identification.search import ByQuality, search
from lgaf.evaluate.replicates import hash_of_trials
from lgaf.evaluate.score import score
from lgaf.evaluate.similarity import QMagFace
from lgaf.formats.protocol import Identification

PUBLISHED = QMagFace()
PAIRS = EvaluateSettings(replicates=100, far=(0.1,), reject_fmr=0.1)
STRONG = QMagFace(alpha=0.02, beta=0.05)
"""With norms of 20 to 30 it moves mated and non-mated pairs of :func:`faces` past each other."""


def authors(alpha, beta, f, pair_indices):
    """``QMagFace.similarity`` and ``_compute_s_q``: (N, D) embeddings, (P, 2) pairs."""
    f, q = normalize(f, return_norm=True)
    s = np.sum(f[pair_indices[:, 0]] * f[pair_indices[:, 1]], axis=1)
    q = np.min(q[pair_indices], 1)
    omega = beta * s - alpha
    omega[omega >= 0] = 0
    return omega * q + s


def with_norms(embeddings):
    """(N, D) float64: the embeddings' directions, as long as their norms say, which are not those of the vectors."""
    return normalize(embeddings.vectors.astype(np.float64)) * embeddings.norms[:, None].astype(np.float64)


def places(embeddings, left, right):
    known = {name: row for row, name in enumerate(embeddings.names)}
    return np.array([[known[a], known[b]] for a, b in zip(left, right, strict=True)])


def test_by_hand():
    """At a cosine of 0.5 omega is 0.062963 - 0.077428; at 0.7 it would be above 0."""
    found = PUBLISHED(np.array([0.5, 0.7, -0.2]), np.array([20.0, 20.0, 10.0]))
    assert_allclose(found, [0.5 - 0.014465 * 20, 0.7, -0.2 - (0.0251852 + 0.077428) * 10], atol=1e-12)


@pytest.mark.parametrize("similarity", [PUBLISHED, STRONG])
def test_pairs_are_scored_as_the_authors_do(similarity):
    embeddings, asked = faces(), pairs(all_pairs=[[name for name in faces().names if name[-1] != "3"]])
    summary, trials, estimates = score(embeddings, asked, PAIRS, 5, similarity)
    json.dumps(summary, allow_nan=False)
    chosen = places(embeddings, trials["left"].to_pylist(), trials["right"].to_pylist())
    expected = authors(similarity.alpha, similarity.beta, with_norms(embeddings), chosen)
    found, same = trials["score"].to_numpy(), trials["same"].to_numpy()
    assert_allclose(found, expected, atol=1e-9)

    cosines, by_cosine, theirs = score(embeddings, asked, PAIRS, 5)
    assert list(summary["metrics"]) == list(cosines["metrics"])
    assert hash_of_trials(trials) == hash_of_trials(by_cosine), "so that the two are tested against each other"
    assert summary["all_pairs"]["compared"] == cosines["all_pairs"]["compared"]
    assert not np.array_equal(estimates["all_pairs_auc"].replicates, theirs["all_pairs_auc"].replicates)
    folds = trials["fold"].to_numpy()
    right = []
    for fold in range(10):
        others = folds != fold
        rates = [np.mean((found[others] >= t) == same[others]) for t in np.sort(found[others])[::-1]]
        threshold = np.sort(found[others])[::-1][int(np.argmax(rates))]
        right.append(np.mean((found[~others] >= threshold) == same[~others]))
    assert summary["metrics"]["accuracy"]["value"] == pytest.approx(np.mean(right))

    names = asked.all_pairs[0]
    left, other = np.triu_indices(len(names), 1)
    every = places(embeddings, [names[k] for k in left], [names[k] for k in other])
    scores = authors(similarity.alpha, similarity.beta, with_norms(embeddings), every)
    auc = roc_auc_score(embeddings.labels[every[:, 0]] == embeddings.labels[every[:, 1]], scores)
    assert summary["metrics"]["all_pairs_auc"]["value"] == pytest.approx(auc)
    assert summary["histogram"] is summary["thresholds"] is None
    assert summary["reject"]["rule"] == cosines["reject"]["rule"]
    text = "\n".join(summary["protocol"])
    assert f"scaled to length 1; cosine + min(0, {similarity.beta:g} cosine - {similarity.alpha:g}) x" in text
    assert "no thresholds in cosines" in text
    assert str(similarity) in summary["all_pairs"]["protocol"][0]


def test_without_parameters_it_is_the_cosine():
    embeddings, nothing = faces(), QMagFace(alpha=0, beta=0)
    asked = pairs()
    assert_allclose(*(score(embeddings, asked, QUICK, 0, it)[1]["score"].to_numpy() for it in (nothing, None)))


def searched(seed):
    """Gallery and probes of 40 people, 10 of them not in the gallery, with qualities."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((40, 12))
    gallery_ids, probe_ids = rng.integers(0, 30, 60), rng.integers(0, 40, 70)
    gallery, probes = (
        (centres[ids] + 1.2 * rng.standard_normal((len(ids), 12))).astype(np.float32)
        for ids in (gallery_ids, probe_ids)
    )
    quality = [rng.uniform(5, 40, len(ids)).astype(np.float32) for ids in (gallery_ids, probe_ids)]
    return gallery, gallery_ids, probes, probe_ids, *quality


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sizes", [(1024, 8192), (8, 7), (4, 1)])
def test_a_search_is_that_of_a_loop(seed, sizes, monkeypatch):
    monkeypatch.setattr(module, "PROBES_A_BLOCK", sizes[0])
    monkeypatch.setattr(module, "GALLERY_A_BLOCK", sizes[1])
    gallery, gallery_ids, probes, probe_ids, of_gallery, of_probes = searched(seed)
    found = search(gallery, gallery_ids, probes, probe_ids, ByQuality(PUBLISHED, of_gallery, of_probes))
    ranks, cosines_rank = [], search(gallery, gallery_ids, probes, probe_ids).rank
    for place, (probe, person) in enumerate(zip(probes, probe_ids, strict=True)):
        both = np.vstack([normalize(gallery) * of_gallery[:, None], normalize(probe[None]) * of_probes[place]])
        indices = np.stack([np.arange(len(gallery)), np.full(len(gallery), len(gallery))], axis=1)
        scores = authors(PUBLISHED.alpha, PUBLISHED.beta, both, indices)
        mates = gallery_ids == person
        best = scores[mates].max(initial=-np.inf)
        ranks.append(np.count_nonzero(scores[~mates] >= best) if mates.any() else -1)
        if mates.any():
            assert_allclose([found.mate[place], scores[found.mate_at[place]]], best, atol=2e-5)
            assert mates[found.mate_at[place]]
        assert_allclose([found.other[place], scores[found.other_at[place]]], scores[~mates].max(), atol=2e-5)
        assert not mates[found.other_at[place]]
    assert_array_equal(found.rank, ranks)
    assert (found.rank != cosines_rank).any(), "quality changes who is found"


def test_a_searched_benchmark_keeps_its_trials():
    embeddings = faces()
    asked = Identification(
        gallery=[f"p{p:02}_0" for p in range(20)], probes={"": [f"p{p:02}_{k}" for p in range(30) for k in (1, 2)]}
    )
    summary, trials, _ = score(embeddings, asked, QUICK, 1, STRONG)
    cosines, by_cosine, _ = score(embeddings, asked, QUICK, 1)
    assert hash_of_trials(trials) == hash_of_trials(by_cosine)
    assert list(summary["metrics"]) == list(cosines["metrics"])
    assert trials["mate"] != by_cosine["mate"]
    assert str(STRONG) in summary["protocol"][0]


def authors_pool(features, templates, medias):
    """``image2template_feature`` with ``combine_weighted_f_q``: a template's norm is its quality."""

    def combine(fs):
        qs = np.array([np.linalg.norm(f) for f in fs])
        f = np.sum([f * qs[i] for i, f in enumerate(fs)], 0)
        return f / np.linalg.norm(f) * (np.sum(qs**2) / np.sum(qs))

    pooled = []
    for template in np.unique(templates):
        of_template, media = features[templates == template], medias[templates == template]
        pooled.append(combine(np.array([combine(of_template[media == medium]) for medium in np.unique(media)])))
    return np.array(pooled)


def test_templates_are_pooled_and_scored_as_the_authors_do():
    embeddings, asked = example()
    embeddings.norms[:] = np.random.default_rng(4).uniform(2, 9, len(embeddings.norms))
    summary, trials, _ = score(embeddings, asked, QUICK, 0, PUBLISHED)
    members = asked.members
    features = with_norms(embeddings)
    pooled = authors_pool(features, members["template"].to_numpy(), members["media"].to_numpy())
    indices = np.stack([asked.pairs[side].to_numpy() - 100 for side in ("left", "right")], axis=1)
    assert_allclose(trials["score"].to_numpy(), authors(PUBLISHED.alpha, PUBLISHED.beta, pooled, indices), atol=1e-9)
    assert summary["metrics"]["tar@far=1e-2"]["value"] == tables_tar(trials, 0.01)
    assert summary["histogram"] is None
    text = "\n".join(summary["protocol"])
    assert "(QMagFace ijb_benchmarks.py)" in text
    assert str(PUBLISHED) in text


def test_without_the_norm_the_detector_weighs_alone():
    embeddings, asked = example()
    unit = EvaluateSettings(replicates=100, templates={"protocol": "unit"})
    summary, trials, _ = score(embeddings, asked, unit)
    members = asked.members
    features = normalize(embeddings.vectors) * members["score"].to_numpy()[:, None]
    pooled = insightface_pool(features, members["template"].to_numpy(), members["media"].to_numpy())
    left, right = (asked.pairs[side].to_numpy() - 100 for side in ("left", "right"))
    assert trials["score"].to_numpy() == pytest.approx(np.sum(pooled[left] * pooled[right], axis=1), abs=1e-6)
    assert "insightface without its norm score" in summary["protocol"][0]
    assert trials["score"] != score(embeddings, asked, QUICK)[1]["score"]

"""1:N of templates against searches looked at one by one."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from embedded import without
from numpy.testing import assert_allclose
from template_cases import QUICK, example
from test_open_set import one_by_one
from test_similarity import authors, authors_pool, with_norms

from lgaf.evaluate import EvaluateSettings
from lgaf.evaluate.bootstrap import draws
from lgaf.evaluate.score import score
from lgaf.evaluate.similarity import QMagFace
from lgaf.formats.templates import SEARCHES

EACH = 4


def searched(people=24, noise=1.6, seed=0):
    """The first template of a person is in gallery g1 or g2, the others are probes, in an order of their own."""
    embeddings, asked = example(people, EACH, noise, seed)
    ids = np.arange(people * EACH)
    person, first = ids // EACH, ids % EACH == 0
    gallery = np.where(first, np.where(person % 3 == 0, "g1", "g2"), "")
    order = np.argsort(gallery == "", kind="stable")
    order[people:] = np.random.default_rng(seed).permutation(order[people:])
    searches = pa.table([gallery[order], order + 100, 1000 + person[order]], schema=SEARCHES)
    return embeddings, asked.model_copy(update={"searches": searches})


def similarities(embeddings, protocol, similarity=None):
    """(T, T) scores of all templates by another route, and whose they are."""
    members = protocol.members
    template, media = (members[key].to_numpy() for key in ("template", "media"))
    if similarity:
        pooled = authors_pool(with_norms(embeddings), template, media)
        every = np.indices((len(pooled), len(pooled))).reshape(2, -1).T
        return authors(similarity.alpha, similarity.beta, pooled, every).reshape(len(pooled), -1)
    features = embeddings.vectors * members["score"].to_numpy()[:, None]
    pooled = np.array([
        sum(features[(template == t) & (media == m)].mean(axis=0) for m in np.unique(media[template == t]))
        for t in np.unique(template)
    ])  # fmt: skip
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    return pooled @ pooled.T


def loop(protocol, scores, gallery, copies):
    """Rank-1, 5, 10 and FNIR at FPIR 0.1 as insightface's ``evaluation_1N`` goes about it, our threshold and ties."""
    rows = protocol.searches.to_pylist()
    entries = [row for row in rows if row["gallery"] == gallery]
    hits, total, seen = dict.fromkeys((1, 5, 10), 0), 0, []
    for probe in (row for row in rows if not row["gallery"]):
        own = [(scores[probe["template"] - 100, e["template"] - 100], e["person"]) for e in entries]
        ranked = [person for _, person in sorted(own, reverse=True)]
        others = max(value for value, person in own if person != probe["person"])
        mate = next((value for value, person in own if person == probe["person"]), None)
        seen.append((probe["person"], mate, others))
        if mate is not None:
            total += copies[probe["person"]]
            for k in hits:
                hits[k] += copies[probe["person"]] * (probe["person"] in ranked[:k])
    return {**{f"rank{k}": hits[k] / total for k in hits}, "fnir@fpir=1e-1": one_by_one(seen, 0.1, copies)}


@pytest.mark.parametrize("similarity", [None, QMagFace(alpha=0.2, beta=0.3)])
@pytest.mark.parametrize("seed", range(3))
def test_each_gallery_and_the_mean_are_those_of_a_loop(seed, similarity):
    embeddings, protocol = searched(seed=seed)
    summary, _, estimates = score(embeddings, protocol, QUICK, [seed, 9], similarity)
    json.dumps(summary, allow_nan=False)
    scores = similarities(embeddings, protocol, similarity)
    people = sorted(set(protocol.searches["person"].to_pylist()))
    drawn = next(draws(len(people), 100, [seed, 9], 100)).astype(int)
    each = {}
    for gallery in ("g1", "g2"):
        once = loop(protocol, scores, gallery, dict.fromkeys(people, 1))
        again = [loop(protocol, scores, gallery, dict(zip(people, column, strict=True))) for column in drawn.T[:20]]
        for metric, value in once.items():
            found = estimates[f"search_{gallery}_{metric}"]
            assert found.value == pytest.approx(value), (gallery, metric)
            assert_allclose(found.replicates[:20], [it[metric] for it in again])
            each.setdefault(metric, []).append(found)
    for metric, (one, other) in each.items():
        found = estimates[f"search_{metric}"]
        assert found.value == (one.value + other.value) / 2
        assert_allclose(found.replicates, (one.replicates + other.replicates) / 2)
        assert (found.n, found.units) == (72, 24)
    assert 0.2 < estimates["search_rank1"].value < estimates["search_rank5"].value
    assert estimates["search_g1_rank1"].n == 8 * 3
    block = summary["searches"]
    assert block["trials"] == {"asked": 144, "used": 144, "dropped": 0}
    assert "g1: 8 people; 24 mated and 48 non-mated searches" in block["protocol"]
    assert "search_g1_fnir@fpir=1e-2 left out: 48 non-mated searches cannot show it" in block["protocol"]
    pairs, *_ = score(embeddings, protocol.model_copy(update={"searches": None}), QUICK, [seed, 9], similarity)
    assert {name: value for name, value in summary.items() if name not in ("searches", "metrics")} == {
        name: value for name, value in pairs.items() if name != "metrics"
    }, "the pairs know nothing of the searches"
    assert pairs["metrics"].items() <= summary["metrics"].items()


def test_a_person_whose_gallery_template_is_lost_is_left_out_of_both_galleries():
    """Template 100, person 1000, of gallery g1, and template 105, a probe of person 1001, lose all their images."""
    embeddings, protocol = searched()
    lost = [f"{number}.jpg" for number in (0, 1, 2, 15, 16, 17)]
    loose = EvaluateSettings(replicates=100, max_missing=0.1)
    summary, _, estimates = score(without(embeddings, lost), protocol, loose)
    assert summary["searches"]["trials"] == {"asked": 144, "used": 144 - 2 * 4, "dropped": 0}
    text = "\n".join(summary["searches"]["protocol"])
    assert "8 searches are left out: the probe, or its mate in a gallery, has lost all its images" in text
    assert "images without an embedding: 6; templates are pooled without them" in text
    assert "g1: 8 people; 21 mated and 47 non-mated searches" in text
    kept = [row for row in protocol.searches.to_pylist() if row["person"] != 1000 and row["template"] != 105]
    rest = protocol.model_copy(update={"searches": pa.Table.from_pylist(kept, schema=SEARCHES)})
    scores = similarities(embeddings, protocol)
    once = loop(rest, scores, "g1", dict.fromkeys(range(1000, 1024), 1))
    for metric, value in once.items():
        assert estimates[f"search_g1_{metric}"].value == pytest.approx(value)

"""FNIR at FPIR against searches looked at one by one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from embedded import faces
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from test_identification import search as example

from lgaf.evaluate import EvaluateSettings
from lgaf.evaluate.bootstrap import draws
from lgaf.evaluate.identification import search as module
from lgaf.evaluate.identification.open_set import estimate_fnir
from lgaf.evaluate.identification.search import search
from lgaf.evaluate.replicates import hash_of_trials
from lgaf.evaluate.score import score
from lgaf.formats.protocol import Identification

QUICK = EvaluateSettings(replicates=100)


def one_by_one(searches, fpir, copies):
    """FNIR of searches (person, cosine of the mate or None, best other cosine), each counted ``copies[person]`` times.

    Every score of a non-mated search is tried as the threshold, from the lowest up; the first that accepts few enough.
    """
    outside = [(top, copies[person]) for person, mate, top in searches if mate is None for _ in range(copies[person])]
    inside = [(mate, top) for person, mate, top in searches if mate is not None for _ in range(copies[person])]
    if not outside or not inside:
        return np.nan
    for threshold in sorted(top for top, _ in outside):
        if sum(top > threshold for top, _ in outside) <= fpir * len(outside):
            break
    missed = [not (mate - top > 1e-6 and mate - threshold > 1e-6) for mate, top in inside]
    return sum(missed) / len(missed)


def table(searches, probe_set=""):
    """The trials of searches as the stage writes them."""
    people, mates, tops = zip(*searches, strict=True)
    rank = [None if mate is None else int(mate - top <= 1e-6) for mate, top in zip(mates, tops, strict=True)]
    return pa.table(
        {
            "set": [probe_set] * len(people),
            "identity": people,
            "dropped": [mate is None for mate in mates],
            "nonmated": [mate is None for mate in mates],
            "rank": pa.array(rank, pa.int64()),
            "mate": pa.array(mates, pa.float32()),
            "other": pa.array(tops, pa.float32()),
        }
    )


def test_by_hand():
    """Ten strangers with 0.05 ... 0.50: at FPIR 0.1 one may be accepted, so that the threshold is 0.45."""
    strangers = [(100 + k, None, 0.05 * k) for k in range(1, 11)]
    mated = [(1, 0.9, 0.1), (2, 0.46, 0.2), (3, 0.4500005, 0.2), (4, 0.8, 0.85), (5, 0.7, 0.7), (6, 0.3, 0.1)]
    (found,) = estimate_fnir(table(mated + strangers), "", [0.1], 0, 100)
    # Person 3 ties with the refused stranger but for rounding, 4 and 5 are not first, 6 is low.
    assert found.value == pytest.approx(4 / 6)
    assert (found.n, found.units) == (6, 6)
    (found,) = estimate_fnir(table(mated + strangers), "", [0.2], 0, 100)  # two strangers may: 0.40
    assert found.value == pytest.approx(3 / 6)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    people=st.integers(2, 8),
    strangers=st.integers(1, 8),
    steps=st.sampled_from([4, 20, 1000]),
    fpir=st.sampled_from([0.5, 0.1, 0.01]),
)
def test_value_and_replicates_are_those_of_a_loop(seed, people, strangers, steps, fpir):
    rng = np.random.default_rng(seed)

    def cosine():
        return float(np.float32(rng.integers(0, steps) / steps))

    searches = [(int(rng.integers(people)), cosine(), cosine()) for _ in range(3 * people)]
    searches += [(people + int(rng.integers(strangers)), None, cosine()) for _ in range(2 * strangers)]
    (found,) = estimate_fnir(table(searches), "", [fpir], [seed, 1], 30)
    known = sorted({person for person, _, _ in searches})
    assert found.value == pytest.approx(one_by_one(searches, fpir, dict.fromkeys(known, 1)))
    drawn = next(draws(len(known), 30, [seed, 1], 30)).astype(int)
    expected = [one_by_one(searches, fpir, dict(zip(known, column, strict=True))) for column in drawn.T]
    assert_allclose(found.replicates, expected)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sizes", [(1024, 8192), (8, 7), (4, 1)])
def test_cosines_of_the_best_mate_and_the_best_other(seed, sizes, monkeypatch):
    """Block edges fall between mates, probes without a mate, and entries."""
    monkeypatch.setattr(module, "PROBES_A_BLOCK", sizes[0])
    monkeypatch.setattr(module, "GALLERY_A_BLOCK", sizes[1])
    gallery, gallery_ids, probes, probe_ids = example(seed, people=40)
    found = search(gallery, gallery_ids, probes, probe_ids)
    assert 3 < np.count_nonzero(found.rank < 0) < len(probes) - 3
    for place, (probe, person) in enumerate(zip(probes, probe_ids, strict=True)):
        cosines = [entry @ probe / np.linalg.norm(entry) / np.linalg.norm(probe) for entry in gallery]
        mates = [value for value, whose in zip(cosines, gallery_ids, strict=True) if whose == person >= 0]
        others = [value for value, whose in zip(cosines, gallery_ids, strict=True) if not whose == person >= 0]
        assert_allclose(found.mate[place], max(mates, default=np.nan), atol=2e-6)
        assert_allclose(found.other[place], max(others), atol=2e-6)
        assert found.other_at[place] == cosines.index(max(others))
        assert found.mate_at[place] == (cosines.index(max(mates)) if mates else -1)


def test_negative_identities_have_no_mates_and_everybody_else_as_others():
    found = search(np.eye(3), [-100, -1, 2], np.eye(3), [-100, -1, 2])
    assert_array_equal(found.rank, [-1, -1, 0])
    assert_array_equal(found.other, [1, 1, 0])
    alone = search(np.eye(2), [5, 5], np.eye(2), [5, 5])
    assert_array_equal(alone.other, [-np.inf, -np.inf])
    assert_array_equal(alone.other_at, [-1, -1])
    assert_array_equal(alone.mate_at, [0, 1])


def protocol(**changes):
    """p00 to p09 are in the gallery, p10 to p14 distractors; p10 to p29 are searched too, and p00 to p09."""
    values = {
        "gallery": [f"p{p:02}_0" for p in range(10)],
        "distractors": [f"p{p:02}_0" for p in range(10, 15)],
        "probes": {"": [f"p{p:02}_{k}" for p in range(30) for k in (1, 2)]},
        "ranks": [1],
    }
    return Identification(**{**values, **changes})


def test_summary_and_trials():
    embeddings = faces()
    summary, trials, estimates = score(embeddings, protocol(), QUICK)
    assert list(summary["metrics"]) == ["rank1", "fnir@fpir=1e-1"]
    rows = trials.to_pylist()
    assert {row["identity"] for row in rows if row["nonmated"]} == set(range(15, 30))  # not those of the distractors
    assert {row["identity"] for row in rows if row["dropped"]} == set(range(10, 30))
    assert all((row["mate"] is None) == row["dropped"] == (row["rank"] is None) for row in rows)
    assert all((row["mate_image"] is None) == row["dropped"] for row in rows)
    assert all(row["dropped"] or row["mate_image"] == f"{row['probe'].split('_')[0]}_0" for row in rows)
    assert all(row["other_image"] not in (None, row["mate_image"]) for row in rows)
    searches = [(row["identity"], row["mate"], row["other"]) for row in rows if row["nonmated"] or not row["dropped"]]
    metric = summary["metrics"]["fnir@fpir=1e-1"]
    assert metric["value"] == pytest.approx(one_by_one(searches, 0.1, dict.fromkeys(range(30), 1)))
    assert metric["n"] == 20
    assert metric["low"] <= metric["value"] <= metric["high"]
    assert 1 - metric["value"] <= summary["metrics"]["rank1"]["value"]
    text = "\n".join(summary["protocol"])
    assert "non-mated searches: 30 of 15 people" in text
    assert "fnir@fpir=1e-2 left out: 30 non-mated searches cannot show it" in text
    assert "10 probes have no mate in the gallery and are dropped" in text
    assert estimates["fnir@fpir=1e-1"].units == 10


def test_sets_apart():
    probes = {"near": protocol().probes[""], "far": [f"p{p:02}_3" for p in range(30)]}
    metrics = score(faces(), protocol(probes=probes), QUICK)[0]["metrics"]
    assert list(metrics) == ["near_rank1", "far_rank1", "near_fnir@fpir=1e-1", "far_fnir@fpir=1e-1"]
    assert metrics["far_fnir@fpir=1e-1"]["n"] == 10


def test_nobody_outside():
    summary, trials, _ = score(faces(), protocol(probes={"": ["p00_1", "p01_1"]}), QUICK)
    assert list(summary["metrics"]) == ["rank1"]
    assert "no person outside the gallery: no open set" in summary["protocol"]
    assert not any(trials["nonmated"].to_pylist())


def test_a_collapsed_network_finds_nobody():
    embeddings = faces()
    embeddings.vectors[:] = 1
    metrics = score(embeddings, protocol(), QUICK)[0]["metrics"]
    assert metrics["fnir@fpir=1e-1"]["value"] == 1


def test_what_is_compared_is_as_without_the_open_set():
    """Replicates of closed-set rates stay paired with those made before."""
    trials = score(faces(), protocol(), QUICK)[1]
    assert hash_of_trials(trials) == hash_of_trials(
        trials.drop_columns(["nonmated", "mate", "other", "mate_image", "other_image"])
    )

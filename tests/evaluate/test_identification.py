"""identify() against a full sort in float64, and its promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from lgaf.errors import DataError, SettingsError
from lgaf.evaluate import identify
from lgaf.evaluate.identification import search as identification
from lgaf.evaluate.identification.search import DROPPED
from lgaf.evaluate.identification.search import search as searched


def mate_ranks(*trial):
    return searched(*trial).rank


def search(seed, people=12, entries=60, probes=30, dimension=6, noise=1.0, distractors=0.5):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((people, dimension))
    gallery_ids = np.where(rng.random(entries) < distractors, -100, rng.integers(0, people, entries))
    probe_ids = rng.integers(0, people, probes)
    probe_ids[0] = gallery_ids[0] = 3
    noises = rng.standard_normal((entries + probes, dimension)) * noise
    gallery = np.where(
        gallery_ids[:, None] >= 0, centres[np.maximum(gallery_ids, 0)], rng.standard_normal((entries, dimension))
    )
    return 3 * (gallery + noises[:entries]), gallery_ids, centres[probe_ids] + noises[entries:], probe_ids


def slow_ranks(gallery, gallery_ids, probes, probe_ids):
    """Sort the whole gallery for each probe; look for the first mate."""
    found = []
    for probe, identity in zip(probes, probe_ids, strict=True):
        scores = [entry @ probe / np.linalg.norm(entry) / np.linalg.norm(probe) for entry in gallery]
        order = sorted(range(len(gallery)), key=lambda i: -scores[i])
        places = [place for place, i in enumerate(order) if gallery_ids[i] == identity and identity >= 0]
        found.append(places[0] if places else DROPPED)
    return np.array(found)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sizes", [(1024, 8192), (8, 7), (4, 1)])
def test_equals_a_full_sort(seed, sizes, monkeypatch):
    monkeypatch.setattr(identification, "PROBES_A_BLOCK", sizes[0])
    monkeypatch.setattr(identification, "GALLERY_A_BLOCK", sizes[1])
    trial = search(seed)
    expected = slow_ranks(*trial)
    assert_array_equal(mate_ranks(*trial), expected)
    kept = expected[expected != DROPPED]
    assert identify(*trial) == {1: np.mean(kept < 1), 5: np.mean(kept < 5), 20: np.mean(kept < 20)}


def test_by_hand():
    gallery = np.array([[1, 0], [0, 1], [1, 1], [-1, 0]], float)
    gallery_ids = [1, 2, 1, -100]
    probes = np.array([[2, 0.1], [1, 0.9], [0.1, 3], [-1, 0.2], [5, 5]])
    probe_ids = [1, 2, 2, 1, 7]
    # Probe 0 finds entry 0. Probe 1, near the diagonal, sees entries 2 and 0 of person 1 before its own. Probe 2 finds
    # entry 1. Probe 3 sees the distractor, then entry 1, then the diagonal, its mate. Probe 4 has no mate.
    assert_array_equal(mate_ranks(gallery, gallery_ids, probes, probe_ids), [0, 2, 0, 2, DROPPED])
    assert identify(gallery, gallery_ids, probes, probe_ids, ranks=[1, 2, 3]) == {1: 0.5, 2: 0.5, 3: 1.0}


def test_other_mates_do_not_push_the_best_one_down():
    gallery = np.array([[1.0, 0], [0.9, 0.1], [0.8, 0.2], [0, 1]])
    assert_array_equal(mate_ranks(gallery, [4, 4, 4, 5], [[1.0, 0.05], [0.5, 0.5]], [4, 5]), [0, 3])


def test_a_tie_counts_against_the_probe():
    gallery = np.array([[1.0, 0], [1, 0], [0, 1]])
    assert identify(gallery, [1, 2, 3], [[1.0, 0]], [1], ranks=[1, 2]) == {1: 0.0, 2: 1.0}


def test_a_collapsed_network_scores_nothing():
    """One point for every face, up to rounding: strict comparison would call that perfect."""
    rng = np.random.default_rng(0)
    point = rng.standard_normal(64)
    faces = (point * (1 + 1e-7 * rng.standard_normal((50, 64)))).astype(np.float32)
    assert identify(faces[:30], np.arange(30), faces[30:], np.arange(20)) == {1: 0.0, 5: 0.0, 20: 0.0}


def test_negative_identities_are_nobodys_mates():
    faces = np.eye(3)
    assert_array_equal(mate_ranks(faces, [-100, -1, 2], faces, [-100, -1, 2]), [DROPPED, DROPPED, 0])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.01, 3), st.floats(0.01, 100))
def test_order_and_length_are_irrelevant_and_distractors_never_help(seed, noise, scale):
    rng = np.random.default_rng(seed)
    gallery, gallery_ids, probes, probe_ids = search(seed, noise=noise)
    found = mate_ranks(gallery, gallery_ids, probes, probe_ids)
    shuffled, turned = rng.permutation(len(gallery)), rng.permutation(len(probes))
    again = mate_ranks(gallery[shuffled] * scale, gallery_ids[shuffled], probes[turned], probe_ids[turned])
    assert_array_equal(again, found[turned])
    mates = gallery_ids != -100
    without = mate_ranks(gallery[mates], gallery_ids[mates], probes, probe_ids)
    assert (without <= found).all()
    rates = identify(gallery, gallery_ids, probes, probe_ids, ranks=range(1, 61))
    assert list(rates.values()) == sorted(rates.values())
    assert rates[60] == 1


FACES = np.eye(3)
IDS = np.arange(3)


@pytest.mark.parametrize(
    ("gallery", "gallery_ids", "probes", "probe_ids", "message"),
    [
        (np.empty((0, 3)), [], FACES, IDS, "gallery: embeddings have shape \\(0, 3\\)"),
        (FACES, IDS, np.empty((0, 3)), [], "probes: embeddings have shape"),
        (FACES, IDS, FACES[:, :2], IDS, "3 components, probes 2"),
        (FACES, IDS[:2], FACES, IDS, "gallery: identities have shape \\(2,\\)"),
        (FACES, IDS, FACES, IDS / 2, "probes: identities have type float64"),
        (FACES, IDS, np.where(FACES > 0, np.nan, 0), IDS, "probes: embedding 0 is not finite"),
        (np.where(FACES > 0, np.inf, 0), IDS, FACES, IDS, "gallery: embedding 0 is not finite"),
        (FACES, IDS, FACES, IDS + 3, "no probe has a mate"),
    ],
)
def test_bad_input_is_one_line(gallery, gallery_ids, probes, probe_ids, message):
    with pytest.raises(DataError, match=message) as caught:
        identify(gallery, gallery_ids, probes, probe_ids)
    assert "\n" not in str(caught.value)


def test_a_bad_gallery_entry_is_named_by_its_place():
    gallery = np.eye(5)
    gallery[3, 0] = np.nan
    with pytest.raises(DataError, match="gallery: embedding 3 is not finite"):
        mate_ranks(gallery, [4, 3, 2, 1, 0], np.eye(5)[:2], [4, 3])


def test_rank_zero_is_refused():
    with pytest.raises(SettingsError, match="0 is no rank"):
        identify(FACES, IDS, FACES, IDS, ranks=[0])

"""Measures of quality in the laboratory, against the plain curve on pairs that are listed as often as they count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laboratory_faces import PEOPLE, laboratory_faces

from lgaf.damage.kinds import KINDS
from lgaf.evaluate.bootstrap import draws
from lgaf.evaluate.laboratory.reject import reject_areas
from lgaf.evaluate.laboratory.score import score_laboratory
from lgaf.evaluate.reject import error_versus_reject
from lgaf.evaluate.settings import EvaluateSettings

METHODS = ("norm", "local_norm", "global_norm", "visible")
probes = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=40)


def relative(errors: np.ndarray, quality: np.ndarray) -> float:
    """The area over that of a flat line."""
    return error_versus_reject(errors, quality)["auc"] / (0.95 * errors.mean()) if errors.any() else 1.0


@given(probes)
def test_areas_are_those_of_the_pairs_listed_one_by_one(made):
    """One pair a probe, each as often as its weight; a probe's copies stand together and are rejected together."""
    errors, quality, weight = (np.array(column) for column in zip(*made, strict=True))
    found = reject_areas(errors, np.ones(len(made), int), quality, np.stack([np.ones(len(made)), weight], axis=1))
    assert found[0] == pytest.approx(relative(errors, quality))
    if not (errors * weight).any():
        assert found[1] == 1
        return
    order = np.argsort(quality, kind="stable")
    total, rates, shares = weight.sum(), [], []
    for step in range(20):
        left = [
            (errors[k], weight[k])
            for place, k in enumerate(order)
            if weight[order[: place + 1]].sum() * 20 > step * total
        ]
        if sum(w for _, w in left):
            rates.append(sum(e * w for e, w in left) / sum(w for _, w in left))
            shares.append(step / 20)
    expected = np.trapezoid(rates, shares) / (shares[-1] * rates[0]) if len(shares) > 1 else 1
    assert found[1] == pytest.approx(expected)


def test_by_hand():
    """Four probes of two pairs, the worst is told exactly: half of all errors go with the first quarter."""
    errors, pairs, quality = np.array([0, 2, 0, 2]), np.full(4, 2), np.array([3.0, 1.0, 4.0, 2.0])
    (area,) = reject_areas(errors, pairs, quality, np.ones((4, 1)))
    curve = [0.5] * 5 + [1 / 3] * 5 + [0] * 10
    assert area == pytest.approx(np.trapezoid(curve, dx=0.05) / (0.95 * 0.5))
    (worse,) = reject_areas(errors, pairs, -quality, np.ones((4, 1)))
    assert worse > 1 > area


@pytest.fixture(scope="module")
def scored():
    faces = laboratory_faces()
    return faces, score_laboratory(faces, EvaluateSettings(replicates=100), [7])[1]


def units(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("kind", ["mask", "noise"])
def test_a_kind_from_pairs_that_are_listed(scored, kind):
    faces, estimates = scored
    unit, number = units(faces.vectors.astype(float)), 1 + [it.name for it in KINDS].index(kind)
    damaged, gallery = faces.truth["kind"], np.flatnonzero(faces.truth["kind"] == 0)
    sources = np.unique(faces.truth["source"][damaged > 0]).astype(int)

    def listed(rows, same):
        return [(float(unit[d] @ unit[g]), d) for d in rows for g in gallery
                if g != faces.truth["source"][d] and (faces.labels[d] == faces.labels[g]) == same]  # fmt: skip

    strangers = np.sort([score for score, _ in listed(sources, False)])[::-1]
    threshold = strangers[int(0.01 * len(strangers))]
    rows = [*sources, *np.flatnonzero(damaged == number)]
    scores, probe = map(np.array, zip(*listed(rows, True), strict=True))
    branches = (np.linalg.norm(branch, axis=1) for branch in (faces.local, faces.global_))
    for measure, quality in zip(METHODS, (faces.norms, *branches, faces.visible), strict=True):
        found = estimates[f"{kind} {measure}_reject"]
        assert found.value == pytest.approx(relative(scores <= threshold + 1e-7, quality[probe]), abs=0.02)
        assert found.n == len(scores)


def test_visibility_tells_what_is_missing_where_there_is_one(scored):
    _, estimates = scored
    assert estimates["mask visible_reject"].value < 0.9
    assert not [name for name in score_laboratory(laboratory_faces(False), EvaluateSettings(replicates=100), [7])[1]
                if "visible" in name]  # fmt: skip


def test_replicates_are_resamples_of_people(scored):
    """A replicate is the area of the drawn people's pairs."""
    faces, estimates = scored
    (weights,) = draws(PEOPLE, 100, [7], 100)
    found = estimates["mask visible_reject"]
    assert found.replicates.shape == (100,)
    assert len(np.unique(found.replicates.round(9))) > 50
    assert found.replicates.mean() == pytest.approx(found.value, abs=0.1)
    assert weights.sum(axis=0).min() == PEOPLE == len(np.unique(faces.labels))

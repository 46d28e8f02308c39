"""Thresholds, FNMR and groups against pairs that are written out copy by copy."""

from __future__ import annotations

import dataclasses
import json
from itertools import combinations

import numpy as np
import pytest
from embedded import faces
from numpy.testing import assert_allclose

from lgaf.evaluate import EvaluateSettings, thresholds
from lgaf.evaluate.bootstrap import draws
from lgaf.evaluate.groups import ORIGINS, SEXES, groupings
from lgaf.evaluate.score import score
from lgaf.evaluate.thresholds import image_thresholds, shown_fmrs
from lgaf.evaluate.verification.all_pairs import all_pairs_trials
from lgaf.formats.protocol import Verification, read_protocol, write_protocol
from lgaf.world import basis

QUICK = EvaluateSettings(replicates=100)
PEOPLE = 30


def grouped(people=PEOPLE):
    """Faces of known sex, origin and age: the first nine people are of the first origin, ages differ by image."""
    embeddings = faces(people=people)
    person = embeddings.labels
    truth = {
        "male": (person % 2).astype(np.float32),
        "origin": np.where(person < 9, 0, 1 + person % 2).astype(np.float32),
        "age": np.where(np.arange(len(person)) % 4 < 2, 20, 49.5).astype(np.float32),
    }
    return dataclasses.replace(embeddings, truth=truth)


def protocol(**values):
    names = faces(people=PEOPLE).names
    pairs = [(f"p{p:02}_0", f"p{p:02}_1", True) for p in range(PEOPLE)]
    pairs += [(f"p{p:02}_0", f"p{(p + 1) % PEOPLE:02}_1", False) for p in range(PEOPLE)]
    return Verification(pairs=pairs, **{"all_pairs": [names], **values})


def written_out(embeddings, member, weight):
    """(mated, non-mated) cosines of every two images that ``member`` accepts, as often as the resample holds them."""
    unit = embeddings.vectors.astype(float)
    unit = unit / np.linalg.norm(unit, axis=1)[:, None]
    cosines, person = unit @ unit.T, embeddings.labels.tolist()
    found = [], []
    for i, j in combinations(range(len(unit)), 2):
        if member(i, j):
            same = person[i] == person[j]
            times = weight[person[i]] if same else weight[person[i]] * weight[person[j]]
            found[not same].extend([cosines[i, j]] * int(times))
    return np.array(found[0]), np.array(found[1])


def lowest(nonmated, fmr):
    """The lowest score such that what lies above it is few enough."""
    return next(t for t in np.sort(nonmated)[-len(nonmated) // 10 :] if np.mean(nonmated > t) <= fmr)


def test_values_are_those_of_all_pairs_one_by_one():
    embeddings = grouped()
    summary = score(embeddings, protocol(), QUICK)[0]
    block = summary["thresholds"]
    json.dumps(block, allow_nan=False)
    assert block["over"] == "all pairs"
    assert (block["mated"], block["nonmated"]) == (180, 6960)
    (point,) = block["points"]  # at 1e-3 seven pairs would decide
    assert point["fmr"] == 1e-2
    ones = np.ones(PEOPLE)
    mated, nonmated = written_out(embeddings, lambda i, j: True, ones)
    threshold = lowest(nonmated, 1e-2)
    assert point["threshold"]["value"] == pytest.approx(threshold)
    assert point["fnmr"]["value"] == pytest.approx(np.mean(mated <= threshold))
    assert point["fnmr"]["value"] == pytest.approx(1 - summary["metrics"]["all_pairs_tar@far=1e-2"]["value"])
    assert point["threshold"]["low"] < threshold < point["threshold"]["high"]
    groups = {(it["by"], it["group"]): it for it in point["groups"]}
    assert list(groups) == [("sex", "female"), ("sex", "male"), ("origin", "asian"), ("origin", "caucasian"),
                            ("age", "35 to 49"), ("age", "under 35")]  # fmt: skip
    assert block["few"] == [{"by": "origin", "group": "african", "people": 9}]
    truth = embeddings.truth
    tests = {
        ("sex", "male"): truth["male"] == 1,
        ("origin", "caucasian"): truth["origin"] == 2,
        ("age", "under 35"): truth["age"] < 35,
    }
    for key, of_it in tests.items():
        mated, nonmated = written_out(embeddings, lambda i, j, of_it=of_it: of_it[i] and of_it[j], ones)
        found = groups[key]
        assert (found["mated"], found["nonmated"]) == (len(mated), len(nonmated))
        assert found["people"] == len(np.unique(embeddings.labels[of_it]))
        assert found["fnmr"]["value"] == pytest.approx(np.mean(mated <= threshold))
        if len(nonmated) < 1000:
            assert found["fmr"] is None
        else:
            assert found["fmr"]["value"] == pytest.approx(np.mean(nonmated > threshold))
    assert groups["origin", "caucasian"]["fmr"] is None
    assert groups["sex", "male"]["fmr"] is not None


def test_intervals_are_those_of_resamples_written_out():
    """Each resample sets its threshold anew, for all groups alike."""
    embeddings, settings = grouped(people=12), EvaluateSettings(replicates=100)
    trials, _ = all_pairs_trials(embeddings, [embeddings.names], 0)
    block = image_thresholds(trials, embeddings, {"": np.array(["all"] * 48, object)}, settings, [3])
    (point,) = block["points"]
    rates = []
    for weight in next(draws(12, 100, [3], 100)).T:
        mated, nonmated = written_out(embeddings, lambda i, j: True, weight)
        threshold = lowest(nonmated, 1e-2)
        rates.append((threshold, np.mean(mated <= threshold), np.mean(nonmated > threshold)))
    expected = np.quantile(rates, [0.025, 0.975], axis=0).T
    (group,) = point["groups"]
    for found, bounds in zip((point["threshold"], group["fnmr"], group["fmr"]), expected, strict=True):
        assert_allclose((found["low"], found["high"]), bounds)
    assert group["fnmr"] == point["fnmr"]


def test_rates_that_the_pairs_can_show():
    assert shown_fmrs(999) == []
    assert shown_fmrs(1000) == [1e-2]
    assert shown_fmrs(10**7) == [1e-2, 1e-3, 1e-4, 1e-5, 1e-6]
    block = score(grouped(), protocol(all_pairs=[]), QUICK)[0]["thresholds"]
    assert (block["over"], block["nonmated"], block["points"]) == ("the protocol's pairs", 30, [])


def test_pairs_of_unknown_people(monkeypatch):
    """As in a .bin file: pairs stand for themselves."""
    monkeypatch.setattr(thresholds, "FEWEST_ERRORS", 0.1)
    embeddings = dataclasses.replace(faces(people=PEOPLE), labels=np.full(4 * PEOPLE, -1, np.int32), truth={})
    (point, *_) = score(embeddings, protocol(all_pairs=[]), QUICK)[0]["thresholds"]["points"]
    assert point["groups"] == []
    assert point["fnmr"]["low"] < point["fnmr"]["value"] < point["fnmr"]["high"]


def test_groups_of_a_protocol(tmp_path):
    """An image without a group is of none; the truth is not asked."""
    embeddings = grouped()
    listed = {name: "red" for name in embeddings.names if int(name[1:3]) < 20}
    write_protocol(tmp_path / "p.json", protocol(groups=listed))
    asked = read_protocol(tmp_path / "p.json")
    (point,) = score(embeddings, asked, QUICK)[0]["thresholds"]["points"]
    assert [(it["by"], it["group"], it["people"]) for it in point["groups"]] == [("group", "red", 20)]
    assert groupings(embeddings, {})["group"].tolist() == [""] * len(embeddings.names)
    write_protocol(tmp_path / "p.json", protocol())
    assert "groups" not in json.loads((tmp_path / "p.json").read_text())


def test_names_are_the_worlds():
    """The generated world writes places in its lists; an age or origin that is unknown is of no group."""
    assert (SEXES, ORIGINS) == (basis.SEXES, basis.ORIGINS)
    embeddings = grouped()
    embeddings.truth["age"][:3] = np.nan, 35, 80
    assert groupings(embeddings, None)["age"][:4].tolist() == ["", "35 to 49", "50 and over", "35 to 49"]

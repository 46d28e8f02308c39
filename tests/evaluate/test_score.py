"""Embeddings and protocol to summary and trials."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml
from embedded import faces, without
from pydantic import ValidationError

from lgaf.errors import DataError
from lgaf.evaluate import EvaluateSettings, identify, verify
from lgaf.evaluate.curves import roc_points
from lgaf.evaluate.replicates import hash_of_trials, read_replicates, seed_of
from lgaf.evaluate.score import score, score_files
from lgaf.formats.embeddings import write_embeddings
from lgaf.formats.pack import read_table
from lgaf.formats.protocol import Identification, Verification, write_protocol

QUICK = EvaluateSettings(replicates=100, far=(0.05, 0.001))


def verification(people=30, folds=10):
    pairs = []
    for p in range(people):
        for k in range(3):
            pairs += [(f"p{p:02}_{k}", f"p{p:02}_{k + 1}", True)]
            pairs += [(f"p{p:02}_{k}", f"p{(p + 1 + 7 * k) % people:02}_{k}", False)]
    return Verification(pairs=pairs, folds=folds)


def identification(**changes):
    values = {
        "gallery": [f"p{p:02}_0" for p in range(20)],
        "distractors": [f"p{p:02}_0" for p in range(20, 25)],
        "probes": {"d1": [f"p{p:02}_1" for p in range(22)], "d2": [f"p{p:02}_2" for p in range(20)]},
        "ranks": [1, 5],
    }
    return Identification(**{**values, **changes})


def test_verification_summary():
    embeddings, protocol = faces(), verification()
    summary, trials, _ = score(embeddings, protocol, QUICK)
    json.dumps(summary, allow_nan=False)
    assert list(summary["metrics"]) == ["accuracy", "tar@far=5e-2"]
    row = {name: i for i, name in enumerate(embeddings.names)}
    left, right = ([row[pair[side]] for pair in protocol.pairs] for side in (0, 1))
    same = [pair[2] for pair in protocol.pairs]
    result = verify(embeddings.vectors[left], embeddings.vectors[right], same)
    accuracy = summary["metrics"]["accuracy"]
    assert accuracy["value"] == result.accuracy
    assert 0.5 < accuracy["low"] < accuracy["value"] < accuracy["high"] < 1
    assert accuracy["n"] == 180
    assert summary["metrics"]["tar@far=5e-2"]["value"] == result.tar(0.05)
    assert summary["folds"] == {"count": 10, "std": result.std, "threshold": result.threshold}
    assert summary["images"] == {"asked": 120, "used": 120, "missing": 0, "missing_names": []}
    assert summary["trials"] == {"asked": 180, "used": 180, "dropped": 0}
    assert summary["cmc"] is None
    assert summary["all_pairs"] is None
    assert any("tar@far=1e-3 left out" in line for line in summary["protocol"])
    assert any("10 contiguous folds" in line for line in summary["protocol"])
    assert sum(summary["histogram"]["mated"]) == sum(summary["histogram"]["nonmated"]) == 90
    assert len(summary["histogram"]["edges"]) == 61
    assert summary["reject"] is None  # 90 non-mated pairs cannot fix an FMR of 1 %
    assert trials.column_names == [
        "left", "right", "identity_left", "identity_right", "same", "fold", "score", "correct", "quality"
    ]  # fmt: skip
    assert trials["correct"].to_pylist() == result.correct.tolist()
    assert trials["identity_left"].to_pylist() == embeddings.labels[left].tolist()
    norms = embeddings.norms
    assert trials["quality"].to_pylist() == [min(norms[a], norms[b]) for a, b in zip(left, right, strict=True)]


def test_folds_of_the_lists_own_sizes():
    """Equal sizes give what no sizes give; others their own folds."""
    plain = verification(folds=3)
    sized = plain.model_copy(update={"fold_sizes": [60, 60, 60]})
    first, second = (score(faces(), protocol, QUICK) for protocol in (plain, sized))
    assert first[0]["metrics"] == second[0]["metrics"]
    summary, trials, _ = score(faces(), plain.model_copy(update={"fold_sizes": [20, 100, 60]}), QUICK)
    assert np.bincount(trials["fold"].to_numpy()).tolist() == [20, 100, 60]
    assert any("3 contiguous folds of 20 to 100 pairs;" in line for line in summary["protocol"])


def test_accuracy_of_each_condition():
    """The share of its pairs judged right, with the people of its own pairs; what the others get is as without."""
    plain = verification()
    conditions = ["day" if place < 60 else "night" for place in range(180)]
    asked = plain.model_copy(update={"conditions": conditions})
    summary, trials, estimates = score(faces(), asked, QUICK)
    correct, night = trials["correct"].to_numpy(), np.array(conditions) == "night"
    assert trials["condition"].to_pylist() == conditions
    assert list(summary["metrics"]) == ["accuracy", "tar@far=5e-2", "day_accuracy", "night_accuracy"]
    found = summary["metrics"]["night_accuracy"]
    assert (found["value"], found["n"]) == (correct[night].mean(), 120)
    assert found["low"] < found["value"] < found["high"]
    people = {*trials["identity_left"].to_numpy()[~night], *trials["identity_right"].to_numpy()[~night]}
    assert estimates["day_accuracy"].units == len(people) < 30
    without_them, _, others = score(faces(), plain, QUICK)
    assert {name: summary["metrics"][name] for name in others} == without_them["metrics"]
    weights = (60 * estimates["day_accuracy"].replicates + 120 * estimates["night_accuracy"].replicates) / 180
    assert np.corrcoef(weights, estimates["accuracy"].replicates)[0, 1] > 0.9


def test_reject_curve_of_pairs():
    embeddings, protocol = faces(), verification()
    summary, trials, _ = score(embeddings, protocol, EvaluateSettings(replicates=100, reject_fmr=0.1))
    rows = trials.to_pylist()
    threshold = sorted((row["score"] for row in rows if not row["same"]), reverse=True)[9]
    mated = sorted((row for row in rows if row["same"]), key=lambda row: row["quality"])
    curve = summary["reject"]
    assert "FMR 0.1 over all pairs" in curve["rule"]
    assert curve["error"][0] == pytest.approx(np.mean([row["score"] <= threshold for row in mated]))
    assert curve["error"][10] == pytest.approx(np.mean([row["score"] <= threshold for row in mated[45:]]))
    assert curve["error"][10] < curve["error"][0]


def test_truth_is_set_against_norm_and_attention():
    summary, _, _ = score(faces(), verification(), QUICK)
    assert summary["quality"] == {"hidden": {"spearman": pytest.approx(-1.0), "n": 120}}
    trend = summary["attention"]["hidden"]
    assert trend["mean"] == sorted(trend["mean"])
    assert trend["spearman"] == pytest.approx(1.0)
    assert sum(trend["count"]) <= 120
    assert score(faces(attention=False), verification(), QUICK)[0]["attention"] is None


def test_identification_summary():
    embeddings, protocol = faces(), identification()
    summary, trials, _ = score(embeddings, protocol, QUICK)
    json.dumps(summary, allow_nan=False)
    assert list(summary["metrics"]) == ["d1_rank1", "d1_rank5", "d2_rank1", "d2_rank5"]
    row = {name: i for i, name in enumerate(embeddings.names)}
    gallery = [row[name] for name in [*protocol.gallery, *protocol.distractors]]
    ids = [*range(20), *[-100] * 5]
    for name, probes in protocol.probes.items():
        chosen = [row[probe] for probe in probes]
        vectors, labels = embeddings.vectors, embeddings.labels
        expected = identify(vectors[gallery], ids, vectors[chosen], labels[chosen], ranks=[1, 5])
        assert summary["metrics"][f"{name}_rank1"]["value"] == expected[1]
        assert summary["metrics"][f"{name}_rank5"]["value"] == expected[5]
        assert summary["metrics"][f"{name}_rank1"]["n"] == 20
        assert summary["cmc"][name]["rate"][0] == expected[1]
        assert summary["cmc"][name]["rate"][4] == expected[5]
        assert summary["cmc"][name]["rank"] == list(range(1, 26))
    assert summary["trials"] == {"asked": 42, "used": 40, "dropped": 2}
    assert "2 probes have no mate in the gallery and are dropped" in summary["protocol"]
    assert "probes: 20 d1, 20 d2" in summary["protocol"]
    assert any("gallery of 25 images, 5 of them distractors" in line for line in summary["protocol"])
    dropped = [r for r in trials.to_pylist() if r["dropped"]]
    assert [(r["set"], r["probe"], r["identity"], r["rank"]) for r in dropped] == [
        ("d1", "p20_1", 20, None),
        ("d1", "p21_1", 21, None),
    ]
    kept = [r for r in trials.to_pylist() if not r["dropped"]]
    assert summary["reject"]["error"][0] == np.mean([r["rank"] > 0 for r in kept])
    assert summary["roc"] is None
    assert summary["histogram"] is None


def test_one_unnamed_probe_set():
    summary, _, _ = score(faces(), identification(probes={"": [f"p{p:02}_1" for p in range(20)]}, ranks=[1]), QUICK)
    assert list(summary["metrics"]) == ["rank1"]
    assert list(summary["cmc"]) == ["rank", "rate"]


def test_missing_images_are_left_out_counted_and_listed():
    loose = EvaluateSettings(replicates=100, max_missing=0.02)
    summary, trials, _ = score(without(faces(), ["p00_0", "p10_3"]), verification(), loose)
    assert summary["images"] == {"asked": 120, "used": 118, "missing": 2, "missing_names": ["p00_0", "p10_3"]}
    assert summary["trials"] == {"asked": 180, "used": 180 - 4, "dropped": 0}
    assert "images without an embedding: 2; trials with them are left out" in summary["protocol"]
    # The pairs that remain keep the folds of the whole protocol: 18 in each, less what is missing.
    assert np.bincount(trials["fold"].to_numpy()).tolist() == [16, 18, 18, 17, 18, 18, 18, 18, 18, 17]


def test_a_missing_mate_drops_its_probes():
    summary, _, _ = score(
        without(faces(), ["p03_0"]), identification(), EvaluateSettings(replicates=100, max_missing=0.02)
    )
    assert summary["trials"]["dropped"] == 2 + 2
    assert summary["metrics"]["d1_rank1"]["n"] == 19


def test_unknown_identities_are_said_to_be_unknown():
    """A .bin file names nobody."""
    embeddings = dataclasses.replace(faces(), labels=np.full(120, -1, np.int32))
    summary, _, _ = score(embeddings, verification(), QUICK)
    assert any("resamples of pairs, whose identities are unknown" in line for line in summary["protocol"])


@pytest.mark.parametrize(
    ("embeddings", "protocol", "message"),
    [
        (without(faces(), ["p00_0", "p01_0"]), verification(), "2 of 120 images .* as 'p00_0'; evaluate.max_missing"),
        (dataclasses.replace(faces(), names=["x"] * 120), verification(), "'x' occurs twice"),
        (
            faces(),
            Verification(pairs=[("p00_0", "p01_0", True)] * 10),
            "pair 'p00_0', 'p01_0': the protocol says same, their identities say otherwise",
        ),
        (faces(), Verification(pairs=[("p01_0", "p00_0", True)] * 10), "pair 'p01_0', 'p00_0': the protocol says same"),
        (faces(), Verification(pairs=[("p01_0", "p01_1", False)] * 10), "says different, their identities say"),
        (faces(), Verification(pairs=[("p00_0", "p00_1", True)] * 10), "all 10 pairs are mated"),
        (faces(), Verification(pairs=[("p00_0", "p00_1", True), ("p00_0", "p01_1", False)]), "2 pairs in 10 folds"),
        (faces(), Verification(pairs=[]), "0 pairs in 10 folds"),
        (faces(), identification(gallery=[], distractors=[]), "gallery: embeddings have shape \\(0, 16\\)"),
        (faces(), identification(probes={"": ["p00_0"]}), "'p00_0' is both probe and gallery"),
        (faces(), identification(gallery=["p00_0", "p00_0"]), "holds an image twice"),
        (faces(), identification(probes={"": ["p28_1"]}), "no probe of set '' has a mate"),
        (faces(), identification(probes={"": []}), "probes: embeddings have shape"),
    ],
)
def test_what_does_not_fit_is_one_line(embeddings, protocol, message):
    with pytest.raises(DataError, match=message) as caught:
        score(embeddings, protocol, QUICK)
    assert "\n" not in str(caught.value)


def test_roc_points_are_few_and_on_the_curve():
    rng = np.random.default_rng(0)
    far = np.append(0, np.sort(rng.random(5000)))
    tar = np.sqrt(far)
    far[-1] = tar[-1] = 1
    found = roc_points(far, tar)
    assert len(found["far"]) <= 200
    assert set(zip(found["far"], found["tar"], strict=True)) <= set(zip(far.tolist(), tar.tolist(), strict=True))
    assert found["far"][0] == far[1]
    assert found["far"][-1] == found["tar"][-1] == 1


def test_files(tmp_path):
    source, lists = tmp_path / "embeddings.arrow", tmp_path / "lfw.json"
    write_embeddings(source, faces())
    write_protocol(lists, verification())
    outputs = tmp_path / "out" / "lfw.json", tmp_path / "trials" / "lfw.arrow", tmp_path / "replicates" / "lfw.arrow"
    score_files(source, lists, *outputs, "lgaf", 5, "world/lfw", QUICK, 3)
    summary = json.loads(outputs[0].read_text())
    expected, trials, estimates = score(faces(), verification(), QUICK, seed_of(3, "world/lfw"))
    assert summary == {"method": "lgaf", "seed": 5, "benchmark": "world/lfw", **json.loads(json.dumps(expected))}
    assert read_table(outputs[1], trials.column_names).equals(trials)
    replicates = read_replicates(outputs[2])
    assert (replicates.trials, replicates.benchmark) == (hash_of_trials(trials), "world/lfw")
    assert list(replicates.estimates) == list(summary["metrics"])
    for name, found in replicates.estimates.items():
        assert (found.value, found.n, found.units) == (estimates[name].value, estimates[name].n, estimates[name].units)
        np.testing.assert_array_equal(found.replicates, estimates[name].replicates)
    first = outputs[0].read_bytes()
    score_files(source, lists, *outputs, "lgaf", 5, "world/lfw", QUICK, 3)
    assert outputs[0].read_bytes() == first
    own = ("own photos: pairs.csv", "own/lfw")
    for note, display in (("NOT the published data set: 9 pairs", "part/lfw"), ("photos of lfw", "lfw"), own):
        write_protocol(lists, verification().model_copy(update={"notes": [note]}))
        score_files(source, lists, *outputs, "lgaf", 5, "lfw", QUICK, 3)
        summary = json.loads(outputs[0].read_text())
        assert summary["benchmark"] == display
        assert note in summary["protocol"]
    write_protocol(lists, Verification(pairs=[]))
    with pytest.raises(DataError, match=r"embeddings.arrow with .*lfw.json: 0 pairs"):
        score_files(source, lists, *outputs, "lgaf", 5, "world/lfw", QUICK, 3)


def test_settings_by_default_are_those_of_the_default_run():
    block = yaml.safe_load((Path(__file__).parents[2] / "params.yaml").read_text())["evaluate"]
    assert EvaluateSettings(**block) == EvaluateSettings()


def test_settings_at_their_limits():
    EvaluateSettings(far=[0.1] * 20, replicates=100, confidence=1e-9, max_missing=0, reject_fmr=1e-9)
    EvaluateSettings(replicates=100_000, max_missing=1 - 1e-9)
    for wrong in ({"far": [0.1] * 21}, {"replicates": 99}, {"replicates": 100_001}, {"max_missing": -1e-9},
                  {"reject_fmr": 0}, {"reject_fmr": 1}, {"confidence": 0}):  # fmt: skip
        with pytest.raises(ValidationError):
            EvaluateSettings(**wrong)


def test_settings_refuse_nonsense():
    assert EvaluateSettings(far=["1e-3"]).far == (0.001,)  # what YAML 1.1 makes of 1e-3
    for wrong in (
        {"far": [0]},
        {"far": [2]},
        {"replicates": 5},
        {"confidence": 1},
        {"max_missing": 1},
        {"fars": [0.1]},
    ):
        with pytest.raises(ValidationError):
            EvaluateSettings(**wrong)


def test_scoring_imports_no_torch_and_nothing_slow():
    heavy = ("torch", "sklearn", "pandas", "scipy")
    code = f"import lgaf.evaluate, lgaf.evaluate.score, sys; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_trials_are_arrow():
    assert isinstance(score(faces(), identification(), QUICK)[1], pa.Table)

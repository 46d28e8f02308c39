"""The score stage on templates: summary, missing images, intervals, comparison, files."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from embedded import differences, estimate, without
from template_cases import QUICK, example, insightface_pool, tables_tar

from lgaf.errors import DataError, SettingsError
from lgaf.evaluate import EvaluateSettings
from lgaf.evaluate.replicates import seed_of
from lgaf.evaluate.score import score, score_files
from lgaf.evaluate.similarity import QMagFace
from lgaf.evaluate.thresholds import image_thresholds
from lgaf.formats.embeddings import write_embeddings
from lgaf.formats.protocol import write_protocol
from lgaf.formats.templates import PAIRS
from lgaf.formats.thresholds import TEMPLATES

WITHOUT_SCORE = EvaluateSettings(replicates=100, templates={"protocol": "adaface"})


@pytest.mark.parametrize("chosen", [QUICK, WITHOUT_SCORE])
def test_summary(chosen):
    embeddings, protocol = example()
    summary, trials, _ = score(embeddings, protocol, chosen)
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


def test_a_threshold_is_that_of_the_pairs_of_inferred_people():
    """Of 1,456 non-mated pairs 14 may be accepted at FMR 1e-2; lower rates need more."""
    embeddings, protocol = example()
    summary, trials, _ = score(embeddings, protocol, QUICK, 3)
    block, same, scores = summary["thresholds"], trials["same"].to_numpy(), trials["score"].to_numpy()
    (point,) = block["points"]
    assert (block["over"], block["mated"], block["nonmated"], block["few"]) == (TEMPLATES, 84, 1456, [])
    assert (point["fmr"], point["groups"]) == (0.01, [])
    assert point["threshold"]["value"] == np.sort(scores[~same])[::-1][14]
    assert point["fnmr"]["value"] == pytest.approx(np.mean(scores[same] <= point["threshold"]["value"]))
    people = ((trials[side].to_numpy() - 100) // 4 for side in ("left", "right"))  # in the order of the inferred
    table = pa.table({"identity_left": next(people), "identity_right": next(people), "same": same, "score": scores,
                      "left": ["a"] * len(same), "right": ["a"] * len(same)})  # fmt: skip
    assert image_thresholds(table, embeddings, {}, QUICK, 3)["points"] == [point], "as of images of these people"
    assert score(embeddings, protocol, QUICK, 3, QMagFace())[0]["thresholds"] is None


def test_the_two_protocols_differ_and_better_features_score_higher():
    embeddings, protocol = example()
    first, second = (score(embeddings, protocol, chosen)[0]["metrics"] for chosen in (QUICK, WITHOUT_SCORE))
    assert first["tar@far=1e-2"]["value"] > second["tar@far=1e-2"]["value"]  # the detector's score tells the noise
    better = score(*example(noise=0.5), QUICK)[0]["metrics"]
    assert better["tar@far=1e-2"]["value"] > first["tar@far=1e-2"]["value"]


def test_missing_images():
    """Template 100 keeps one image, 101 none."""
    embeddings, protocol = example()
    missing = ["0.jpg", "1.jpg", "3.jpg", "4.jpg", "5.jpg"]
    with pytest.raises(DataError, match="5 of 168 images that the protocol asks for lack"):
        score(without(embeddings, missing), protocol, QUICK)
    loose = EvaluateSettings(replicates=100, max_missing=0.05)
    summary, trials, _ = score(without(embeddings, missing), protocol, loose)
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
    found = differences(good, bad, ["tar@far=1e-2"], replicates=200)["tar@far=1e-2"]
    assert found.difference == pytest.approx(tables_tar(good, 0.01) - tables_tar(bad, 0.01))
    assert 0 < found.low < found.difference < found.high
    assert found.p < 0.05


def test_another_metric_is_refused():
    _, trials, _ = score(*example(), QUICK)
    with pytest.raises(SettingsError, match=r"'accuracy' is no metric of templates; expected tar@far=1e-4"):
        estimate(trials, ["accuracy"], 0, 100)


def test_files(tmp_path):
    embeddings, protocol = example()
    write_embeddings(tmp_path / "e.arrow", embeddings)
    write_protocol(tmp_path / "ijbc.json", protocol)
    outputs = tmp_path / "out.json", tmp_path / "trials.arrow", tmp_path / "replicates.arrow"
    score_files(tmp_path / "e.arrow", tmp_path / "ijbc.json", *outputs, "lgaf", 5, "ijbc", QUICK, 3)
    expected = score(embeddings, protocol, QUICK, seed_of(3, "ijbc"))[0]
    summary = json.loads(outputs[0].read_text())
    assert summary == {"method": "lgaf", "seed": 5, "benchmark": "ijbc", **json.loads(json.dumps(expected))}
    written = [output.read_bytes() for output in outputs]
    score_files(tmp_path / "e.arrow", tmp_path / "ijbc.json", *outputs, "lgaf", 5, "ijbc", QUICK, 3)
    assert [output.read_bytes() for output in outputs] == written

"""The laboratory's numbers, computed again from lists of pairs and from what the embeddings were made of."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from laboratory_faces import EACH, PEOPLE, laboratory_faces
from scipy.stats import spearmanr

from lgaf.damage.kinds import KINDS, condition, kinds_of
from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import draws
from lgaf.evaluate.laboratory.score import score_files, score_laboratory
from lgaf.evaluate.replicates import read_replicates
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.evaluate.verification.weighted_roc import sort_pairs
from lgaf.files import read_json
from lgaf.formats.embeddings import write_embeddings

SETTINGS = EvaluateSettings(replicates=100)
TAR = "tar@far=1e-2"


@pytest.fixture(scope="module")
def faces():
    return laboratory_faces()


@pytest.fixture(scope="module")
def scored(faces):
    return score_laboratory(faces, SETTINGS, [7])


def pairs_of(faces, name: str, vectors: np.ndarray) -> pa.Table:
    """Every damaged face of a condition with every clean one but its origin, one by one."""
    unit = vectors.astype(float) / np.linalg.norm(vectors.astype(float), axis=1)[:, None]
    rows = [k for k, each in enumerate(faces.names) if each.startswith(f"{name}/")]
    if name == "clean":
        rows = [k for k in rows if faces.names[k].endswith("_0")]
    clean = range(PEOPLE * EACH)
    found = [
        (int(faces.labels[d]), int(faces.labels[g]), float(unit[d] @ unit[g]))
        for d in rows
        for g in clean
        if faces.truth["source"][d] != g
    ]
    left, right, score = (np.array(column) for column in zip(*found, strict=True))
    return pa.table({"identity_left": left, "identity_right": right, "same": left == right, "score": score})


@pytest.mark.parametrize("name", ["clean", "mask-1", "mask-2", "warp-2", "mix_all-1"])
@pytest.mark.parametrize(("prefix", "field"), [("", "vectors"), ("local_", "local"), ("global_", "global_")])
def test_rates_are_those_of_the_listed_pairs_on_the_same_resamples(faces, scored, name, prefix, field):
    estimates = scored[1]
    pairs = sort_pairs(pairs_of(faces, name, getattr(faces, field)))
    (weights,) = draws(PEOPLE, 100, [7], 100)
    expected = pairs.rates(np.concatenate([np.ones((PEOPLE, 1)), weights], axis=1), [0.01])
    found = estimates[f"{name} {prefix}{TAR}"]
    assert found.value == pytest.approx(expected[0, 0])
    np.testing.assert_allclose(found.replicates, expected[0, 1:], atol=1e-6)
    auc = estimates[f"{name} {prefix}auc"]
    assert auc.value == pytest.approx(expected[1, 0], abs=1e-3)
    assert found.n == PEOPLE * (EACH - 1)


def test_the_one_weight_that_the_features_were_joined_with_gives_the_fused_rates(scored):
    summary, estimates = scored
    for name, rates in summary["constants"].items():
        assert rates[4] == pytest.approx(estimates[f"{name} {TAR}"].value, abs=0.03)
        assert rates[0] == pytest.approx(estimates[f"{name} global_{TAR}"].value)
        assert rates[10] == pytest.approx(estimates[f"{name} local_{TAR}"].value)
    means = np.mean([rates for name, rates in summary["constants"].items() if name != "clean"], axis=0)
    assert summary["constant"] == np.argmax(means) / 10


def test_the_oracle_takes_the_branch_that_the_damage_left_alone(scored):
    estimates = scored[1]
    for kind in KINDS:
        better = "local_" if kind.name in kinds_of("missing") else "global_"
        worse = {"local_": "global_", "global_": "local_"}[better]
        name = condition(kind.name, 2)
        spared, oracle = (estimates[f"{name} {which}{TAR}"].value for which in (better, "oracle_"))
        assert spared > estimates[f"{name} {worse}{TAR}"].value
        assert oracle > spared - 0.05


def test_spearman_is_scipys_and_rises_with_damage_also_where_strength_falls(faces, scored):
    kinds, sources = faces.truth["kind"].astype(int), [p * EACH for p in range(PEOPLE)]
    for number, kind in enumerate(KINDS, start=1):
        rho = scored[1][f"{kind.name} spearman"].value
        assert (rho > 0.7) == (kind.group == "missing")
        assert (rho < -0.7) == (kind.group != "missing")
        rows = [*sources, *np.flatnonzero(kinds == number)]
        expected = spearmanr(faces.attention[rows, 0], faces.truth["level"][rows])[0]
        assert rho == pytest.approx(expected, abs=1e-6)


def test_the_weight_is_the_mean_over_the_damaged_faces(faces, scored):
    rows = [k for k, name in enumerate(faces.names) if name.startswith("crop-2/")]
    assert scored[1]["crop-2 local_weight"].value == pytest.approx(faces.attention[rows, 0].mean(), abs=1e-6)


def test_a_plain_network_has_rates_alone():
    summary, estimates = score_laboratory(laboratory_faces(branches=False), SETTINGS, [7])
    assert summary["constant"] is None
    assert {name.partition(" ")[2] for name in estimates} == {TAR, "auc", "norm_reject"}
    assert len(estimates) == 2 * (1 + 2 * len(KINDS)) + len(KINDS)


def test_from_file_to_files(faces, scored, tmp_path):
    write_embeddings(tmp_path / "e.arrow", faces)
    score_files(tmp_path / "e.arrow", tmp_path, "lgaf", 3, SETTINGS, 0)
    found = read_replicates(tmp_path / "replicates.arrow")
    assert found.benchmark == "damage"
    assert list(found.estimates) == list(scored[1])
    summary = read_json(tmp_path / "summary.json")
    assert (summary["method"], summary["seed"], summary["constant"]) == ("lgaf", 3, scored[0]["constant"])
    assert any("48 mated" in line for line in summary["protocol"])


def test_other_embeddings_are_refused(faces, tmp_path):
    write_embeddings(tmp_path / "e.arrow", dataclasses.replace(faces, truth={}))
    with pytest.raises(DataError, match=r"e\.arrow: has no column 'kind': no embeddings of the damage laboratory"):
        score_files(tmp_path / "e.arrow", tmp_path, "lgaf", 0, SETTINGS, 0)


def test_one_weight_for_all_follows_nothing(faces):
    """As that of a plain sum: no rank correlation, rather than one that is no number."""
    halves = dataclasses.replace(faces, attention=np.full_like(faces.attention, 0.5))
    found = score_laboratory(halves, SETTINGS, [7])[1]
    assert not [name for name in found if name.endswith("spearman")]
    assert found["mask-1 local_weight"].value == 0.5

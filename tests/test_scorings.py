"""Rows of other rows' embeddings: what params.yaml may say of them, and the stage that scores them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

import lgaf.cli as cli
from lgaf.config import load_settings
from lgaf.errors import SettingsError
from lgaf.files import read_json
from lgaf.formats.embeddings import Embeddings, write_embeddings
from lgaf.formats.pack import read_table, write_pack
from lgaf.formats.protocol import Verification, write_protocol

ROOT = Path(__file__).parents[1]
BROUGHT = {"train_set": "not stated", "licence": "MIT", "source": "its author"}


@pytest.fixture
def params(tmp_path, monkeypatch):
    """Write params.yaml with some scorings, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)

    def write(scorings, **values):
        found = YAML(typ="safe").load(ROOT / "presets" / "tiny.yaml")
        found["methods"] = {"magface": {"network": "plain", "head": "magface"}}
        found |= {"reference": "magface", "benchmarks": ["lfw"], "scorings": scorings, **values}
        found["evaluate"] = {"replicates": 100, "far": [0.1]}
        YAML().dump(found, tmp_path / "params.yaml")
        return tmp_path / "params.yaml"

    return write


def test_presets_without_scorings_have_none():
    assert load_settings(ROOT / "params.yaml").scorings == {}


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ({"of": "magface"}, "scorings.row: must say either similarity: qmagface or templates"),
        (
            {"of": "magface", "similarity": "qmagface", "templates": "unit"},
            "must say either similarity: qmagface or templ",
        ),
        ({"of": "magface", "templates": "mean"}, r"scorings.row.templates: 'mean': input should be 'insightface', 'ad"),
        (
            {"of": "arcface", "similarity": "qmagface"},
            "scorings.row.of: 'arcface' is no row with embeddings; rows are magface",
        ),
        ({"of": "row", "similarity": "qmagface"}, "scorings.row.of: 'row' is no row with embeddings"),
        ({"of": "matcher", "similarity": "qmagface"}, "scorings.row.of: 'matcher' is no row with embeddings"),
        ({"of": "magface", "similarity": "qmagface", "alpha": -1}, "scorings.row.alpha: -1: input should be greater"),
        ({"of": "magface", "templates": "unit", "beta": 1}, "scorings.row: alpha and beta are of similarity: qmagface"),
        (
            {"of": "magface", "gamma": 1},
            r"scorings.row.gamma: unknown key \(allowed: of, label, similarity, alpha, beta",
        ),
    ],
)
def test_what_is_wrong_is_one_line(params, row, match):
    path = params({"row": row}, models={"matcher": {"format": "scores", **BROUGHT}})
    with pytest.raises(SettingsError, match=match) as caught:
        load_settings(path)
    assert "\n" not in str(caught.value)


def test_names_are_taken_once(params):
    with pytest.raises(SettingsError, match="scorings: 'magface' is a row of methods or models too"):
        load_settings(params({"magface": {"of": "magface", "templates": "unit"}}))
    one = {"of": "magface", "similarity": "qmagface"}
    twice = {"one": one, "two": {**one, "alpha": 0}}
    with pytest.raises(SettingsError, match=r"scorings\.two: printed as 'MagFace, QMagFace', as is scorings.one"):
        load_settings(params(twice)).check_all()


def faces():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 4).astype(np.int32)
    vectors = (rng.normal(size=(12, 8))[labels] + 0.9 * rng.normal(size=(48, 8))).astype(np.float32)
    names = [f"p{label:02}/{k % 4}" for k, label in enumerate(labels)]
    return Embeddings(names, labels, vectors, rng.uniform(5, 30, 48).astype(np.float32), None, True, {})


def run(command):
    assert cli.main(command.split()) == 0, command


def test_the_stage_scores_every_seed_and_only_its_own_settings_change(params):
    """A change of the option changes the settings of that row's scoring and no other stage's but the report's."""
    embedded = faces()
    pairs = [
        pair
        for p in range(12)
        for k in range(3)
        for pair in (
            (f"p{p:02}/{k}", f"p{p:02}/{k + 1}", True),
            (f"p{p:02}/{k}", f"p{(p + 1 + k) % 12:02}/{k}", False),
        )
    ]
    write_protocol("data/photos/lfw.json", Verification(pairs=pairs, folds=6, all_pairs=[embedded.names]))
    with write_pack("data/aligned/lfw.arrow") as pack:  # for its version; the scoring looks at no face
        for name, label in zip(embedded.names, embedded.labels.tolist(), strict=True):
            pack.add(name, b"face", label)
    for seed in (0, 1):
        write_embeddings(f"embeddings/magface/{seed}/lfw.arrow", embedded)
    recipe = YAML(typ="safe").load(ROOT / "presets" / "tiny.yaml")["train"] | {"seeds": [0, 1]}
    params({"row": {"of": "magface", "similarity": "qmagface", "alpha": 0.01, "beta": 0.02}}, train=recipe)
    run("settings")
    run("rescore row")
    run("score magface lfw 1")
    for seed in (0, 1):
        summary = read_json(f"results/scores/row/{seed}/lfw.json")
        assert (summary["method"], summary["of"], summary["seed"]) == ("row", "magface", seed)
        assert "cosine + min(0, 0.02 cosine - 0.01) x" in summary["protocol"][0]
        assert Path(f"replicates/row/{seed}/lfw.arrow").is_file()
    made = [read_json(f"results/scores/{row}/1/lfw.json")["made"] for row in ("row", "magface")]
    assert made[0]["benchmark"] == made[1]["benchmark"] != ""
    assert [it["parameters"] for it in made] == [
        read_json(f"settings/rows/{row}.json")["settings"]["parameters"] for row in ("row", "magface")]  # fmt: skip
    assert made[0]["parameters"] != made[1]["parameters"]
    assert "of" not in read_json("results/scores/magface/1/lfw.json")
    one, other = (read_table(f"trials/{row}/1/lfw.arrow", ()) for row in ("row", "magface"))
    assert one.drop_columns(["score", "correct"]) == other.drop_columns(["score", "correct"])
    assert one["score"] != other["score"]

    before = {path: path.read_text() for path in Path("settings").rglob("*.json")}
    params({"row": {"of": "magface", "similarity": "qmagface", "alpha": 0.02, "beta": 0.02}}, train=recipe)
    run("settings")
    changed = {str(path) for path, text in before.items() if path.read_text() != text}
    changing = ("params", "report", "rows/row", "scorings/row")
    assert changed == {f"settings/{name}.json" for name in changing}
    rows = read_json("settings/report.json")["settings"]["rows"]
    assert [(it["id"], it["label"], it["network"]) for it in rows] == [
        ("magface", "MagFace", "plain"), ("row", "MagFace, QMagFace", "embeddings")]  # fmt: skip

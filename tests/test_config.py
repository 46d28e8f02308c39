import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lgaf.config import BENCHMARKS, load_settings, naming
from lgaf.errors import SettingsError

ROOT = Path(__file__).parent.parent
FILES = [ROOT / "params.yaml", *sorted((ROOT / "presets").glob("*.yaml"))]


GIVEN = {
    "file": "n.onnx", "format": "onnx", "sha256": "0" * 64, "image_size": 64, "channels": "RGB", "mean": 127.5,
    "scale": 127.5, "flip": True, "flip_fusion": "sum", "alignment": "arcface", "embedding_dim": 512,
    "train_set": "not stated", "licence": "MIT", "source": "its author",
}  # fmt: skip
"""A manifest that is allowed."""


def edited(tmp_path: Path, path: str, value: object) -> Path:
    """The default parameters with the value at a dotted path replaced."""
    yaml = YAML()
    values = yaml.load(FILES[0])
    *parents, last = path.split(".")
    block = values
    for parent in parents:
        block = block[parent]
    block[last] = value
    out = tmp_path / "params.yaml"
    yaml.dump(values, out)
    return out


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_files_are_valid(path):
    settings = load_settings(path)
    settings.check_all()
    assert set(settings.benchmarks) <= set(BENCHMARKS[settings.data.source])


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (
            "fusion",
            "enrgy",
            ["fusion", "'enrgy'", "'quality', 'energy', 'sum', 'concat', 'gate', 'local' or 'global'"],
        ),
        ("fuson", "sum", ["fuson", "did you mean 'fusion'"]),
        ("seed", "zero", ["seed", "'zero'", "integer"]),
        ("seed", 2**70, ["seed", "less than"]),
        ("embedding_dim", 10**9, ["embedding_dim", "1000000000", "8192"]),
        ("train.lr", float("nan"), ["train.lr", "nan", "finite"]),
        ("train.warmup_epochs", 99, ["train", "99", "below epochs"]),
        ("train.seeds", [], ["train.seeds", "at least 1"]),
        ("train.seeds", [3, 3], ["train.seeds", "twice"]),
        ("train.workers", 10**6, ["train.workers", "256"]),
        ("evaluate.replicates", 10**9, ["evaluate.replicates", "100000"]),
        ("methods.lgaf.heds", 2, ["methods.lgaf.heds", "did you mean 'heads'"]),
        ("methods.lgaf.heads", 0, ["methods.lgaf.heads", "0", "greater than or equal to 1"]),
        ("methods.lgaf.heads", 100_000, ["methods.lgaf.heads", "100000", "64"]),
        ("methods.lgaf.head", "arc", ["methods.lgaf.head", "'arc'", "arcface", "magface", "module:Class"]),
        ("methods.lgaf.kernels", [2], ["methods.lgaf.kernels", "odd"]),
        ("methods.lgaf.kernels", [99999], ["methods.lgaf.kernels", "99999", "31"]),
        ("methods.lgaf.network", "lgav", ["methods.lgaf.network", "'lgav'", "plain, lgaf"]),
        ("methods.lgaf.train", {"seeds": [1]}, ["methods.lgaf.train.seeds", "all rows share train.seeds"]),
        ("methods.arcface.heads", 2, ["methods.arcface.heads", "unknown key", "allowed: network"]),
        ("methods.arcface.label", "AdaFace", ["methods.adaface", "'AdaFace'", "give one of the two a label"]),
        ("methods.adaface.head_options.l_a", 1, ["methods.adaface.head_options.l_a", "margin, h, t_alpha, scale"]),
        ("methods.arcface.head_options.margin", 1e30, ["methods.arcface.head_options.margin", "1e+30", "3.14"]),
        ("train.start_from", {"checkpoint": "x", "frezee": []}, ["train.start_from.frezee", "did you mean 'freeze'"]),
        ("train.start_from", {"take": "whole"}, ["train.start_from.checkpoint", "required"]),
        ("train.start_from", {"checkpoint": "x", "take": "head"}, ["train.start_from.take", "'whole' or 'backbone'"]),
        (
            "methods.arcface.train",
            {"start_from": {"checkpoint": "x", "lr_factor": 2}},
            ["methods.arcface.train.start_from.lr_factor", "less than or equal to 1"],
        ),
        ("methods.arcface.train", {"lr": -1}, ["methods.arcface.train.lr", "-1", "greater than 0"]),
        ("methods.magfase", {}, ["methods.magfase.network", "missing", "plain, lgaf"]),
        ("methods", {"a b": {}}, ["methods.a b", "pattern"]),
        ("models", {"given": {**GIVEN, "sha256": None}}, ["models.given.sha256", "string"]),
        ("models", {"given": {**GIVEN, "image_size": 112}}, ["models.given.image_size: 112", "set image_size to 112"]),
        (
            "models",
            {"given": {**GIVEN, "format": "keras"}},
            ["models.given.format", "'keras'", "onnx", "module:function"],
        ),
        ("models", {"given": {**GIVEN, "format": "a:b c"}}, ["models.given.format", "'a:b c'", "module:function"]),
        ("models", {"given": {**GIVEN, "scale": [1, 1, 0]}}, ["models.given.scale.2", "greater than 0"]),
        ("models", {"given": {**GIVEN, "mean": [1, 2]}}, ["models.given.mean"]),
        ("models", {"given": {**GIVEN, "alignment": "dlib"}}, ["models.given.alignment", "go together"]),
        ("models", {"given": {**GIVEN, "chanels": "RGB"}}, ["models.given.chanels", "did you mean 'channels'"]),
        ("models", {"given": {**GIVEN, "label": "LGAF"}}, ["models.given", "'LGAF'", "methods.lgaf", "a label"]),
        ("models", {"lgaf": GIVEN}, ["models", "'lgaf'", "another name"]),
        ("reference", "arcfase", ["reference", "'arcfase'", "lgaf, arcface, adaface, magface"]),
        ("benchmarks", ["lfw", "lfww"], ["'lfww'", "lfw, cfp_fp, cplfw, agedb, calfw, tinyface, scface"]),
        ("benchmarks", ["lfw", "lfw"], ["benchmarks", "twice"]),
        ("data.source", "lfw", ["data.root"]),
        ("data", {"source": "official", "root": "x"}, ["data.train"]),
        ("data.scface", {"gallery": "all"}, ["data.scface.gallery", "'all'", "'tested' or 'everyone'"]),
        ("data.prefer", "pickle", ["data.prefer", "'layout' or 'bin'"]),
        ("data.source", "ms1m", ["data.source", "'ms1m'", "'world', 'lfw' or 'official'"]),
        ("data.own", {"a b": {"folder": "x"}}, ["data.own.a b", "pattern"]),
        ("data.own", {"LFW": {"folder": "x"}}, ["data.own.LFW", "the name is taken; choose another"]),
        ("data.own", {"train": {"folder": "x"}}, ["data.own.train", "taken"]),
        ("data.own", {"A": {"folder": "x"}, "a": {"folder": "x"}}, ["data.own.A", "taken"]),
        ("data.own", {"door": {}}, ["data.own.door.folder", "required"]),
        ("data.own", {"door": {"foldr": "x", "folder": "x"}}, ["data.own.door.foldr", "did you mean 'folder'"]),
        ("data.own", {"door": {"folder": "x", "probes": "p"}}, ["data.own.door", "name both lists"]),
        (
            "data.own",
            {"door": {"folder": "x", "pairs": "p", "gallery": "g", "probes": "p"}},
            ["data.own.door", "make two benchmarks"],
        ),
        ("data.lfw", {"fold": 11}, ["data.lfw.fold", "11", "less than or equal to 10"]),
        ("data.lfw", {"fold": 0}, ["data.lfw.fold", "0", "greater than or equal to 1"]),
        ("data.lfw", {"fold": 3}, ["lfw.fold", "source 'world' leaves no one out", "set it to null"]),
        ("data.world.frame", 20, ["data.world.frame", "20", "250"]),
        ("evaluate.far", [0.0], ["evaluate.far.0", "greater than 0"]),
    ],
)
def test_mistakes_are_named(tmp_path, path, value, said):
    file = edited(tmp_path, path, value)
    with pytest.raises(SettingsError) as error, naming(file):
        load_settings(file).check_all()
    (line,) = str(error.value).splitlines()
    for part in [str(file), *said]:
        assert part in line
    assert len(line) < 400


@pytest.mark.parametrize("field", GIVEN)
def test_nothing_runs_while_a_field_of_a_manifest_is_unset(tmp_path, field):
    """Left out or null; the file is not asked for before."""
    for block in ({name: value for name, value in GIVEN.items() if name != field}, {**GIVEN, field: None}):
        settings = load_settings(edited(tmp_path, "models", {"given": block}))
        with pytest.raises(SettingsError, match=rf"^models\.given\.{field}: ") as error:
            settings.check_all()
        assert f"models.given.{field}" in str(error.value)


def test_a_training_set_is_not_asked_for_where_nothing_is_trained(tmp_path):
    yaml = YAML()
    values = yaml.load(FILES[0])
    values |= {"data": {"source": "official", "root": "x"}, "benchmarks": ["lfw"], "methods": {},
               "models": {"given": GIVEN}, "reference": "given"}  # fmt: skip
    yaml.dump(values, tmp_path / "p.yaml")
    settings = load_settings(tmp_path / "p.yaml")
    settings.check_all()
    assert settings.rows == ["given"]
    assert settings.label("given") == "given"


def test_all_mistakes_are_named_at_once(tmp_path):
    (tmp_path / "p.yaml").write_text("seed: x\nfusion: y\n")
    with pytest.raises(SettingsError) as error:
        load_settings(tmp_path / "p.yaml")
    assert {"seed", "fusion", "train", "methods"} <= {line.split(": ")[1] for line in str(error.value).splitlines()}


BOMB = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n",
        "a: [\n",
        "seed: 1\nseed: 2\n",
        "\x00",
        "1: 2\n",
        BOMB,
        "a: &a [*a]\n",
        "a: " + "[" * 100_000,
        "a: " + "1" * 5000,
        "#" * 2_000_000,
    ],
    ids=range(11),
)
def test_what_is_no_parameters_file(tmp_path, text):
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"p\.yaml"):
        load_settings(tmp_path / "p.yaml")


def test_missing_file(tmp_path):
    with pytest.raises(SettingsError, match="no such file"):
        load_settings(tmp_path / "none.yaml")


@given(st.sampled_from(["heads", "reduction"]), st.integers(1, 9))
def test_method_values_reach_the_network(tmp_path_factory, key, value):
    settings = load_settings(edited(tmp_path_factory.mktemp("p"), f"methods.lgaf.{key}", value))
    assert settings.run("lgaf").model[key] == value
    default = load_settings(FILES[0])
    assert settings.run("arcface") == default.run("arcface")


def test_a_row_overrides_the_common_recipe(tmp_path):
    settings = load_settings(edited(tmp_path, "methods.adaface.train", {"lr": 0.05, "schedule": "step"}))
    assert settings.run("adaface").train.lr == 0.05
    assert settings.run("adaface").train.epochs == settings.train.epochs
    common = settings.train.model_dump(exclude={"seeds"})
    assert settings.run("arcface").train.model_dump() == common


def test_rows_inherit_what_they_do_not_say(tmp_path):
    """Two LGAFs in one table: only the one without a fusion of its own follows the top level's."""
    block = {"network": "lgaf", "head": "adaface", "fusion": "sum", "label": "LGAF-sum", "backbone": "iresnet18"}
    for fusion in ("quality", "concat"):
        path = edited(tmp_path, "methods.second", block)
        path.write_text(path.read_text().replace("fusion: quality", f"fusion: {fusion}", 1))
        settings = load_settings(path)
        settings.check_all()
        first, second = (settings.run(row).model for row in ("lgaf", "second"))
        assert (first["fusion"], second["fusion"]) == (fusion, "sum")
        assert (first["backbone"], second["backbone"]) == ("iresnet_mini", "iresnet18")
        assert [settings.label(row) for row in settings.methods][-1] == "LGAF-sum"
        assert settings.label("lgaf") == "LGAF"
        assert settings.label("adaface") == "AdaFace"


def test_generated_benchmarks_are_named_as_such(tmp_path):
    assert load_settings(FILES[0]).display("lfw") == "world/lfw"
    own = load_settings(edited(tmp_path, "data.own", {"door": {"folder": "x"}}))
    assert (own.display("door"), own.own) == ("own/door", {})
    real = YAML().load(edited(tmp_path, "data.source", "lfw"))
    real["data"]["root"], real["benchmarks"] = "photos", ["lfw"]
    YAML().dump(real, tmp_path / "real.yaml")
    assert load_settings(tmp_path / "real.yaml").display("lfw") == "lfw"


def test_the_laboratory_takes_the_benchmarks_of_pairs(tmp_path):
    assert load_settings(FILES[0]).damaged == ["lfw", "cfp_fp", "cplfw", "agedb", "calfw"]
    assert load_settings(edited(tmp_path, "damage.enabled", False)).damaged == []
    assert load_settings(edited(tmp_path, "benchmarks", ["tinyface", "agedb"])).damaged == ["agedb"]
    assert load_settings(ROOT / "presets" / "lfw.yaml").damaged == ["lfw"]
    with pytest.raises(SettingsError, match=r"damage\.levels: 1: .*greater than or equal to 2"):
        load_settings(edited(tmp_path, "damage.levels", 1))


def test_reading_settings_does_not_load_torch():
    code = "import lgaf.cli, sys; sys.exit('torch' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


STEPS = {"optimiser": "sgd", "lr": 0.1, "momentum": 0.9, "batch_size": 512, "schedule": "step", "warmup_epochs": 0}
PLAIN = {"flip": 0.5, "cover": 0, "warp": 0, "noise": 0, "low_resolution": 0, "crop": 0, "photometric": 0}
AUGMENTED = {"flip": 0.5, "cover": 0, "warp": 0, "noise": 0, "low_resolution": 0.2, "crop": 0.2, "photometric": 0.2}
ADAFACE = {"epochs": 26, "milestones": (12, 20, 24), "weight_decay": 1e-4, "augment": AUGMENTED}
RECIPES = {
    "lgaf": ({"margin": 0.4, "h": 0.333, "t_alpha": 0.01, "scale": 64}, 0.4, {**STEPS, **ADAFACE}),
    "arcface": (
        {"margin": 0.5, "scale": 64},
        0.0,
        {
            **STEPS,
            "epochs": 20,
            "batch_size": 1024,
            "schedule": "polynomial",
            "weight_decay": 5e-4,
            "clip_norm": 5,
            "augment": PLAIN,
        },
    ),
    "adaface": (
        {"margin": 0.4, "h": 0.333, "t_alpha": 0.01, "scale": 64},
        0.4,
        {**STEPS, **ADAFACE, "clip_norm": None},
    ),
    "magface": (
        {"l_margin": 0.45, "u_margin": 0.8, "l_a": 10, "u_a": 110, "lambda_g": 35, "scale": 64, "easy_margin": True},
        0.4,
        {**STEPS, "clip_norm": None, "epochs": 25, "milestones": (10, 18, 22), "weight_decay": 5e-4, "augment": PLAIN},
    ),
}
"""Method -> options of its head, dropout, training, as in the authors' scripts that docs/paper-scale.md names."""


@pytest.mark.parametrize("method", RECIPES)
def test_the_paper_preset_has_the_authors_recipes(method):
    settings = load_settings(ROOT / "presets" / "paper.yaml")
    assert list(settings.methods) == list(RECIPES)
    head, dropout, train = RECIPES[method]
    run = settings.run(method)
    assert run.head == ("adaface" if method == "lgaf" else method)
    assert run.head_options == head
    network = {"backbone": "iresnet100", "embedding_dim": 512, "image_size": 112, "dropout": dropout}
    assert {key: run.model[key] for key in network} == network
    found = run.train.model_dump()
    assert {key: found[key] for key in train} == train
    assert settings.align.landmarks == "given"
    assert settings.benchmarks == ["lfw", "cfp_fp", "cplfw", "agedb", "calfw", "tinyface", "scface"]

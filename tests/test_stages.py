"""What DVC is told: the settings and sources of each stage, and which of these files each stage of dvc.yaml watches."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import lgaf.cli as cli
from lgaf.config import load_settings
from lgaf.errors import SettingsError
from lgaf.sources import sources
from lgaf.stages.inputs import read_settings
from lgaf.stages.settings import stages
from lgaf.strict import Strict
from lgaf.train.settings import TrainingRun

ROOT = Path(__file__).parent.parent
PARAMS = "params.yaml"
ROWS = ("lgaf", "arcface", "adaface", "magface")
TRAIN = {f"train/{row}" for row in ROWS}
ALIGN = {"align/train", "align/test"}
GIVEN = {"given/net", "given/own"}
TRAINED = {f"rows/{row}" for row in ROWS}
NUMBERS = {*TRAINED, "rows/net", "rows/own"}
"""The hash of all parameters that decide the numbers of a row."""
EDITS = {
    # What is edited: file, text, other text -> whose file of settings is another. An edit of a source changes nothing.
    "the top level's fusion": (PARAMS, "fusion: quality", "fusion: sum", {"train/lgaf", "rows/lgaf", "report"}),
    "a row's label": (PARAMS, "    head: magface\n", "    head: magface\n    label: M\n", {"report"}),
    "a row's recipe": (
        PARAMS, "    head: magface\n", "    head: magface\n    dropout: 0.1\n",
        {"train/magface", "rows/magface", "report"}),
    "an LGAF's label": (PARAMS, "    network: lgaf\n", "    network: lgaf\n    label: L\n", {"maps", "report"}),
    "a default said": (PARAMS, "  train_miss: drop", "  train_miss: drop\n  max_unreadable: 0.0", set()),
    "a comment": (PARAMS, "fusion: quality", "fusion: quality  # ours", set()),
    "training's misses": (PARAMS, "  train_miss: drop", "  train_miss: centre", {"align/train", "report", *NUMBERS}),
    "the tests' misses": (PARAMS, "  test_miss: centre", "  test_miss: drop", {"align/test", "report", *NUMBERS}),
    "a seed more": (PARAMS, "  seeds:\n    - 0\n", "  seeds:\n    - 0\n    - 1\n", {"report"}),
    "a benchmark less": (PARAMS, "  - scface\n", "", {"embed", "report", *GIVEN}),
    "a damaged benchmark less": (PARAMS, "  - cfp_fp\n", "", {"damage", "embed", "report", *GIVEN}),
    "more damaged people": (PARAMS, "  people: 120", "  people: 121", {"damage", "report"}),
    "no laboratory": (
        PARAMS, "  enabled: true", "  enabled: false", {"damage", "embed", "laboratory", "maps", "report", *GIVEN}),
    "a generator of damage": ("lgaf/damage/layout.py", "\n", "\n\n", {"damage"}),
    "the kinds of damage": ("lgaf/damage/kinds.py", "\n", "\n\n", {"damage", "laboratory", "maps", "report"}),
    "the picture of maps": ("lgaf/maps/picture.py", "\n", "\n\n", {"maps"}),
    "the gate": (PARAMS, "alpha: 0.05", "alpha: 0.01", set()),
    "the page's faces": (PARAMS, "  faces: false", "  faces: true", {"report"}),
    "the row that others are compared with": (PARAMS, "reference: lgaf", "reference: arcface", {"report"}),
    "how many decode": (PARAMS, "  workers: 0", "  workers: 2", {*TRAIN, "report"}),
    "the resamples": (
        PARAMS, "  replicates: 1000", "  replicates: 2000", {"score", "laboratory", "report", *NUMBERS}),
    "how the world looks": (PARAMS, "    frame: 250", "    frame: 251", {"photos", "report", *TRAINED}),
    "one head": ("baselines/magface.py", "\n", "\n\n", {"train/magface"}),
    "a head that nobody uses": ("baselines/funface.py", "\n", "\n\n", set()),
    "the frame of all heads": ("baselines/margin.py", "\n", "\n\n", TRAIN),
    "a reader that nobody uses": ("lgaf/data/official/ijb.py", "\n", "\n\n", set()),
    "own photos that nobody asks for": (PARAMS, "  root: null", "  root: null\n  own: {a: {folder: b}}", {"report"}),
    "the reader of own lists": ("lgaf/data/own/pairs.py", "\n", "\n\n", set()),
    "the image decoder": (
        "lgaf/formats/image.py", "\n", "\n\n",
        {"photos", "damage", "embed", "score", "laboratory", "maps", "report", *ALIGN, *TRAIN, *GIVEN}),
    "the bootstrap": ("lgaf/evaluate/bootstrap.py", "\n", "\n\n", {"score", "laboratory", "report"}),
    "the contact sheet": ("lgaf/world/contact_sheet.py", "\n", "\n\n", {"report"}),
    "the page's script": ("lgaf/report/page/templates/page.js", "\n", "\n\n", {"report"}),
    "published numbers": ("lgaf/report/published.csv", "\n", "\n\n", {"report"}),
    "the device": ("lgaf/device.py", "\n", "\n\n", {*TRAIN, "embed", *GIVEN}),
    "the settings of networks": (
        "lgaf/model_settings.py", "\n", "\n\n", {*TRAIN, "embed", "maps", "report", *GIVEN}),
    "the warp": ("lgaf/align/warp.py", "\n", "\n\n", {*ALIGN, "damage"}),
    "a manifest's scaling": (PARAMS, "    mean: 0\n", "    mean: 127.5\n", {"given/net", "rows/net", "report"}),
    "a network's file": (PARAMS, "    sha256: a", "    sha256: b", {"given/net", "rows/net", "report"}),
    "a given row's label": (PARAMS, "    label: Net", "    label: Other", {"report"}),
    "the mirror images": (PARAMS, "flip: true", "flip: false", {"embed", *GIVEN, "report", *NUMBERS}),
    "the reader of ONNX files": ("lgaf/given/onnx.py", "\n", "\n\n", {"given/net"}),
    "the reader of TFLite files": ("lgaf/given/tflite.py", "\n", "\n\n", set()),
    "the factory": ("own_networks.py", "\n", "\n\n", {"given/own"}),
    "how given networks are run": ("lgaf/given/network.py", "\n", "\n\n", GIVEN),
    "the probe": ("lgaf/given/probe.py", "\n", "\n\n", set()),
    "a network that is trained here": ("lgaf/models/iresnet.py", "\n", "\n\n", {*TRAIN, "embed", "maps"}),
    "the command line": ("lgaf/cli.py", "\n", "\n\n", set()),
}  # fmt: skip


MANIFEST = """
    file: net.bin
    sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    image_size: 64
    channels: RGB
    mean: 0
    scale: 255
    flip: true
    flip_fusion: sum
    alignment: arcface
    embedding_dim: 512
    train_set: not stated
    licence: MIT
    source: its author
"""
MODELS = f"""models:
  net:
    label: Net
    format: onnx{MANIFEST}  own:
    format: own_networks:build{MANIFEST}"""
"""Two rows that were trained elsewhere, beside those of params.yaml."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The sources and the default parameters, to be edited."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("lgaf", "baselines"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / PARAMS).write_text((ROOT / PARAMS).read_text().replace("models: {}\n", MODELS))
    (folder / "own_networks.py").write_text("import numpy\n")
    return folder


def told(folder: Path) -> dict[str, object]:
    """What is written for each stage."""
    found = stages(load_settings(folder / PARAMS)).items()
    return {
        stage: (values.model_dump(mode="json"), sources(modules, folder, folder)) for stage, (values, modules) in found
    }


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_reaches_what_it_touches_and_nothing_else(copy, edit):
    name, old, new, expected = EDITS[edit]
    path, before = copy / name, (copy / name).read_text()
    whole = told(copy)
    assert old in before
    try:
        path.write_text(before.replace(old, new, 1))
        edited = told(copy)
    finally:
        path.write_text(before)
    assert {stage for stage in whole if whole[stage] != edited[stage]} == expected


WATCHED = {
    "settings": None,
    "basis": "basis",
    "photos": "photos",
    "align_train": "align/train",
    "align": "align/test",
    "train": "train/${item.row}",
    "damage": "damage",
    "embed": "embed",
    "embed_given": "given/${item.row}",
    "score": "score",
    "rescore": "scorings/${key}",
    "laboratory": "laboratory",
    "laboratory_given": "laboratory",
    "maps": "maps",
    "score_given": "score",
    "report": "report",
}
"""Stage of dvc.yaml -> the file of settings that it watches."""


OF_ROW = "rows/${item.row}"
BESIDE = {
    "photos": ["own"],
    **{stage: [OF_ROW] for stage in ("score", "score_given", "laboratory", "laboratory_given")},
    "rescore": ["rows/${key}"],
}
"""Stage -> the other files of settings that it watches."""
COMMANDS = {"align_train": "align", "score_given": "score", "laboratory_given": "laboratory"}
"""Stage of dvc.yaml -> the command that it shares with another."""


def test_dvc_watches_the_file_of_each_stage_and_no_source_by_hand():
    pipeline = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    assert pipeline.keys() == WATCHED.keys()
    for stage, file in WATCHED.items():
        said = pipeline[stage].get("do", pipeline[stage])
        deps = [dep for dep in said["deps"] if dep.startswith(("settings/", "lgaf", "baselines", PARAMS))]
        files = sorted([file, *BESIDE.get(stage, [])]) if file else []
        assert deps == ([PARAMS, "baselines", "lgaf"] if file is None else [f"settings/{name}.json" for name in files])
        command = said["cmd"].split()
        assert command[:3] == ["python", "-m", "lgaf"]
        name = COMMANDS.get(stage, stage)
        assert command[3] == name
        wanted = {"pack": "train" if stage == "align_train" else "${item.benchmark}"}
        if stage in ("score_given", "laboratory_given"):
            wanted["seed"] = "0"
        if stage == "rescore":
            wanted["row"] = "${key}"
        assert command[4:] == [wanted.get(a, f"${{item.{a}}}") for a in cli.STAGES[name][1]]


def test_every_stage_of_the_command_line_is_one_of_dvc(copy):
    assert set(cli.STAGES) == {COMMANDS.get(stage, stage) for stage in WATCHED}
    named = {
        "basis",
        "photos",
        *ALIGN,
        *TRAIN,
        *GIVEN,
        *NUMBERS,
        "damage",
        "embed",
        "score",
        "laboratory",
        "maps",
        "report",
    }
    assert set(told(copy)) == {*named, "own"}


@pytest.fixture
def project(copy, tmp_path, monkeypatch):
    """A folder in which `lgaf settings` was run."""
    shutil.copytree(copy, tmp_path, dirs_exist_ok=True)
    shutil.copy(ROOT / PARAMS, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    assert cli.main(["settings"]) == 0
    return tmp_path


def test_a_stage_is_told_what_params_say(project):
    settings = load_settings(PARAMS)
    found, expected = read_settings("train/lgaf", TrainingRun), settings.run("lgaf")
    assert found.model_dump(mode="json") == expected.model_dump(mode="json")
    written = json.loads((project / "settings/train/lgaf.json").read_text())
    assert "baselines/arcface.py" in written["sources"]
    assert "baselines/adaface.py" not in written["sources"]


def test_edited_parameters_are_not_passed_over(project, monkeypatch):
    (project / PARAMS).write_text((project / PARAMS).read_text() + "\n")
    with pytest.raises(SettingsError, match=r"params\.yaml: edited since `lgaf settings`"):
        read_settings("embed", Strict)
    monkeypatch.setenv("DVC_STAGE", "embed")  # DVC has run `settings` itself
    with pytest.raises(SettingsError, match="benchmarks: unknown key"):
        read_settings("embed", Strict)


def test_a_row_that_is_gone_is_gone(project):
    with pytest.raises(SettingsError, match=r"methods: 'cosface' is no row; there are adaface, arcface, lgaf, magface"):
        read_settings("train/cosface", TrainingRun)


def test_no_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=r"settings/embed\.json: no such file; run `dvc repro`"):
        read_settings("embed", Strict)


OWN = """
from baselines.margin import AngularMargin, HeadOptions, MarginHead

class Mine(MarginHead):
    \"\"\"A head of one's own.\"\"\"

    class Options(HeadOptions):
        \"\"\"Its options.\"\"\"

        margin: AngularMargin = 0.2
"""


def test_a_head_of_ones_own(project, capsys, monkeypatch):
    """It needs no edit of the project, its source is listed, and it is said that DVC does not watch it."""
    (project / "my_heads.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(project))
    row = "  mine:\n    network: plain\n    head: my_heads:Mine\n    head_options:\n      margin: 0.1\n"
    text = (project / PARAMS).read_text()
    (project / PARAMS).write_text(text.replace("methods:\n", f"methods:\n{row}", 1))
    assert cli.main(["settings"]) == 0
    assert "methods.mine: my_heads.py lies outside" in capsys.readouterr().err
    run = read_settings("train/mine", TrainingRun)
    assert run.head_options == {"margin": 0.1}
    assert "my_heads.py" in json.loads((project / "settings/train/mine.json").read_text())["sources"]
    report = json.loads((project / "settings/report.json").read_text())["settings"]
    assert report["rows"][0]["label"] == "Mine"
    sys.modules.pop("my_heads")


def test_given_files_are_looked_at_before_anything_runs(project, capsys, monkeypatch):
    """A missing file, another one, a factory that is not there: a line each, and all settings stay as they were."""
    monkeypatch.syspath_prepend(str(project))
    before = (project / "settings/report.json").read_text()
    (project / PARAMS).write_text((ROOT / PARAMS).read_text().replace("models: {}\n", MODELS))
    capsys.readouterr()
    assert cli.main(["settings"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("net.bin: no such file; put it there (its author), or give a whole path" in line for line in lines)
    (project / "net.bin").write_bytes(b"network")
    assert cli.main(["settings"]) == 1
    sha = hashlib.sha256(b"network").hexdigest()
    (first, _) = capsys.readouterr().err.splitlines()
    assert f"net.bin: its sha256 is {sha}, the manifest says {'a' * 64}; get the file that" in first
    (project / PARAMS).write_text((project / PARAMS).read_text().replace("a" * 64, sha))
    assert cli.main(["settings"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "models.own: format own_networks:build: own_networks has no function build" in line
    assert (project / "settings/report.json").read_text() == before
    (project / "own_networks.py").write_text("def build(path):\n    return path\n")
    sys.modules.pop("own_networks", None)
    assert cli.main(["settings"]) == 0
    assert "models.own: own_networks.py lies outside" in capsys.readouterr().err
    written = json.loads((project / "settings/given/own.json").read_text())
    assert written["settings"]["manifest"]["format"] == "own_networks:build"
    assert {"own_networks.py", "lgaf/given/factory.py"} <= written["sources"].keys()
    sys.modules.pop("own_networks", None)

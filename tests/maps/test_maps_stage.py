"""The stage `maps`, from its settings and files to pictures."""

import shutil

import pytest
from ruamel.yaml import YAML

from lgaf.config import load_settings
from lgaf.models import create_model
from lgaf.models.checkpoint import save_model
from lgaf.paths import DAMAGE, MAPS, MODELS
from lgaf.stages.inputs import write_settings
from lgaf.stages.maps import MapsRun, run
from lgaf.stages.settings import mapped

SMALL = {"backbone": "iresnet_mini", "embedding_dim": 16, "image_size": 32}


@pytest.fixture
def folder(tmp_path, monkeypatch, laboratory):
    """A folder to run the stage in, as DVC does, with the laboratory and two models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_STAGE", "maps")
    DAMAGE.parent.mkdir()
    shutil.copy(laboratory.path, DAMAGE)
    for row, options in {"lgaf": {}, "heads_1": {"heads": 1, "gates": False}}.items():
        save_model(create_model("lgaf", **SMALL, **options), MODELS / row / "3" / "model.safetensors", {})
    return tmp_path


def test_a_picture_a_row(folder):
    write_settings("maps", MapsRun(rows={"lgaf": "LGAF", "heads_1": "LGAF, 1 head"}, seed=3), {})
    run()
    assert {path.name for path in MAPS.iterdir()} == {"lgaf.jpg", "heads_1.jpg"}
    write_settings("maps", MapsRun(rows={"lgaf": "LGAF"}, seed=3), {})
    run()
    assert [path.name for path in MAPS.iterdir()] == ["lgaf.jpg"]


def test_without_a_row_the_folder_is_empty(folder):
    DAMAGE.unlink()
    write_settings("maps", MapsRun(rows={}, seed=3), {})
    run()
    assert list(MAPS.iterdir()) == []


def params(folder, **changes):
    values = YAML(typ="safe").load((folder / "presets.yaml").read_text()) | changes
    YAML().dump(values, folder / "params.yaml")
    return load_settings(folder / "params.yaml")


def test_rows_with_a_local_branch_have_maps(tmp_path, pytestconfig):
    shutil.copy(pytestconfig.rootpath / "presets" / "tiny.yaml", tmp_path / "presets.yaml")
    assert mapped(params(tmp_path)) == {"lgaf": "LGAF"}
    assert mapped(params(tmp_path, fusion="local")) == {"lgaf": "LGAF"}
    assert mapped(params(tmp_path, fusion="global")) == {}
    assert mapped(params(tmp_path, damage={"enabled": False})) == {}

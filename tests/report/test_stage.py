"""The stage `report`, from its settings and files to the page of tables."""

import io
from pathlib import Path

import numpy as np
import pytest
from page_files import write_seen
from PIL import Image
from reading import markdown_tables, page
from report_files import protocol, settings, write_run

from lgaf.files import write_json
from lgaf.formats.pack import write_pack
from lgaf.formats.protocol import write_protocol
from lgaf.paths import LABORATORY, MAPS, MODELS, PHOTOS, REPLICATES, RESULTS
from lgaf.report.sources import Layout
from lgaf.stages.inputs import write_settings
from lgaf.stages.report import run, training_set

TRUTH = ("hidden", "deformation", "yaw", "age", "distance")


def photos(name: str) -> None:
    """A pack of three grey images of the generated world."""
    file = io.BytesIO()
    Image.fromarray(np.full((32, 32, 3), 128, np.uint8)).save(file, format="PNG")
    with write_pack(PHOTOS / f"{name}.arrow", TRUTH) as pack:
        for index in range(3):
            pack.add(f"{index}", file.getvalue(), index, None, **dict.fromkeys(TRUTH, 0.0))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run the stage in, as DVC does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_STAGE", "report")
    return tmp_path


@pytest.mark.parametrize("source", ["world", "lfw"])
def test_the_stage_writes_the_report_and_the_worlds_faces(folder: Path, source: str):
    asked = settings(("lgaf", "arcface"), seeds=(0, 1), benchmarks=("lfw",), source=source)
    write_run(folder, asked, world=source == "world")
    write_seen(folder, asked)
    write_settings("report", asked, {})
    for name in ("train", "lfw"):
        photos(name)
    write_protocol(PHOTOS / "lfw.json", protocol("lfw"))
    MAPS.mkdir()
    (MAPS / "lgaf.jpg").write_bytes(b"maps")
    run()
    assert (RESULTS / "plots" / "maps-lgaf.jpg").read_bytes() == b"maps"
    kind = "world-" if source == "world" else ""
    text = page(RESULTS, f"{kind}verification")
    assert markdown_tables(text)[0][1][0] == "LGAF"
    assert ("generated world" if kind else "| lfw ") in text
    assert "Python" in text
    assert (RESULTS / "plots" / "world-faces.jpg").exists() == bool(kind)
    assert ("The generated faces" in (RESULTS / "report.html").read_text()) == bool(kind)
    assert {path.stem for path in (RESULTS / "summary").iterdir()} == {"lgaf", "arcface"}


@pytest.mark.parametrize(("images", "title"), [(5_822_653, "MS1MV2"), (1_000, "my_set")])
def test_an_official_training_set_is_known_by_its_size(folder: Path, images: int, title: str):
    write_json(RESULTS / "align" / "train.json", {"counts": {"images": images}})
    asked = settings(source="official", train_set="sets/my_set")
    assert training_set(asked, Layout(RESULTS, REPLICATES, MODELS, LABORATORY)) == title

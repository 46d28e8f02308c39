"""`lgaf photos` on official data, and the notes on their way to the table."""

from pathlib import Path

import miniature
import numpy as np
import pytest
from ruamel.yaml import YAML

from lgaf.cli import main
from lgaf.data.official.readers import open_benchmark
from lgaf.evaluate.score import score
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.formats.embeddings import Embeddings
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import read_protocol

ROOT = Path(__file__).parents[3]


@pytest.fixture
def params(layouts, tmp_path, monkeypatch):
    """Parameters for all of them and a training set of three people, in an empty folder."""
    root = tmp_path / "root"
    root.mkdir()
    for folder in layouts.iterdir():
        (root / folder.name).symlink_to(folder)
    for person in ("a", "b", "c"):
        for number in (1, 2):
            miniature.put(root / "people" / person / f"{number}.jpg", miniature.picture(person, number))
    values = YAML(typ="safe").load(ROOT / "params.yaml")
    values["data"] = {
        "source": "official",
        "root": str(root),
        "train": "people",
        "counts": "any",
        "agedb": {"draw": 0},
    }
    values["benchmarks"] = [*miniature.NAMES]
    YAML(typ="safe").dump(values, tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return root


def test_photos_and_doctor(params, capsys):
    assert main(["doctor"]) == 0
    assert main(["settings"]) == 0
    assert main(["photos"]) == 0
    photos = Path("data/photos")
    assert len(Pack(photos / "train.arrow")) == 6
    for name in miniature.NAMES:
        assert len(Pack(photos / f"{name}.arrow")) > 10
        assert any(
            note.startswith("NOT the published data set") for note in read_protocol(photos / f"{name}.json").notes
        )
    assert "protocol test80" in read_protocol(photos / "scface_test80.json").notes[-1]
    (params / "people" / "a" / "1.jpg").unlink()
    (params / "cfp").unlink()
    capsys.readouterr()
    assert main(["photos"]) == 1
    assert "has no cfp_fp: looked for cfp_fp/, cfp/" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["cplfw", "scface", "ijbb"])
def test_notes_are_printed_under_the_table(layouts, name):
    benchmark = open_benchmark(name, layouts, counts="any")
    count = len(benchmark.images)
    embeddings = Embeddings(
        [image.name for image in benchmark.images],
        np.array([image.label for image in benchmark.images], np.int32),
        np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32),
        np.ones(count, np.float32),
        None,
        True,
        {},
    )
    protocol = benchmark.protocol.model_copy(update={"notes": benchmark.notes})
    summary, *_ = score(embeddings, protocol, EvaluateSettings(replicates=100))
    assert [line for line in summary["protocol"] if line in benchmark.notes] == benchmark.notes

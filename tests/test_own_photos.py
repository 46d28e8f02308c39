"""docs/own-photos.md as a reader follows it: noise for photos, a network from a file, then one that is trained here."""

import hashlib
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from ruamel.yaml import YAML
from test_own_models import ROW, TINY, network
from test_pipeline import Clone, ran

PAGE = (Path(__file__).parent.parent / "docs" / "own-photos.md").read_text()
LIST = re.search(r"```csv\n(.*?)```", PAGE, re.DOTALL)[1].replace(" ", "")
STEP = YAML(typ="safe").load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
COMMANDS = [line.strip() for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


class Walk:
    """A clone in which the page's commands are run one by one."""

    def __init__(self, folder: Path):
        self.clone = Clone(folder)
        door = folder / STEP["data"]["own"]["door"]["folder"]
        rng = np.random.default_rng(0)
        for name in sorted(set(re.findall(r"\w+/\d\.jpg", LIST))):
            (door / name).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(door / name), rng.integers(0, 256, (150, 120, 3), np.uint8))
        (door / "pairs.csv").write_text(LIST)
        (folder / "my_model.onnx").write_bytes(network(0))
        self.said = {}
        for command in filter(None, COMMANDS):
            self.said[command] = self.clone.run(command)
            if command.startswith("cp "):
                self.edit(**YAML(typ="safe").load(ROW), benchmarks=STEP["benchmarks"])

    def edit(self, **changes: object) -> None:
        """Change top-level keys of the parameters, which are made small; the page's step is in them."""
        path = self.clone.folder / "params.yaml"
        values = YAML(typ="safe").load(path) | changes
        values["models"]["mine"]["sha256"] = hashlib.sha256(network(0)).hexdigest()
        values["data"] |= {"world": TINY, **STEP["data"]}
        values["evaluate"] |= {"replicates": 100, "far": [0.5], "reject_fmr": 0.5}
        values["train"] |= {"epochs": 1, "batch_size": 4, "warmup_epochs": 0}
        YAML().dump(values, path)


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    return Walk(tmp_path_factory.mktemp("walk"))


def test_the_pages_commands_give_the_tables(walk):
    doctor = " ".join(walk.said["lgaf doctor"].split())
    assert re.search(r"own/door ok own photos: pairs.csv: 4 pairs of 4 photos of .* 4 ", doctor)
    assert ran(walk.said["dvc repro align@door"]) == {"settings", "basis", "photos", "align@door"}
    assert walk.clone.read("results/align/door.json")["counts"]["images"] == 4
    assert ran(walk.said["dvc repro"]) == {
        "align_train", "damage", "embed_given@mine", "score_given@mine-door", "laboratory_given@mine", "maps", "report",
    }  # fmt: skip
    metrics = walk.clone.read("results/metrics.json")
    assert list(metrics["mine"]) == ["own/door"]
    assert metrics["mine"]["own/door"]["accuracy"]["n"] == 4
    text = (walk.clone.folder / "results/tables/own-verification.md").read_text()
    for part in (
        "own/door",
        "My network",
        "own photos: pairs.csv: 4 pairs of 4 photos",
        "whose identities are unknown",
    ):
        assert part in text
    assert "published" not in text.lower()
    assert (walk.clone.folder / "results/plots/own-roc.png").is_file()
    assert "own/" in walk.clone.run("git status --short --untracked-files=all")
    assert ".jpg" not in walk.clone.run("git status --short own --untracked-files=all"), "photos are not committed"


def test_another_list_is_seen_and_scored(walk):
    """The photos are the same, so none is aligned or embedded again."""
    with (walk.clone.folder / "own/door/pairs.csv").open("a") as stream:
        stream.write("ann/1.jpg,bob/2.jpg,0\n")
    assert ran(walk.clone.run("dvc repro")) == {"settings", "photos", "score_given@mine-door", "report"}
    assert walk.clone.read("results/metrics.json")["mine"]["own/door"]["accuracy"]["n"] == 5
    assert "up to date" in walk.clone.run("dvc repro")


def test_a_list_with_a_mistake_runs_and_deletes_nothing(walk):
    path = walk.clone.folder / "own/door/pairs.csv"
    good = path.read_text()
    path.write_text(f"{good}ann/1.jpg,eve/1.jpg,0\n")
    output = walk.clone.run("dvc repro", status=255)
    path.write_text(good)
    assert "params.yaml: data.own.door: own/door/pairs.csv: line 7: no such image: own/door/eve/1.jpg" in output
    assert (walk.clone.folder / "data/photos/door.arrow").is_file()
    assert "up to date" in walk.clone.run("dvc repro")


def test_a_trained_row_beside_it(walk):
    walk.edit(methods={"plain": {"network": "plain", "head": "arcface"}})
    assert {"train@plain-0", "embed@plain-0", "score@plain-door-0", "report"} <= ran(walk.clone.run("dvc repro"))
    text = (walk.clone.folder / "results/tables/own-verification.md").read_text()
    assert "ArcFace" in text
    assert "My network - ArcFace" in text

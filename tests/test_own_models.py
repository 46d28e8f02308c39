"""docs/own-models.md as a reader follows it: a tiny ONNX network, from its manifest to the tables."""

import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML
from test_pipeline import Clone, ran

from lgaf.formats.embeddings import Embeddings, read_embeddings

sys.path.insert(0, str(Path(__file__).parent / "given"))
from onnx_files import onnx_file, weights_of

PAGE, BROUGHT = (Path(__file__).parent.parent / "docs" / "own-models.md").read_text().split("## Bring embeddings")
ROW, BROUGHT_ROW = (re.search(r"```yaml\n(.*?)```", part, re.DOTALL)[1] for part in (PAGE, BROUGHT))
COMMANDS, BROUGHT_COMMANDS = (
    [line.strip() for block in re.findall(r"```bash\n(.*?)```", part, re.DOTALL) for line in block.splitlines()]
    for part in (PAGE, BROUGHT)
)
SIZE, WIDTH = 112, 512
TINY = {"frame": 250, "train_people": 2, "train_images": 2, "pair_people": 6, "pair_images": 4, "pairs": 10,
        "search_people": 4, "distractors": 3, "mugshot_people": 2}  # fmt: skip


def network(seed: int) -> bytes:
    return onnx_file(weights_of(seed, WIDTH, SIZE), size=SIZE)


class Walk:
    """A clone in which the page's commands are run one by one."""

    def __init__(self, folder: Path):
        self.clone = Clone(folder)
        self.said = {}
        (folder / "my_model.onnx").write_bytes(network(0))
        for command in (line for line in COMMANDS if line):
            self.said[command] = self.clone.run(command)
            if command.startswith("sha256sum"):
                self.fill_in(self.said[command].split()[0])

    def fill_in(self, sha256: str) -> None:
        """The page's row in the parameters, which are made small."""
        values = YAML(typ="safe").load(self.clone.folder / "params.yaml")
        values |= YAML(typ="safe").load(ROW.replace("SHA256", sha256))
        values["data"]["world"], values["benchmarks"] = TINY, ["lfw", "tinyface"]
        values["evaluate"] |= {"replicates": 100, "far": [0.1], "reject_fmr": 0.2}
        values["train"]["seeds"] = [0, 1, 2]
        YAML().dump(values, self.clone.folder / "params.yaml")

    def edit(self, old: str, new: str) -> None:
        path = self.clone.folder / "params.yaml"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    return Walk(tmp_path_factory.mktemp("walk"))


def test_the_pages_commands_give_the_tables(walk):
    assert "as the manifest says" in walk.said["lgaf probe mine"]
    assert ran(walk.said["dvc repro align@lfw"]) == {"settings", "basis", "photos", "align@lfw"}
    assert ran(walk.said["dvc repro"]) == {
        "align_train", "align@tinyface", "damage", "embed_given@mine", "score_given@mine-lfw",
        "score_given@mine-tinyface", "laboratory_given@mine", "maps", "report",
    }  # fmt: skip
    metrics = walk.clone.read("results/metrics.json")
    assert list(metrics) == ["mine"]
    assert set(metrics["mine"]["world/lfw"]["accuracy"]) == {"value", "low", "high", "n"}
    text = (walk.clone.folder / "results/tables/world-verification.md").read_text()
    assert "My network" in text
    assert "Trained elsewhere" in text
    assert len(list((walk.clone.folder / "results/plots").glob("world-*.png"))) >= 3
    assert not list((walk.clone.folder / "models").rglob("*.safetensors")), "nothing is trained"


def test_another_file_runs_its_row_and_the_report_again(walk):
    content = network(1)
    old = walk.clone.read("models/mine/0/manifest.json")["sha256"]
    (walk.clone.folder / "my_model.onnx").write_bytes(content)
    walk.edit(old, hashlib.sha256(content).hexdigest())
    output = walk.clone.run("dvc repro")
    scored = {"score_given@mine-lfw", "score_given@mine-tinyface"}
    assert ran(output) == {"settings", "embed_given@mine", "laboratory_given@mine", "maps", "report", *scored}
    assert "up to date" in walk.clone.run("dvc repro")


def embeddings_of(walk: Walk, benchmark: str) -> Embeddings:
    return read_embeddings(walk.clone.folder / f"embeddings/mine/0/{benchmark}.arrow")


def save(walk: Walk, benchmark: str, vectors: np.ndarray) -> None:
    """Embeddings as others have them."""
    names = np.array(embeddings_of(walk, benchmark).names)
    np.savez(walk.clone.folder / f"{benchmark}.npz", names=names, embeddings=vectors)


def test_what_is_brought_gives_the_same_rows(walk):
    """The page's commands and row, with the embeddings of the network above, and with their cosines."""
    folder = walk.clone.folder
    found = {name: embeddings_of(walk, name) for name in ("lfw", "tinyface")}
    for name, each in found.items():
        save(walk, name, each.vectors)
    unit = found["lfw"].vectors / np.linalg.norm(found["lfw"].vectors, axis=1, keepdims=True)
    place = {name: row for row, name in enumerate(found["lfw"].names)}
    pairs = [pair[:2] for pair in walk.clone.read("data/photos/lfw.json")["pairs"]]
    lines = (f"{left},{right},{unit[place[left]] @ unit[place[right]]}\n" for left, right in pairs)
    (folder / "lfw.csv").write_text("left,right,score\n" + "".join(lines))
    for command in (*BROUGHT_COMMANDS, "lgaf import-embeddings brought tinyface tinyface.npz --flip true"):
        if command:
            walk.clone.run(command)
    values, row = (YAML(typ="safe").load(it) for it in (folder / "params.yaml", BROUGHT_ROW))
    values["models"] |= row["models"]
    values["models"]["matcher"] = {**row["models"]["brought"], "format": "scores", "label": "Matcher"}
    YAML().dump(values, folder / "params.yaml")
    stages = (("embed_given", ""), ("laboratory_given", ""), ("score_given", "-lfw"), ("score_given", "-tinyface"))
    assert ran(walk.clone.run("dvc repro")) == {"settings", "maps", "report"} | {
        f"{stage}@{row}{name}" for row in ("brought", "matcher") for stage, name in stages
    }
    assert "up to date" in walk.clone.run("dvc repro")
    metrics = walk.clone.read("results/metrics.json")
    mine = {name: it for name, it in metrics["mine"].items() if not name.startswith("damage/")}
    assert metrics["brought"] == mine
    assert metrics["matcher"]["world/lfw"]["accuracy"]["n"] == mine["world/lfw"]["accuracy"]["n"]
    assert "Not tested" not in (folder / "results/tables/README.md").read_text()


def test_another_file_that_is_brought_is_seen(walk):
    """Every benchmark is scored anew: a number tells of all files of its row (its parameters' hash)."""
    save(walk, "lfw", embeddings_of(walk, "lfw").vectors ** 3)
    walk.clone.run("lgaf import-embeddings brought lfw lfw.npz --flip true")
    assert ran(walk.clone.run("dvc repro")) == {
        "settings", "embed_given@brought", "laboratory_given@brought", "score_given@brought-lfw",
        "score_given@brought-tinyface", "maps", "report"}  # fmt: skip
    metrics = walk.clone.read("results/metrics.json")
    assert metrics["brought"]["world/lfw"] != metrics["mine"]["world/lfw"]


def test_several_processes_embed_what_one_does(walk):
    """The packs of so few faces go to one of the two; the other waits for it."""
    files = [walk.clone.folder / f"embeddings/mine/0/{name}.arrow" for name in ("lfw", "tinyface")]
    alone = [path.read_bytes() for path in files]
    walk.edit("  seeds:", "  processes: 2\n  seeds:")
    walk.clone.run("lgaf settings")
    for path in files:
        path.unlink()
    walk.clone.run("lgaf embed_given mine")
    assert [path.read_bytes() for path in files] == alone
    assert sorted(path.name for path in files[0].parent.iterdir()) == ["damage.arrow", "lfw.arrow", "tinyface.arrow"]


@pytest.mark.parametrize(("weights", "said"), [
    (np.full((3 * SIZE * SIZE, WIDTH), np.nan), "lfw.arrow: record 0 ("),
    (np.zeros((3 * SIZE * SIZE, WIDTH)), "one and the same embedding for all"),
    (np.ones((3 * SIZE * SIZE, 7)), "gives 7 values a face, the manifest says embedding_dim 512"),
], ids=["nan", "constant", "width"])  # fmt: skip
def test_a_broken_network_leaves_nothing_half_written(walk, weights, said):
    """In one line, status 1, and of the row's embeddings nothing is there."""
    folder, content = walk.clone.folder, onnx_file(weights, size=SIZE)
    (folder / "my_model.onnx").write_bytes(content)
    walk.edit(json.loads((folder / "settings/given/mine.json").read_text())["settings"]["manifest"]["sha256"],
              hashlib.sha256(content).hexdigest())  # fmt: skip
    walk.clone.run("lgaf settings")
    output = walk.clone.run("lgaf embed_given mine", status=1)
    (line,) = [line for line in output.splitlines() if line.startswith("lgaf: ")]
    assert said in line
    assert not (folder / "embeddings/mine/0").exists()

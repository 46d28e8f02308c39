"""What was brought, as a row: told to the stages, embedded, scored and reported like any other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from ruamel.yaml import YAML

import lgaf.cli as cli
from lgaf.evaluate.verification.folds import distances
from lgaf.files import read_json
from lgaf.formats.embeddings import Embeddings, read_embeddings, write_embeddings
from lgaf.formats.pack import read_table, write_pack
from lgaf.formats.protocol import Identification, Verification, write_protocol

ROOT = Path(__file__).parents[2]
PEOPLE, EACH, WIDTH = 24, 4, 8
SAID = {"label": "Mine, brought", "train_set": "WebFace4M", "licence": "MIT", "source": "its author"}
BENCHMARKS = ["lfw", "tinyface"]


def name(person: int, photo: int) -> str:
    return f"p{person:02}/{photo}"


NAMES = [name(person, photo) for person in range(PEOPLE) for photo in range(EACH)]
LABELS = np.repeat(np.arange(PEOPLE), EACH).astype(np.int32)
PAIRS = [
    pair
    for person in range(PEOPLE)
    for k in range(3)
    for pair in (
        (name(person, k), name(person, k + 1), True),
        (name(person, k), name((person + 1 + 5 * k) % PEOPLE, k), False),
    )
]


def vectors(noise: float = 0.9) -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(PEOPLE, WIDTH))
    return (centres[LABELS] + noise * rng.normal(size=(len(LABELS), WIDTH))).astype(np.float32)


class World:
    """A folder with photos' lists, aligned faces, and the embeddings of a row that was trained here."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "data/photos").mkdir(parents=True)
        write_protocol(folder / "data/photos/lfw.json", Verification(pairs=PAIRS, folds=6, all_pairs=[NAMES]))
        search = Identification(
            gallery=[name(person, 0) for person in range(PEOPLE)],
            probes={"": [name(person, 1) for person in range(PEOPLE)]},
            ranks=[1],
        )
        write_protocol(folder / "data/photos/tinyface.json", search)
        hidden = np.random.default_rng(1).random(len(NAMES)).astype(np.float32)
        norms = np.linalg.norm(vectors().astype(np.float64), axis=1)
        own = Embeddings(NAMES, LABELS, vectors(), norms, None, True, {"hidden": hidden})
        for benchmark in BENCHMARKS:
            with write_pack(folder / f"data/aligned/{benchmark}.arrow", truth=["hidden"]) as pack:
                for each, label, share in zip(NAMES, LABELS.tolist(), hidden.tolist(), strict=True):
                    pack.add(each, b"not looked at", label, hidden=share)
            write_embeddings(folder / f"embeddings/arcface/0/{benchmark}.arrow", own)
        np.savez(folder / "mine.npz", names=np.array(NAMES), embeddings=vectors())
        self.params({})

    def params(self, models: dict) -> None:
        values = YAML(typ="safe").load(ROOT / "presets" / "tiny.yaml")
        values["methods"] = {"arcface": {"network": "plain", "head": "arcface"}}
        values |= {"models": models, "reference": "arcface", "benchmarks": BENCHMARKS}
        values["evaluate"] = {"replicates": 100, "far": [0.1], "reject_fmr": 0.2}
        YAML().dump(values, self.folder / "params.yaml")


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    return World(tmp_path)


def run(command: str) -> None:
    assert cli.main(command.split()) == 0, command


def scored(row: str, benchmark: str) -> tuple[dict, bytes, bytes]:
    """The summary but for the row's name and where it is from, and the files of trials and replicates."""
    summary = read_json(f"results/scores/{row}/0/{benchmark}.json")
    assert summary.pop("method") == row
    assert summary.pop("made")["benchmark"]
    return summary, *(Path(f"{kind}/{row}/0/{benchmark}.arrow").read_bytes() for kind in ("trials", "replicates"))


def test_the_same_embeddings_give_the_same_bytes(world, capsys):
    for benchmark in BENCHMARKS:
        run(f"import-embeddings mine {benchmark} mine.npz --flip true")
    assert "imported/mine/lfw.arrow: 96 embeddings of 8 values" in capsys.readouterr().out
    world.params({"mine": {"format": "embeddings", **SAID}})
    for command in ("settings", "embed_given mine", "laboratory mine 0"):
        run(command)
    assert list(Path("laboratory/mine/0").iterdir()) == []
    files = (read_table(f"embeddings/{row}/0/lfw.arrow", ()) for row in ("mine", "arcface"))
    assert pa.Table.equals(*files, check_metadata=True)
    for benchmark in BENCHMARKS:
        for row in ("arcface", "mine"):
            run(f"score {row} {benchmark} 0")
        assert scored("mine", benchmark) == scored("arcface", benchmark)
    assert [row["network"] for row in read_json("settings/report.json")["settings"]["rows"]] == ["plain", "embeddings"]
    manifest = read_json("models/mine/0/manifest.json")
    assert manifest["files"].keys() == set(BENCHMARKS)


def test_a_changed_file_is_seen(world):
    """The stage's settings have another hash, and so have the row's parameters; a change between the two stages is
    refused, and nothing is left."""
    for benchmark in BENCHMARKS:
        run(f"import-embeddings mine {benchmark} mine.npz --flip true")
    world.params({"mine": {"format": "embeddings", **SAID}})
    run("settings")
    before = Path("settings/given/mine.json").read_text()
    parameters = Path("settings/rows/mine.json").read_text()
    others = {
        path: path.read_text()
        for path in Path("settings").rglob("*.json")
        if path.parent.name not in ("given", "rows") or path.stem != "mine"
    }
    np.savez("mine.npz", names=np.array(NAMES), embeddings=2 * vectors())
    run("import-embeddings mine lfw mine.npz --flip true")
    assert cli.main(["embed_given", "mine"]) == 1
    assert not Path("embeddings/mine/0").exists()
    run("settings")
    assert Path("settings/given/mine.json").read_text() != before
    assert Path("settings/rows/mine.json").read_text() != parameters
    assert {path: path.read_text() for path in others} == others
    run("embed_given mine")


def test_identities_are_the_benchmarks_and_alignment_decides(world):
    """Whoever writes the file himself may say other identities, another order, more images: it makes no difference."""
    order = np.random.default_rng(3).permutation(len(NAMES))
    written = Embeddings(
        [*(NAMES[k] for k in order), "more"], np.arange(97, dtype=np.int32), np.append(vectors()[order], [[1] * 8], 0),
        np.append(np.linalg.norm(vectors()[order].astype(np.float64), axis=1), 1), np.ones((97, 2)), True,
        {"yaw": np.zeros(97, np.float32)})  # fmt: skip
    for benchmark in BENCHMARKS:
        write_embeddings(f"imported/mine/{benchmark}.arrow", written)
    with write_pack("data/aligned/tinyface.arrow", truth=["hidden"]) as pack:  # alignment has left the last image out
        for each, label in zip(NAMES[:-1], LABELS.tolist(), strict=False):
            pack.add(each, b"", label, hidden=0.5)
    world.params({"mine": {"format": "embeddings", **SAID}})
    run("settings")
    run("embed_given mine")
    found, own = read_embeddings("embeddings/mine/0/lfw.arrow"), read_embeddings("embeddings/arcface/0/lfw.arrow")
    assert found.names == own.names
    assert found.attention is not None, "a row may tell of its branches"
    for key in ("labels", "vectors", "norms"):
        np.testing.assert_array_equal(getattr(found, key), getattr(own, key))
    assert found.truth.keys() == {"hidden"}
    assert read_embeddings("embeddings/mine/0/tinyface.arrow").names == NAMES[:-1]


def test_what_is_wrong_with_a_file_of_ones_own_is_one_line(world, capsys):
    world.params({"mine": {"format": "embeddings", **SAID}})
    own = read_embeddings("embeddings/arcface/0/lfw.arrow")
    twice, zero = own.names.copy(), own.vectors.copy()
    twice[1], zero[3] = twice[0], 0
    write_embeddings("imported/mine/tinyface.arrow", own)
    for names, values, said in (
        (twice, own.vectors, "the name 'p00/0' stands twice"),
        (own.names, zero, "record 3 (p00/3): the embedding is all zeros"),
    ):
        write_embeddings("imported/mine/lfw.arrow", Embeddings(names, LABELS, values, own.norms, None, False, {}))
        run("settings")
        capsys.readouterr()
        assert cli.main(["embed_given", "mine"]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("lgaf: imported/mine/lfw.arrow: ")
        assert said in line


def test_a_missing_file_is_told_with_the_command_that_makes_it(world, capsys):
    run("import-embeddings mine lfw mine.npz --flip false")
    world.params({
        "mine": {"format": "embeddings", **SAID}, "other": {"format": "scores", **SAID, "label": "Other"},
    })  # fmt: skip
    capsys.readouterr()
    assert cli.main(["settings"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "lgaf: params.yaml: models.mine: imported/mine/tinyface.arrow: no such file; make it with `lgaf "
        "import-embeddings mine tinyface FILE --flip true|false`",
        "params.yaml: models.other: imported/other/lfw.arrow: no such file; make it with `lgaf import-scores other lfw "
        "FILE`",
    ]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "import-embeddings mine calfw mine.npz --flip true",
            "'calfw' is none of params.yaml's benchmarks: lfw, tinyface",
        ),
        ("import-embeddings ../mine lfw mine.npz --flip true", "'../mine': a row is named by up to 40 letters, digits"),
        ("import-scores mine tinyface mine.csv", "data/photos/tinyface.json: is no list of pairs (identification)"),
        ("import-scores mine lfw mine.npz", "mine.npz: not one of .parquet, .csv"),
        ("probe mine", "models.mine: format embeddings: has no network that could be tried"),
    ],
)
def test_commands_refuse_in_one_line(world, capsys, command, said):
    world.params({"mine": {"format": "embeddings", **SAID}})
    assert cli.main(command.split()) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("lgaf: ")
    assert said in line


def test_photos_that_are_not_there(world, capsys):
    shutil.rmtree("data/photos")
    assert cli.main(["import-embeddings", "mine", "lfw", "mine.npz", "--flip", "true"]) == 1
    assert "data/photos/lfw.json: no such file; run `dvc repro` to make it" in capsys.readouterr().err


@pytest.mark.parametrize("field", ["train_set", "licence", "source"])
def test_every_field_is_said(world, capsys, field):
    world.params({"mine": {"format": "embeddings", **{key: it for key, it in SAID.items() if key != field}}})
    assert cli.main(["settings"]) == 1
    assert f"models.mine.{field}: " in capsys.readouterr().err
    world.params({"mine": {"format": "embeddings", **SAID, "sha256": "0"}})
    assert cli.main(["settings"]) == 1
    assert "models.mine.sha256: unknown key" in capsys.readouterr().err


def test_a_copy_of_the_project_takes_the_projects_files(world, monkeypatch):
    for benchmark in BENCHMARKS:
        run(f"import-embeddings mine {benchmark} mine.npz --flip true")
    world.params({"mine": {"format": "embeddings", **SAID}})
    run("settings")
    copy = world.folder / ".dvc/tmp/exps/copy"
    copy.mkdir(parents=True)
    shutil.copy("params.yaml", copy)
    before = json.loads(Path("settings/given/mine.json").read_text())["settings"]
    monkeypatch.chdir(copy)
    run("settings")
    assert json.loads(Path("settings/given/mine.json").read_text())["settings"] == before


def write_cosines(path: str, pairs=PAIRS) -> None:
    place = {each: row for row, each in enumerate(NAMES)}
    left, right = ([place[pair[side]] for pair in pairs] for side in (0, 1))
    scores = 1 - distances(vectors()[left], vectors()[right]) / 2
    columns = {"left": [pair[0] for pair in pairs], "right": [pair[1] for pair in pairs], "score": scores}
    pa.parquet.write_table(pa.table(columns), path)


def test_scores_of_the_embeddings_give_their_rates(world, capsys):
    write_cosines("mine.parquet")
    run("import-scores mine lfw mine.parquet")
    assert "imported/mine/lfw.arrow: scores of 144 pairs" in capsys.readouterr().out
    world.params({"mine": {"format": "scores", **SAID}})
    for command in ("settings", "embed_given mine", "laboratory mine 0", "score arcface lfw 0"):
        run(command)
    for benchmark in BENCHMARKS:
        run(f"score mine {benchmark} 0")
    (found, trials, _), (expected, theirs, _) = scored("mine", "lfw"), scored("arcface", "lfw")
    assert found["roc"] == expected["roc"]
    assert found["metrics"]["tar@far=1e-1"] == expected["metrics"]["tar@far=1e-1"]
    assert found["images"] == expected["images"]
    tables = [pa.ipc.open_file(content).read_all() for content in (trials, theirs)]
    for key in ("left", "right", "identity_left", "identity_right", "same", "fold"):
        assert tables[0][key].equals(tables[1][key])
    assert scored("mine", "tinyface")[0]["metrics"] == {}

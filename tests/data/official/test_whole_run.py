"""The whole of an official run, from the formats that data sets are passed on in to tables and plots."""

import json
import re
import shutil
import zlib
from pathlib import Path

import cv2
import miniature
import numpy as np
import pytest
import torch
from ruamel.yaml import YAML

from lgaf.align.warp import similarity, template, warp
from lgaf.cli import main
from lgaf.data.verification_bin import write_verification_bin
from lgaf.export import export
from lgaf.formats.image import decode_image
from lgaf.formats.pack import Pack, write_pack
from lgaf.world.basis import build_basis, load_basis
from lgaf.world.identity import draw_person
from lgaf.world.paint import Subject
from lgaf.world.photograph import Studio, photograph
from lgaf.world.scene import draw_scene
from lgaf.world.texture import paint

ROOT = Path(__file__).parents[3]
PEOPLE, EACH, TRAINED = 10, 2, 4
BENCHMARKS = ["lfw", "cfp_fp", "cplfw", "agedb", "calfw", "tinyface", "scface", "ijbc"]
METHODS = ["lgaf", "arcface", "adaface", "magface"]
JUNK = b"\xff\xd8\xff no image"


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """People's aligned faces, JPEG of 112x112: EACH of PEOPLE people."""
    path = tmp_path_factory.mktemp("basis") / "basis.safetensors"
    build_basis(path)
    studio = Studio(load_basis(path))
    found = []
    for number in range(PEOPLE):
        person = draw_person(studio.basis, 5, number)
        subject = Subject(person, paint(person).stack())
        found.append([])
        for image in range(EACH):
            random = np.random.default_rng([5, number, image])
            scene = draw_scene(random, person, 30.0, 250, yaw=float(random.normal(0, 15)))
            photo = photograph(studio, subject, scene, 250, random)
            pixels = decode_image(photo.image, "render")
            crop = warp(pixels, similarity(photo.landmarks, template(112)), 112)
            found[-1].append(cv2.imencode(".jpg", crop[..., ::-1])[1].tobytes())
    return found


def write_published_lfw(folder: Path, make: miniature.Picture) -> None:
    """LFW's counts, 10 folds of 300 and 300 pairs, on few photos."""
    miniature.write_lfw(folder, make)
    people = [f"Person_{chr(65 + fold)}{index}" for fold in range(10) for index in range(4)]
    lines = ["10\t300"]
    for fold in range(10):
        own = people[4 * fold : 4 * fold + 4]
        lines += [f"{own[k % 4]}\t{k % 3 + 1}\t{(k + 1) % 3 + 1}" for k in range(300)]
        lines += [f"{own[k % 4]}\t{k % 3 + 1}\t{own[(k + 1 + k % 3) % 4]}\t{k // 3 % 3 + 1}" for k in range(300)]
    miniature.put_lines(folder / "pairs.txt", lines)


@pytest.fixture(scope="module")
def root(faces, tmp_path_factory):
    """Where the data are: a training set as RecordIO, AgeDB-30 as .bin, the others in their official layout.

    One training image and one of TinyFace are broken.
    """
    root = tmp_path_factory.mktemp("root")

    def make(person: str, number: int) -> bytes:
        return faces[TRAINED + zlib.crc32(person.encode()) % (PEOPLE - TRAINED)][number % EACH]

    write_published_lfw(root / "lfw", make)
    miniature.write_cfp(root / "cfp", make)
    miniature.write_cplfw(root / "cplfw", make)
    miniature.write_calfw(root / "calfw", make)
    miniature.write_tinyface(root / "tinyface", make)
    (root / "tinyface/Testing_Set/Gallery_Distractor/1003_3.jpg").write_bytes(JUNK)
    miniature.write_scface(root / "scface", make)
    miniature.write_ijb(root / "ijbc", "ijbc", make, points=" ".join(map(str, template(112).ravel())))
    pairs = [(make(f"a{k}", 0), make(f"a{k + k % 2}", 1), k % 2 == 0) for k in range(40)]
    write_verification_bin(
        root / "bin" / "agedb_30.bin", [image for pair in pairs for image in pair[:2]], np.array([p[2] for p in pairs])
    )
    with write_pack(root / "train.arrow") as pack:
        for label in range(TRAINED):
            for number in range(12):
                pack.add(f"{label}/{number}", faces[label][number % EACH], label)
    (root / "faces_emore").mkdir()
    export(root / "train.arrow", root / "faces_emore" / "train.rec")
    records = bytearray((root / "faces_emore" / "train.rec").read_bytes())
    start = records.rindex(b"\xff\xd8\xff")
    records[start : start + 64] = bytes(64)
    (root / "faces_emore" / "train.rec").write_bytes(records)
    return root


def params(folder: Path, root: Path) -> Path:
    """The paper's preset, small."""
    yaml = YAML()
    values = yaml.load(ROOT / "presets" / "paper.yaml")
    values["backbone"], values["embedding_dim"], values["benchmarks"] = "mobilenetv3_small_050", 16, BENCHMARKS
    values["data"] |= {"root": str(root), "counts": "any"}
    values["align"]["max_unreadable"] = 0.05
    values["damage"]["enabled"] = False  # tests/damage has it
    values["train"] |= {"epochs": 1, "batch_size": 16, "milestones": [], "workers": 0, "precision": "float32"}
    values["train"]["lr"] = 0.01
    for method in values["methods"].values():
        if "train" in method:
            method["train"] |= {"epochs": 1, "batch_size": 16}
            method["train"].pop("milestones", None)
    values["evaluate"] |= {"replicates": 100, "max_missing": 0.05, "far": [0.1]}
    path = folder / "params.yaml"
    yaml.dump(values, path)
    return path


@pytest.fixture(scope="module")
def run(root, tmp_path_factory):
    """The folder of a run, every stage done."""
    folder = tmp_path_factory.mktemp("run")
    params(folder, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("DVC_STAGE", raising=False)
        stages = [["settings"], ["photos"], *(["align", name] for name in ("train", *BENCHMARKS))]
        for method in METHODS:
            stages += [["train", method, "0"], ["embed", method, "0"]]
            stages += [["score", method, name, "0"] for name in BENCHMARKS]
        for stage in [*stages, ["report"]]:
            assert main(stage) == 0, stage
    torch.set_flush_denormal(False)  # training sets it for the process; Hypothesis draws such numbers
    return folder


def rows_of(path: Path) -> list[list[str]]:
    """The cells of a page's first table, headings first, the line below them left out."""
    lines = path.read_text().split("\n\n")[1].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]


def test_metrics_of_every_method_on_every_benchmark(run):
    metrics = json.loads((run / "results" / "metrics.json").read_text())
    assert list(metrics) == METHODS
    for row in metrics.values():
        assert list(row) == [*(name if name == "lfw" else f"part/{name}" for name in BENCHMARKS), "part/average"]
        assert row["lfw"]["accuracy"]["n"] == 6000
        assert row["part/agedb"]["accuracy"]["n"] == 40
        assert row["part/tinyface"]["rank1"]["n"] == 16
        assert {f"d{d}_rank{r}" for d in (1, 2, 3) for r in (1, 5, 20)} == set(row["part/scface"])
        assert set(row["part/ijbc"]) == {"tar@far=1e-1"}


def test_published_rows_stand_only_below_the_published_benchmark(run):
    tables = run / "results" / "tables"
    published = {"verification", "tinyface", "scface", "ijbb", "ijbc"}
    names = {"verification", "thresholds", "part-verification", "part-tinyface", "part-scface", "part-ijbc"}
    assert {path.name for path in tables.iterdir()} == {
        "README.md",
        *(f"{name}.{kind}" for name in names | published for kind in ("md", "csv", "tex")),
    }
    whole = rows_of(tables / "verification.md")
    place = {name: index for index, name in enumerate(whole[0])}
    ours, published = whole[1:5], whole[5:]
    assert [[row[place[name]] for name in ("method", "backbone", "training set", "source")] for row in ours] == [
        [name, "mobilenetv3_small_050", "faces_emore", "this run"] for name in ("LGAF", "ArcFace", "AdaFace", "MagFace")
    ]
    assert published[0][place["lfw"]] == "not available"  # LGAF's own
    assert sum(row[place["method"]].startswith("AdaFace") for row in published) > 10
    assert all(row[place["cfp_fp"]] == "-" for row in ours)  # ours is part/cfp_fp
    part = rows_of(tables / "part-verification.md")
    assert [name for name in part[0] if "/" in name] == [
        f"part/{name}" for name in ("cfp_fp", "cplfw", "agedb", "calfw")
    ]
    for name in names - {"verification", "thresholds"}:
        assert [row[0] for row in rows_of(tables / f"{name}.md")[1:]] == ["LGAF", "ArcFace", "AdaFace", "MagFace"]
        assert "NOT the published data set: " in (tables / f"{name}.md").read_text()
        assert not re.search(r"^published,", (tables / f"{name}.csv").read_text(), re.MULTILINE)


def test_notes_tell_protocols_and_what_was_left_out(run):
    tables = run / "results" / "tables"
    for name, said in {
        "verification": ["3,000 mated and 3,000 non-mated pairs", "lfw none of 120"],
        "part-verification": ["part/agedb: NOT the published data set: 40 pairs", "it does not tell identities"],
        "part-tinyface": [
            "gallery of 19 images, 11 of them distractors",
            "images without an embedding: 1; trials with them are left out",
            "part/tinyface 35 of 36",
            "part/tinyface 0 without a face found and 1 unreadable of 36, 1 of them left out",
        ],
        "part-scface": ["protocol all130", "gallery: cropped frontal mugshots of 7 people"],
        "part-ijbc": ["12 templates; 6 mated and 60 non-mated pairs", "detector's score (insightface eval_ijbc.py)"],
    }.items():
        page = (tables / f"{name}.md").read_text()
        for text in [*said, "train 0 without a face found and 1 unreadable of 48, 1 of them left out; "]:
            assert text in page


def test_every_plot_is_there(run):
    assert {path.stem for path in (run / "results" / "plots").iterdir()} == {
        "training",
        *("roc", "reject", "part-roc", "part-cmc", "part-reject"),
        *(f"{kind}histogram-{method}" for kind in ("", "part-") for method in METHODS),
    }


def test_aligned_images_pass_as_they_are(run):
    """Given points on the template: neither detected nor encoded again."""
    for name, images in (("train", 47), ("agedb", 80), ("ijbc", 36)):
        counts = json.loads((run / "results" / "align" / f"{name}.json").read_text())["counts"]
        assert (counts["given"], counts["detected"]) == (images, 0)
        before, after = (Pack(run / "data" / folder / f"{name}.arrow") for folder in ("photos", "aligned"))
        assert after.encoded(0) == before.encoded(0)


@pytest.mark.parametrize(("pack", "of"), [("train", 48), ("tinyface", 36)])
def test_unreadable_images_stop_a_run_that_does_not_allow_them(run, capsys, monkeypatch, tmp_path, pack, of):
    shutil.copytree(run / "data" / "photos", tmp_path / "data" / "photos")
    values = (run / "params.yaml").read_text().replace("max_unreadable: 0.05", f"max_unreadable: {0.99 / of:.4f}")
    (tmp_path / "params.yaml").write_text(values)
    monkeypatch.chdir(tmp_path)
    assert main(["settings"]) == 0
    assert main(["align", pack]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("lgaf: ")]
    assert "not a readable image" in line
    assert "align.max_unreadable" in line
    assert not (tmp_path / "data" / "aligned" / f"{pack}.arrow").exists()

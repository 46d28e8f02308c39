import os
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from lgaf.cli import main
from lgaf.config import Settings, load_settings
from lgaf.data.verification_bin import write_verification_bin
from lgaf.doctor import find_problems, find_training_set, show

ROOT = Path(__file__).parent.parent
IMAGE = b"x"


def params(tmp_path: Path, benchmarks: list[str], **data: object) -> Path:
    """Default parameters for official data below tmp_path/root."""
    values = YAML(typ="safe").load(ROOT / "params.yaml")
    values["data"] = {"source": "official", "root": str(tmp_path / "root"), "train": "people", **data}
    values["benchmarks"] = benchmarks
    path = tmp_path / "params.yaml"
    YAML(typ="safe").dump(values, path)
    return path


def settings(tmp_path: Path, benchmarks: list[str], **data: object) -> Settings:
    return load_settings(params(tmp_path, benchmarks, **data))


def write_people(folder: Path, people: int, images: int) -> None:
    for person in range(people):
        (folder / f"p{person}").mkdir(parents=True)
        for number in range(images):
            (folder / f"p{person}" / f"{number}.jpg").write_bytes(IMAGE)


def states(findings):
    return {finding.name: finding.state for finding in findings}


def test_all_problems_at_once(tmp_path, capsys):
    """Missing, broken, different and right are told in one go; status 1."""
    root = tmp_path / "root"
    write_people(root / "people", 2, 3)
    write_verification_bin(root / "lfw.bin", [IMAGE] * 12000, np.arange(6000) % 2 == 0)
    write_verification_bin(root / "bin" / "calfw.bin", [IMAGE] * 20, np.arange(10) % 2 == 0)
    (root / "cplfw.bin").write_bytes(b"no pickle")
    path = params(tmp_path, ["lfw", "calfw", "cplfw", "tinyface", "scface"])
    found = find_problems(load_settings(path), tmp_path)
    assert states(found) == {
        "train (people)": "ok",
        "lfw": "ok",
        "calfw": "broken",
        "cplfw": "broken",
        "tinyface": "missing",
        "scface": "missing",
        "disk": "ok",
    }
    assert main(["--params", str(path), "doctor"]) == 1
    told = capsys.readouterr()
    assert "lgaf: 4 problems with the data" in told.err
    assert "calfw.bin: has 10 pairs (published: 6,000)" in told.err
    assert f"tinyface: missing: {root}: has no tinyface: looked for tinyface/" in told.err
    assert "ask for it at https://qmul-tinyface.github.io, about 0.5 GB" in told.err
    assert len(told.err.partition("lgaf: ")[2].splitlines()) == 5
    for cell in ("train (people)", "6 images, as many as no published set", "12,000", "http://www.scface.org", "1 GB"):
        assert cell in told.out


def test_nothing_is_there(tmp_path):
    found = find_problems(settings(tmp_path, ["lfw", "agedb"]), tmp_path)
    missing = dict.fromkeys(["data.root", "train (people)", "lfw", "agedb"], "missing")
    assert states(found) == {**missing, "disk": "ok"}
    assert "no such folder; set data.root" in str(found[0])
    assert "docs/datasets/training.md" in str(found[1])


def test_photos_says_what_is_missing_before_it_writes(tmp_path, monkeypatch, capsys):
    path = params(tmp_path, ["lfw", "agedb"])
    monkeypatch.chdir(tmp_path)
    assert main(["--params", str(path), "settings"]) == 0

    def said() -> list[str]:
        assert main(["--params", str(path), "photos"]) == 1
        assert not (tmp_path / "data").exists()
        return capsys.readouterr().err.splitlines()

    root = tmp_path / "root"
    (line,) = said()
    assert line.startswith(f"lgaf: {root}: no such folder; set data.root")
    write_verification_bin(root / "lfw.bin", [IMAGE] * 12000, np.arange(6000) % 2 == 0)
    train, benchmark = said()
    assert f"{root / 'people'}: no such file or folder; set data.train" in train
    assert f"{root}: has no agedb: looked for agedb/" in benchmark
    write_people(root / "people", 1, 1)
    (line,) = said()
    assert "has no agedb" in line


def test_counts_that_may_differ(tmp_path, capsys):
    write_people(tmp_path / "root" / "people", 1, 1)
    write_verification_bin(tmp_path / "root" / "calfw.bin", [IMAGE] * 20, np.arange(10) % 2 == 0)
    path = params(tmp_path, ["calfw"], counts="any")
    assert states(find_problems(load_settings(path), tmp_path))["calfw"] == "differs"
    assert main(["--params", str(path), "doctor"]) == 0
    assert "NOT the published data set: 10 pairs" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("source", "state"), [("world", "ok"), ("lfw", "to fetch")])
def test_sources_that_need_nothing(tmp_path, source, state):
    found = find_problems(settings(tmp_path, ["lfw"], source=source), tmp_path)
    assert found[0].state == state
    assert not any(finding.failed for finding in found)


def test_lfw_source(tmp_path):
    root = tmp_path / "root"
    folder = root / "lfw"
    for name in ("Ann", "Bob", "Cid"):
        (folder / "lfw" / name).mkdir(parents=True)
        for number in (1, 2):
            (folder / "lfw" / name / f"{name}_{number:04d}.jpg").write_bytes(IMAGE)
    (folder / "pairs.txt").write_text("2\t1\nAnn\t1\t2\nAnn\t1\tBob\t1\nBob\t1\t2\nBob\t2\tAnn\t2\n")
    asked = settings(tmp_path, ["lfw"], source="lfw")
    (found, _) = find_problems(asked, tmp_path)
    assert (found.state, found.images) == ("ok", 6)
    said = "train on 2 photos of 1 people; left out: 4 photos of the 2 people of pairs.txt; test on 4 pairs of 4 photos"
    assert found.found == f"{said} of 2 people"
    (found, _) = find_problems(settings(tmp_path, ["lfw"], source="lfw", root=str(folder)), tmp_path)
    assert found.state == "broken"
    assert f"is LFW's own folder, since it holds pairs.txt; set data.root to the folder that holds it, {root}" in str(
        found
    )
    (folder / "lfw" / "Ann" / "Ann_0002.jpg").unlink()
    (found, _) = find_problems(asked, tmp_path)
    assert found.state == "broken"
    assert "line 2: no such image" in str(found)


def test_lfw_source_with_hidden_files_only(tmp_path):
    """As fetch_lfw has it, which would fetch into such a folder."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / ".DS_Store").touch()
    (found, _) = find_problems(settings(tmp_path, ["lfw"], source="lfw"), tmp_path)
    assert (found.state, found.found) == (
        "to fetch",
        f"{tmp_path}/root holds no lfw; scikit-learn fetches it there, about 0.2 GB",
    )


def test_no_training_set_is_named(tmp_path):
    write_verification_bin(tmp_path / "root" / "lfw.bin", [IMAGE] * 12000, np.arange(6000) % 2 == 0)
    asked = settings(tmp_path, ["lfw"])
    asked = asked.model_copy(update={"data": asked.data.model_copy(update={"train": None})})
    train, lfw, disk = find_problems(asked, tmp_path)
    said = "no training set is named (data.train); fine where nothing is trained"
    assert (train.name, train.state, train.found, train.images) == ("train", "ok", said, 0)
    assert (lfw.state, disk.state) == ("ok", "ok")


@pytest.mark.parametrize(
    ("images", "state", "said"),
    [
        (5_822_653, "ok", "MS1MV2: 5,822,653 images, 85,742 people"),
        (5_800_000, "differs", "5,800,000 images; MS1MV2 has 5,822,653: incomplete"),
        (1_000_000, "ok", "1,000,000 images, as many as no published set"),
        (0, "broken", "holds no image"),
    ],
)
def test_training_sets_are_known_by_their_number(tmp_path, monkeypatch, images, state, said):
    (tmp_path / "root" / "people").mkdir(parents=True)
    monkeypatch.setattr("lgaf.doctor.count_training_images", lambda path: (images, False))
    found = find_training_set(settings(tmp_path, ["lfw"]))
    assert found.state == state
    assert said in found.found


def test_a_list_as_training_set(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "people").write_text("a.jpg\t1\nb.jpg\t2\n\n")
    assert find_training_set(settings(tmp_path, ["lfw"])).images == 2


@pytest.mark.timeout(60)
def test_a_pipe_as_training_set(tmp_path):
    (tmp_path / "root").mkdir()
    os.mkfifo(tmp_path / "root" / "people")
    found = find_training_set(settings(tmp_path, ["lfw"]))
    assert found.state == "broken"
    assert "people: is a pipe, not a file; see docs/datasets/training.md" in found.found


def test_a_name_does_not_reach_the_terminal(tmp_path):
    found = find_problems(settings(tmp_path, ["lfw"], train="\x1b[31m\u202epeople"), tmp_path)
    assert r"train (\x1b[31m\u202epeople)" in show(found)


def test_a_full_disk(tmp_path, monkeypatch):
    write_people(tmp_path / "root" / "people", 1, 4)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**6, 10**6 - 10, 10))
    *_, disk = find_problems(settings(tmp_path, ["lfw"]), tmp_path)
    assert disk.state == "broken"
    assert disk.failed
    assert "free: 0 MB" in disk.found


def test_a_link_to_nowhere_hides_no_other_problem(tmp_path):
    folder = tmp_path / "root" / "agedb"
    folder.mkdir(parents=True)
    for number in range(40):
        (folder / f"{number}_P{number // 2}_{20 + 40 * (number % 2)}_f.jpg").write_bytes(IMAGE)
    (folder / "40_P1_70_f.jpg").symlink_to(tmp_path / "nowhere")
    found = find_problems(settings(tmp_path, ["agedb", "scface"], counts="any", agedb={"draw": 1}), tmp_path)
    assert states(found)["scface"] == "missing"
    assert states(found)["agedb"] in ("broken", "differs")  # the draw may leave the link out


def test_the_table_fits(tmp_path):
    text = show(find_problems(settings(tmp_path, ["lfw", "scface"]), tmp_path))
    assert max(map(len, text.splitlines())) < 200

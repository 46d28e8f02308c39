"""Benchmarks of the user's own in the first stage, in every source of photos, and before the doctor."""

import hashlib
import json
import shutil

import pytest
from own_lists import GALLERY, GOOD, HEAD, NAMES, PROBES, ROOT
from ruamel.yaml import YAML

from lgaf.cli import main
from lgaf.config import load_settings
from lgaf.doctor import find_problems
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import read_protocol
from lgaf.stages.settings import own_run, stages


@pytest.fixture
def project(folder, tmp_path, monkeypatch):
    """A folder to run in: LFW of six photos, and two benchmarks of one's own beside it."""
    photos = tmp_path / "root" / "lfw" / "lfw"
    for name in ("Ann", "Bob", "Cid"):
        (photos / name).mkdir(parents=True)
        for number in (1, 2):
            (photos / name / f"{name}_{number:04d}.jpg").write_bytes(b"x")
    (photos.parent / "pairs.txt").write_text("2\t1\nAnn\t1\t2\nAnn\t1\tBob\t1\nBob\t1\t2\nBob\t2\tAnn\t2\n")
    shutil.copytree(folder, tmp_path / "own" / "door")
    (tmp_path / "own" / "door" / "pairs.csv").write_text(HEAD + GOOD)
    shutil.copytree(folder, tmp_path / "desk")
    (tmp_path / "desk" / "gallery.csv").write_text(GALLERY)
    (tmp_path / "desk" / "probes.csv").write_text(PROBES)
    values = YAML(typ="safe").load(ROOT / "params.yaml")
    desk = {"folder": "desk", "gallery": "gallery.csv", "probes": "probes.csv"}
    values["data"] = {
        "source": "lfw",
        "root": "root",
        "own": {"door": {"folder": "own/door"}, "desk": desk, "spare": {"folder": "nowhere"}},
    }
    values["benchmarks"] = ["lfw", "door", "desk"]
    YAML(typ="safe").dump(values, tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_stage_looks_at_lists_and_the_photos_are_written(project, capsys):
    """Beside those of the source; one that is not asked for need not be there. Another list is another setting."""
    assert main(["settings"]) == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "probes" in line]
    assert line.startswith("lgaf: data.own.desk: desk/probes.csv lies outside the folder own, which DVC watches")
    assert main(["photos"]) == 0
    made = {path.name for path in (project / "data" / "photos").iterdir()}
    assert made == {f"{it}.{end}" for it in ("lfw", "door", "desk") for end in ("arrow", "json")} | {"train.arrow"}
    pack = Pack(project / "data" / "photos" / "door.arrow")
    assert {name: pack.encoded(row) for row, name in enumerate(pack.names)} == {
        name: name.encode() for name in NAMES if name[0] in "ab" and "3" not in name
    }
    assert read_protocol(project / "data" / "photos" / "desk.json").probes["far"] == ["bob/2.jpg"]

    told = (project / "settings" / "own.json").read_text()
    lists = own_run(load_settings(project / "params.yaml")).lists
    assert json.loads(told)["settings"]["lists"] == lists
    with (project / "own" / "door" / "pairs.csv").open("a") as stream:
        stream.write("ann/1.jpg,ann/3.jpg,1\n")
    after = own_run(load_settings(project / "params.yaml")).lists
    assert [name for name in lists if lists[name] != after[name]] == ["own/door/pairs.csv"]
    (project / "own" / "door" / "pairs.csv").write_text("left,right\n")
    (project / "desk" / "probes.csv").unlink()
    capsys.readouterr()
    assert main(["settings"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "params.yaml: data.own.door: own/door/pairs.csv: line 1: must name" in first
    assert "data.own.desk: desk/probes.csv: no such file" in second
    assert (project / "settings" / "own.json").read_text() == told


@pytest.mark.parametrize("source", ["world", "lfw", "official"])
def test_every_source_is_told_of_them(project, source):
    """What is asked for, with the hash of each list; the source itself is asked for its own benchmarks alone."""
    settings = load_settings(project / "params.yaml")
    settings = settings.model_copy(update={"data": settings.data.model_copy(update={"source": source})})
    found = stages(settings)
    (run, modules), (photos, _) = found["own"], found["photos"]
    assert (photos.source, [*run.benchmarks], modules) == (source, ["door", "desk"], ["lgaf.stages.own"])
    lists = ("own/door/pairs.csv", "desk/gallery.csv", "desk/probes.csv")
    assert run.lists == {name: hashlib.sha256((project / name).read_bytes()).hexdigest() for name in lists}
    assert getattr(photos, "benchmarks", ("lfw",)) == ("lfw",)


@pytest.mark.parametrize("source", ["world", "lfw", "official"])
def test_the_doctor_says_what_is_there(project, source):
    values = YAML(typ="safe").load(project / "params.yaml")
    values["data"] |= {"source": source, "train": "people"} if source == "official" else {"source": source}
    YAML(typ="safe").dump(values, project / "params.yaml")

    def found():
        return {each.name: each for each in find_problems(load_settings(project / "params.yaml"), project)}

    both = found()
    assert "own/spare" not in both
    assert (both["own/door"].state, both["own/door"].images) == ("ok", 4)
    assert "4 pairs of 4 photos of people whom the list does not name" in both["own/door"].found
    assert (both["own/desk"].state, both["own/desk"].images) == ("ok", 6)
    assert both["disk"].state == "ok"
    assert both["own/desk"].packs > 6 * 64**2
    (project / "own" / "door" / "ann" / "1.jpg").unlink()
    shutil.rmtree(project / "desk")
    broken = found()
    assert (broken["own/door"].state, broken["own/desk"].state) == ("broken", "missing")
    assert "line 2: no such image: own/door/ann/1.jpg (1 of 4 images" in str(broken["own/door"])
    assert "desk: no such folder; set data.own.desk.folder" in str(broken["own/desk"])

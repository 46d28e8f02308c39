"""Where a number is from: what changes the version of a benchmark and the hash of a row's parameters, and commits."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import lgaf
from lgaf.formats.image import encode
from lgaf.formats.pack import write_pack
from lgaf.formats.protocol import Identification, Protocol, Verification, write_protocol
from lgaf.formats.templates import MEMBERS, PAIRS, Templates
from lgaf.machine import describe_machine
from lgaf.provenance import benchmark_version, commit_of, faces_version, made_now, short_hash

NAMES = ("a/1", "a/2", "b/1", "b/2")
PAIRS_ASKED = [("a/1", "a/2", True), ("b/1", "b/2", True), ("a/1", "b/1", False), ("a/2", "b/2", False)]


def faces(path: Path, changed: int | None = None, label: int = 0) -> Path:
    """A pack of four grey faces; of one, ``changed``, a single value of a pixel is another."""
    with write_pack(path, ["age"]) as pack:
        for place, name in enumerate(NAMES):
            image = np.full((8, 8, 3), 50 * place, np.uint8)
            image[3, 4, 1] += place == changed
            pack.add(name, encode(image), label + place // 2, age=30.0)
    return path


def asked(path: Path, **changed: object) -> Path:
    """A protocol of two folds."""
    write_protocol(path, Verification(**{"pairs": PAIRS_ASKED, "folds": 2, **changed}))  # type: ignore[arg-type]
    return path


def test_a_benchmarks_version_is_of_its_trials_and_images(tmp_path: Path):
    first = benchmark_version(asked(tmp_path / "p.json"), faces(tmp_path / "f.arrow"))
    assert re.fullmatch("[0-9a-f]{16}", first)
    (tmp_path / "there").mkdir()
    moved = [Path(shutil.copy(tmp_path / name, tmp_path / "there" / f"other-{name}")) for name in ("p.json", "f.arrow")]
    assert benchmark_version(*moved) == first
    one = [*PAIRS_ASKED[:3], ("a/2", "b/1", False)]
    others = {
        "a trial": benchmark_version(asked(tmp_path / "q.json", pairs=one), tmp_path / "f.arrow"),
        "the order": benchmark_version(asked(tmp_path / "q.json", pairs=PAIRS_ASKED[::-1]), tmp_path / "f.arrow"),
        "what is asked of them": benchmark_version(asked(tmp_path / "q.json", folds=4), tmp_path / "f.arrow"),
        "all pairs": benchmark_version(asked(tmp_path / "q.json", all_pairs=[NAMES]), tmp_path / "f.arrow"),
        "a pixel": benchmark_version(tmp_path / "p.json", faces(tmp_path / "g.arrow", changed=2)),
        "who they are": benchmark_version(tmp_path / "p.json", faces(tmp_path / "g.arrow", label=1)),
    }
    assert len({first, *others.values()}) == 1 + len(others)
    again = asked(tmp_path / "q.json", notes=["a line under the table"])
    assert benchmark_version(again, faces(tmp_path / "g.arrow")) == first


def test_so_is_that_of_a_search(tmp_path: Path):
    pack, path = faces(tmp_path / "f.arrow"), tmp_path / "p.json"
    found = set()
    for probes in (["a/2", "b/2"], ["a/2"]):
        write_protocol(path, Identification(gallery=["a/1", "b/1"], probes={"": probes}))
        found.add(benchmark_version(path, pack))
    assert len(found) == 2


def templates(score: float = 1, same: bool = False) -> Protocol:
    members = pa.table([["a/1", "a/2", "b/1"], [0, 0, 1], [0, 1, 2], [1, 1, score]], schema=MEMBERS)
    return Templates(members=members, pairs=pa.table([[0], [1], [same]], schema=PAIRS))


def test_so_is_that_of_templates_whatever_their_files_are_called(tmp_path: Path):
    pack = faces(tmp_path / "f.arrow")
    found = []
    for name, protocol in (("a", templates()), ("b", templates()), ("b", templates(2)), ("b", templates(same=True))):
        write_protocol(tmp_path / f"{name}.json", protocol)
        found.append(benchmark_version(tmp_path / f"{name}.json", pack))
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_the_laboratorys_version_is_that_of_its_faces(tmp_path: Path):
    first = faces_version(faces(tmp_path / "a.arrow"))
    assert first == faces_version(faces(tmp_path / "b.arrow")) != faces_version(faces(tmp_path / "c.arrow", changed=0))


def test_the_order_of_keys_does_not_count():
    assert short_hash({"a": 1, "b": [2]}) == short_hash({"b": [2], "a": 1}) != short_hash({"a": 1, "b": [3]})


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of a project in a folder of its own, with one commit."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    project = tmp_path / "project"
    for name in ("lgaf/a.py", "baselines/b.py", "own_head.py", "results/r.json", "tests/t.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("1\n")
    git(tmp_path, "init", "-q")
    return project


def git(folder: Path, *command: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *command], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_commit_is_that_of_the_folders_repository(repository: Path):
    assert commit_of(repository) == "", "no commit yet"
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "one")
    head = git(repository, "rev-parse", "HEAD")
    assert commit_of(repository) == head
    (repository / "results/r.json").write_text("2\n")  # what the run itself makes
    (repository / "tests/t.py").write_text("2\n")
    (repository / "results/new.py").write_text("2\n")
    assert commit_of(repository) == head


@pytest.mark.parametrize("source", ["lgaf/a.py", "baselines/b.py", "own_head.py", "lgaf/new.py", "baselines/new/c.py"])
def test_an_edited_source_is_said(repository: Path, source: str):
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "one")
    (repository / source).parent.mkdir(exist_ok=True)
    (repository / source).write_text("2\n")
    head = git(repository, "rev-parse", "HEAD")
    assert commit_of(repository) == f"{head}+"
    git(repository, "add", ".")
    assert commit_of(repository) == f"{head}+"
    git(repository, "commit", "-qm", "two")
    assert commit_of(repository) == git(repository, "rev-parse", "HEAD") != head


def test_without_a_repository_or_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(tmp_path) == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(tmp_path) == ""


def test_what_is_made_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    made = made_now("b", "p")
    assert (made.version, made.commit, made.benchmark, made.parameters) == (lgaf.__version__, "", "b", "p")
    assert made.machine == describe_machine()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", made.date)


def test_versions_are_of_suite_and_benchmark_and_not_of_parameters_or_commit():
    made = made_now("b", "p")
    assert made.versions == (lgaf.__version__, "b")
    assert made.model_copy(update={"commit": "c", "parameters": "q", "machine": "m"}).versions == made.versions
    assert "versions" not in made.model_dump(), "not kept beside the scores"

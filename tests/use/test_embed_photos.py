"""`lgaf embed-photos`: what is written, what is counted, and what an interrupt leaves."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as pq
import pytest

from lgaf.embed import embed_pack
from lgaf.formats.embeddings import read_embeddings
from lgaf.formats.image import encode
from lgaf.formats.pack import Pack, write_pack
from lgaf.use.model import Model, choose_model
from lgaf.use.photos import PhotoFinder, embed_photos, photos_below


@pytest.fixture
def folder(project, face, save):
    """Two people, a photo of nobody in particular, and three files that give no face."""
    root = project / "photos"
    save(root / "bob" / "2.jpg", face[:, ::-1])
    save(root / "ann" / "1.jpg", face)
    save(root / "ann" / "deeper" / "1.png", face[5:245, 5:245])
    save(root / "alone.webp", face)
    save(root / "bob" / "wall.png", np.full((60, 50, 3), 90, np.uint8))
    (root / "readme.txt").write_text("photos")
    (root / "ann" / "broken.jpg").write_bytes(encode(face)[:2000])
    save(root / ".thumbnails" / "1.jpg", face)
    return root


NAMES = ["alone.webp", "ann/1.jpg", "ann/deeper/1.png", "bob/2.jpg"]


@pytest.mark.parametrize("ending", [".arrow", ".parquet"])
def test_a_folder(project, folder, lgaf, ending):
    status, out, error = lgaf("embed-photos", "photos", f"out{ending}")
    assert (status, error) == (0, [])
    assert f"out{ending}: 4 faces of 7 photos, by lgaf, seed 0" in out
    assert "several faces in 0: the face nearest to the photo's centre (align.face: nearest)" in out
    assert "no face in 1, unreadable 2; out.json names each" in out
    report = json.loads((project / "out.json").read_text())
    assert report["counts"] == {"photos": 7, "found": 4, "no_face": 1, "unreadable": 2, "several_faces": 0}
    assert list(report["no_face"]) == ["photos/bob/wall.png"]
    assert list(report["unreadable"]) == ["photos/ann/broken.jpg", "photos/readme.txt"]
    assert "not a readable image" in report["unreadable"]["photos/readme.txt"]
    assert report["people"] == ["ann", "ann/deeper", "bob"]
    if ending == ".parquet":
        table = pq.read_table("out.parquet")
        assert table["name"].to_pylist() == NAMES
        assert table["label"].to_pylist() == [-1, 0, 1, 2]
        return
    found = read_embeddings("out.arrow")
    assert (found.names, found.labels.tolist(), found.flip) == (NAMES, [-1, 0, 1, 2], True)
    assert found.truth["faces"].tolist() == [1, 1, 1, 1]
    # As the stage embed makes them of the same crops.
    choice = choose_model(project / "params.yaml", None)
    model = Model(choice)
    finder = PhotoFinder([folder / name for name in NAMES], choice.alignment, 32)
    with write_pack(project / "crops.arrow") as pack:
        for index, name in enumerate(NAMES):
            pack.add(name, encode(finder(index).crop), 0)
    expected = embed_pack(model.network, Pack(project / "crops.arrow"), model.device)
    for name in ("vectors", "norms", "attention"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-4, atol=1e-5)


def test_workers_and_batches_change_nothing(project, face, save, monkeypatch):
    root = project / "many"
    for index in range(23):
        save(root / f"{index:02}.jpg", face[index : 220 + index])
    model = Model(choose_model(project / "params.yaml", None))
    paths = photos_below(root)
    one = embed_photos(model, paths, workers=1)
    monkeypatch.setattr("lgaf.use.photos.BATCH", 5)
    two = embed_photos(model, paths, workers=2)
    assert one.paths == two.paths == paths
    np.testing.assert_allclose(one.embedded.vectors, two.embedded.vectors, rtol=1e-4, atol=1e-6)
    assert len(two.embedded.norms) == len(two.embedded.attention) == len(two.counts) == 23


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none", "out.arrow"], "none: no such folder"),
        (["a.jpg", "out.arrow"], "a.jpg: no such folder"),
        (["empty", "out.arrow"], "empty: holds no files"),
        (["photos", "out.csv"], "out.csv: ends in neither .arrow nor .parquet"),
        (["walls", "out.arrow"], "no face found in any of 1 photos; the first: walls/wall.png: no face"),
        (["photos", "a.jpg/out.arrow"], "a.jpg/out"),
    ],
)
def test_what_is_refused(project, folder, lgaf, save, arguments, said):
    (project / "empty").mkdir()
    save(project / "walls" / "wall.png", np.full((60, 50, 3), 90, np.uint8))
    before = sorted(project.rglob("*"))
    status, _, error = lgaf("embed-photos", *arguments)
    assert (status, len(error)) == (1, 1)
    assert said in error[0]
    assert sorted(project.rglob("*")) == before


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads processes from /proc")
def test_ctrl_c_leaves_nothing(project, face, save):
    for index in range(300):
        save(project / "many" / f"{index:03}.jpg", face)
    before = sorted(project.rglob("*"))
    run = [sys.executable, "-m", "lgaf", "embed-photos", "many", "out.arrow"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(run, stderr=subprocess.PIPE, env=environment, start_new_session=True)
    said = b""
    while b"/300" not in said or b" 0/300" in said[-100:]:
        said += process.stderr.read1(100)
    children = process_children(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.count(b"lgaf: interrupted") == 1
    assert b"Traceback" not in said + error
    assert sorted(project.rglob("*")) == before
    deadline = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{child}") for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def process_children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return children.read().split()

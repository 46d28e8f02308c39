"""The LFW reader on small trees in the official layout, and on real photos where there are some."""

import hashlib
import json
import os
import shutil
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from lgaf.align.align import align_pack
from lgaf.align.settings import AlignSettings
from lgaf.align.warp import template
from lgaf.data.official.lfw import import_lfw
from lgaf.data.official.lfw_fetch import fetch_lfw, locate_lfw
from lgaf.data.official.lfw_lists import read_pairs
from lgaf.data.official.readers import locate
from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import differs, read_protocol

PAIRS = """1\t2
Ann_Test\t1\t2
Bob_Test\t1\t3
Ann_Test\t2\tBob_Test\t2
Ann_Test\t1\tCid_Test\t1
"""
TWO_FOLDS = """2\t1
Ann_Test\t1\t2
Ann_Test\t2\tBob_Test\t2
Bob_Test\t1\t3
Ann_Test\t1\tCid_Test\t1
"""
PEOPLE = {"Ann_Test": 2, "Bob_Test": 3, "Cid_Test": 1, "Dan_Train": 3, "Eve_Train": 1}


def write_photos(folder, people=PEOPLE):
    for person, count in people.items():
        (folder / person).mkdir(parents=True)
        for number in range(1, count + 1):
            image = np.full((8, 8, 3), number * 10, np.uint8)
            (folder / person / f"{person}_{number:04d}.jpg").write_bytes(cv2.imencode(".jpg", image)[1].tobytes())


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "data"
    write_photos(root / "lfw-deepfunneled")
    (root / "pairs.txt").write_text(PAIRS)
    (root / "train.txt").write_text("Eve_Train\t1\nDan_Train\t3\nDan_Train\t1\n")
    return root


def refused(root, tmp_path, match):
    out = tmp_path / "out"
    with pytest.raises(DataError, match=match) as caught:
        import_lfw(root, out)
    assert "\n" not in str(caught.value)
    assert not out.exists()


def test_import(root, tmp_path, capsys):
    out = tmp_path / "out"
    import_lfw(root, out)
    train, test = Pack(out / "train.arrow"), Pack(out / "lfw.arrow")
    assert train.names == [f"{n[:-5]}/{n}.jpg" for n in ("Dan_Train_0001", "Dan_Train_0003", "Eve_Train_0001")]
    assert train.labels.tolist() == [0, 0, 1]
    assert test.names == [
        f"{n[:-5]}/{n}.jpg"
        for n in ("Ann_Test_0001", "Ann_Test_0002", "Bob_Test_0001", "Bob_Test_0002", "Bob_Test_0003", "Cid_Test_0001")
    ]
    assert test.labels.tolist() == [2, 2, 3, 3, 3, 4]
    assert train.encoded(1) == (root / "lfw-deepfunneled" / train.names[1]).read_bytes()
    assert train.landmarks(0) is None
    said = "3 photos of 2 people of train.txt (1 of them with one photo, kept); test on 4 pairs of 6 photos"
    assert said in capsys.readouterr().err


def test_one_fold_takes_turns(root, tmp_path):
    import_lfw(root, tmp_path)
    protocol = read_protocol(tmp_path / "lfw.json")
    assert [same for _, _, same in protocol.pairs] == [True, False, True, False]
    assert protocol.pairs[2] == ("Bob_Test/Bob_Test_0001.jpg", "Bob_Test/Bob_Test_0003.jpg", True)
    assert protocol.folds == 2
    assert differs(protocol.notes)  # and so no published number may stand beside it
    assert any("one fold, cut into 2" in note for note in protocol.notes)


def test_official_folds_stay(root, tmp_path):
    (root / "pairs.txt").write_text(TWO_FOLDS)
    pairs, folds, _ = read_pairs(root / "pairs.txt")
    assert folds == 2
    lines = [line.split() for line in TWO_FOLDS.splitlines()[1:]]
    assert [(left.person, left.number, right.number) for left, right, _ in pairs] == [
        (line[0], int(line[1]), int(line[-1])) for line in lines
    ]


def test_without_train_txt_everyone_else_trains(root, tmp_path):
    (root / "train.txt").unlink()
    import_lfw(root, tmp_path / "out")
    train = Pack(tmp_path / "out" / "train.arrow")
    assert [Path(name).stem for name in train.names] == [
        *(f"Dan_Train_000{number}" for number in (1, 2, 3)),
        "Eve_Train_0001",
    ]


@pytest.mark.parametrize("name", ["lfw_funneled", "lfw"])
def test_other_folder_names(root, tmp_path, name):
    (root / "lfw-deepfunneled").rename(root / name)
    import_lfw(root, tmp_path / "out")
    assert len(Pack(tmp_path / "out" / "lfw.arrow")) == 6


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("Cid_Test\t1", "Cid_Test\t7", r"pairs\.txt: line 5: no such image: .*Cid_Test_0007\.jpg"),
        ("Cid_Test\t1", "Dan_Train\t1", r"also in pairs\.txt: Dan_Train;"),
        ("1\t2\n", "1\t3\n", "has 4 pairs, its first line promises 6"),
        ("1\t2\n", "ten\n", "line 1: must be the number of folds"),
        ("Bob_Test\t1\t3", "Bob_Test\t1", "line 3: must be NAME number number"),
        ("Ann_Test\t2\tBob_Test\t2", "Ann_Test\t2\t2", "line 4: must be NAME number NAME number"),
        ("Bob_Test\t1\t3", "Bob_Test\t3\t3", "line 3: .* are not a pair of one"),
        ("Ann_Test\t2\tBob_Test", "Ann_Test\t2\tAnn_Test", "line 4: .* are not a pair of two"),
        ("Cid_Test\t1", "../Cid_Test\t1", r"line 5: '\.\./Cid_Test' '1' is not a person"),
        ("Cid_Test\t1", "Cid_Test\t-1", "line 5: 'Cid_Test' '-1' is not a person"),
        ("Cid_Test\t1", "Cid_Test\t٣", "line 5: .* is not a person"),
        (PAIRS, "", "line 1: must be the number of folds"),
        (PAIRS, "1 1\nBob_Test 1 3\nAnn_Test 1 Bob_Test 1", "too few pairs"),
    ],
)
def test_bad_pair_lists(root, tmp_path, old, new, match):
    assert old in PAIRS
    (root / "pairs.txt").write_text(PAIRS.replace(old, new, 1), encoding="utf-8")
    refused(root, tmp_path, match)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", r"train\.txt: names no photo"),
        ("Dan_Train\n", r"train\.txt: line 1: must be NAME number"),
        ("Dan_Train\t1\n\nDan_Train\t1\n", "line 3: Dan_Train/Dan_Train_0001.jpg again"),
        ("Dan_Train\t9\n", r"train\.txt: line 1: no such image: .*Dan_Train_0009\.jpg"),
    ],
)
def test_bad_train_lists(root, tmp_path, content, match):
    (root / "train.txt").write_text(content)
    refused(root, tmp_path, match)


def test_other_broken_layouts(root, tmp_path):
    (root / "pairs.txt").write_bytes(b"\xff\xfe\x00")
    refused(root, tmp_path, "not a text file")
    (root / "pairs.txt").unlink()
    refused(root, tmp_path, r"pairs\.txt: no such file; see docs")
    refused(tmp_path / "nowhere", tmp_path, "has no photos: looked for lfw-deepfunneled")
    (root / "pairs.txt").write_text(PAIRS)
    (root / "train.txt").unlink()
    stray = root / "lfw-deepfunneled" / "Dan_Train" / "holiday.jpg"
    stray.write_bytes(b"")
    refused(root, tmp_path, r"holiday\.jpg: not named as LFW names photos")
    for person in ("Dan_Train", "Eve_Train"):
        for photo in (root / "lfw-deepfunneled" / person).iterdir():
            photo.unlink()
    refused(root, tmp_path, "nobody to train on")


def test_a_corrupt_photo_is_named_when_aligning(root, tmp_path):
    (root / "lfw-deepfunneled" / "Bob_Test" / "Bob_Test_0002.jpg").write_bytes(b"<html>404</html>")
    import_lfw(root, tmp_path / "out")
    files = [tmp_path / "out" / name for name in ("lfw.arrow", "aligned.arrow", "report.json")]
    with pytest.raises(DataError, match=r"lfw\.arrow: record 3 \(Bob_Test/Bob_Test_0002\.jpg\): not a readable image"):
        align_pack(*files, AlignSettings(), 112, "centre", 1)


@pytest.mark.filterwarnings("ignore:Retry downloading")
def test_fetch_with_scikit_learn(tmp_path, monkeypatch):
    """scikit-learn's own code fetches a small copy of its archive from a file."""
    lfw = pytest.importorskip("sklearn.datasets._lfw")
    server = tmp_path / "server"
    write_photos(server / "lfw_funneled")
    for path in (server / "lfw_funneled").glob("*/*.jpg"):  # scikit-learn crops from 250x250
        cv2.imwrite(str(path), np.zeros((250, 250, 3), np.uint8))
    texts = {"pairs.txt": TWO_FOLDS, "pairsDevTrain.txt": PAIRS, "pairsDevTest.txt": PAIRS.replace("1\t2", "2", 1)}
    for name, text in texts.items():
        (server / name).write_text(text)
    with tarfile.open(server / "lfw-funneled.tgz", "w:gz") as archive:
        archive.add(server / "lfw_funneled", "lfw_funneled")

    def local(remote):
        file = server / remote.filename
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return lfw.RemoteFileMetadata(filename=file.name, url=file.as_uri(), checksum=digest)

    monkeypatch.setattr(lfw, "FUNNELED_ARCHIVE", local(lfw.FUNNELED_ARCHIVE))
    monkeypatch.setattr(lfw, "TARGETS", tuple(local(target) for target in lfw.TARGETS))
    root = tmp_path / "root"
    home = fetch_lfw(root)
    assert home == root / "lfw_home"
    import_lfw(home, tmp_path / "out")
    assert len(Pack(tmp_path / "out" / "train.arrow")) == 4
    for file in server.glob("*.t*"):
        file.unlink()
    assert fetch_lfw(root) == home  # nothing left to fetch
    with pytest.raises(DataError, match=rf"lfw_home: is LFW's own folder, .* set data\.root to .*, {root}$"):
        fetch_lfw(home)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # scikit-learn waits between its tries
    with pytest.raises(DataError, match=r"cannot be downloaded: .* by hand"):
        fetch_lfw(tmp_path / "elsewhere")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_where_lfw_lies(root, tmp_path):
    """Below data.root as for source official, under either name, an empty folder passed over."""
    for name in ("lfw", "lfw_home"):
        data = tmp_path / f"holds {name}"
        data.mkdir()
        assert locate_lfw(data) is None
        (data / "other").mkdir()
        (data / ".DS_Store").touch()
        (data / "lfw").mkdir()
        (data / "lfw" / ".DS_Store").touch()
        assert locate_lfw(data) is None  # to fetch
        shutil.copytree(root, data / name, dirs_exist_ok=True)
        assert locate_lfw(data) == fetch_lfw(data) == data / name == locate("lfw", data)[0]
    assert locate_lfw(tmp_path / "nowhere") is None
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"file: not a folder; set data\.root"):
        locate_lfw(tmp_path / "file")


@pytest.mark.parametrize("photos", ["lfw-deepfunneled", "lfw_funneled", "lfw"])
@pytest.mark.parametrize(("name", "hint"), [("lfw", "$"), ("LFW set", ", and name LFW set lfw there$")])
def test_root_is_lfw_itself(root, tmp_path, photos, name, hint):
    (root / "lfw-deepfunneled").rename(root / photos)
    root = root.rename(tmp_path / name)
    expected = rf"{name}: is LFW's own folder, since it holds pairs\.txt; set data\.root to .*, {tmp_path}{hint}"
    with pytest.raises(DataError, match=expected) as caught:
        fetch_lfw(root)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [lambda home: home.touch(), lambda home: home.symlink_to("nowhere"), lambda home: (
    home.mkdir(), (home / ".DS_Store").touch())])  # fmt: skip
def test_what_is_in_the_way_is_said_before_fetching(tmp_path, make):
    make(tmp_path / "lfw_home")
    with pytest.raises(DataError, match=r"lfw_home: holds no LFW, and is in the way .*; remove it"):
        fetch_lfw(tmp_path)


def test_real_photos(tmp_path):
    """Faces are found where LFW puts them, and the five points land near the template."""
    data = os.environ.get("LGAF_TEST_DATA")
    if not data:
        pytest.skip("set LGAF_TEST_DATA to a folder that holds lfw/ in its official layout to test on real photos")
    import_lfw(fetch_lfw(Path(data)), tmp_path)
    assert len(Pack(tmp_path / "train.arrow")) > 500
    source, target, report = tmp_path / "lfw.arrow", tmp_path / "aligned.arrow", tmp_path / "report.json"
    align_pack(source, target, report, AlignSettings(), 112, "centre")
    counts = json.loads(report.read_text())["counts"]
    assert counts["images"] == counts["written"] == len(Pack(source)) > 500
    assert counts["detected"] >= 0.99 * counts["images"]
    aligned = Pack(target)
    found = [aligned.landmarks(index) for index in range(len(aligned))]
    points = np.array([each for each in found if each is not None])
    errors = np.linalg.norm(points - template(112), axis=2).mean(axis=1)
    assert np.median(errors) < 3
    assert (errors < 14).all()
    names = {name for left, right, _ in read_protocol(tmp_path / "lfw.json").pairs for name in (left, right)}
    assert names == set(aligned.names)

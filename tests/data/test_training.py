"""Training sets of every kind to packs: nothing copied that need not be, nothing dropped, bad input named."""

import shutil

import cv2
import numpy as np
import pytest
from record_files import MAGIC, insightface, jpeg, pack, write_files

from lgaf.align.align import align_pack
from lgaf.align.settings import AlignSettings
from lgaf.align.warp import template
from lgaf.data.training import import_training
from lgaf.errors import DataError
from lgaf.formats.pack import Pack, write_pack

PEOPLE = {"b": ["2.jpg", "10.PNG"], "a": ["x.jpg"], "c d": ["é.jpeg", "y.bmp", "z.webp"]}


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out" / "train.arrow"


@pytest.fixture
def folder(tmp_path):
    """A folder for each identity, and hidden files that systems leave behind."""
    for person, images in PEOPLE.items():
        (tmp_path / "set" / person).mkdir(parents=True)
        (tmp_path / "set" / person / ".DS_Store").write_bytes(b"x")
        for name in images:
            pixels = np.full((20, 30, 3), sum(name.encode()) % 256, np.uint8)
            extension = "." + name.lower().rpartition(".")[2]
            (tmp_path / "set" / person / name).write_bytes(cv2.imencode(extension, pixels)[1].tobytes())
    (tmp_path / "set" / ".hidden").write_bytes(b"x")
    return tmp_path / "set"


def check(made, folder, names, labels):
    """The pack holds these images, and its file none of their bytes."""
    assert made.names == names
    assert made.labels.tolist() == labels
    for index, name in enumerate(names):
        assert made.encoded(index) == (folder / name).read_bytes()
        assert made.stored(index) == (str(folder / name), 0, (folder / name).stat().st_size)
        assert made.landmarks(index) is None


def test_a_folder_for_each_identity(folder, target, capsys):
    import_training(folder, target)
    names = ["a/x.jpg", "b/10.PNG", "b/2.jpg", "c d/y.bmp", "c d/z.webp", "c d/é.jpeg"]
    check(Pack(target), folder, names, [0, 1, 1, 2, 2, 2])
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == "train: 6 images of 3 identities (1 of them with one image, kept)"


def test_a_relative_path_is_kept_absolute(folder, target, monkeypatch):
    monkeypatch.chdir(folder.parent)
    import_training("set", target)
    monkeypatch.chdir("/")
    assert Pack(target).image(0).shape == (20, 30, 3)


@pytest.mark.parametrize("name", ["train.lst", "train.txt"])
def test_a_list(folder, target, name, capsys):
    text = "a/x.jpg\t7\n\nc d/é.jpeg\t0\r\nc d/y.bmp 7\nb/2.jpg 3 \n./c d/z.webp\t 12\n"
    (folder / name).write_text(text, encoding="utf-8", newline="")
    import_training(folder / name, target)
    names = ["a/x.jpg", "c d/é.jpeg", "c d/y.bmp", "b/2.jpg", "./c d/z.webp"]
    made = Pack(target)
    assert (made.names, made.labels.tolist()) == (names, [7, 0, 7, 3, 12])
    assert [made.encoded(index) for index in range(5)] == [(folder / name).read_bytes() for name in names]
    assert "5 images of 4 identities (3 of them" in capsys.readouterr().err


def test_a_list_with_a_byte_order_mark(folder, target):
    (folder / "train.lst").write_bytes(b"\xef\xbb\xbfa/x.jpg\t7\r\n")
    import_training(folder / "train.lst", target)
    assert Pack(target).names == ["a/x.jpg"]


def test_links_are_followed(folder, tmp_path, target):
    """Also out of the folder, to images and to people's folders; a set may be a folder of links."""
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    folder.mkdir()
    (folder / "a").mkdir()
    (folder / "a" / "x.jpg").symlink_to(elsewhere / "a" / "x.jpg")
    (folder / "b").symlink_to("../elsewhere/b")
    (tmp_path / "set of links").symlink_to(folder)
    import_training(tmp_path / "set of links", target)
    made = Pack(target)
    assert (made.names, made.labels.tolist()) == (["a/x.jpg", "b/10.PNG", "b/2.jpg"], [0, 1, 1])
    assert made.encoded(0) == (elsewhere / "a" / "x.jpg").read_bytes()


@pytest.mark.parametrize("place", ["a/gone.jpg", "gone", "a/circle.jpg"])
def test_links_that_lead_nowhere(folder, target, place):
    (folder / place).symlink_to("circle.jpg" if "circle" in place else "nowhere")
    refused(folder, target, f"set/{place}: a link that leads nowhere; mend or remove it")
    (folder / "train.lst").write_text(f"{place}\t0\n")
    what = "cannot be read: Too many levels of symbolic links" if "circle" in place else "a link that leads nowhere"
    refused(folder / "train.lst", target, rf"train\.lst: line 1: .*/{place}: {what}; get the whole data set, or mend")


@pytest.mark.parametrize("name", ["x.gif", "x.tiff", "x"])
def test_other_endings(folder, target, name):
    (folder / "a" / name).write_bytes(b"x")
    refused(folder, target, rf"a/{name}: its name ends in none of \.jpg, \.jpeg, \.png, \.bmp, \.webp; save it as one")


@pytest.mark.parametrize("side", [112, 96])
def test_recordio(tmp_path, target, side):
    """References to whole records, the bytes of those in parts; template landmarks; aligned without a copy."""
    images = [(label, jpeg(value, side)) for value, label in enumerate([4, 4, 1, 1, 1, 0])]
    cut = images[3][1] + MAGIC + b"rest"  # behind the image's end, where a decoder does not look
    images[3] = 1, cut + b"\0" * (-len(cut) % 4) + MAGIC
    set_folder = write_files(tmp_path / "set", insightface(images))
    import_training(set_folder, target)
    made = Pack(target)
    assert made.names == ["1", "2", "3", "4", "5", "6"]
    assert made.labels.tolist() == [label for label, _ in images]
    assert [made.encoded(index) for index in range(6)] == [image for _, image in images]
    kinds = [isinstance(made.stored(index), tuple) for index in range(6)]
    assert kinds == [True, True, True, False, True, True]
    for index in range(6):
        np.testing.assert_allclose(made.landmarks(index), template(side), rtol=1e-6)
    aligned, report = tmp_path / "aligned.arrow", tmp_path / "report.json"
    align_pack(target, aligned, report, AlignSettings(landmarks="given"), side, "drop", 1)
    assert [Pack(aligned).stored(index) for index in range(6)] == [made.stored(index) for index in range(6)]


def test_recordio_in_several_goes(tmp_path, target, monkeypatch):
    monkeypatch.setattr("lgaf.data.recordio.AT_ONCE", 4)
    images = [(index // 3, jpeg(index) + MAGIC * (index % 5 == 0)) for index in range(18)]
    images = [(label, image + b"\0" * (-len(image) % 4)) for label, image in images]
    import_training(write_files(tmp_path / "set", insightface(images)) / "train.rec", target)
    made = Pack(target)
    assert [(int(made.labels[index]), made.encoded(index)) for index in range(18)] == images


def test_images_that_are_not_square_have_no_known_points(tmp_path, target):
    image = cv2.imencode(".jpg", np.zeros((112, 96, 3), np.uint8))[1].tobytes()
    import_training(write_files(tmp_path / "set", {0: pack(0, image), 1: pack(1, image)}), target)
    assert Pack(target).landmarks(0) is None


def test_a_pack(folder, tmp_path, target):
    import_training(folder, tmp_path / "first.arrow")
    import_training(tmp_path / "first.arrow", target)
    assert target.read_bytes() == (tmp_path / "first.arrow").read_bytes()


def refused(source, target, match):
    with pytest.raises(DataError, match=match) as caught:
        import_training(source, target)
    assert "\n" not in str(caught.value)
    assert not target.exists()
    assert not target.parent.exists() or list(target.parent.iterdir()) == []


def test_bad_folders(folder, tmp_path, target):
    refused(tmp_path / "nowhere", target, "nowhere: no such file or folder; see docs/datasets/training")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", target, "empty: holds no image")
    (tmp_path / "empty" / "person").mkdir()
    refused(tmp_path / "empty", target, "empty/person: holds no image; remove the folder")
    (tmp_path / "empty" / "person" / "deeper").mkdir()
    refused(tmp_path / "empty", target, "person/deeper: not a file; .* remove it")
    (folder / "a" / "notes.txt").write_text("x")
    refused(folder, target, r"a/notes\.txt: its name ends in none of \.jpg, .*, \.webp; save it as one of")
    (folder / "a" / "notes.txt").unlink()
    (folder / "z.jpg").write_bytes(b"x")
    refused(folder, target, r"z\.jpg: not a folder; each identity's images must be in a folder of its own")
    (folder / "z.jpg").rename(tmp_path / "z.jpg")
    refused(tmp_path / "z.jpg", target, r"must be a folder, or a file that ends in \.rec")
    (folder / "train.rec").write_bytes(b"x")
    refused(folder, target, r"train\.idx: no such file; fetch \.rec and \.idx again")


def test_a_name_that_is_not_utf8(folder, target):
    try:
        (folder / "a" / "\udcff.jpg").write_bytes(b"x")
    except OSError:
        pytest.skip("this file system has no such names")
    refused(folder, target, r"not a name that can be kept: .*; rename the file")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "holds no image"),
        ("a/x.jpg\n", r"train\.lst: line 1: must be PATH, tab or space, LABEL .*, is 'a/x\.jpg'"),
        ("a/x.jpg\t0\n\na/x.jpg\t-1\n", "line 3: must be PATH"),
        ("a/x.jpg\t1.5\n", "line 1: must be"),
        ("a/x.jpg\t1e3\n", "line 1: must be"),
        ("a/x.jpg\t12345678901\n", "line 1: must be"),
        ("a/x.jpg\t\n", "line 1: must be"),
        ("\t3\n", "line 1: must be"),
        ("0\t1.000000\ta/x.jpg\n", "line 1: must be"),
        ("a/x.jpg\t0\na/none.jpg\t0\n", r"train\.lst: line 2: .*none\.jpg: no such file; get the whole"),
        ("a\t0\n", "line 1: .*set/a: is a folder, not a file; .* mend the list"),
        ("a/x.jpg\0\t0\n", "line 1: must be"),
        ("a/x\r.jpg\t0\n", "line 1: must be"),
        (b"\xff\xfe", r"train\.lst: not a text file"),
    ],
)
def test_bad_lists(folder, target, text, match):
    (folder / "train.lst").write_bytes(text if isinstance(text, bytes) else text.encode())
    refused(folder / "train.lst", target, match)


def test_bad_packs(tmp_path, target):
    with write_pack(tmp_path / "none.arrow") as made:
        pass
    refused(tmp_path / "none.arrow", target, r"none\.arrow: holds no image")
    with write_pack(tmp_path / "a.arrow") as made:
        made.add("known", b"x", 3)
        made.add("unknown", b"x", -1)
    refused(tmp_path / "a.arrow", target, r"a\.arrow: record 1 \(unknown\): label -1; to train, all must be known")
    (tmp_path / "b.arrow").write_bytes(b"x")
    refused(tmp_path / "b.arrow", target, "not a whole Arrow IPC file")


def test_bad_recordio(tmp_path, target):
    folder = write_files(tmp_path / "set", insightface([(0, b"no image"), (1, jpeg())]))
    refused(folder, target, r"train\.rec: record 1: not a readable image")
    shutil.rmtree(folder)
    folder = write_files(tmp_path / "set", insightface([(0, jpeg()), (1.5, jpeg())]))
    refused(folder, target, r"train\.rec: record 2: label 1\.5 is not a whole number")
    shutil.rmtree(folder)
    folder = write_files(tmp_path / "set", {1: pack(0, jpeg()), 2: pack(0, b"")})
    refused(folder, target, r"train\.rec: record 2: holds no image")

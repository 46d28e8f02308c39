"""Every file that a reader opens, with something else in its place: one line that names it, never a hang."""

import os
import shutil

import miniature
import numpy as np
import pytest
from record_files import insightface, jpeg, write_files

from lgaf.data.benchmark import write_benchmark
from lgaf.data.official.lfw_split import split_lfw
from lgaf.data.official.readers import open_benchmark
from lgaf.data.training import import_training
from lgaf.data.verification_bin import read_verification_bin, write_verification_bin
from lgaf.errors import DataError
from lgaf.formats.embeddings import read_embeddings
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import read_protocol

pytestmark = pytest.mark.timeout(60)
ANY = {"counts": "any", "agedb": {"draw": 0}}
LISTS = [
    ("lfw", "lfw/pairs.txt"),
    ("cfp_fp", "cfp/Protocol/Pair_list_P.txt"),
    ("cfp_ff", "cfp/Protocol/Split/FF/03/diff.txt"),
    ("cplfw", "cplfw/pairs_CPLFW.txt"),
    ("calfw", "calfw/pairs_CALFW.txt"),
    ("tinyface", "tinyface/Testing_Set/probe_img_ID_pairs.mat"),
    ("tinyface", "tinyface/Testing_Set/gallery_match_img_ID_pairs.mat"),
    ("ijbb", "ijbb/meta/ijbb_name_5pts_score.txt"),
    ("ijbb", "ijbb/meta/ijbb_face_tid_mid.txt"),
    ("ijbc", "ijbc/meta/ijbc_template_pair_label.txt"),
]
IMAGES = [
    ("lfw", "lfw/lfw-deepfunneled/Person_A0/Person_A0_0001.jpg"),
    ("cfp_ff", "cfp/Data/Images/001/frontal/01.jpg"),
    ("cplfw", "cplfw/images/Cross_Pose00_1.jpg"),
    ("calfw", "calfw/aligned images/Cross_Age00_0001.jpg"),
    ("agedb", "agedb/0_Aged00_19_f.jpg"),
    ("tinyface", "tinyface/Testing_Set/Probe/1_1.jpg"),
    ("tinyface", "tinyface/Testing_Set/Gallery_Distractor/1000_0.jpg"),
    ("scface", "scface/mugshot_frontal_cropped_all/001_frontal.JPG"),
    ("ijbb", "ijbb/loose_crop/1.jpg"),
]


def pipe(path):
    os.mkfifo(path)


def link_to_nowhere(path):
    path.symlink_to("nowhere")


def device(path):
    path.symlink_to("/dev/zero")


def folder(path):
    path.mkdir()


def empty(path):
    path.touch()


def noise(path):
    path.write_bytes(np.random.default_rng(0).bytes(1000))


def zeros(path):
    path.write_bytes(bytes(1000))


def escapes(path):
    path.write_text("\x1b[2J\x07\u202e evil\r\n" * 3)


def huge(path):
    with path.open("wb") as file:
        file.truncate(2**42)  # sparse


NO_FILE = [pipe, link_to_nowhere, device, folder]
BAD = [*NO_FILE, empty, noise, zeros, escapes]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("official")
    miniature.write_root(root)
    return root


@pytest.fixture
def instead(root, tmp_path):
    """Puts something in the place of a file, which is back after the test."""
    moved = []

    def put(place, make):
        path = root / place
        path.rename(tmp_path / "before")
        moved.append(path)
        make(path)
        return path

    yield put
    for path in moved:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
        (tmp_path / "before").rename(path)


def one_line(path, read):
    with pytest.raises(DataError) as caught:
        read()
    line = str(caught.value)
    assert path.stem in line
    assert "\n" not in line
    assert "; " in line or " must be " in line
    assert len(line) < 700


@pytest.mark.parametrize("make", BAD)
@pytest.mark.parametrize(("name", "place"), LISTS)
def test_lists(root, instead, name, place, make):
    path = instead(place, make)
    one_line(path, lambda: open_benchmark(name, root, **ANY))


@pytest.mark.parametrize("make", BAD)
def test_train_txt(root, instead, tmp_path, make):
    (root / "lfw" / "train.txt").write_text("Nobody 1\n")
    path = instead("lfw/train.txt", make)
    if make is not link_to_nowhere:  # then it is not there, and need not be
        one_line(path, lambda: split_lfw(root / "lfw"))


@pytest.mark.parametrize("make", NO_FILE)
@pytest.mark.parametrize(("name", "place"), IMAGES)
def test_images(root, instead, tmp_path, name, place, make):
    path = instead(place, make)
    one_line(path, lambda: write_benchmark(open_benchmark(name, root, **ANY), tmp_path / "out"))
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(("name", "place"), [each for each in LISTS if each[1].endswith(".txt")])
def test_a_byte_order_mark_is_no_part_of_a_list(root, instead, name, place):
    expected = open_benchmark(name, root, **ANY)
    content = (root / place).read_bytes()
    instead(place, lambda path: path.write_bytes(b"\xef\xbb\xbf" + content))
    found = open_benchmark(name, root, **ANY)
    assert [image.name for image in found.images] == [image.name for image in expected.images]
    if name.startswith("ijb"):
        assert found.protocol.members.equals(expected.protocol.members)
        assert found.protocol.pairs.equals(expected.protocol.pairs)
    else:
        assert found.protocol == expected.protocol


@pytest.mark.parametrize("make", [*BAD, huge])
@pytest.mark.parametrize("name", ["train.rec", "train.idx", "a.rec", "a.lst", "a.txt", "a.arrow", "a"])
def test_training_sets(tmp_path, name, make):
    path = tmp_path / "set" / name
    if path.stem == "train":
        write_files(path.parent, insightface([(0, jpeg()), (1, jpeg())]))
        path.unlink()
    path.parent.mkdir(exist_ok=True)
    if make is huge and path.suffix in (".idx", ".lst", ".txt"):
        pytest.skip("read line by line; nothing in memory")
    make(path)
    one_line(path, lambda: import_training(path if path.stem == "a" else path.parent, tmp_path / "train.arrow"))
    assert not (tmp_path / "train.arrow").exists()


def test_an_index_with_a_byte_order_mark(tmp_path):
    write_files(tmp_path, insightface([(0, jpeg()), (1, jpeg())]))
    index = tmp_path / "train.idx"
    index.write_bytes(b"\xef\xbb\xbf" + index.read_bytes())
    import_training(tmp_path, tmp_path / "train.arrow")
    assert len(Pack(tmp_path / "train.arrow")) == 2


@pytest.mark.parametrize("make", [pipe, link_to_nowhere, device])
def test_images_of_a_training_folder(tmp_path, make):
    path = tmp_path / "set" / "person" / "1.jpg"
    path.parent.mkdir(parents=True)
    make(path)
    one_line(path, lambda: import_training(tmp_path / "set", tmp_path / "train.arrow"))
    (tmp_path / "set" / "a.lst").write_text("person/1.jpg 0\n")
    one_line(path, lambda: import_training(tmp_path / "set" / "a.lst", tmp_path / "train.arrow"))


@pytest.mark.parametrize("make", NO_FILE)
def test_an_image_that_a_pack_refers_to(tmp_path, make):
    path = tmp_path / "set" / "person" / "1.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(jpeg())
    import_training(tmp_path / "set", tmp_path / "train.arrow")
    path.unlink()
    make(path)
    one_line(path, lambda: Pack(tmp_path / "train.arrow").image(0))


@pytest.mark.parametrize("make", [*BAD, huge])
@pytest.mark.parametrize("read", [read_verification_bin, read_embeddings, read_protocol, Pack])
def test_single_files(tmp_path, read, make):
    path = tmp_path / "a.file"
    make(path)
    one_line(path, lambda: read(path))


def test_a_pipe_named_bin(tmp_path):
    pipe(tmp_path / "lfw.bin")
    with pytest.raises(DataError, match="has no lfw: looked for"):
        open_benchmark("lfw", tmp_path)
    write_verification_bin(tmp_path / "bin" / "lfw.bin", [b"x"] * 20, np.arange(10) % 2 == 0)
    assert len(open_benchmark("lfw", tmp_path, counts="any").images) == 20

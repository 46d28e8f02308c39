"""RecordIO files: every kind that is published, and broken ones."""

import pickle
import shutil
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_files import MAGIC, frame, insightface, jpeg, pack, write_files

from lgaf.data import recordio
from lgaf.data.recordio import read_recordio
from lgaf.errors import DataError

quick = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
IMAGES = [(label, jpeg(value)) for value, label in enumerate([0, 0, 0, 1, 2, 2])]


@pytest.mark.parametrize("arrays", [True, False])
def test_insightface_files(tmp_path, arrays):
    """Record 0 and the identities are no images; labels come as a number or as an array."""
    records = read_recordio(write_files(tmp_path, insightface(IMAGES, arrays)))
    assert len(records) == 6
    assert [(label, image) for image, label in records] == IMAGES
    assert records.labels.tolist() == [0, 0, 0, 1, 2, 2]
    assert records.keys.tolist() == [1, 2, 3, 4, 5, 6]
    assert records[-1].image == IMAGES[-1][1]
    with pytest.raises(IndexError):
        records[6]


def test_labels_are_those_of_the_images(tmp_path):
    """Not the identities' numbers: in a set that others made, one person may have two ranges, and labels any order."""
    images = [(7, b"a"), (3, b"b"), (3, b"c"), (7, b"d")]
    records = read_recordio(write_files(tmp_path, insightface(images)))
    assert records.labels.tolist() == [record.label for record in records] == [7, 3, 3, 7]


@pytest.mark.parametrize("first", [0, 1, 5])
def test_files_without_ranges(tmp_path, first):
    """As mxnet's im2rec makes them: every record is an image, keys start anywhere, the lines are shuffled."""
    payloads = {first + row: pack([label, 1.0], image) for row, (label, image) in enumerate(IMAGES)}
    order = list(np.random.default_rng(first).permutation(list(payloads)))
    records = read_recordio(write_files(tmp_path, payloads, order) / "train.rec")
    assert [(label, image) for image, label in records] == IMAGES
    assert records.labels.tolist() == [label for label, _ in IMAGES]


def test_a_lone_image_of_no_label_array(tmp_path):
    records = read_recordio(write_files(tmp_path, {0: pack(4, b"x")}))
    assert (records[0], records.labels.tolist()) == ((b"x", 4), [4])


@quick
@given(
    images=st.lists(st.lists(st.sampled_from([MAGIC, b"\0", b"\xff\xd8", b"abcd"]), min_size=1), min_size=1, max_size=4)
)
def test_parts(tmp_path, images):
    """Bytes that hold the magic word, aligned or not, come back as they went in."""
    images = [b"".join(image) for image in images]
    records = read_recordio(write_files(tmp_path, insightface([(row, image) for row, image in enumerate(images)])))
    assert [record.image for record in records] == images
    assert records.labels.tolist() == list(range(len(images)))


def test_a_header_cut_into_parts(tmp_path):
    """The cut may be in the header itself, when a label or an id is the magic word."""
    label = np.frombuffer(MAGIC, "<f4")[0].item()  # below 0: refused, but as a label
    records = read_recordio(write_files(tmp_path, {3: pack(label, b"x"), 4: pack(1, b"y")}))
    with pytest.raises(DataError, match=r"train\.rec: record 3: label -1804698880\.0 is not a whole number"):
        records.labels  # noqa: B018


def test_ranges_of_more_images_than_a_float_counts(tmp_path, monkeypatch):
    """Glint360K's 17 million: keys are rounded in ranges and in record 0. Here half a float, exact to 2048, is used."""
    images = [(label, bytes([label % 256])) for label in range(1200) for _ in range(1 + label % 3)]
    expected = [label for label, _ in images]
    for cut in (0, 1, 2):  # odd numbers and even
        payloads = insightface(images[cut:])
        for key in [0, *range(len(images) - cut + 1, len(payloads))]:
            payloads[key] = pack(np.frombuffer(payloads[key][24:], "<f4").astype(np.float16))
        folder = write_files(tmp_path / str(cut), payloads)
        with pytest.raises(DataError, match=r"record [0-9]+: (promises|must)"):
            read_recordio(folder)
        with monkeypatch.context() as patch:
            patch.setattr(recordio, "FLOAT", np.float16)
            patch.setattr(recordio, "EXACT", 2**11)
            records = read_recordio(folder)
            assert len(records) == len(images) - cut
            assert records.labels.tolist() == expected[cut:]


def broken(tmp_path, match, payloads, change=None):
    """Opening, or else labels and images, is an error that matches."""
    folder = write_files(tmp_path / "broken", payloads)
    if change:
        change(folder)
    with pytest.raises(DataError, match=match) as caught:
        read_everything(folder)
    assert "\n" not in str(caught.value)
    shutil.rmtree(folder)


def read_everything(folder):
    records = read_recordio(folder)
    return records.labels, list(records)


@pytest.mark.parametrize(
    ("key", "payload", "match"),
    [
        (0, pack([7, 11]), "record 0: promises 6 images and 11 records, the index has 10"),
        (0, pack([6, 10]), "record 6: must be the next identity's range of images, says 2 to 0"),
        (0, pack([1e30, 10]), "record 0: promises"),
        (0, pack([np.nan, 10]), "record 0: promises nan"),
        (0, pack([5.5, 10]), "record 0: promises"),
        (7, pack([2, 4]), "record 7: must .* says 2 to 4"),
        (8, pack([4, 4]), "record 8: must .* says 4 to 4"),
        (8, pack([4, 6]), "record 8: must .* says 4 to 6"),
        (9, pack([5, 8]), "record 9: must .* says 5 to 8"),
        (9, pack([5, np.inf]), "record 9: must .* says 5 to inf"),
        (9, pack([5]), "record 9: must .* says 5 to nan"),
        (9, pack([5, 7], b"image"), "record 9: must"),
        (2, pack([0, 0]), "record 2: holds no image"),
        (2, b"short", "record 2: has 5 bytes|record 2: is shorter"),
        (4, pack([-1], b"x"), r"record 4: label -1\.0 is not a whole number"),
        (4, pack([1.5], b"x"), r"record 4: label 1\.5 is not"),
        (4, pack(float("nan"), b"x"), "record 4: label nan is not"),
        (4, pack([2.0**31], b"x"), "record 4: label 2147483648"),
        (4, b"\xff" * 24 + b"x" * 20, "record 4: is shorter than its own header says|record 4: holds no image"),
    ],
)
def test_broken_records(tmp_path, key, payload, match):
    broken(tmp_path, match, {**insightface(IMAGES), key: payload})


def test_broken_files(tmp_path):
    good = insightface(IMAGES)

    def index(text):
        return lambda folder: (folder / "train.idx").write_text(text)

    broken(tmp_path, r"train\.rec: no such file.*\.rec and \.idx", good, lambda folder: (folder / "train.rec").unlink())
    broken(tmp_path, r"train\.idx: no such file", good, lambda folder: (folder / "train.idx").unlink())
    broken(tmp_path, r"train\.rec: the file is empty", good, lambda folder: (folder / "train.rec").write_bytes(b""))
    broken(tmp_path, r"train\.idx: not a list", good, index(""))
    broken(tmp_path, r"train\.idx: not a list", good, index("0\t0\n1\n"))
    broken(tmp_path, r"train\.idx: not a list .*'x'", good, index("0\tx\n"))
    broken(tmp_path, r"train\.idx: not a list", good, index("0\t\n"))
    broken(tmp_path, r"train\.idx: not a list", good, index("0\t99999999999999999999\n"))
    broken(tmp_path, r"train\.idx: line 1: record 0 at byte 9999992: no record", good, index("0\t9999992\n"))
    broken(tmp_path, r"train\.idx: line 2: record 1 at byte -4: no record", good, index("0\t0\n1\t-4\n"))
    broken(tmp_path, r"train\.idx: line 1: record 0 at byte 2: no record", good, index("0\t2\n"))
    broken(tmp_path, r"train\.idx: key 0 is there twice", good, index("0\t0\n0\t8\n"))
    broken(tmp_path, r"train\.idx: offset 8 is there twice", good, index("0\t8\n1\t8\n"))
    broken(tmp_path, r"record 3: there is no record where it should be", good, index("3\t8\n"))


def test_a_cut_file(tmp_path):
    folder = write_files(tmp_path, {key: pack(0, b"image", key) for key in range(3)})
    rec = (folder / "train.rec").read_bytes()
    (folder / "train.rec").write_bytes(rec[:-4])
    records = read_recordio(folder)
    assert records[1].image == b"image"
    for use in (lambda: records[2], lambda: records.labels):
        with pytest.raises(DataError, match=r"record 2: the file ends within it; fetch \.rec and \.idx again"):
            use()


def test_many_records_that_lead_into_one_row_of_parts(tmp_path):
    """Each must end before the next begins: else reading them takes time as the square of the file's size."""
    head = 1 << 29 | 24  # a first part, 24 bytes
    first = MAGIC + struct.pack("<I", head) + bytes(24)
    middle, last = MAGIC + struct.pack("<I", 2 << 29), MAGIC + struct.pack("<I", 3 << 29)
    count, row = 1500, 20_000
    starts = [MAGIC + struct.pack("<I", 1 << 29 | 32 * (count - index) - 8) + bytes(24) for index in range(count)]
    (tmp_path / "train.rec").write_bytes(b"".join(starts) + middle * row + last)
    (tmp_path / "train.idx").write_text("".join(f"{index + 5}\t{32 * index}\n" for index in range(count)))
    records = read_recordio(tmp_path)
    with pytest.raises(DataError, match="record 5: the file, or the next record, comes before its last part"):
        records.labels  # noqa: B018
    (tmp_path / "train.rec").write_bytes((first + middle * row + last + bytes(8)) * 2)
    (tmp_path / "train.idx").write_text(f"5\t0\n6\t{len(first + middle * row + last) + 8}\n")
    assert len(read_recordio(tmp_path)[1].image) == 4 * (row + 1)


def test_another_process_opens_the_files_itself(tmp_path):
    """As a loader's workers do."""
    records = read_recordio(write_files(tmp_path, insightface(IMAGES)))
    copied = pickle.dumps(records)
    assert len(copied) < 1000
    assert list(pickle.loads(copied)) == list(records)


@settings(quick, max_examples=300)
@given(data=st.data())
def test_changed_bytes_are_an_error_or_harmless(tmp_path, data):
    folder = write_files(tmp_path, insightface([(label, b"image") for label in (0, 0, 1)]))
    for name in ("train.rec", "train.idx"):
        damaged = bytearray((folder / name).read_bytes())
        for _ in range(data.draw(st.integers(0, 3))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        (folder / name).write_bytes(damaged[: data.draw(st.integers(1, len(damaged)) | st.just(len(damaged)))])
    with suppress(DataError):
        labels, records = read_everything(folder)
        assert len(labels) == len(records)


def test_frames_are_padded_and_cut():
    """The writer of these tests, by hand."""
    assert frame(b"abcde") == MAGIC + b"\5\0\0\0abcde\0\0\0"
    assert frame(b"abcd" + MAGIC + b"e") == MAGIC + b"\4\0\0\x20abcd" + MAGIC + b"\1\0\0\x60e\0\0\0"
    assert frame(MAGIC) == MAGIC + b"\0\0\0\x20" + MAGIC + b"\0\0\0\x60"

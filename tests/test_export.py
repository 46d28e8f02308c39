"""What is exported is what went in, for our own readers and for the words of the formats."""

import pickle
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgaf.cli import main
from lgaf.data.recordio import read_recordio
from lgaf.data.training import import_training
from lgaf.data.verification_bin import read_verification_bin
from lgaf.errors import DataError
from lgaf.export import cut, export
from lgaf.formats.pack import Pack, write_pack
from lgaf.formats.protocol import Identification, Verification, write_protocol
from lgaf.formats.reference import Reference

MAGIC = struct.pack("<I", 0xCED7230A)
LABELS = [30, 10, 30, 20, 10]


def image(value, side=112):
    return cv2.imencode(".png", np.full((side, side, 3), value, np.uint8))[1].tobytes()


@pytest.fixture
def pack(tmp_path):
    """Five images, the last referred to, one that holds the magic word."""
    (tmp_path / "file").write_bytes(b"xx" + image(4))
    with write_pack(tmp_path / "train.arrow", refers=True) as made:
        for index, label in enumerate(LABELS[:4]):
            made.add(f"n{index}", image(index) + MAGIC * 20 * (index == 2), label)
        made.add("n4", Reference(str(tmp_path / "file"), 2, len(image(4))), LABELS[4])
    return tmp_path / "train.arrow"


def test_recordio_there_and_back(pack, tmp_path):
    target = tmp_path / "out" / "train.rec"
    export(pack, target)
    assert sorted(path.name for path in target.parent.iterdir()) == ["property", "train.idx", "train.rec"]
    assert (target.parent / "property").read_text() == "3,112,112\n"
    source = Pack(pack)
    order = [1, 4, 3, 0, 2]  # by identity
    records = read_recordio(target.parent)
    assert [record.image for record in records] == [source.encoded(index) for index in order]
    assert records.labels.tolist() == [record.label for record in records] == [0, 0, 1, 2, 2]
    import_training(target.parent, tmp_path / "back.arrow")
    back = Pack(tmp_path / "back.arrow")
    assert [back.encoded(index) for index in range(5)] == [source.encoded(index) for index in order]
    export(tmp_path / "back.arrow", tmp_path / "again" / "train.rec")
    for name in ("train.rec", "train.idx", "property"):
        assert (tmp_path / "again" / name).read_bytes() == (target.parent / name).read_bytes()


def test_recordio_by_the_words_of_the_format(pack, tmp_path):
    """As arcface_torch's MXFaceDataset goes through it."""
    export(pack, tmp_path / "train.rec")
    content = (tmp_path / "train.rec").read_bytes()
    offsets = dict(map(int, line.split("\t")) for line in (tmp_path / "train.idx").read_text().splitlines())
    assert list(offsets) == list(range(9))

    def labels(key):
        magic, word, count, label, number, _ = struct.unpack_from("<IIIfQQ", content, offsets[key])
        assert (magic, number) == (0xCED7230A, key)
        if count:
            assert word == 24 + 4 * count
            return list(struct.unpack_from(f"<{count}f", content, offsets[key] + 32))
        return label

    assert [labels(key) for key in range(9)] == [[6, 9], 0, 0, 1, 2, 2, [1, 3], [3, 4], [4, 6]]


@given(words=st.lists(st.sampled_from([MAGIC, b"\x0a", b"abcd", MAGIC[:2]])))
def test_cuts_leave_no_aligned_magic_word(words):
    payload = b"".join(words)
    parts = cut(payload)
    assert MAGIC.join(parts) == payload
    assert all(len(part) % 4 == 0 for part in parts[:-1])
    assert not any(part[at : at + 4] == MAGIC for part in parts for at in range(0, len(part), 4))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.booleans()), min_size=1))
def test_bin_there_and_back(tmp_path, pairs):
    with write_pack(tmp_path / "lfw.arrow") as pack:
        for value, name in enumerate("abcd"):
            pack.add(name, image(value), -1)
    write_protocol(tmp_path / "lfw.json", Verification(pairs=pairs))
    export(tmp_path / "lfw.arrow", tmp_path / "lfw.bin", tmp_path / "lfw.json")
    expected = [image("abc".index(name)) for left, right, _ in pairs for name in (left, right)]
    images, same = read_verification_bin(tmp_path / "lfw.bin")
    assert (images, same.tolist()) == (expected, [answer for _, _, answer in pairs])
    with open(tmp_path / "lfw.bin", "rb") as stream:  # as insightface reads it
        assert pickle.load(stream, encoding="bytes") == (expected, same.tolist())


def test_what_cannot_be_exported(pack, tmp_path):
    def refused(match, target, source=pack, protocol=None):
        with pytest.raises(DataError, match=match):
            export(source, tmp_path / "out" / target, protocol)
        assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []

    pairs, search = tmp_path / "pairs.json", tmp_path / "search.json"
    write_protocol(pairs, Verification(pairs=[("n1", "n9", True)]))
    write_protocol(search, Identification(gallery=["n1"], probes={"": ["n2"]}))
    refused(r"train\.arrow: has no image n9, which .*pairs\.json asks for", "a.bin", protocol=pairs)
    refused(r"search\.json: asks for identification; a \.bin file holds pairs only", "a.bin", protocol=search)
    refused(r"a\.zip: must end in \.rec, or in \.bin", "a.zip")
    refused(r"a\.bin: must end in \.rec, or in \.bin and come with a protocol", "a.bin")
    for rows, match in (
        ([], r"b\.arrow: holds no images"),
        ([(image(0), -1)], r"b\.arrow: has images of unknown identity"),
        ([(b"x", 0)], r"b\.arrow: record 0 \(0\): not a readable image"),
        ([(image(0), 0), (image(0, 96), 0)], r"b\.arrow: record 1 \(1\): is not of 112x112 pixels"),
    ):
        with write_pack(tmp_path / "b.arrow") as made:
            for index, (encoded, label) in enumerate(rows):
                made.add(str(index), encoded, label)
        refused(match, "a.rec", tmp_path / "b.arrow")


def test_the_command(tmp_path, monkeypatch, capsys):
    """The pairs are found by the pack's name, or where --protocol says."""
    monkeypatch.chdir(tmp_path)
    for folder in ("data/aligned", "data/photos"):
        (tmp_path / folder).mkdir(parents=True)
    with write_pack("data/aligned/lfw.arrow") as pack:
        for name in "ab":
            pack.add(name, image(1), 0)
    write_protocol("data/photos/lfw.json", Verification(pairs=[("a", "b", True)], folds=2))
    write_protocol("other.json", Verification(pairs=[("a", "b", False)]))

    def run(*arguments):
        return main(
            ["--params", str(Path(__file__).parents[1] / "params.yaml"), "export", "data/aligned/lfw.arrow", *arguments]
        )

    assert run("lfw.bin") == 0
    assert "makes 10 even folds, not the 2 of data/photos/lfw.json" in capsys.readouterr().err
    assert read_verification_bin("lfw.bin")[1].tolist() == [True]
    assert run("lfw.bin", "--protocol", "other.json") == 0
    assert read_verification_bin("lfw.bin")[1].tolist() == [False]
    assert run("train.rec") == 0
    assert len(read_recordio("train.rec")) == 2
    assert run("train.zip") == 1

"""Verification files of every age; and pickles that ask for more than they may."""

import os
import pickle
import struct
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgaf.data.unpickle import read_pickle
from lgaf.data.verification_bin import read_verification_bin, write_verification_bin
from lgaf.errors import DataError

quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
IMAGES = [bytes([0xFF, 0xD8, index]) * (1 + 200 * index) for index in range(6)]
SAME = [True, False, True]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lfw.bin"


def read(path, content):
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content))
    images, same = read_verification_bin(path)
    assert same.dtype == np.bool_
    assert all(type(image) is bytes for image in images)
    return images, same.tolist()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("old", [True, False], ids=["numpy.core", "numpy._core"])
@pytest.mark.parametrize("arrays", [True, False])
@pytest.mark.parametrize(
    "answers", [list, np.array, lambda same: [np.bool_(x) for x in same], lambda s: list(map(int, s))]
)
def test_every_way_to_write_one(path, protocol, old, arrays, answers):
    images = [np.frombuffer(image, np.uint8) for image in IMAGES] if arrays else IMAGES
    content = pickle.dumps((images, answers(SAME)), protocol=protocol)
    if old and protocol < 4:  # as NumPy 1 names its own; lengths stand before the name in later protocols
        content = content.replace(b"numpy._core.", b"numpy.core.")
    assert read(path, content) == (IMAGES, SAME)


def test_arrays_that_may_be_written_to_and_lists_for_tuples(path):
    arrays = [np.frombuffer(image, np.uint8).copy() for image in IMAGES]
    assert read(path, pickle.dumps([arrays, tuple(SAME)], protocol=5)) == (IMAGES, SAME)
    assert read(path, pickle.dumps((tuple(IMAGES), SAME))) == (IMAGES, SAME)


def python2(protocol):
    """What cPickle of Python 2 writes: bytes are its plain strings. By hand, opcode by opcode."""

    def string(image):
        if protocol == 0:
            return b"S" + repr(image)[1:].encode() + b"\n"
        return (b"U" + bytes([len(image)]) if len(image) < 256 else b"T" + struct.pack("<i", len(image))) + image

    true, false = (b"I01\n", b"I00\n") if protocol < 2 else (b"\x88", b"\x89")
    answers = [true if answer else false for answer in SAME]
    if protocol == 0:
        items = b"".join(string(image) + b"a" for image in IMAGES), b"".join(answer + b"a" for answer in answers)
        return b"((lp1\n" + items[0] + b"(lp2\n" + items[1] + b"tp3\n."
    lists = b"]q\x01(" + b"".join(map(string, IMAGES)) + b"e" + b"]q\x02(" + b"".join(answers) + b"e"
    return b"(" + lists + b"tq\x03." if protocol == 1 else b"\x80\x02" + lists + b"\x86q\x03."


@pytest.mark.parametrize("protocol", range(3))
def test_files_of_python_2(path, protocol):
    assert read(path, python2(protocol)) == (IMAGES, SAME)


def test_arrays_of_numpy_in_python_2(path):
    """A uint8 array and a NumPy boolean, as protocol 2 of Python 2 writes them."""
    core = b"cnumpy.core.multiarray\n"
    dtype = b"cnumpy\ndtype\nU\x02%sK\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = (
        core
        + b"_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x03\x85"
        + dtype % b"u1"
        + b"\x89U\x03\xff\xd8\x00tb"
    )
    true = core + b"scalar\n" + dtype % b"b1" + b"U\x01\x01\x86R"
    content = b"\x80\x02](" + array * 2 + b"e](" + true + b"e\x86."
    assert read(path, content) == ([b"\xff\xd8\x00"] * 2, [True])


def test_text_for_bytes(path):
    """A file of Python 2 that someone read with encoding="latin1" and wrote again."""
    assert read(path, ([image.decode("latin1") for image in IMAGES], SAME)) == (IMAGES, SAME)


class Call:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


MADE = "made-by-a-pickle"
HOSTILE = {
    "system": (Call(os.system, f"touch {MADE}"), r"posix\.system|nt\.system"),
    "open": (Call(open, MADE, "w"), r"io\.open|_io\.open"),
    "eval": (Call(eval, f"open('{MADE}', 'w')"), r"__builtin__\.eval|builtins\.eval"),
    "getattr": (Call(getattr, os, "system"), r"getattr|module"),
    "load": (Call(np.load, "x.npy"), r"numpy.*\.load"),
    "object array": (np.array([object()]), "dtype"),
    "float array": (np.zeros(3), "dtype"),
    "bytes of a size": (Call(bytes, 10**12), "not a whole pickle"),
    "bytearray": (Call(bytearray, 10**12), "bytearray"),
    "codec": (Call(__import__("_codecs").encode, "x", "zip"), "the encoding 'zip'"),
    "a dictionary": ({"a": 1}, "opcode EMPTY_DICT|opcode DICT"),
    "a set": ({1}, "opcode EMPTY_SET|set"),
    "a float": (0.5, "opcode (BIN)?FLOAT"),
    "an object": (Exception("x"), "Exception"),
}


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("what", HOSTILE)
def test_anything_else_is_refused_by_name(path, monkeypatch, what, protocol):
    monkeypatch.chdir(path.parent)
    value, match = HOSTILE[what]
    if what == "getattr":
        content = b"\x80\x02](c__builtin__\ngetattr\ncos\nsystem\nU\x01x\x86Re]\x86."
    else:
        content = pickle.dumps(([value, b"x"], [True]), protocol=protocol)
    with pytest.raises(DataError, match=match) as caught:
        read(path, content)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not os.path.exists(MADE)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(K\x01d.", "opcode DICT"),
        (b"\x80\x04(i\n", "opcode INST|not a whole pickle"),
        (b"(ios\nsystem\n.", "opcode INST"),
        (b"\x80\x04c_codecs\nencode\n}b.", "opcode EMPTY_DICT"),
        (b"\x80\x04c_codecs\nencode\nN\x86b.", "not a whole pickle|a state of"),
        (b"\x80\x04c_codecs\nencode\nNb.", "asks for a state of a method"),
        (b"\x80\x04]Nb.", "asks for a state of a list"),
        (b"\x80\x04P1\n.", "opcode PERSID"),
        (b"\x80\x02\x82\x01.", "opcode EXT1"),
        (b"\x80\x04cnumpy\nndarray\n)\x81.", "opcode NEWOBJ"),
        (b"\x80\x04cnumpy\nndarray\n)R.", "not a whole pickle"),
        (b"\x80\x05\x97.", "opcode NEXT_BUFFER"),
        (b"]]2\x86.", "opcode DUP"),
        (b"cos\nsys\r\x1b[31mtem\nR.", r"asks for 'os\.sys\\r\\x1b\[31mtem', which"),
        (b"\xfe.", "not a whole pickle"),
        (b"\x80\x63.", "not a whole pickle"),
        (b"", "not a whole pickle"),
        (b"<html>404</html>", "not a whole pickle|opcode"),
    ],
)
def test_opcodes(path, content, match):
    with pytest.raises(DataError, match=match) as caught:
        read(path, content)
    assert str(caught.value).isprintable()


HUGE = struct.pack("<Q", 2**40)
BOMBS = {
    "BINBYTES8": b"\x80\x04\x8e" + HUGE + b"x",
    "BINUNICODE8": b"\x80\x04\x8d" + HUGE + b"x",
    "BYTEARRAY8": b"\x80\x05\x96" + HUGE + b"x",
    "FRAME": b"\x80\x04\x95" + HUGE + b"x",
    "BINBYTES": b"\x80\x03B\xff\xff\xff\x7fx",
    "LONG4": b"\x80\x02\x8b\xff\xff\xff\x7fx",
    "a memo of 2**32": b"\x80\x02]r\xff\xff\xff\xff.",
    "a memo of ten digits": b"]p4294967295\n.",
    "a number of a million digits": b"L" + b"9" * 10**6 + b"L\n.",
    "one text encoded again and again": b"\x80\x02](c_codecs\nencode\nX\x50\xc3\x00\x00"
    + b"x" * 50_000
    + b"q\x00X\x06\x00\x00\x00latin1q\x01\x86q\x02R"
    + b"c_codecs\nencode\nh\x02R" * 10_000
    + b"e]\x86.",
}


@pytest.mark.parametrize("what", BOMBS)
def test_memory_follows_the_file(path, what):
    path.write_bytes(BOMBS[what])
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            read_verification_bin(path)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(BOMBS[what]) + 200_000
    finally:
        tracemalloc.stop()


def test_one_array_in_many_pairs_is_one_image(path):
    """Two bytes of a pickle name a large array again; its bytes are not made again."""
    array = np.zeros(10**6, np.uint8)
    path.write_bytes(pickle.dumps(([array] * 2000, [True] * 1000)))
    tracemalloc.start()
    images, _ = read_verification_bin(path)
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()
    assert len(images) == 2000


def test_deep_nesting(path):
    for opcode in (
        b"]" * 10**5,
        b"(" * 10**5,
        b")" + b"\x85" * 10**5 + b".",
        b"]" + b"]a" * 10 + b"\x85" * 10**5 + b"]\x86.",
    ):
        with pytest.raises(DataError):
            read(path, opcode)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (5, "holds a int, not"),
        ((IMAGES,), "holds a tuple, not"),
        ((IMAGES[:-1], SAME), r"has 5 images for 3 pairs, must be two each"),
        ((b"bytes", SAME), "has a bytes for 3 pairs"),
        (([], []), "no list of same"),
        ((IMAGES, b"\1\0\1"), "no list of same"),
        ((IMAGES, [True, None, True]), "pair 1: same is a NoneType"),
        ((IMAGES, [True, 2, True]), "pair 1: same is a whole number, must be true or false"),
        ((IMAGES, np.array([1, 0, 2], np.uint8)), "pair 2: same is a whole number"),
        (([*IMAGES[:-1], b""], SAME), "image 5 is empty"),
        (([*IMAGES[:-1], np.zeros(0, np.uint8)], SAME), "image 5 is empty"),
        (([*IMAGES[:-1], 7], SAME), "image 5 is a int"),
        (([*IMAGES[:-1], "\u20ac"], SAME), "image 5 is a str"),
        (([*IMAGES[:-1], [IMAGES]], SAME), "image 5 is a list"),
    ],
)
def test_no_list_of_pairs(path, content, match):
    with pytest.raises(DataError, match=match):
        read(path, content)


def test_a_missing_file_and_a_folder(path):
    with pytest.raises(DataError, match=r"lfw\.bin: no such file"):
        read_verification_bin(path)
    with pytest.raises(DataError, match="is a folder, not a file"):
        read_verification_bin(path.parent)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.binary() | st.text(),
    lambda each: st.lists(each) | st.tuples(each, each),
)


@quick
@given(value=plain, protocol=st.integers(0, 5))
def test_plain_values_come_back(tmp_path, value, protocol):
    (tmp_path / "a").write_bytes(pickle.dumps(value, protocol=protocol))
    assert read_pickle(tmp_path / "a") == value


@settings(quick, max_examples=300)
@given(data=st.data(), protocol=st.integers(0, 5))
def test_changed_bytes_are_an_error_or_harmless(tmp_path, data, protocol):
    damaged = bytearray(pickle.dumps(([np.zeros(9, np.uint8), b"\xff\xd8" * 9], [np.bool_(True)]), protocol=protocol))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "a").write_bytes(damaged[: data.draw(st.just(len(damaged)) | st.integers(0, len(damaged)))])
    with suppress(DataError):
        images, same = read_verification_bin(tmp_path / "a")
        assert len(images) == 2 * len(same)


def test_what_is_written_is_what_pickle_reads(path):
    """Other suites read it with ``pickle.load(f, encoding="bytes")``."""
    write_verification_bin(path, IMAGES, np.array(SAME))
    with open(path, "rb") as stream:
        assert pickle.load(stream, encoding="bytes") == (IMAGES, SAME)
    assert read(path, path.read_bytes()) == (IMAGES, SAME)

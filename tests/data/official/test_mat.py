"""The MATLAB reader against SciPy's, and against files made to hurt."""

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgaf.catalogue import TINYFACE
from lgaf.data.official.mat import LARGEST_CONTENT, read_id_list
from lgaf.errors import DataError

HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def save(path, names, ids, compress=True):
    content = {
        "ids": np.array(ids, float)[:, None],
        "set": np.array([[name] for name in names] or np.empty((0, 1)), object),
    }
    scipy.io.savemat(path, content, do_compression=compress)


def element(kind, body):
    return struct.pack("<II", kind, len(body)) + body + bytes(-len(body) % 8)


def matrix(matrix_class, dims, name, body):
    flags = element(6, struct.pack("<II", matrix_class, 0))
    return element(14, flags + element(5, struct.pack(f"<{len(dims)}i", *dims)) + element(1, name) + body)


def refused(path, match):
    with pytest.raises(DataError, match=match) as caught:
        read_id_list(path, "ids", "set")
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@QUIET
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1), st.integers(0, 2**31 - 1)
        ),
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
)
def test_reads_what_scipy_writes(tmp_path, rows, compress):
    path = tmp_path / "list.mat"
    save(path, [name for name, _ in rows], [number for _, number in rows], compress)
    assert read_id_list(path, "ids", "set") == rows


def test_reads_big_endian(tmp_path):
    """By hand, since SciPy writes only the machine's order."""

    def big(kind, body):
        return struct.pack(">II", kind, len(body)) + body + bytes(-len(body) % 8)

    def variable(matrix_class, name, body):
        return big(14, big(6, struct.pack(">II", matrix_class, 0)) + big(5, struct.pack(">ii", 1, 1)) + name + body)

    small = struct.pack(">HH", 3, 1) + b"ids\0"  # up to four bytes stand within the tag
    text = variable(4, big(1, b""), big(4, "7_é.jpg".encode("utf-16-be")))
    content = variable(6, small, big(9, struct.pack(">d", 7))) + variable(1, big(1, b"set"), text)
    path = tmp_path / "list.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI" + content)
    assert read_id_list(path, "ids", "set") == [("7_é.jpg", 7)]


def test_official_lists_as_scipy_reads_them(published_lists):
    for kind, ids, names, rows in (
        ("probe", "probe_ids", "probe_set", TINYFACE["probes"]),
        ("gallery_match", "gallery_ids", "gallery_set", TINYFACE["mated gallery images"]),
    ):
        path = published_lists / "tinyface" / f"{kind}_img_ID_pairs.mat"
        theirs = scipy.io.loadmat(path)
        expected = [
            (str(name[0]), int(number)) for name, number in zip(theirs[names][:, 0], theirs[ids][:, 0], strict=True)
        ]
        assert len(expected) == rows
        assert read_id_list(path, ids, names) == expected


@QUIET
@given(st.data())
def test_any_damage_is_refused_or_read(tmp_path, data):
    path = tmp_path / "list.mat"
    save(path, ["1_2.jpg", "1_3.jpg", "4_1.jpg"], [1, 1, 2], data.draw(st.booleans()))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(100, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        rows = read_id_list(path, "ids", "set")
    except DataError as error:
        line = str(error)
    else:
        line, rows = f"{path}", [*rows]
    assert "\n" not in line
    assert line.startswith(str(path))


@QUIET
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_refused(tmp_path, body, headed):
    path = tmp_path / "list.mat"
    path.write_bytes(HEADER * headed + body)
    refused(path, "not a MATLAB list")


def test_promises_and_bombs(tmp_path):
    """Nested cells end SciPy's process; huge sizes and much from little memory."""
    path = tmp_path / "list.mat"
    nested = matrix(6, (1, 1), b"", element(9, bytes(8)))
    for _ in range(1000):
        nested = matrix(1, (1, 1), b"set", nested)
    bomb = zlib.compress(matrix(6, (2**24, 1), b"ids", element(9, bytes(2**27))), 9)
    assert len(bomb) < 2**18
    tracemalloc.start()
    for content, match in (
        (nested, "a cell holds no text"),
        (struct.pack("<II", 14, 2**31) + bytes(100), "is cut off"),
        (struct.pack("<II", 15, len(bomb)) + bomb, "too large for a list"),
        ((struct.pack("<II", 15, len(bomb)) + bomb) * 10, "too large for a list"),
        (matrix(6, (2**30, 2**30), b"ids", element(9, bytes(8))), "has no variable 'set'"),
    ):
        path.write_bytes(HEADER + content)
        refused(path, match)
    assert tracemalloc.get_traced_memory()[1] < 4 * LARGEST_CONTENT
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (
            b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n",
            r"version 7\.3 \(HDF5\) is not read; save it with -v7",
        ),
        (b"", "has no header"),
        (HEADER, "has no variable 'ids'"),
        (HEADER + element(9, bytes(8)), "has an element of type 9 where a variable must be"),
        (HEADER + matrix(5, (1, 1), b"ids", element(9, bytes(8))), "ids holds neither numbers nor cells"),
        (HEADER + element(14, b""), "a matrix has no header"),
    ],
)
def test_files_that_are_no_list(tmp_path, content, match):
    path = tmp_path / "list.mat"
    path.write_bytes(content)
    refused(path, match)


@pytest.mark.parametrize(
    ("names", "ids", "match"),
    [
        (["a"], [1.5], "ids must be whole numbers"),
        (["a"], [np.nan], "ids must be whole numbers"),
        (["a"], [2.0**31], "ids must be whole numbers"),
        (["a"], [-1], "ids must be whole numbers"),
        (["a", "b"], [1], "ids has 1 rows, set 2"),
    ],
)
def test_lists_that_contradict_themselves(tmp_path, names, ids, match):
    path = tmp_path / "list.mat"
    save(path, names, ids)
    refused(path, match)


def test_files_that_are_not_there_or_too_large(tmp_path):
    path = tmp_path / "list.mat"
    refused(path, r"no such file.*docs/datasets/tinyface\.md")
    with path.open("wb") as file:
        file.truncate(2**34)  # sparse
    refused(path, "bytes are too many for such a file")

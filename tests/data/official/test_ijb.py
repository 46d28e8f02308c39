"""The IJB reader on a small tree in the official layout, and on lists that are not as they must be."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from miniature import write_ijb

from lgaf.data.benchmark import write_benchmark
from lgaf.data.official import ijb
from lgaf.data.official.readers import open_benchmark
from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import read_protocol

POINTS, MEMBERS, PAIRS = "name_5pts_score", "face_tid_mid", "template_pair_label"


@pytest.fixture
def root(tmp_path):
    write_ijb(tmp_path / "ijbc", "ijbc")
    return tmp_path


def list_path(root, kind):
    return root / "ijbc" / "meta" / f"ijbc_{kind}.txt"


def opened(root, name="ijbc"):
    return open_benchmark(name, root, counts="any")


def refused(root, match):
    with pytest.raises(DataError, match=match) as caught:
        opened(root)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", ["ijbb", "ijbc"])
def test_lists_become_images_and_templates(tmp_path, name):
    write_ijb(tmp_path / name.upper(), name)
    benchmark = opened(tmp_path, name)
    assert [image.name for image in benchmark.images] == [f"{number}.jpg" for number in range(1, 37)]
    assert {image.label for image in benchmark.images} == {-1}
    assert benchmark.images[5].landmarks.tolist() == [[7, 9], [16, 9], [12, 14], [8, 18], [15, 18]]
    members = benchmark.protocol.members.to_pylist()
    assert members[4] == {"image": "5.jpg", "template": 2, "media": 21, "score": np.float32(0.94)}
    pairs = benchmark.protocol.pairs.to_pylist()
    assert len(pairs) == 66
    assert [(pair["left"], pair["right"]) for pair in pairs if pair["same"]] == [(n, n + 1) for n in range(1, 12, 2)]
    assert "NOT the published data set" in benchmark.notes[0]


def test_written_and_read_again(root, tmp_path):
    benchmark = opened(root)
    write_benchmark(benchmark, tmp_path / "out")
    pack, protocol = Pack(tmp_path / "out" / "ijbc.arrow"), read_protocol(tmp_path / "out" / "ijbc.json")
    assert pack.names == [image.name for image in benchmark.images]
    assert pack.landmarks(5).tolist() == benchmark.images[5].landmarks.tolist()
    assert pack.encoded(3) == (root / "ijbc" / "loose_crop" / "4.jpg").read_bytes()
    assert protocol.members.equals(benchmark.protocol.members)
    assert protocol.pairs.equals(benchmark.protocol.pairs)
    assert protocol.notes == benchmark.notes


def test_counts_are_the_published_ones():
    """23,124 templates and 15,658,489 pairs as NIST and insightface print them."""
    assert sum(ijb.PUBLISHED["ijbc"][2:]) == 15_658_489
    assert sum(ijb.PUBLISHED["ijbb"][2:]) == 8_010_270


def test_other_counts_are_refused(root):
    with pytest.raises(DataError, match=r"has 36 images \(published: 469,375\), 12 templates \(published: 23,124\)"):
        open_benchmark("ijbc", root)


@pytest.mark.parametrize(
    ("kind", "line", "new", "match"),
    [
        (POINTS, 2, "3.jpg 1 2 3", r"ijbc_name_5pts_score.txt: line 3: Expected 12 columns, got 4"),
        (POINTS, 2, "3.jpg 1 2 3 4 5 6 7 x 9 10 0.9", "line 3: .* invalid value 'x'"),
        (POINTS, 2, "3.jpg 1 2 3 4 5 6 7 8 9 nan 0.9", "line 3: y4 is no number"),
        (POINTS, 2, "3.jpg 1 2 3 4 5 6 7 8 9 1e99 0.9", "line 3: y4 is no number"),
        (POINTS, 2, "3.jpg 1 2 3 4 5 6 7 8 9 10 -0.5", "line 3: the detector's score is below 0"),
        (POINTS, 2, "", "line 3: .* invalid value ''"),
        (POINTS, 2, "33.jpg 1 2 3 4 5 6 7 8 9 10 0.9", "face_tid_mid.txt: line 3: '3.jpg', but .* has '33.jpg' there"),
        (MEMBERS, 4, "5.jpg 2", "face_tid_mid.txt: line 5: Expected 3 columns, got 2"),
        (MEMBERS, 4, "5.jpg 2 2.5", "line 5: .* invalid value '2.5'"),
        (MEMBERS, 4, "5.jpg 2 99999999999", "line 5: .* invalid value '99999999999'"),
        (PAIRS, 7, "1 77 0", "template_pair_label.txt: line 8: template 77 has no image"),
        (PAIRS, 7, "77 1 0", "line 8: template 77 has no image"),
        (PAIRS, 7, "1 9 2", "line 8: 2 is neither 1"),
        (PAIRS, 7, "1 9 -1", "line 8: .* invalid value '-1'"),
        (PAIRS, 7, "1\t9\t0", "line 8: Expected 3 columns, got 1"),
    ],
)
def test_a_broken_line_is_named(root, kind, line, new, match):
    path = list_path(root, kind)
    lines = path.read_text().splitlines()
    lines[line] = new
    path.write_text("\n".join(lines) + "\n")
    refused(root, match)


def replace_name(root, old, new):
    for kind in (POINTS, MEMBERS):
        path = list_path(root, kind)
        path.write_bytes(path.read_bytes().replace(b"\n" + old + b" ", b"\n" + new + b" "))


@pytest.mark.parametrize(
    ("new", "match"),
    [
        (b"1.jpg", "'1.jpg' stands on two lines"),
        (b"99.jpg", r"line 3: no such image: .*loose_crop/'99.jpg' \(1 of 36 are missing there\)"),
        (b"../meta/ijbc_face_tid_mid.txt", "line 3: no such image"),
        (b"..", "line 3: no such image"),
        (b"/etc/hostname", "line 3: no such image"),
        (b"a\x00b", "line 3: no such image"),
        (b"\xff\xfe", "invalid UTF8"),
    ],
)
def test_a_name_is_a_file_of_the_folder(root, new, match):
    replace_name(root, b"3.jpg", new)
    refused(root, match)


def test_other_broken_layouts(root):
    pairs = list_path(root, PAIRS)
    text = pairs.read_text()
    pairs.write_text("".join(line + "\n" for line in text.splitlines() if line.endswith("0")))
    refused(root, "all 60 pairs are of one kind")
    pairs.write_text("")
    refused(root, "template_pair_label.txt: Empty CSV file; a line must be left right same")
    pairs.unlink()
    refused(root, "template_pair_label.txt: no such file; see docs/datasets/ijb.md")
    pairs.mkdir()
    refused(root, "template_pair_label.txt: ")
    members = list_path(root, MEMBERS)
    members.write_text("\n".join(members.read_text().splitlines()[:-1]))
    refused(root, r"has 35 lines, .* 36; fetch both again")


def test_line_ends_of_windows(root):
    before = opened(root)
    for kind in (POINTS, MEMBERS, PAIRS):
        path = list_path(root, kind)
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    after = opened(root)
    assert after.protocol.members.equals(before.protocol.members)
    assert after.protocol.pairs.equals(before.protocol.pairs)


fields = st.sampled_from(
    [b"1.jpg", b"0", b"1", b"-7", b"0.5", b"nan", b"1e400", b"", b'"', b"\xff", b"\t", b"\r", b"\x00"]
)
lines = st.lists(fields | st.binary(max_size=6), max_size=14).map(b" ".join)
contents = st.lists(lines, max_size=6).map(b"\n".join) | st.binary(max_size=200)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from([POINTS, MEMBERS, PAIRS]), content=contents)
@example(kind=POINTS, content=b"x" * 3_000_000)
@example(kind=PAIRS, content=b"1 " * 1_000_000)
@example(kind=PAIRS, content=b"2147483647 -2147483648 1\n" * 3)
def test_only_one_line_errors_escape(root, kind, content):
    """Whatever a list holds, it is read or refused; what that takes is bounded by its size."""
    path = list_path(root, kind)
    kept = path.read_bytes()
    path.write_bytes(content)
    tracemalloc.start()
    pool, ordinary = pa.proxy_memory_pool(pa.system_memory_pool()), pa.default_memory_pool()
    pa.set_memory_pool(pool)
    message = ""
    try:
        opened(root)
    except DataError as error:
        message = str(error)
    finally:
        pa.set_memory_pool(ordinary)
        peak = tracemalloc.get_traced_memory()[1] + pool.max_memory()
        tracemalloc.stop()
        path.write_bytes(kept)
    assert "\n" not in message
    assert len(message) < 1000
    assert peak < 2**23 + 8 * len(content)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=10, max_size=10), min_size=36, max_size=36))
def test_landmarks_are_read_as_written(root, points):
    text = "".join(f"{n}.jpg {' '.join(map(repr, row))} 0.5\n" for n, row in enumerate(points, start=1))
    list_path(root, POINTS).write_text(text)
    found = np.array([image.landmarks for image in opened(root).images])
    assert np.array_equal(found, np.array(points, np.float32).reshape(36, 5, 2))

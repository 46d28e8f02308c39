"""The 1:N lists of IJB-B and IJB-C beside the others: read, and refused where they cannot be."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from miniature import write_ijb

from lgaf.data.benchmark import write_benchmark
from lgaf.data.official import ijb, ijb_searches
from lgaf.data.official.readers import open_benchmark
from lgaf.errors import DataError
from lgaf.formats.protocol import read_protocol

HEADER = "TEMPLATE_ID,SUBJECT_ID,FILENAME,SIGHTING_ID"
"""NIST's lists go on with columns that nobody reads here."""
LISTS = {
    "gallery_{0}": ["1,10,img/1.png,5", "1,10,frames/2.png,6", "5,12,img/3.png,7", "9,14,img/4.png,8"],
    "gallery_{1}": ["3,11,img/5.png,9", "7,13,img/6.png,1", "11,15,img/7.png,2"],
    "probe_mixed": ["2,10,img/8.png,3", "12,15,a,1", "2,10,frames/9.png,4", "4,11,a,1", "6,12,a,1"],
}


def write_lists(root, name="ijbc", **changes):
    write_ijb(root / name, name)
    galleries = [gallery.upper() for gallery in ijb_searches.GALLERIES[name]]
    for kind, lines in LISTS.items():
        path = root / name / "meta" / f"{name}_1N_{kind.format(*galleries)}.csv"
        path.write_text("\n".join([HEADER, *changes.get(kind[:7], lines)]) + "\n")
    return root


def opened(root, name="ijbc"):
    return open_benchmark(name, root, counts="any")


@pytest.mark.parametrize("name", ["ijbb", "ijbc"])
def test_lists_become_searches(tmp_path, name):
    benchmark = opened(write_lists(tmp_path, name), name)
    one, other = ijb_searches.GALLERIES[name]
    rows = [(row["gallery"], row["template"], row["person"]) for row in benchmark.protocol.searches.to_pylist()]
    assert rows == [
        (one, 1, 10), (one, 5, 12), (one, 9, 14), (other, 3, 11), (other, 7, 13), (other, 11, 15),
        ("", 2, 10), ("", 12, 15), ("", 4, 11), ("", 6, 12),
    ]  # fmt: skip
    write_benchmark(benchmark, tmp_path / "out")
    assert read_protocol(tmp_path / "out" / f"{name}.json").searches.equals(benchmark.protocol.searches)


def test_without_the_lists_there_is_no_search(tmp_path):
    write_ijb(tmp_path / "ijbc", "ijbc")
    benchmark = opened(tmp_path)
    assert benchmark.protocol.searches is None
    write_benchmark(benchmark, tmp_path / "out")
    assert "searches" not in (tmp_path / "out" / "ijbc.json").read_text()
    assert read_protocol(tmp_path / "out" / "ijbc.json").searches is None


@pytest.mark.parametrize("name", ["ijbb", "ijbc"])
def test_galleries_and_probes_are_all_published_templates(name):
    assert sum(ijb_searches.PUBLISHED[name]) == ijb.PUBLISHED[name][1]


def test_other_counts_are_refused(tmp_path):
    """Of the 1:1 lists' three, and of the different pairs and the two of these."""
    with pytest.raises(DataError, match=r"6 same pairs \(published: 19,557\) and 3 more counts"):
        open_benchmark("ijbc", write_lists(tmp_path))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"gallery": ["1,10", "77,12"]}, r"gallery_G1.csv: template 77 has no image"),
        ({"gallery": ["1,10", "1,11"]}, r"gallery_G1.csv: template 1 has two people"),
        ({"gallery": ["1,10", "5,10"]}, r"gallery_G1.csv: a person has two templates"),
        ({"gallery": ["1,10", "5,x"]}, r"gallery_G1.csv: .*invalid value 'x'; after the header a line must begin with"),
        ({"gallery": ["1,99999999999"]}, r"gallery_G1.csv: .*99999999999"),
        ({"gallery": ["1"]}, r"gallery_G1.csv: .*after the header a line must begin with template,person"),
        ({"gallery": []}, r"gallery_G1.csv: .*after the header"),
        ({"probe_m": ["2,10", "1,10"]}, r"probe_mixed.csv: template 1 stands in .*gallery_G1.csv too"),
        ({"probe_m": ["2,99"]}, r"probe_mixed.csv: person 99 is in neither gallery"),
    ],
)
def test_what_contradicts_is_named(tmp_path, changes, match):
    """``gallery`` changes both galleries alike; the first is read first."""
    with pytest.raises(DataError, match=match) as caught:
        opened(write_lists(tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_nobody_is_in_both_galleries(tmp_path):
    write_lists(tmp_path)
    path = tmp_path / "ijbc" / "meta" / "ijbc_1N_gallery_G2.csv"
    path.write_text(path.read_text().replace("7,13", "7,12"))
    with pytest.raises(DataError, match=r"gallery_G2.csv: person 12 is in .*gallery_G1.csv too"):
        opened(tmp_path)


def test_a_missing_list_is_named(tmp_path):
    write_lists(tmp_path)
    (tmp_path / "ijbc" / "meta" / "ijbc_1N_probe_mixed.csv").unlink()
    with pytest.raises(DataError, match=r"probe_mixed.csv: no such file; the other 1:N lists are there"):
        opened(tmp_path)


lines = st.lists(st.sampled_from([b"1", b"2", b"10", b"x", b"", b'"', b"\xff", b"\x00"]), max_size=4).map(b",".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.lists(lines, max_size=6).map(b"\n".join) | st.binary(max_size=100))
@example(content=b"")
@example(content=b"h\n" + b"1," * 100_000)
def test_only_one_line_errors_escape(tmp_path, content):
    if not (tmp_path / "ijbc").exists():
        write_lists(tmp_path)
    (tmp_path / "ijbc" / "meta" / "ijbc_1N_probe_mixed.csv").write_bytes(content)
    message = ""
    try:
        opened(tmp_path)
    except DataError as error:
        message = str(error)
    assert "\n" not in message
    assert len(message) < 1000

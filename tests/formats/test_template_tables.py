"""The tables beside a protocol file."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lgaf.errors import DataError
from lgaf.formats.protocol import read_protocol, write_protocol
from lgaf.formats.templates import MEMBERS, PAIRS, Templates

names = st.text(st.characters(exclude_categories=["Cs"]))
int32 = st.integers(-(2**31), 2**31 - 1)
members = st.lists(st.tuples(names, int32, int32, st.floats(-10, 10, width=32)), min_size=1, max_size=5)
pairs = st.lists(st.tuples(int32, int32, st.booleans()), min_size=1, max_size=5)


def templates(members, pairs, notes=()):
    tables = (
        pa.table([pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)],
                 schema=schema)
        for rows, schema in ((members, MEMBERS), (pairs, PAIRS))
    )  # fmt: skip
    return Templates(members=next(tables), pairs=next(tables), notes=list(notes))


SMALL = templates([("a.jpg", 1, 7, 0.5), ("b.jpg", 2, 7, 1.0)], [(1, 2, True)], ["a line"])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(protocol=st.builds(templates, members, pairs, st.lists(names, max_size=2)))
def test_round_trip(tmp_path, protocol):
    write_protocol(tmp_path / "a.json", protocol)
    found = read_protocol(tmp_path / "a.json")
    assert found.members.equals(protocol.members)
    assert found.pairs.equals(protocol.pairs)
    assert found.notes == protocol.notes


def test_the_json_file_is_small_and_tells_the_tables_apart(tmp_path):
    write_protocol(tmp_path / "a.json", SMALL)
    first = (tmp_path / "a.json").read_bytes()
    value = json.loads(first)
    assert value["members"]["file"] == "a.templates.arrow"
    assert value["pairs"]["file"] == "a.pairs.arrow"
    write_protocol(tmp_path / "a.json", SMALL)
    assert (tmp_path / "a.json").read_bytes() == first
    in_two_chunks = pa.concat_tables([SMALL.members.slice(0, 1), SMALL.members.slice(1)])
    write_protocol(tmp_path / "a.json", SMALL.model_copy(update={"members": in_two_chunks}))
    assert (tmp_path / "a.json").read_bytes() == first
    other = templates([("a.jpg", 1, 7, 0.5), ("b.jpg", 2, 7, 0.9)], [(1, 2, True)], ["a line"])
    write_protocol(tmp_path / "a.json", other)
    assert (tmp_path / "a.json").read_bytes() != first


def refused(path, match):
    with pytest.raises(DataError, match=match) as caught:
        read_protocol(path)
    assert "\n" not in str(caught.value)


def test_tables_that_do_not_belong_are_refused(tmp_path):
    path = tmp_path / "a.json"
    write_protocol(path, SMALL)
    write_protocol(tmp_path / "b.json", templates([("a.jpg", 1, 7, 0.5)], [(1, 1, True)]))
    (tmp_path / "b.pairs.arrow").replace(tmp_path / "a.pairs.arrow")
    refused(path, r"a.pairs.arrow: is not the file that .*a.json names")
    (tmp_path / "a.pairs.arrow").write_bytes(b"ARROW1")
    refused(path, "a.pairs.arrow: not a whole Arrow IPC file")
    (tmp_path / "a.pairs.arrow").unlink()
    refused(path, "a.pairs.arrow: no such file")


@pytest.mark.parametrize("file", ["../a.templates.arrow", "/a.arrow", "a\\b.arrow", "a.txt", "a.arrow\n"])
def test_only_a_file_beside_it_is_named(tmp_path, file):
    path = tmp_path / "a.json"
    write_protocol(path, SMALL)
    value = json.loads(path.read_text())
    value["members"]["file"] = file
    path.write_text(json.dumps(value))
    refused(path, "members.file")


@pytest.mark.parametrize(
    ("table", "match"),
    [
        (SMALL.pairs, "columns are left: int32"),
        (SMALL.members.slice(0, 0), "no row"),
        (SMALL.members.set_column(1, MEMBERS.field(1), pa.array([1, None], pa.int32())), "a cell is empty"),
        (SMALL.members.set_column(3, MEMBERS.field(3), pa.array([1, float("nan")], pa.float32())), "is not finite"),
    ],
)
def test_other_tables_are_refused(tmp_path, table, match):
    with pytest.raises(ValidationError, match=match):
        Templates(members=table, pairs=SMALL.pairs)
    write_protocol(tmp_path / "a.json", SMALL.model_copy(update={"members": table}))
    refused(tmp_path / "a.json", match)

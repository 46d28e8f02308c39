"""Packs: round trips, and files that are broken or hostile."""

import ast
import pickle
import time
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lgaf.formats
from lgaf.errors import DataError
from lgaf.formats.content import content_hash
from lgaf.formats.pack import BASE, Pack, read_table, write_pack
from lgaf.formats.reference import COLUMNS, OPEN_FILES, Reference

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
rows = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.binary(),
        st.integers(-1, 2**31 - 1),
        st.none() | st.lists(numbers, min_size=10, max_size=10),
        st.none() | numbers,
    ),
    max_size=8,
)


@quick
@given(rows=rows)
def test_round_trip(tmp_path, rows):
    path = tmp_path / "a.arrow"
    with write_pack(path, truth=["yaw"]) as pack:
        for name, image, label, landmarks, yaw in rows:
            pack.add(name, image, label, None if landmarks is None else np.reshape(landmarks, (5, 2)), yaw=yaw)
    back = Pack(path)
    assert len(back) == len(rows)
    assert back.names == [row[0] for row in rows]
    assert back.labels.tolist() == [row[2] for row in rows]
    assert back.table["yaw"].to_pylist() == [row[4] for row in rows]
    for index, (_, image, _, landmarks, _) in enumerate(rows):
        assert back.encoded(index) == image
        points = back.landmarks(index)
        assert (points is None and landmarks is None) or points.ravel().tolist() == landmarks


def test_many_rows_keep_their_order(tmp_path):
    """More than two batches, so that a batch's end is crossed."""
    with write_pack(tmp_path / "a.arrow", truth=["yaw"]) as pack:
        for index in range(600):
            pack.add(str(index), str(index).encode(), index, yaw=index / 2)
    back = Pack(tmp_path / "a.arrow")
    assert [back.encoded(index) for index in range(600)] == [str(index).encode() for index in range(600)]
    np.testing.assert_array_equal(back.truth["yaw"], np.arange(600) / 2)


def test_images_come_back_as_rgb(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (7, 9, 3), np.uint8)
    with write_pack(tmp_path / "a.arrow") as pack:
        pack.add("a", cv2.imencode(".png", image[..., ::-1])[1].tobytes(), 0)
        pack.add("b", b"no image", 0)
    back = Pack(tmp_path / "a.arrow")
    np.testing.assert_array_equal(back.image(0), image)
    with pytest.raises(DataError, match=r"a\.arrow: record 1 \(b\): not a readable image \(8 bytes\)"):
        back.image(1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "a.arrow"
    with write_pack(path, truth=["yaw"]) as pack:
        for index in range(5):
            pack.add(f"n{index}", b"image", index, np.ones((5, 2)) if index % 2 else None, yaw=float(index))
    return path.read_bytes()


def use(path):
    pack = Pack(path)
    return [(pack.encoded(index), pack.landmarks(index), pack.truth) for index in range(len(pack))]


@quick
@given(data=st.data())
def test_a_cut_file_is_an_error(tmp_path, whole, data):
    path = tmp_path / "cut.arrow"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(DataError, match=r"cut\.arrow: "):
        use(path)


@settings(quick, max_examples=300)
@given(data=st.data())
def test_changed_bytes_are_an_error_or_harmless(tmp_path, whole, data):
    """Without full validation some of these end the process."""
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.arrow"
    path.write_bytes(damaged)
    with suppress(DataError):
        use(path)


def write_table(path, table):
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)


def test_columns_are_checked(tmp_path):
    path = tmp_path / "a.arrow"
    empty = BASE.empty_table()
    write_table(path, empty.drop_columns(["label"]))
    with pytest.raises(DataError, match="column 'label' is missing"):
        Pack(path)
    write_table(path, empty.set_column(2, "label", pa.array([], pa.string())))
    with pytest.raises(DataError, match="column 'label' is string, must be int32"):
        Pack(path)
    write_table(path, empty.append_column("yaw", pa.array([], pa.float64())))
    with pytest.raises(DataError, match="column 'yaw' is double, must be float"):
        Pack(path)
    write_table(path, empty.append_column("name", pa.array([], pa.string())))
    with pytest.raises(DataError, match="two columns of one name"):
        Pack(path)
    write_table(path, pa.Table.from_pylist([{"name": None, "image": b"", "label": 0}], schema=BASE))
    with pytest.raises(DataError, match="column 'name' has empty cells"):
        Pack(path)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(DataError, match=r"none\.arrow: no such file"):
        read_table(tmp_path / "none.arrow", [])
    with pytest.raises(DataError, match="is a folder, not a file"):
        read_table(tmp_path, [])


def test_a_failure_midway_leaves_nothing(tmp_path):
    def write():
        with write_pack(tmp_path / "a.arrow") as pack:
            for index in range(300):
                pack.add(str(index), b"x", 0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert list(tmp_path.iterdir()) == []


def test_references(tmp_path):
    """Rows of both kinds, one at a time and many at once, in the order they were given."""
    files = [tmp_path / f"{number}.bin" for number in range(OPEN_FILES + 2)]  # more than stay open
    for number, file in enumerate(files):
        file.write_bytes(bytes(range(number, number + 20)))
    with write_pack(tmp_path / "a.arrow", truth=["yaw"], refers=True) as pack:
        pack.add("embedded", b"x", 7, yaw=1.0)
        for number, file in enumerate(files):
            pack.add(str(number), Reference(str(file), number % 3, 5), number, np.ones((5, 2)), yaw=None)
    with write_pack(tmp_path / "b.arrow", refers=True) as pack:
        pack.add("embedded", b"x", 7)
        for landmarks in (None, np.arange(10).reshape(5, 2)):
            pack.refer_many(
                pa.array(["a", "b"]), str(files[3]), np.array([0, 7]), np.array([2, 3]), np.array([4, 5]), landmarks
            )
        pack.add("last", b"y", 8)
    one, many = Pack(tmp_path / "a.arrow"), Pack(tmp_path / "b.arrow")
    assert one.encoded(0) == one.stored(0) == b"x"
    for _ in range(2):
        for number, file in enumerate(files):
            assert one.stored(number + 1) == (str(file), number % 3, 5)
            assert one.encoded(number + 1) == file.read_bytes()[number % 3 :][:5]
    assert list(one.truth) == ["yaw"]
    assert many.names == [many.name(index) for index in range(6)] == ["embedded", "a", "b", "a", "b", "last"]
    assert many.labels.tolist() == [7, 4, 5, 4, 5, 8]
    assert [many.encoded(index) for index in range(6)] == [b"x", b"\3\4", b"\n\v\f", b"\3\4", b"\n\v\f", b"y"]
    assert [many.landmarks(index) is None for index in range(6)] == [True, True, True, False, False, True]
    np.testing.assert_array_equal(many.landmarks(4), np.arange(10).reshape(5, 2))
    again = pickle.loads(pickle.dumps(one))  # as for another process
    assert again.encoded(3) == one.encoded(3)


def test_a_file_that_was_moved_or_replaced(tmp_path):
    file = tmp_path / "train.rec"
    file.write_bytes(b"0123456789")
    with write_pack(tmp_path / "a.arrow", refers=True) as pack:
        pack.add("whole", Reference(str(file), 4, 6), 0)
        pack.add("bad", Reference(str(file), -1, 6), 0)
        pack.add("no path", Reference("\0", 0, 1), 0)
    assert Pack(tmp_path / "a.arrow").encoded(0) == b"456789"
    with pytest.raises(DataError, match=r"a\.arrow: record 1 \(bad\)"):
        Pack(tmp_path / "a.arrow").encoded(1)
    with pytest.raises(DataError, match=r"a\.arrow: record 2 \(no path\)"):
        Pack(tmp_path / "a.arrow").encoded(2)
    file.write_bytes(b"012345678")
    hint = "moved or replaced since import; put it back, or run `dvc repro -f photos`"
    with pytest.raises(DataError, match=rf"record 0 \(whole\): .*train\.rec has 9 bytes, not the 10 it had: {hint}"):
        Pack(tmp_path / "a.arrow").encoded(0)
    file.write_bytes(b"")
    with pytest.raises(DataError, match=f"train.rec: .*{hint}"):
        Pack(tmp_path / "a.arrow").encoded(0)
    file.unlink()
    with pytest.raises(DataError, match=f"train.rec: no such file; {hint}"):
        Pack(tmp_path / "a.arrow").encoded(0)


def test_half_a_reference(tmp_path):
    with write_pack(tmp_path / "a.arrow", refers=True) as pack:
        pack.add("a", b"x", 0)
        pack.add("b", Reference("", 0, 1), 0)
    with pytest.raises(DataError, match=r"a\.arrow: record 1 \(b\): has neither an image nor a file"):
        Pack(tmp_path / "a.arrow")
    write_table(tmp_path / "a.arrow", BASE.empty_table().append_column("file", pa.array([], pa.string())))
    with pytest.raises(DataError, match="column 'offset' is missing"):
        Pack(tmp_path / "a.arrow")


WIDE = pa.schema([*BASE, *COLUMNS, pa.field("yaw", pa.float32()), pa.field("same", pa.bool_())])
anything = st.floats(width=32)
cells = {
    "name": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    "image": st.none() | st.binary(max_size=5),
    "label": st.none() | st.integers(-1, 2**31 - 1),
    "landmarks": st.none() | st.lists(st.none() | anything, min_size=10, max_size=10),
    "file": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    "offset": st.none() | st.integers(0, 2**63 - 1),
    "length": st.none() | st.integers(0, 2**63 - 1),
    "yaw": st.none() | anything,
    "same": st.none() | st.booleans(),
}


@quick
@given(table_rows=st.lists(st.fixed_dictionaries(cells), max_size=6), data=st.data())
def test_content_hash_depends_on_values_only(table_rows, data):
    """Not on batches, slices, or what lies under null cells."""
    whole = pa.Table.from_pylist(table_rows, schema=WIDE)
    cut = data.draw(st.integers(0, len(table_rows)))
    parts = [
        pa.Table.from_pylist([*table_rows[-2:], *table_rows[:cut], *table_rows[:1]], schema=WIDE).slice(
            min(2, len(table_rows)), cut
        ),
        pa.Table.from_pylist(table_rows[cut:], schema=WIDE),
    ]
    assert content_hash(pa.concat_tables(parts)) == content_hash(whole)
    assert content_hash(
        pa.concat_tables([*parts, whole.slice(0, 0)]).replace_schema_metadata({"a": "b"})
    ) == content_hash(whole)


def bits(rows):
    """Rows so that equal floats of other bits differ."""
    return [
        [
            np.float32(value).tobytes() if isinstance(value, float) else value
            for cell in row.values()
            for value in (cell if isinstance(cell, list) else [cell])
        ]
        for row in rows
    ]


@settings(quick, max_examples=200)
@given(data=st.data())
def test_content_hash_tells_all_others_apart(data):
    first = data.draw(st.lists(st.fixed_dictionaries(cells), min_size=1, max_size=3))
    second = [dict(row) for row in first]
    row, name = data.draw(st.integers(0, len(first) - 1)), data.draw(st.sampled_from([*cells]))
    second[row][name] = data.draw(cells[name])
    one, two = (content_hash(pa.Table.from_pylist(rows, schema=WIDE)) for rows in (first, second))
    assert (one == two) == (bits(first) == bits(second))


def test_content_hash_tells_what_runs_together_apart():
    def hashed(**columns):
        return content_hash(pa.table(columns))

    strings = [["ab", "c"], ["a", "bc"], ["abc", ""], ["", "abc"], ["abc"], ["abc", None], [None, "abc"]]
    assert len({hashed(a=pa.array(each, pa.string())) for each in strings}) == len(strings)
    assert hashed(a=[b"x"]) != hashed(a=["x"]) != hashed(b=["x"])
    assert hashed(a=["x"], b=["y"]) != hashed(b=["y"], a=["x"])
    assert hashed(a=["x", "y"]) != hashed(a=["y", "x"])
    under = pa.Array.from_buffers(pa.int32(), 2, [pa.py_buffer(b"\x01"), pa.array([7, 9], pa.int32()).buffers()[1]])
    assert under.to_pylist() == [7, None]
    assert hashed(a=under) == hashed(a=pa.array([7, None], pa.int32()))


def test_content_hash_of_packs(tmp_path):
    def made(name, labels, image=b"x", file="f"):
        with write_pack(tmp_path / name, refers=True) as pack:
            for label in labels:
                pack.add("a", Reference(file, 3, 4), label)
            pack.add("b", image, 1)
        return Pack(tmp_path / name).content_hash()

    first = made("a.arrow", [1, 2])
    assert made("b.arrow", [1, 2]) == first  # neither its path nor its time
    assert len({first, made("c.arrow", [1, 3]), made("d.arrow", [1, 2], b"y"), made("e.arrow", [1, 2], file="g")}) == 4


def test_content_hash_of_millions(tmp_path):
    count = 2**20
    with write_pack(tmp_path / "a.arrow", refers=True) as pack:
        for start in range(0, count, 4096):
            rows = np.arange(start, start + 4096)
            pack.refer_many(pa.array(rows).cast(pa.string()), "/data/train.rec", rows, rows, rows, np.ones((5, 2)))
    pack = Pack(tmp_path / "a.arrow")
    before, allocated = time.process_time(), pa.total_allocated_bytes()
    pack.content_hash()
    assert time.process_time() - before < 5  # a tenth of that on an idle core
    assert pa.total_allocated_bytes() - allocated < 2**20


def test_formats_know_nothing_of_what_is_read_into_them():
    for folder in lgaf.formats.__path__:
        for path in sorted(Path(folder).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                names = (
                    [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else []
                )
                for name in names:
                    assert not name.startswith("lgaf.") or name in ALLOWED or name.startswith("lgaf.formats"), path


ALLOWED = ("lgaf.errors", "lgaf.files", "lgaf.strict")

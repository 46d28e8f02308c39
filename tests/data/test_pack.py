"""Packs: round trips, and files that are broken or hostile."""

from contextlib import suppress

import cv2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgaf.data.pack import BASE, Pack, decode_image, read_table, write_pack
from lgaf.errors import DataError

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


@pytest.mark.parametrize("encoded", [b"", b"\xff\xd8\xff\xe0", b"P6 999999 999999 255\n"])
def test_hostile_images(encoded):
    with pytest.raises(DataError, match="here: not a readable image"):
        decode_image(encoded, "here")


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
    with pytest.raises(DataError, match="directory"):
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

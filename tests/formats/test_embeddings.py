"""Embeddings files: round trips and refusals."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lgaf.errors import DataError
from lgaf.formats.embeddings import Embeddings, read_embeddings, write_embeddings

finite = st.floats(-1e6, 1e6, width=32)


def example(count=3, width=4):
    rng = np.random.default_rng(0)
    return Embeddings(
        names=[f"n{index}" for index in range(count)],
        labels=np.arange(count, dtype=np.int32),
        vectors=rng.normal(size=(count, width)).astype(np.float32),
        norms=rng.random(count).astype(np.float32),
        attention=rng.random((count, 2)).astype(np.float32),
        flip=True,
        truth={"yaw": rng.random(count).astype(np.float32)},
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), count=st.integers(1, 6), width=st.integers(1, 5), attended=st.booleans())
def test_round_trip(tmp_path, data, count, width, attended):
    written = Embeddings(
        names=data.draw(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=count, max_size=count)),
        labels=data.draw(arrays(np.int32, count)),
        vectors=data.draw(arrays(np.float32, (count, width), elements=finite)),
        norms=data.draw(arrays(np.float32, count, elements=st.floats(0, 1e6, width=32))),
        attention=data.draw(arrays(np.float32, (count, 2), elements=finite)) if attended else None,
        flip=data.draw(st.booleans()),
        truth={"yaw": data.draw(arrays(np.float32, count, elements=finite))},
    )
    write_embeddings(tmp_path / "a.arrow", written)
    back = read_embeddings(tmp_path / "a.arrow")
    assert back.names == written.names
    for name in ("labels", "vectors", "norms", "attention", "flip"):
        np.testing.assert_array_equal(getattr(back, name), getattr(written, name))
    np.testing.assert_array_equal(back.truth["yaw"], written.truth["yaw"])
    assert back.vectors.dtype == np.float32


@pytest.mark.parametrize("width", [4, 2])
def test_branches_are_kept_where_there_are_any(tmp_path, width):
    rng = np.random.default_rng(1)
    local, global_ = rng.normal(size=(2, 3, width)).astype(np.float32)
    seen = rng.random(3, np.float32)
    write_embeddings(tmp_path / "a.arrow", replace(example(), local=local, global_=global_, visible=seen))
    back = read_embeddings(tmp_path / "a.arrow")
    np.testing.assert_array_equal(back.local, local)
    np.testing.assert_array_equal(back.visible, seen)
    assert "visible" not in back.truth
    np.testing.assert_array_equal(back.global_, global_)
    assert list(back.truth) == ["yaw"]
    write_embeddings(tmp_path / "a.arrow", example())
    assert read_embeddings(tmp_path / "a.arrow").local is None


def test_a_branch_alone_or_not_finite_is_refused(tmp_path):
    path = tmp_path / "a.arrow"
    local = np.ones((3, 4), np.float32)
    local[2, 1] = np.nan
    write_embeddings(path, replace(example(), local=local, global_=np.ones((3, 4), np.float32)))
    refused(path, r"record 2 \(n2\): the local is not finite")
    table = pa.ipc.open_file(path).read_all().drop_columns(["global"])
    path.unlink()
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)
    refused(path, "column 'global' is missing")
    write_embeddings(path, replace(example(), visible=np.array([0, np.inf, 1], np.float32)))
    refused(path, r"record 1 \(n1\): the visible inf is not finite")


def refused(path, match):
    with pytest.raises(DataError, match=match) as caught:
        read_embeddings(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("field", "place", "match"),
    [
        ("vectors", (1, 2), r"record 1 \(n1\): the embedding is not finite; train again"),
        ("norms", 2, r"record 2 \(n2\): the norm (nan|inf|-inf) is no length; train again"),
        ("attention", (0, 1), r"record 0 \(n0\): the attention is not finite; train again"),
    ],
)
def test_what_is_not_finite_is_refused(tmp_path, bad, field, place, match):
    values = getattr(example(), field).copy()
    values[place] = bad
    write_embeddings(tmp_path / "a.arrow", replace(example(), **{field: values}))
    refused(tmp_path / "a.arrow", match)


def test_a_norm_below_0_is_refused(tmp_path):
    write_embeddings(tmp_path / "a.arrow", replace(example(), norms=np.array([1, 0, -0.5], np.float32)))
    refused(tmp_path / "a.arrow", r"record 2 \(n2\): the norm -0\.5 is no length")


def test_what_is_empty_is_refused(tmp_path):
    path = tmp_path / "a.arrow"
    nothing = np.empty(0, np.float32)
    write_embeddings(path, Embeddings([], nothing, np.empty((0, 4)), nothing, None, True, {}))
    refused(path, "holds no embedding; run `dvc repro embed`")
    write_embeddings(path, example())
    schema, batches = pa.ipc.open_file(path).schema, pa.ipc.open_file(path).read_all().slice(0, 0)
    with pa.ipc.new_file(str(path), schema) as sink:
        sink.write_table(batches)
    refused(path, "holds no embedding")
    table = pa.table(
        {
            "name": ["a"],
            "label": pa.array([1], pa.int32()),
            "embedding": pa.array([[]], pa.list_(pa.float32(), 0)),
            "norm": pa.array([1.0], pa.float32()),
            "attention": pa.array([None], pa.list_(pa.float32(), 2)),
        }
    ).replace_schema_metadata(schema.metadata)
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)
    refused(path, "holds no value in its embeddings")


@pytest.mark.parametrize(
    ("column", "cell", "match"),
    [
        ("attention", None, "column 'attention' has empty cells"),
        ("attention", [None, 1.0], r"record 1 \(n1\): the attention is not finite"),
        ("embedding", [None, 1.0, 1.0, 1.0], r"record 1 \(n1\): the embedding is not finite"),
        ("embedding", None, "column 'embedding' has empty cells"),
        ("norm", None, "column 'norm' has empty cells"),
    ],
)
def test_empty_cells_are_refused(tmp_path, column, cell, match):
    path = tmp_path / "a.arrow"
    write_embeddings(path, example())
    table = pa.ipc.open_file(path).read_all()
    cells = table[column].to_pylist()
    cells[1] = cell
    place = table.column_names.index(column)
    table = table.set_column(place, table.schema.field(column), pa.array(cells, table.schema.field(column).type))
    path.unlink()
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)
    refused(path, match)


def test_cut_and_foreign_files_are_refused(tmp_path):
    path = tmp_path / "a.arrow"
    write_embeddings(path, example())
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match="not a whole Arrow IPC file"):
            read_embeddings(path)
    table = pa.table({"name": ["a"], "label": [1], "embedding": [[1.0]], "norm": [1.0], "attention": [[1.0, 0.0]]})
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)
    with pytest.raises(DataError, match="column 'label' is int64, must be int32"):
        read_embeddings(path)

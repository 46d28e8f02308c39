"""Embeddings of others: round trips by every kind of file, and every refusal in lines of its own."""

from __future__ import annotations

import io
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from imported_files import WRITERS, columns, lists, npy, npz, protocol_of

from lgaf.errors import DataError
from lgaf.formats.asked import asked_images
from lgaf.formats.embeddings import read_embeddings
from lgaf.formats.protocol import Identification
from lgaf.formats.templates import MEMBERS, PAIRS, Templates
from lgaf.imported import tables
from lgaf.imported.embeddings import import_embeddings

NAMES = ["a/1.jpg", "b", "c, d", "é"]
VECTORS = np.arange(1, 13, dtype=np.float32).reshape(4, 3)


def bring(folder: Path, source: tuple[Path, Path | None], asked=NAMES, flip=True, max_missing=0.0) -> list[str]:
    protocol = protocol_of(folder / "lfw.json", asked)
    return import_embeddings(*source, protocol, folder / "out" / "lfw.arrow", flip, max_missing)


# A name is a line of a text file too, so that it holds no end of a line, and begins with no mark of byte order.
letters = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff")
NAMED = st.lists(st.text(letters, min_size=1, max_size=8), min_size=2, max_size=6, unique=True)


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), names=NAMED, width=st.integers(1, 5), flip=st.booleans(), wide=st.booleans())
def test_round_trip(tmp_path, kind, data, names, width, flip, wide):
    values = st.one_of(st.floats(2.0**-60, 2.0**60, width=32), st.floats(-(2.0**60), -(2.0**-60), width=32))
    vectors = data.draw(arrays(np.float32, (len(names), width), elements=values))
    source = WRITERS[kind](tmp_path, names, vectors.astype(np.float64) if wide else vectors)
    lines = bring(tmp_path, source, list(reversed(names)), flip)
    assert lines == [f"{tmp_path / 'out/lfw.arrow'}: {len(names)} embeddings of {width} values"]
    back = read_embeddings(tmp_path / "out/lfw.arrow")
    assert back.names == names
    np.testing.assert_array_equal(back.vectors, vectors)
    np.testing.assert_allclose(back.norms, np.linalg.norm(vectors.astype(np.float64), axis=1), rtol=1e-6)
    assert (back.flip, back.attention, set(back.labels)) == (flip, None, {-1})


@pytest.mark.parametrize("kind", WRITERS)
def test_a_long_file_is_read_in_blocks(tmp_path, monkeypatch, kind):
    """Records keep their numbers from block to block; CSV comes in blocks of its own size."""
    monkeypatch.setattr(tables, "ROWS_A_BATCH", 3)
    names = [f"n{k}" for k in range(20)]
    vectors = np.random.default_rng(0).normal(size=(20, 2))
    bring(tmp_path, WRITERS[kind](tmp_path, names, vectors), names[4:])
    back = read_embeddings(tmp_path / "out/lfw.arrow")
    assert back.names == names[4:]
    np.testing.assert_array_equal(back.vectors, vectors[4:].astype(np.float32))
    vectors[17] = 0
    with pytest.raises(DataError, match=r"record 17 \(n17\): is all zeros"):
        bring(tmp_path, WRITERS[kind](tmp_path, names, vectors), names)


def test_unknown_and_missing_names_are_counted_and_named(tmp_path):
    names = [*NAMES[1:], *(f"x{k}" for k in range(12))]
    lines = bring(tmp_path, npz(tmp_path, names, np.ones((15, 2))), max_missing=0.25)
    assert lines[1] == "without an embedding: 1: 'a/1.jpg'"
    assert lines[2].endswith("does not ask for them: 12: " + ", ".join(f"'x{k}'" for k in range(10)) + " and 2 more")
    assert read_embeddings(tmp_path / "out/lfw.arrow").names == NAMES[1:]


def refused(folder: Path, source, *said: str, **options) -> None:
    """A line each, and nothing is written."""
    with pytest.raises(DataError) as caught:
        bring(folder, source, **options)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(said), lines
    for line, part in zip(lines, said, strict=True):
        assert part in line
        assert line.startswith(str(folder))
    assert not (folder / "out").exists()


def test_missing_names_are_refused(tmp_path):
    source = npz(tmp_path, NAMES[:2], VECTORS[:2])
    refused(tmp_path, source, "2 of 4 images that", max_missing=0.49)
    refused(tmp_path, npz(tmp_path, ["x", "y"], VECTORS[:2]), "none of its 2 names is asked for", max_missing=0.99)


@pytest.mark.parametrize("kind", WRITERS)
def test_every_wrong_embedding_is_told_by_kind(tmp_path, kind):
    names = [*NAMES, "b", "b"]
    vectors = np.concatenate([VECTORS, VECTORS[:2]])
    vectors[0], vectors[2, 1], vectors[3, 0] = 0, np.nan, np.inf
    source = WRITERS[kind](tmp_path, names, vectors)
    refused(
        tmp_path,
        source,
        "record 4 (b): its name stands twice, and 1 more",
        "record 2 (c, d): is not finite, and 1 more",
        "record 0 (a/1.jpg): is all zeros",
    )


def test_what_float32_cannot_hold_is_refused(tmp_path):
    vectors = VECTORS.astype(np.float64)
    vectors[1], vectors[2] = 1e39, 1e-60
    refused(tmp_path, npz(tmp_path, NAMES, vectors), "record 1 (b): is not finite", "record 2 (c, d): is all zeros")


def test_empty_cells_are_refused(tmp_path):
    table = columns(NAMES, VECTORS)
    pa.parquet.write_table(table.set_column(2, "v0", pa.array([1.0, None, 1.0, 1.0])), tmp_path / "e.parquet")
    refused(tmp_path, (tmp_path / "e.parquet", None), "record 1 (b): is not finite")
    pa.parquet.write_table(table.set_column(0, "name", pa.array(["a", None, "b", "c"])), tmp_path / "e.parquet")
    refused(tmp_path, (tmp_path / "e.parquet", None), "column 'name' is string with 1 empty cells")
    (tmp_path / "e.csv").write_text("name,x,y\na/1.jpg,1,2\nb,,3\n")
    refused(tmp_path, (tmp_path / "e.csv", None), "record 1 (b): is not finite")


def test_widths_that_differ_are_refused(tmp_path, monkeypatch):
    ragged = [[1.0, 2.0], [1.0, 2.0], [1.0], [1.0, 2.0]]
    refused(
        tmp_path, lists(tmp_path, NAMES, ragged), "record 2 (c, d): an embedding of 1 values, that of record 0 has 2"
    )
    refused(tmp_path, lists(tmp_path, NAMES, [[1.0], None, [1.0], [1.0]]), "record 1 (b): an embedding of 0 values")
    monkeypatch.setattr(tables, "ROWS_A_BATCH", 2)
    ragged[3] = [1.0]
    refused(tmp_path, lists(tmp_path, NAMES, ragged), "record 2 (c, d): an embedding of 1 values, those before have 2")
    (tmp_path / "e.csv").write_text("name,x,y\na/1.jpg,1,2\nb,3\n")
    refused(tmp_path, (tmp_path / "e.csv", None), "Expected 3 columns, got 2")


def test_another_number_of_names_than_rows_is_refused(tmp_path):
    for source in (npz(tmp_path, NAMES[:3], VECTORS), npy(tmp_path, NAMES[:3], VECTORS)):
        refused(tmp_path, source, "4 embeddings, but 3 names")


def test_a_pickle_is_never_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "exploded",)

    bombs = np.array([Bomb()] * 4, object)
    np.savez(tmp_path / "e.npz", names=bombs, embeddings=VECTORS)
    refused(tmp_path, (tmp_path / "e.npz", None), "not a whole NumPy file of plain numbers and texts: Object arrays")
    np.savez(tmp_path / "e.npz", names=np.array(NAMES), embeddings=bombs)
    refused(tmp_path, (tmp_path / "e.npz", None), "not a whole NumPy file")
    np.save(tmp_path / "e.npy", bombs)
    for name in ("e.npz", "e.npy"):
        if name == "e.npz":
            (tmp_path / name).write_bytes(pickle.dumps(Bomb()))
        names = tmp_path / "names.txt" if name == "e.npy" else None
        (tmp_path / "names.txt").write_text("a\n")
        refused(tmp_path, (tmp_path / name, names), "not a whole NumPy file")
    assert not (tmp_path / "exploded").exists()


def test_other_arrays_are_refused(tmp_path):
    def saved(**values):
        np.savez(tmp_path / "e.npz", **values)
        return tmp_path / "e.npz", None

    names = np.array(NAMES)
    refused(tmp_path, saved(names=names, vectors=VECTORS), "has no array 'embeddings'; it has names, vectors")
    refused(tmp_path, saved(names=names, embeddings=VECTORS[0]), "type float32, shape (3,); expected real numbers")
    refused(tmp_path, saved(names=names, embeddings=VECTORS * 1j), "type complex")
    refused(tmp_path, saved(names=names, embeddings=VECTORS[:, :0]), "shape (4, 0)")
    refused(tmp_path, saved(names=np.arange(4), embeddings=VECTORS), "names have type int64")
    refused(tmp_path, saved(names=np.array([b"\xff"] * 4), embeddings=VECTORS), "a name is no UTF-8 text")
    np.savez(tmp_path / "e.npy", a=VECTORS)
    (tmp_path / "e.npy.npz").rename(tmp_path / "e.npy")
    (tmp_path / "names.txt").write_text("a\n")
    refused(tmp_path, (tmp_path / "e.npy", tmp_path / "names.txt"), "holds several arrays; call it .npz")
    with (tmp_path / "e.npz").open("wb") as file:
        np.save(file, VECTORS)
    refused(tmp_path, (tmp_path / "e.npz", None), "not a whole NumPy file")


def test_other_tables_are_refused(tmp_path):
    def saved(**values):
        pa.parquet.write_table(pa.table(values), tmp_path / "e.parquet")
        return tmp_path / "e.parquet", None

    refused(
        tmp_path, saved(image=NAMES, embedding=list(VECTORS)), "has no column 'name'; its first are image, embedding"
    )
    refused(tmp_path, saved(name=NAMES, embedding=NAMES), "column 'embedding' is string; expected lists of numbers")
    refused(tmp_path, saved(name=NAMES, embedding=[["x"]] * 4), "column 'embedding' is string; expected numbers")
    refused(tmp_path, saved(name=NAMES, x=NAMES), "column 'x' is string; expected numbers")
    refused(tmp_path, saved(name=NAMES), "has no values beside the names")
    refused(tmp_path, saved(name=[1, 2], x=[1.0, 2.0]), "column 'name' is int64")
    table = tmp_path / "e.csv"
    for text, said in (
        ("a/1.jpg,1,2\n", "has no column 'name'; its first are a/1.jpg, 1, 2: the first line of a CSV names"),
        ("", "has no column 'name'; its first are none"),
        ("name,x,x\na,1,2\n", "two columns of one name"),
        ("name,x\na/1.jpg,red\n", "not a whole csv file of this form"),
    ):
        table.write_text(text)
        refused(tmp_path, (table, None), said)
    table.write_bytes(b"name,x\n\xff,1\n")
    refused(tmp_path, (table, None), "not a whole csv file")


def test_cut_files_are_refused(tmp_path):
    """Cut anywhere, a file is refused in one line, but for text, of which each line is whole."""
    for writer in (npz, npy, lists):
        path, names = writer(tmp_path, NAMES, VECTORS)
        whole = path.read_bytes()
        for length in range(0, len(whole), 41):
            path.write_bytes(whole[:length])
            refused(tmp_path, (path, names), str(path))


def test_a_damaged_archive_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "e.npz", names=np.array(NAMES), embeddings=VECTORS)
    whole = (tmp_path / "e.npz").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        broken = bytearray(whole)
        broken[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        (tmp_path / "e.npz").write_bytes(bytes(broken))
        with suppress(DataError):
            bring(tmp_path, (tmp_path / "e.npz", None))


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**12, 512)})
    with zipfile.ZipFile(tmp_path / "e.npz", "w") as archive:
        archive.writestr("embeddings.npy", header.getvalue())
        archive.writestr("names.npy", header.getvalue())
    refused(tmp_path, (tmp_path / "e.npz", None), "not a whole NumPy file")


def test_a_file_of_no_kind_or_nowhere(tmp_path):
    refused(tmp_path, (tmp_path / "e.pkl", None), "not one of .npz, .npy, .parquet, .csv")
    refused(tmp_path, (tmp_path / "e.npy", None), "--names FILE, a name a line, goes with a .npy file")
    refused(tmp_path, (tmp_path / "e.csv", tmp_path / "n"), "goes with a .npy file, and with no other")
    refused(tmp_path, (tmp_path / "e.csv", None), "e.csv: no such file; name the file to import")
    (tmp_path / "e.csv").mkdir()
    refused(tmp_path, (tmp_path / "e.csv", None), "is a folder, not a file")


def test_what_each_kind_of_benchmark_asks_for():
    search = Identification(gallery=["a", "b"], distractors=["c"], probes={"d1": ["e"], "d2": ["f", "e"]})
    assert asked_images(search) == ["a", "b", "c", "e", "f"]
    members = pa.table([["x", "y", "x"], [0, 1, 1], [0, 0, 0], [1.0, 1.0, 1.0]], schema=MEMBERS)
    pairs = pa.table([[0], [1], [True]], schema=PAIRS)
    assert asked_images(Templates(members=members, pairs=pairs)) == ["x", "y"]

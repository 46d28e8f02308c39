"""Scores of others: round trips, and every refusal in lines of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgaf.errors import DataError
from lgaf.formats.protocol import Identification, Verification, write_protocol
from lgaf.formats.scores import SCHEMA, holds_scores, read_scores
from lgaf.imported import tables
from lgaf.imported.scores import import_scores

PAIRS = [("a", "b", True), ("b", "c", False), ("d", "a", True), ("c", "d", False)]


def saved(folder: Path, kind: str, lefts, rights, scores) -> Path:
    table = pa.table({"score": scores, "right": pa.array(rights, pa.string()), "left": pa.array(lefts, pa.string())})
    path = folder / f"s.{kind}"
    (pa.csv.write_csv if kind == "csv" else pa.parquet.write_table)(table, path)
    return path


def bring(folder: Path, source: Path, distances=False, max_missing=0.0, pairs=PAIRS) -> list[str]:
    write_protocol(folder / "lfw.json", Verification(pairs=pairs, folds=2))
    return import_scores(source, folder / "lfw.json", folder / "out" / "lfw.arrow", distances, max_missing)


def back(folder: Path) -> dict[tuple[str, str], float]:
    found = read_scores(folder / "out" / "lfw.arrow")
    assert set(found.identity_left) | set(found.identity_right) == {-1}
    return {frozenset(it[:2]): it[2] for it in zip(found.left, found.right, found.scores.tolist(), strict=True)}


finite = st.floats(allow_nan=False, allow_infinity=False).map(lambda it: it + 0.0)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scores=st.lists(finite, min_size=4, max_size=4),
    turned=st.lists(st.booleans(), min_size=4, max_size=4),
    order=st.permutations(range(4)),
    distances=st.booleans(),
)
def test_round_trip(tmp_path, kind, scores, turned, order, distances):
    pairs = [PAIRS[k][:2][::-1] if turned[k] else PAIRS[k][:2] for k in order]
    source = saved(tmp_path, kind, *zip(*pairs, strict=True), [scores[k] for k in order])
    assert bring(tmp_path, source, distances) == [f"{tmp_path / 'out/lfw.arrow'}: scores of 4 pairs"]
    sign = -1 if distances else 1
    assert back(tmp_path) == {frozenset(PAIRS[k][:2]): sign * scores[k] for k in range(4)}
    assert holds_scores(tmp_path / "out/lfw.arrow")


def test_unknown_missing_and_repeated_pairs(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROWS_A_BATCH", 2)
    source = saved(tmp_path, "parquet", ["b", "a", "c", "x", "a"], ["a", "b", "d", "y", "c"], [0.5, 0.5, 2, 3, 4])
    lines = bring(tmp_path, source, max_missing=0.5)
    assert lines[0].endswith("scores of 2 pairs")
    assert lines[1] == "without a score: 2: 'b c', 'a d'"
    assert lines[2].endswith("lfw.json does not ask for them: 2: 'x y', 'a c'")
    assert back(tmp_path) == {frozenset("ab"): 0.5, frozenset("cd"): 2.0}


def refused(folder: Path, source: Path, *said: str, **options) -> None:
    with pytest.raises(DataError) as caught:
        bring(folder, source, **options)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(said), lines
    assert all(part in line and line.startswith(str(folder)) for line, part in zip(lines, said, strict=True)), lines
    assert not (folder / "out").exists()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_does_not_fit_is_refused(tmp_path, kind):
    lefts, rights = [pair[0] for pair in PAIRS], [pair[1] for pair in PAIRS]
    refused(tmp_path, saved(tmp_path, kind, lefts[:3], rights[:3], [1.0, 2, 3]), "1 of 4 pairs of", max_missing=0.24)
    scores = np.array([np.nan, 1, np.inf, 2, 3])
    twice = saved(tmp_path, kind, [*lefts, "c"], [*rights, "b"], scores)
    refused(
        tmp_path,
        twice,
        "record 0 (a, b): the score is not finite, and 1 more",
        "record 4 (c, b): the pair stands twice, with two scores",
    )
    refused(
        tmp_path, saved(tmp_path, kind, lefts, rights, [1.0, None, 2, 3]), "record 1 (b, c): the score is not finite"
    )


def test_other_tables_are_refused(tmp_path):
    path = tmp_path / "s.csv"
    for text, said in (
        ("a,b,0.5\n", "has no column 'left'; its first are a, b, 0.5"),
        ("left,right\na,b\n", "has no column 'score'"),
        ("left,right,score\na,b,high\n", "not a whole csv file of this form"),
        ("left,right,score\na,b\n", "Expected 3 columns, got 2"),
    ):
        path.write_text(text)
        refused(tmp_path, path, said)
    pa.parquet.write_table(pa.table({"left": ["a"], "right": ["b"], "score": ["x"]}), tmp_path / "s.parquet")
    refused(tmp_path, tmp_path / "s.parquet", "column 'score' is string; expected numbers")
    refused(tmp_path, tmp_path / "s.txt", "not one of .parquet, .csv")
    refused(tmp_path, tmp_path / "none.csv", "no such file; name the file to import")
    write_protocol(tmp_path / "tinyface.json", Identification(gallery=["a"], probes={"": ["b"]}))
    with pytest.raises(DataError, match=r"tinyface\.json: is no list of pairs \(identification\).*bring embeddings"):
        import_scores(path, tmp_path / "tinyface.json", tmp_path / "out.arrow", False, 0)


def test_a_broken_file_of_scores_is_refused(tmp_path):
    path = tmp_path / "s.arrow"
    table = pa.table([["a"], ["b"], [np.nan], pa.array([1], pa.int32()), pa.array([2], pa.int32())], schema=SCHEMA)
    for wrong, said in ((table, r"record 0 \(a, b\): the score is not finite; import it again"),
                        (table.drop_columns("score"), "column 'score' is missing")):  # fmt: skip
        with pa.ipc.new_file(str(path), wrong.schema) as sink:
            sink.write_table(wrong)
        with pytest.raises(DataError, match=said):
            read_scores(path)
        path.unlink()

"""The hardest trials on the page, against the trials files themselves."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pytest
from page_files import write_seen
from report_files import embeddings, settings, write_run

import lgaf.report.page.judged as module
from lgaf.errors import DataError
from lgaf.files import read_json
from lgaf.formats.pack import write_pack
from lgaf.report.page.trials import Seen, hardest
from lgaf.report.sources import Layout

RUN = settings(benchmarks=("lfw",), seeds=(3, 4))


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[Layout, Seen]:
    folder = tmp_path_factory.mktemp("trials")
    return write_run(folder, RUN), write_seen(folder, RUN)


def summaries(layout: Layout) -> list[dict]:
    return [
        read_json(layout.results / "scores" / row.id / str(seed) / f"{name}.json")
        for row in RUN.rows
        for seed in RUN.seeds
        for name in RUN.benchmarks
    ]


def table(seen: Seen, row: str) -> list[dict]:
    with pa.memory_map(str(seen.trials / row / "3" / "lfw.arrow")) as file:
        return pa.ipc.open_file(file).read_all().to_pylist()


def shown(found: dict) -> list[tuple[tuple[str, ...], bool, list]]:
    """The trials of a list, faces by name."""
    names = [face["name"] for face in found["faces"]]
    return [(tuple(names[face] for face in faces), mated, rows) for faces, mated, rows in found["trials"]]


def test_every_error_is_there_with_every_rows_verdict(written, monkeypatch):
    layout, seen = written
    monkeypatch.setattr(module, "MOST", 200)
    (found,) = hardest(seen, RUN, summaries(layout))
    assert found["name"] == "world/lfw"
    tables = [table(seen, row.id) for row in RUN.rows]
    expected = [
        (
            (one[0]["left"], one[0]["right"]),
            one[0]["same"],
            [round(it["score"], 4) for it in one],
            [it["correct"] for it in one],
        )
        for one in zip(*tables, strict=True)  # the same pairs in the same order, some of them twice
        if not all(it["correct"] for it in one)
    ]
    told = [
        (pair, same, [score for _, (score, _) in rows], [wrong is None for wrong, _ in rows])
        for pair, same, rows in shown(found)
    ]
    assert sorted(told) == sorted(expected)
    assert len({pair for pair, *_ in expected}) < len(expected)
    for _, same, rows in shown(found):
        for model, (wrong, (score, face)) in zip(found["rows"], rows, strict=True):
            assert face is None
            if wrong is not None:
                assert wrong == pytest.approx((model["threshold"] - score) * (1 if same else -1), abs=2e-4)
    for judged, counts in zip(tables, found["rows"], strict=True):
        wrong = [it["same"] for it in judged if not it["correct"]]
        assert (counts["accepts"], counts["rejects"]) == (wrong.count(False), wrong.count(True))


def test_those_that_most_rows_judge_wrongly_come_first(written):
    layout, seen = written
    (found,) = hardest(seen, RUN, summaries(layout))
    wrong = [sum(beyond is not None for beyond, _ in rows) for *_, rows in found["trials"]]
    assert wrong == sorted(wrong, reverse=True)
    assert wrong[-1] >= 1


def test_a_cap_keeps_the_farthest_from_the_threshold(written, monkeypatch):
    layout, seen = written
    monkeypatch.setattr(module, "MOST", 2)
    (found,) = hardest(seen, RUN, summaries(layout))
    expected: set[tuple[str, str]] = set()
    for row in RUN.rows:
        wrong = [it for it in table(seen, row.id) if not it["correct"]]
        for same, sign in ((True, 1), (False, -1)):
            worst = sorted((it for it in wrong if it["same"] == same), key=lambda it: sign * it["score"])[:2]
            expected |= {(it["left"], it["right"]) for it in worst}
    assert {pair for pair, *_ in shown(found)} == expected


def test_a_face_is_shown_with_what_each_row_saw(written):
    layout, seen = written
    (found,) = hardest(seen, RUN, summaries(layout))
    for place, row in enumerate(RUN.rows):
        told = embeddings(row.id, 0, 3)
        norms = told.norms.astype(np.float32)
        for face in found["faces"]:
            at = told.names.index(face["name"])
            norm, below, local = face["rows"][place]
            assert norm == pytest.approx(norms[at], abs=0.01)
            assert below == pytest.approx(np.mean(norms < norms[at]), abs=1e-3)
            assert (local is None) == (row.id != "lgaf")
            if local is not None:
                assert local == pytest.approx(told.attention[at, 0], abs=1e-3)
    face = found["faces"][0]
    kind, content = face["image"].split(",")
    assert kind == "data:image/webp;base64"
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert pixels.shape == (16, 16, 3)
    at = embeddings("lgaf", 0, 3).names.index(face["name"])
    np.testing.assert_allclose(pixels.mean(axis=(0, 1)), (at, 255 - at, 99), atol=8)


def test_faces_of_real_people_are_shown_only_where_they_are_asked_for(tmp_path: Path):
    run = settings(("lgaf", "arcface"), benchmarks=("lfw",), source="official")
    layout, seen = write_run(tmp_path, run, world=False), write_seen(tmp_path, run)
    told = [read_json(layout.results / "scores" / row.id / "7" / "lfw.json") for row in run.rows]
    assert hardest(seen, run, told) == []
    (found,) = hardest(seen, run.model_copy(update={"faces": True}), told)
    assert found["name"] == "lfw"
    assert found["trials"]


def test_a_face_that_is_missing_is_named(tmp_path: Path):
    run = settings(("lgaf", "arcface"), benchmarks=("lfw",))
    layout, seen = write_run(tmp_path, run), write_seen(tmp_path, run)
    told = [read_json(layout.results / "scores" / row.id / "7" / "lfw.json") for row in run.rows]
    with write_pack(seen.aligned / "lfw.arrow"):
        pass
    with pytest.raises(DataError, match=r"lfw\.arrow: has no image 'p\d\d/\d'"):
        hardest(seen, run, told)

"""The hardest searches on the page, against a sort of the whole gallery and the trials files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from page_files import write_seen
from report_files import embeddings, protocol, settings, write_run

import lgaf.report.page.judged as module
from lgaf.evaluate.identification.open_set import estimate_fnir
from lgaf.files import read_json
from lgaf.formats.pack import read_table
from lgaf.report.page.searches import alarm
from lgaf.report.page.trials import hardest

RUN = settings(benchmarks=("tinyface", "door", "scface"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("searches")
    write_run(found, RUN)
    write_seen(found, RUN)
    return found


@pytest.fixture
def lists(folder: Path, monkeypatch) -> dict[str, dict]:
    """All searches that are judged wrongly, by the name of their list."""
    monkeypatch.setattr(module, "MOST", 1000)
    told = [
        read_json(folder / "results" / "scores" / row.id / "7" / f"{name}.json")
        for row in RUN.rows
        for name in RUN.benchmarks
    ]
    return {found["name"]: found for found in hardest(write_seen(folder, RUN), RUN, told)}


def by_hand(row: str, benchmark: str, probe: str) -> tuple[float, str | None, float, str]:
    """Cosine and name of a probe's best mate and of the best other entry, from a sort of the gallery."""
    found = embeddings(row, RUN.benchmarks.index(benchmark), 7)
    units = dict(zip(found.names, found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True), strict=True))
    asked = protocol(benchmark)
    gallery = [*asked.gallery, *asked.distractors]
    ordered = sorted(((float(units[name] @ units[probe]), name) for name in gallery), reverse=True)
    person = probe.split("/")[0]
    mates = [it for it in ordered if it[1].startswith(person) and it[1] not in asked.distractors]
    others = [it for it in ordered if it not in mates]
    return (*(mates[0] if mates else (np.nan, None)), *others[0])


@pytest.mark.parametrize(
    ("name", "benchmark", "probe_set"),
    [("world/tinyface", "tinyface", ""), ("world/door", "door", ""), ("world/scface d2", "scface", "d2")],
)
def test_every_miss_is_there_with_the_face_that_was_found(lists, name: str, benchmark: str, probe_set: str):
    found = lists[name]
    names = [face["name"] for face in found["faces"]]
    told = {names[faces[0]]: (mated, rows) for faces, mated, rows in found["trials"]}
    missed: set[str] = set()
    for place, row in enumerate(RUN.rows):
        right = {}
        for probe in protocol(benchmark).probes[probe_set]:
            mate, mate_name, other, other_name = by_hand(row.id, benchmark, probe)
            if mate_name is None:
                continue
            right[probe] = mate - other > 1e-6
            if probe in told and told[probe][0]:
                beyond, (mate_score, mate_face), (score, face) = told[probe][1][place]
                assert (beyond is None) == right[probe]
                assert (names[mate_face], names[face]) == (mate_name, other_name)
                assert (mate_score, score) == pytest.approx((mate, other), abs=1e-4)
                assert beyond is None or beyond == pytest.approx(other - mate, abs=1e-4)
        missed |= {probe for probe, well in right.items() if not well}
        assert found["rows"][place]["rejects"] == list(right.values()).count(False)
    assert {probe for probe, (mated, _) in told.items() if mated} == missed
    assert missed


def test_a_verdict_is_that_of_the_trials_file(lists, folder: Path):
    for benchmark in RUN.benchmarks:
        tables = [pd.read_feather(folder / "trials" / row.id / "7" / f"{benchmark}.arrow") for row in RUN.rows]
        for probe_set in protocol(benchmark).probes:
            found = lists[f"world/{benchmark} {probe_set}".rstrip()]
            names = [face["name"] for face in found["faces"]]
            for faces, mated, rows in found["trials"]:
                for table, model, (beyond, mate, other) in zip(tables, found["rows"], rows, strict=True):
                    own = table[(table["set"] == probe_set) & (table["probe"] == names[faces[0]])].iloc[0]
                    assert mated != own["nonmated"]
                    assert (beyond is None) == (own["rank"] == 0 if mated else own["other"] <= model["threshold"])
                    assert names[other[1]] == own["other_image"]
                    assert (mate[1] is None) == (not mated)
                    assert mate[1] is None or names[mate[1]] == own["mate_image"]


def test_accepted_impostors_are_the_share_that_the_rate_allows(lists, folder: Path):
    found = lists["world/door"]
    names = [face["name"] for face in found["faces"]]
    assert all(model["threshold"] is None for model in lists["world/tinyface"]["rows"])
    for place, row in enumerate(RUN.rows):
        table = read_table(folder / "trials" / row.id / "7" / "door.arrow", ()).to_pandas()
        outside = table[table["nonmated"]]
        assert len(outside) == 80  # so that one in ten is the lowest rate that they can show
        accepted = set(outside.nlargest(8, "other")["probe"])
        told = {names[faces[0]] for faces, mated, rows in found["trials"] if not mated and rows[place][0] is not None}
        assert told == accepted
        assert found["rows"][place]["accepts"] == 8
        threshold = found["rows"][place]["threshold"]
        for _, mated, rows in found["trials"]:
            beyond, _, (score, _) = rows[place]
            if not mated and beyond is not None:
                assert 0 < beyond == pytest.approx(score - threshold, abs=2e-4)


def test_the_threshold_is_that_of_the_rate_in_the_tables(folder: Path):
    table = read_table(folder / "trials" / "lgaf" / "7" / "door.arrow", ())
    rows = table.to_pandas()
    limit = alarm(rows["other"][rows["nonmated"]].to_numpy())
    mated = rows[~rows["dropped"]]
    missed = np.mean((mated["rank"] > 0) | (mated["mate"] <= limit + 1e-6))
    (fnir,) = estimate_fnir(table, "", (0.1,), 0, 2)
    assert fnir.value == pytest.approx(missed)
    assert alarm(rows["other"].to_numpy()[:9]) is None

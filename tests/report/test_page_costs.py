"""What stages took, on the page: what is recorded is there, what is not is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from page_files import make_page
from report_files import make, settings, write_run

from lgaf.costs import place_of
from lgaf.files import write_json, write_text
from lgaf.report.page.costs import NOT_RECORDED, costs, stages
from lgaf.report.report import Report

RUN = settings(("lgaf", "arcface"), seeds=(0, 1), benchmarks=("lfw",))
NOTHING = ["-"] * 5


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Report:
    return make(write_run(tmp_path_factory.mktemp("costs"), RUN), RUN)


def write(folder: Path, seconds: float, memory: int, cores: int, *stage: str) -> None:
    """A stage's record."""
    took = {"seconds": seconds, "cpu_seconds": 2 * seconds, "peak_memory": memory, "cores": cores}
    write_json(place_of(folder, *stage), {"started": f"2026-11-2{cores}T10:20:30+00:00", **took})


def test_what_is_recorded_is_there_and_what_is_not_is_said(report: Report, tmp_path: Path):
    write(tmp_path, 1000.26, 1_500_000_000, 2, "train", "lgaf", "0")
    write(tmp_path, 500, 800_000_000, 4, "train", "arcface", "1")
    write(tmp_path, 3, 90_000_000, 2, "damage")
    write(tmp_path, 7, 9_000_000_000, 2, "train", "of_another_run", "0")
    write_text(place_of(tmp_path, "maps"), "broken")
    write_json(place_of(tmp_path, "basis"), {"seconds": 1})
    found = costs(RUN, report.models, tmp_path)
    lines = {name: cells for name, *cells in found.stages[1]}
    assert [*lines] == [
        "settings", "basis", "photos", "align", "train", "damage", "embed", "score", "laboratory", "maps",
    ]  # fmt: skip
    assert lines["train"] == ["2 of 4", "1,500.3", "3,000.5", "1,500", "2", "2026-11-22 10:20"]
    assert lines["damage"] == ["1 of 1", "3.0", "6.0", "90", "2", "2026-11-22 10:20"]
    for name in {*lines} - {"train", "damage"}:
        assert lines[name] == [NOT_RECORDED, *NOTHING]
    runs = {(stage, arguments): cells for stage, arguments, *cells in found.runs[1]}
    assert runs["train", "arcface 1"] == ["500.0", "1,000.0", "800", "4", "2026-11-24 10:20"]
    assert runs["train", "lgaf 1"] == runs["maps", "-"] == NOTHING
    assert {arguments for stage, arguments in runs if stage == "score"} == {
        f"{row} lfw {seed}" for row in ("lgaf", "arcface") for seed in (0, 1)
    }
    assert found.total == (
        f"Recorded: 3 of {len(runs)} runs of stages, 1,503 seconds, 3,007 CPU seconds; the largest process held "
        "1,500 MB."
    )


def test_nothing_recorded_is_said(report: Report, tmp_path: Path):
    found = costs(RUN, report.models, tmp_path / "none")
    assert found.total == f"Recorded: 0 of {len(found.runs[1])} runs of stages."
    assert {cells[1] for cells in found.stages[1]} == {NOT_RECORDED}


def test_a_row_that_is_not_trained_has_the_stages_that_it_needs(report: Report):
    given = replace(report.models[0], row="given", of="given", origin=None)
    weighed = replace(report.models[0], row="weighed", of="lgaf")
    more = {*stages(RUN, [*report.models, given, weighed])} - {*stages(RUN, report.models)}
    assert more == {
        ("embed_given", "given"),
        ("score", "given", "lfw", "0"),
        ("laboratory", "given", "0"),
        ("rescore", "weighed"),
    }


def test_they_stand_on_the_page(tmp_path: Path):
    run = settings(("lgaf", "arcface"), benchmarks=("lfw",))
    write(tmp_path / "costs", 12.34, 345_000_000, 2, "score", "lgaf", "lfw", "7")
    text = make_page(tmp_path, run).read_text()
    assert "Recorded: 1 of" in text
    assert "<td>12.3</td><td>24.7</td><td>345</td>" in text
    assert NOT_RECORDED in text

"""Rows of what was brought, beside a row that was trained here, and alone."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from laboratory_faces import laboratory_faces
from reading import markdown_tables, page, records
from report_files import embeddings, made, make, protocol, settings, write_run, write_scores

from lgaf.evaluate.laboratory.score import score_files as score_laboratory
from lgaf.evaluate.score import score_files
from lgaf.evaluate.verification.folds import distances
from lgaf.files import read_json, write_json
from lgaf.formats.embeddings import write_embeddings
from lgaf.formats.protocol import write_protocol
from lgaf.formats.scores import PairScores, nothing
from lgaf.formats.scores import write_scores as write_pair_scores
from lgaf.report.check import check, update
from lgaf.report.settings import CheckSettings, ReportRow

SAID = {"train_set": "Glint360K", "licence": "MIT", "source": "its author", "files": {"lfw": "a" * 64}}
BENCHMARKS = ("lfw", "tinyface")


def scores_of(row: str, number: int, skip: int = 0) -> PairScores:
    """Cosines of the pairs of lfw, without the first ``skip``."""
    found, pairs = embeddings(row, number, 0), protocol("lfw").pairs[skip:]
    place = {name: k for k, name in enumerate(found.names)}
    left, right = ([place[pair[side]] for pair in pairs] for side in (0, 1))
    values = 1 - distances(found.vectors[left], found.vectors[right]) / 2
    names = ([found.names[k] for k in side] for side in (left, right))
    return PairScores(*names, values, *(found.labels[side].astype(np.int32) for side in (left, right)))


def brought(folder: Path, skip: int = 0, reference: str = "lgaf"):
    """LGAF, trained here; ArcFace's embeddings, and MagFace's scores, both brought."""
    run = settings(("lgaf",), seeds=(0,), benchmarks=BENCHMARKS, reference="lgaf")
    layout = write_run(folder, run)
    loose = run.evaluate.model_copy(update={"max_missing": 0.1})
    for number, benchmark in enumerate(BENCHMARKS):
        write_protocol(folder / "protocol.json", protocol(benchmark))
        write_scores(folder, layout, run, "arcface", 0, benchmark, number, world=True)
        write_pair_scores(folder / "s.arrow", scores_of("magface", 0, skip) if benchmark == "lfw" else nothing())
        place = f"magface/0/{benchmark}"
        outputs = (layout.results / f"scores/{place}.json", folder / f"trials/{place}.arrow",
                   layout.replicates / f"{place}.arrow")  # fmt: skip
        score_files(
            folder / "s.arrow",
            folder / "protocol.json",
            *outputs,
            "magface",
            0,
            f"world/{benchmark}",
            loose,
            7,
            made=made(benchmark),
        )
    kinds = ("arcface", "Brought", "embeddings"), ("magface", "Scored", "scores")
    rows = [
        ReportRow(id=row, label=label, network=kind, head="", fusion=None, trained=False) for row, label, kind in kinds
    ]
    for row in rows:
        write_json(layout.models / row.id / "0" / "manifest.json", {**SAID, "format": row.network})
    return run.model_copy(update={"rows": (*run.rows, *rows), "reference": reference}), layout


def test_they_stand_in_the_tables_and_are_tested(tmp_path):
    run, layout = brought(tmp_path)
    make(layout, run, plots=True)
    text = page(layout.results, "world-verification")
    table, paired = markdown_tables(text)
    assert [row[0] for row in table[1:]] == ["LGAF", "Brought", "Scored"]
    facts = [dict(zip(table[0], row, strict=True)) for row in table[2:]]
    assert [(it["backbone"], it["training set"]) for it in facts] == [
        ("embeddings file", "Glint360K"), ("scores file", "Glint360K")]  # fmt: skip
    assert [row[0] for row in paired[1:]] == ["LGAF - Brought", "LGAF - Scored"]
    assert "p=" in paired[2][1]
    assert "scores of pairs alone: nothing over all pairs, no cosine threshold, no error versus reject (Scored)" in text
    assert "cosine (LGAF, Brought)" in text
    assert "Not tested" not in text
    assert "nan" not in text
    search = page(layout.results, "world-tinyface")
    table, paired = markdown_tables(search)
    assert [row[0] for row in paired[1:]] == ["LGAF - Brought"]
    assert "scores of pairs alone: not available on a benchmark that lists none (Scored)" in search
    assert "world/tinyface 0 of 100 (Scored)" in search
    over_all = page(layout.results, "world-all-pairs")
    table, paired = markdown_tables(over_all)
    assert table[3][-1] == "-"
    assert [row[0] for row in paired[1:]] == ["LGAF - Brought"]
    metrics = read_json(layout.results / "metrics.json")
    assert list(metrics["magface"]) == ["world/lfw"]
    assert list(read_json(layout.results / "summary/magface.json")) == ["world/lfw"]
    assert {it["network"] for it in records(layout.results / "tables/world-verification.csv")} == {
        "lgaf", "embeddings", "scores"}  # fmt: skip
    plots = {path.name for path in (layout.results / "plots").iterdir()}
    assert {"world-roc.png", "world-histogram-arcface.png"} <= plots
    assert "world-histogram-magface.png" not in plots
    assert "Scored" in (layout.results / "curves/roc/world-lfw.csv").read_text()


def test_scores_may_be_the_reference(tmp_path):
    run, layout = brought(tmp_path, reference="magface")
    make(layout, run)
    _, paired = markdown_tables(page(layout.results, "world-verification"))
    assert [row[0] for row in paired[1:]] == ["Scored - LGAF", "Scored - Brought"]
    assert len(markdown_tables(page(layout.results, "world-tinyface"))) == 1


def test_what_lacks_pairs_is_shown_and_not_tested(tmp_path):
    run, layout = brought(tmp_path, skip=4)
    make(layout, run)
    text = page(layout.results, "world-verification")
    table, paired = markdown_tables(text)
    assert [row[0] for row in table[1:]] == ["LGAF", "Brought", "Scored"]
    assert [row[0] for row in paired[1:]] == ["LGAF - Brought"]
    assert "Not tested against LGAF, since they lack images or pairs: Scored (world/lfw)." in text
    assert re.search(r"pairs without a score: \d; they are left out \(Scored\)", text)


def test_scores_alone_are_a_whole_report(tmp_path):
    run, layout = brought(tmp_path, reference="magface")
    make(layout, run.model_copy(update={"rows": run.rows[2:]}), plots=True)
    assert list(read_json(layout.results / "metrics.json")) == ["magface"]
    assert not (layout.results / "tables/world-tinyface.md").exists()


def test_the_gate_keeps_their_trials(tmp_path, monkeypatch):
    run, _ = brought(tmp_path)
    monkeypatch.chdir(tmp_path)
    for stage in ("photos", "align/test", "score"):
        write_json(Path("settings") / f"{stage}.json", {"settings": {}})
    update(run)
    said, failed = check(run, CheckSettings())
    assert not failed
    assert "magface verification" in said
    assert "magface identification" not in said


@pytest.mark.parametrize("reference", ["lgaf", "arcface"])
def test_they_are_not_in_the_laboratory(tmp_path, reference):
    run, layout = brought(tmp_path, reference=reference)
    run = run.model_copy(update={"damaged": ("lfw",)})
    write_embeddings(tmp_path / "damage.arrow", laboratory_faces())
    score_laboratory(tmp_path / "damage.arrow", layout.laboratory / "lgaf/0", "lgaf", 0, run.evaluate, run.seed)
    make(layout, run)
    text = page(layout.results, "damage")
    assert markdown_tables(text)[0][0] == ["damage", "LGAF"]
    assert "not in the laboratory, which needs a network of its own: Brought, Scored" in text
    metrics = read_json(layout.results / "metrics.json")
    assert "damage/clean" in metrics["lgaf"]
    assert "damage/clean" not in metrics["arcface"]
    shutil.rmtree(layout.laboratory)
    make(layout, run.model_copy(update={"rows": run.rows[1:], "reference": "arcface"}))
    assert not (layout.results / "tables/damage.md").exists()

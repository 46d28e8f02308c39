"""A row that compares another row's embeddings in another way, beside that row."""

from pathlib import Path

import numpy as np
from laboratory_faces import laboratory_faces
from reading import markdown_tables, page
from report_files import embeddings, made, make, protocol, settings, write_run

from lgaf.evaluate.laboratory.score import score_files as score_laboratory
from lgaf.evaluate.score import score_files
from lgaf.evaluate.similarity import QMagFace
from lgaf.files import read_json
from lgaf.formats.embeddings import write_embeddings
from lgaf.formats.protocol import write_protocol

BENCHMARKS = ("lfw", "tinyface")
SIMILARITY = QMagFace(alpha=0.1, beta=0.1)


def rescored(folder: Path, seeds: tuple[int, ...]):
    """LGAF and MagFace, and MagFace's embeddings compared by quality."""
    run = settings(("lgaf", "magface"), seeds=seeds, benchmarks=BENCHMARKS)
    layout = write_run(folder, run)
    for number, benchmark in enumerate(BENCHMARKS):
        write_protocol(folder / "protocol.json", protocol(benchmark))
        for seed in seeds:
            write_embeddings(folder / "e.arrow", embeddings("magface", number, seed))
            place = f"by_quality/{seed}/{benchmark}"
            outputs = (layout.results / f"scores/{place}.json", folder / f"trials/{place}.arrow",
                       layout.replicates / f"{place}.arrow")  # fmt: skip
            inputs, world = (folder / "e.arrow", folder / "protocol.json"), f"world/{benchmark}"
            how = "by_quality", seed, world, run.evaluate, run.seed, "magface", SIMILARITY, made(benchmark)
            score_files(*inputs, *outputs, *how)
    other = run.rows[1].model_copy(update={"id": "by_quality", "label": "QMagFace", "network": "embeddings"})
    return run.model_copy(update={"rows": (*run.rows, other)}), layout


def test_it_is_a_row_of_every_table_with_the_facts_of_the_other(tmp_path):
    run, layout = rescored(tmp_path, (3, 4, 5))
    make(layout, run, plots=True)
    for table in ("world-verification", "world-tinyface", "world-all-pairs"):
        text = page(layout.results, table)
        first, paired = markdown_tables(text)
        assert [row[0] for row in first[1:]] == ["LGAF", "MagFace", "QMagFace"]
        facts = [dict(zip(first[0], row, strict=True)) for row in first[2:]]
        assert facts[0].get("parameters (M)") == facts[1].get("parameters (M)")
        assert [row[0] for row in paired[1:]] == ["LGAF - MagFace", "LGAF - QMagFace"]
        assert "p=" in paired[2][1]
        assert f"{SIMILARITY} (QMagFace)" in text
        assert "nan" not in text
    metrics = read_json(layout.results / "metrics.json")
    one, other = (metrics[row]["world/lfw"]["all_pairs_auc"]["seeds"] for row in ("magface", "by_quality"))
    assert len(one) == len(other) == 3
    assert not np.allclose(one, other)
    assert {it["row"] for it in read_json(layout.results / "thresholds.json")["rows"]} == {"lgaf", "magface"}
    assert "QMagFace" in (layout.results / "curves/roc/world-lfw.csv").read_text()
    assert "QMagFace" not in (layout.results / "curves/training/loss.csv").read_text()
    plots = {path.name for path in (layout.results / "plots").iterdir()}
    assert "world-histogram-magface.png" in plots
    assert "world-histogram-by_quality.png" not in plots


def test_it_is_not_in_the_laboratory(tmp_path):
    run, layout = rescored(tmp_path, (0,))
    run = run.model_copy(update={"damaged": ("lfw",)})
    write_embeddings(tmp_path / "damage.arrow", laboratory_faces())
    for row in ("lgaf", "magface"):
        folder = layout.laboratory / row / "0"
        score_laboratory(tmp_path / "damage.arrow", folder, row, 0, run.evaluate, run.seed, made("damage"))
    make(layout, run)
    text = page(layout.results, "damage")
    assert markdown_tables(text)[0][0] == ["damage", "LGAF", "MagFace"]
    assert "not in the laboratory, which needs a network of its own: QMagFace" in text

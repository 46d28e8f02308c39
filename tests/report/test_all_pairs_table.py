"""The table over all pairs: its numbers, tests and notes from the files that scoring wrote, by another route."""

import re
import statistics
from pathlib import Path

import numpy as np
import pytest
from reading import markdown_tables, page, records
from report_files import FOUR, LABELS, ROWS, make, protocol, settings, write_run
from test_seeds_report import drawn, quantile

from lgaf.evaluate.replicates import read_replicates
from lgaf.files import read_json, write_json
from lgaf.report.columns import columns_of, heading, tables_of
from lgaf.report.sources import Layout

TAR, STRICT, AUC = METRICS = ["all_pairs_tar@far=1e-2", "all_pairs_tar@far=1e-3", "all_pairs_auc"]
TABLE = "world-all-pairs"


def estimates(layout: Layout, row: str, benchmark: str, seed: int = 7):
    return read_replicates(layout.replicates / row / str(seed) / f"{benchmark}.arrow").estimates


def test_cells_are_the_metrics_and_the_csv_has_them_all(world_report: Layout):
    table, _ = markdown_tables(page(world_report.results, TABLE))
    assert table[0] == ["method", "parameters (M)", "world/lfw TAR", "world/cfp_fp TAR", "world/lfw AUC",
                        "world/cfp_fp AUC"]  # fmt: skip
    metrics = read_json(world_report.results / "metrics.json")
    for row, cells in zip(ROWS, table[1:], strict=True):
        assert cells[0] == LABELS[row]
        columns = [("lfw", TAR), ("cfp_fp", TAR), ("lfw", AUC), ("cfp_fp", AUC)]
        for (name, metric), cell in zip(columns, cells[2:], strict=True):
            found, estimate = metrics[row][f"world/{name}"][metric], estimates(world_report, row, name)[metric]
            low, high = np.quantile(estimate.replicates, [0.025, 0.975])
            assert (found["value"], found["n"]) == (estimate.value, estimate.n)
            assert (found["low"], found["high"]) == pytest.approx((low, high))
            shown = [float(text) for text in re.findall(r"[\d.]+", cell)]
            assert shown == pytest.approx([100 * it for it in (estimate.value, low, high)], abs=0.0051)
    assert [metrics["lgaf"]["world/lfw"][it]["n"] for it in METRICS] == [400, 400, 200 * 199 // 2]
    assert [metrics["lgaf"]["world/cfp_fp"][it]["n"] for it in METRICS] == [240, 240, 120 * 80]
    found = records(world_report.results / "tables" / f"{TABLE}.csv")
    assert {(it["benchmark"], it["metric"]) for it in found} == {
        (f"world/{name}", metric) for name in ("lfw", "cfp_fp") for metric in METRICS
    }
    others = records(world_report.results / "tables" / "world-verification.csv")
    assert {it["metric"] for it in others} == {"accuracy", "tar@far=1e-1"}


def test_every_metric_is_tested_against_the_reference(world_report: Layout):
    table, paired = markdown_tables(page(world_report.results, TABLE))
    assert paired[0][1:] == table[0][2:]
    found = {(it["row"], it["benchmark"], it["metric"]): it
             for it in records(world_report.results / "tables" / f"{TABLE}.csv")}  # fmt: skip
    marks = set()
    for number, row in enumerate(("arcface", "magface"), start=1):
        for name in ("lfw", "cfp_fp"):
            for metric in METRICS:
                ours, theirs = (estimates(world_report, it, name)[metric] for it in ("lgaf", row))
                differences = ours.replicates - theirs.replicates
                count = min((differences <= 0).sum(), (differences >= 0).sum())
                p = min(1, 2 * (1 + count) / 201)
                record = found[row, f"world/{name}", metric]
                assert float(record["p"]) == pytest.approx(p, abs=1e-4)
                assert float(record["reference_minus_this"]) == pytest.approx(
                    100 * (ours.value - theirs.value), abs=1e-4
                )
                if metric != STRICT:
                    column = table[0].index(f"world/{name} {'TAR' if metric == TAR else 'AUC'}")
                    assert paired[number][column - 1].endswith(f"p={p:.3f}")
                    assert ("†" in table[number + 1][column]) == (p < 0.05)
                    marks.add(p < 0.05)
    assert True in marks
    assert "not corrected for this table's 8 tests" in page(world_report.results, TABLE)


def test_notes_say_which_table_is_for_what_and_what_was_compared(world_report: Layout):
    text, drawn_text = (page(world_report.results, name) for name in (TABLE, "world-verification"))
    for said in ("Which row is better is read here, from AUC first",
                 "How good a row is, is read from world-verification",
                 "world/lfw: every two images: 400 mated and 19,500 non-mated pairs",
                 "240 mated and 9,360 non-mated pairs", "thresholds set anew in each",
                 "Images scored: world/cfp\\_fp 200 of 200; world/lfw 200 of 200.",
                 "world/lfw 5 without a face found and 1 unreadable of 205"):  # fmt: skip
        assert said.replace("\\", "") in text.replace("\\", "")
    assert "contiguous folds" not in text
    assert "Which row is better is read from world-all-pairs" in drawn_text
    assert "every two images" not in drawn_text
    readme = page(world_report.results, "README")
    assert f"## {TABLE}: generated faces" in readme


def test_images_that_fail_are_counted_here_too(world_run: Layout):
    path = world_run.results / "scores" / "magface" / "7" / "lfw.json"
    short = read_json(path)
    short["all_pairs"]["images"] |= {"used": 198, "missing": 2}
    write_json(path, short)
    make(world_run, settings())
    assert "world/lfw 198 of 200 (MagFace)" in page(world_run.results, TABLE)
    assert "(MagFace)" not in page(world_run.results, "world-verification")


def test_means_over_seeds_and_over_benchmarks(seeds_report: Layout):
    """The average of four, three seeds: replicate r is the mean over the seeds drawn in it and the benchmarks."""
    names, seeds = FOUR, (0, 1, 2)
    metrics = read_json(seeds_report.results / "metrics.json")
    replicates = {}
    for row in ("lgaf", "arcface"):
        for metric in METRICS:
            found = {(s, n): estimates(seeds_report, row, n, s)[metric] for s in seeds for n in names}
            each = [statistics.fmean(found[s, n].value for n in names) for s in seeds]
            mean = metrics[row]["world/average"][metric]
            assert mean["seeds"] == pytest.approx(each)
            assert mean["value"] == pytest.approx(statistics.fmean(each))
            replicates[row, metric] = [
                statistics.fmean(found[seeds[s], n].replicates[r] for s in chosen for n in names)
                for r, chosen in enumerate(drawn(row))
            ]
            assert mean["low"] == pytest.approx(quantile(replicates[row, metric], 0.025))
            assert mean["high"] == pytest.approx(quantile(replicates[row, metric], 0.975))
            assert mean["n"] == sum(found[0, n].n for n in names)
    table, paired = markdown_tables(page(seeds_report.results, TABLE))
    assert table[0][6] == paired[0][5] == "average of 4 TAR"
    assert table[0][-1] == paired[0][-1] == "average of 4 AUC"
    differences = [a - b for a, b in zip(replicates["lgaf", AUC], replicates["arcface", AUC], strict=True)]
    count = min(sum(d <= 0 for d in differences), sum(d >= 0 for d in differences))
    assert paired[2][-1].endswith(f"p={min(1, 2 * (1 + count) / 201):.3f}")


def test_photographs_have_no_such_table(real_report: Layout):
    assert not list((real_report.results / "tables").glob("*all-pairs*"))
    assert "all_pairs" not in (real_report.results / "metrics.json").read_text()
    assert protocol("lfw", world=False).all_pairs == []
    assert "all-pairs" not in page(real_report.results, "verification")


def test_where_no_rate_can_be_shown_the_auc_stands_alone():
    names = {"world/lfw": ["accuracy", AUC], "world/tinyface": ["rank1"]}
    assert columns_of(names, TABLE) == [("world/lfw", AUC)]
    assert heading(("world/lfw", AUC), {"world/lfw"}) == "world/lfw AUC"
    assert tables_of("world/lfw", ["accuracy", TAR, "tar@far=1e-2", AUC]) == {
        "world-verification": ["accuracy", "tar@far=1e-2"],
        TABLE: [TAR, AUC],
    }


def test_a_revision_is_compared_by_auc_too(tmp_path: Path):
    """``lgaf diff`` has a column for it, since it finds more than accuracy does."""
    from lgaf.report.pooling import places

    run = settings(("lgaf",), benchmarks=("lfw", "cfp_fp"))
    layout = write_run(tmp_path, run)
    files = {n: read_replicates(layout.replicates / "lgaf" / "7" / f"{n}.arrow") for n in run.benchmarks}
    models = {7: {it.benchmark: it for it in files.values()}}
    assert places(models, "all pairs") == [("world/cfp_fp", AUC), ("world/lfw", AUC)]

"""The laboratory in the report: means, claims, what metrics.json has of it, and nothing where there is none."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from laboratory_faces import laboratory_faces
from reading import markdown_tables, page, records
from report_files import EVALUATE, made, make, settings, write_run

from lgaf.damage.kinds import GROUPS, KINDS
from lgaf.errors import DataError
from lgaf.evaluate.compare import holm, paired_difference
from lgaf.evaluate.laboratory.score import score_files
from lgaf.evaluate.replicates import read_replicates
from lgaf.formats.embeddings import write_embeddings
from lgaf.report.laboratory import read_laboratory
from lgaf.report.sources import Layout

RUN = settings(("lgaf", "arcface", "magface"), seeds=(0, 1), benchmarks=("lfw",), damaged=("lfw",))
TAR = "tar@far=1e-2"
NOW = {"damage": made("damage").benchmark}
HIDING = [kind.name for kind in KINDS if kind.group == "missing"]


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    folder = tmp_path_factory.mktemp("damage")
    layout = write_run(folder, RUN)
    for place, row in enumerate(RUN.rows):
        for seed in RUN.seeds:
            faces = laboratory_faces(row.network == "lgaf", noise=0.3 + 0.1 * place, seed=seed)
            write_embeddings(folder / "e.arrow", faces)
            score_files(
                folder / "e.arrow",
                layout.laboratory / row.id / str(seed),
                row.id,
                seed,
                EVALUATE,
                RUN.seed,
                made("damage"),
            )
    make(layout, RUN, plots=True)
    return layout


def raw(layout: Layout, row: str, name: str) -> np.ndarray:
    """(seeds, 1 + replicates) of a metric, as the laboratory stage left them."""
    found = [read_replicates(layout.laboratory / row / str(seed) / "replicates.arrow") for seed in RUN.seeds]
    return np.array([[it.estimates[name].value, *it.estimates[name].replicates] for it in found])


def line(layout: Layout, table: str, number: int, name: str) -> list[str]:
    rows = markdown_tables(page(layout.results, table))[number]
    return next(row for row in rows if name in row)


def test_a_line_is_the_mean_over_levels_and_kinds_and_seeds(layout):
    for row, place in (("lgaf", 1), ("arcface", 2)):
        kind = np.mean([raw(layout, row, f"mask-{level} {TAR}")[:, 0] for level in (1, 2)])
        assert f"{100 * kind:.2f} [" in line(layout, "damage", 0, "damage/mask")[place]
        group = np.mean([raw(layout, row, f"{kind}-{level} {TAR}")[:, 0] for kind in HIDING for level in (1, 2)])
        assert f"{100 * group:.2f} [" in line(layout, "damage", 0, "damage/missing")[place]


def test_claims_are_paired_and_corrected(layout):
    estimates = read_laboratory(layout.laboratory, RUN, NOW).estimates["lgaf"]
    tests = [paired_difference(*(estimates[g][w + TAR].estimate for w in ("local_", "global_"))) for g in GROUPS]
    for group, p in zip(GROUPS, holm([test.p for test in tests]), strict=True):
        mean = estimates[group]["local_" + TAR].estimate.value - estimates[group]["global_" + TAR].estimate.value
        cell = line(layout, "damage-branches", 1, f"damage/{group}")[2]
        assert cell.startswith(f"{100 * mean:+.2f} [")
        assert cell.endswith(f"p={p:.3f}")
    assert tests[0].difference > 0.1 > -0.1 > tests[1].difference  # as the faces were made


def test_a_weight_that_is_the_same_for_all_faces_has_no_spearman(tmp_path):
    """As that of a plain sum, beside a row whose weight has one."""
    run = settings(("lgaf", "lgaf_sum"), seeds=(0,), benchmarks=("lfw",), damaged=("lfw",))
    layout = write_run(tmp_path, run)
    for row, weight in (("lgaf", None), ("lgaf_sum", 0.5)):
        faces = laboratory_faces()
        if weight is not None:
            faces = dataclasses.replace(faces, attention=np.full_like(faces.attention, weight))
        write_embeddings(tmp_path / "e.arrow", faces)
        score_files(tmp_path / "e.arrow", layout.laboratory / row / "0", row, 0, EVALUATE, run.seed, made("damage"))
    make(layout, run)
    rows, tests = markdown_tables(page(layout.results, "damage-branches"))
    label = {it.id: it.label for it in run.rows}
    for table in (rows, tests):
        assert {it[-1] for it in table if it[0] == label["lgaf_sum"]} == {"-"}
        assert "-" not in {it[-1] for it in table if it[0] == label["lgaf"] and it[1] == "damage/missing"}
    assert {it[-2] for it in rows if it[0] == label["lgaf_sum"]} == {"0.50 [0.50, 0.50]"}


def test_the_csv_has_every_level_and_both_rates(layout):
    found = records(layout.results / "tables" / "damage.csv")
    named = {(it["row"], it["benchmark"], it["metric"]): it for it in found}
    for kind in KINDS:
        for level in (1, 2):
            for metric in (TAR, "auc"):
                value = 100 * raw(layout, "magface", f"{kind.name}-{level} {metric}")[:, 0].mean()
                assert float(named["magface", f"damage/{kind.name}-{level}", metric]["value"]) == pytest.approx(
                    value, abs=1e-4
                )
    tested = {(it["row"], it["benchmark"]) for it in found if it["p"]}
    assert tested == {(row, f"damage/{group}") for row in ("arcface", "magface") for group in GROUPS}


def test_metrics_have_kinds_and_the_summary_groups(layout):
    metrics = json.loads((layout.results / "metrics.json").read_text())
    for row in ("lgaf", "arcface", "magface"):
        shown = [name for name in metrics[row] if name.startswith("damage/")]
        assert shown == ["damage/clean", *(f"damage/{kind.name}" for kind in KINDS)]
        assert set(metrics[row]["damage/mask"]) == {TAR, "auc"}
        summary = json.loads((layout.results / "summary" / f"{row}.json").read_text())
        assert [name for name in summary if name.startswith("damage/")] == [
            "damage/clean",
            *(f"damage/{group}" for group in GROUPS),
        ]


def test_measures_of_quality_are_tabled_and_tested_against_norms(layout):
    def areas(row, measure):
        return np.mean([raw(layout, row, f"{kind} {measure}_reject")[:, 0] for kind in HIDING])

    tables = markdown_tables(page(layout.results, "damage-quality"))
    values, tests = ({(it[0], it[1]) if table is tables[0] else it[0]: it for it in table} for table in tables)
    assert values["LGAF", "visibility"][2].strip("*").startswith(f"{areas('lgaf', 'visible'):.2f} [")
    assert values["MagFace", "norm of the embedding"][2].strip("*").startswith(f"{areas('magface', 'norm'):.2f} [")
    assert len(values) == 1 + 4 + 2
    estimates = read_laboratory(layout.laboratory, RUN, NOW).estimates
    paired = [
        paired_difference(estimates["lgaf"][g]["norm_reject"].estimate, estimates[row][g]["norm_reject"].estimate)
        for row in ("arcface", "magface")
        for g in GROUPS
    ]
    p = holm([test.p for test in paired])
    cells = [*tests["norm: LGAF - ArcFace"][1:], *tests["norm: LGAF - MagFace"][1:]]
    assert [cell.split("p=")[1] for cell in cells] == [f"{it:.3f}" for it in p]
    own = (f"LGAF: {it} - norm" for it in ("norm of f_local", "norm of f_global", "visibility"))
    assert set(tests) == {"difference", "norm: LGAF - ArcFace", "norm: LGAF - MagFace", *own}
    assert {it["metric"] for it in records(layout.results / "tables" / "damage-quality.csv")} == {
        f"{it}_reject" for it in ("norm", "local_norm", "global_norm", "visible")}  # fmt: skip


def test_figures_and_their_curves(layout):
    for name in ("damage-tar.png", "damage-weight.png"):
        assert (layout.results / "plots" / name).stat().st_size > 10_000
    found = records(layout.results / "curves" / "damage-local-weight" / "crop.csv")
    assert [it["level"] for it in found] == ["0", "1", "2"]
    expected = raw(layout, "lgaf", "crop-2 local_weight")[:, 0].mean()
    assert float(found[2]["local_weight"]) == pytest.approx(expected, abs=1e-4)
    assert {it["row"] for it in records(layout.results / "curves" / "damage-tar" / "crop.csv")} == {
        "LGAF", "ArcFace", "MagFace"}  # fmt: skip


def test_no_laboratory_is_not_mentioned(layout, tmp_path):
    run = settings(("lgaf", "arcface"), seeds=(0,), benchmarks=("lfw",))
    other = write_run(tmp_path, run)
    make(other, run)
    assert not list((other.results / "tables").glob("damage*"))
    assert "damage" not in (other.results / "metrics.json").read_text()


def test_other_faces_are_refused(layout):
    with pytest.raises(DataError, match=r"replicates\.arrow: of other faces or resamples than those asked for"):
        read_laboratory(
            layout.laboratory, RUN.model_copy(update={"evaluate": EVALUATE.model_copy(update={"replicates": 300})}), NOW
        )

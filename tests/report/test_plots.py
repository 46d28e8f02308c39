"""Plots, the curves behind them, and the look of rows."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from reading import records
from report_files import ROWS, make, settings, write_run

from lgaf.files import read_json
from lgaf.report import style
from lgaf.report.sources import Layout

TEMPLATE = Path(__file__).parents[2] / ".dvc" / "plots" / "rows.json"


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Figure]:
    """The figures that are saved, by name."""
    found: dict[str, Figure] = {}
    save = style.save

    def keep(figure: Figure, path: Path) -> None:
        found[path.stem] = figure
        save(figure, path)

    monkeypatch.setattr(style, "save", keep)
    return found


def test_plots_are_drawn_and_not_empty(world_report: Layout):
    results = world_report.results
    names = {"training", "world-roc", "world-cmc", "world-reject"}
    names |= {"world-attention-hidden", "world-attention-deformation", *(f"world-histogram-{row}" for row in ROWS)}
    assert {path.stem for path in (results / "plots").iterdir()} == names
    for path in (results / "plots").iterdir():
        pixels = np.asarray(Image.open(path).convert("RGB"), float)
        assert pixels.shape[1] <= 1000
        assert pixels.std() > 10
        blue = np.abs(pixels - [0, 114, 178]).sum(axis=2) < 30  # the first row's colour, and that of mated scores
        assert blue.sum() > 100


def test_a_line_a_seed_and_one_name_a_row(figures: dict[str, Figure], tmp_path: Path):
    run = settings(("lgaf", "arcface"), seeds=(0, 1, 2), benchmarks=("lfw",))
    make(write_run(tmp_path, run), run, plots=True)
    lines = figures["world-roc"].axes[0].lines
    assert len(lines) == 6
    assert [len({line.get_color() for line in lines[i : i + 3]}) for i in (0, 3)] == [1, 1]
    assert lines[0].get_color() != lines[3].get_color()
    assert lines[0].get_linewidth() < style.LINE
    assert [text.get_text() for text in figures["world-roc"].legends[0].get_texts()] == ["LGAF", "ArcFace"]
    assert len(figures["training"].axes[0].lines) == 6


def test_histograms_count_over_seeds(figures: dict[str, Figure], tmp_path: Path):
    run = settings(("lgaf",), seeds=(0, 1), benchmarks=("lfw",))
    layout = write_run(tmp_path, run)
    make(layout, run, plots=True)
    found = [read_json(layout.results / "scores" / "lgaf" / str(s) / "lfw.json")["histogram"] for s in run.seeds]
    counts = np.add(found[0]["mated"], found[1]["mated"])
    expected = counts / counts.sum()
    rows = [
        row for row in records(layout.results / "curves" / "histogram" / "world-lfw.csv") if row["row"] == "LGAF, mated"
    ]
    assert [float(row["share"]) for row in rows] == pytest.approx(expected, abs=1e-5)
    drawn = figures["world-histogram-lgaf"].axes[0].patches[-1].get_data().values
    assert drawn == pytest.approx(expected / np.diff(found[0]["edges"]))


def test_names_are_drawn_as_they_were_given(figures: dict[str, Figure], tmp_path: Path):
    labels = {"lgaf": r"$\frac{$ 5", "arcface": "_hidden"}
    run = settings(("lgaf", "arcface"), benchmarks=("lfw",), labels=labels)
    make(write_run(tmp_path, run), run, plots=True)
    legend = figures["world-roc"].legends[0]
    assert [text.get_text().strip().replace(r"\$", "$") for text in legend.get_texts()] == [*labels.values()]


def test_rows_look_apart():
    look = style.Look({f"row{k}": f"Row {k}" for k in range(35)}, 1)
    looks = [look.line(row) for row in look.labels]
    assert len({(str(it["color"]), str(it["linestyle"])) for it in looks}) == 35
    assert len({it["color"] for it in looks[:7]}) == 7
    for one, other in itertools.pairwise(looks):
        assert one["color"] != other["color"]
        assert one["linestyle"] != other["linestyle"]


@pytest.mark.parametrize("label", ["Row", "A name as long as a label in params.yaml is allowed to be, 60"])
def test_the_legend_stays_on_the_page(figures: dict[str, Figure], tmp_path: Path, label: str):
    look = style.Look({f"row{k}": f"{label} {k}" for k in range(16)}, 1)
    with style.panels(tmp_path / "plot.png", ["a", "b", "c"], "title", "a note") as axes:
        for row in look.labels:
            axes[0].plot([0, 1], [0, 1], **look.line(row))
    figure = figures["plot"]
    box, page = figure.legends[0].get_window_extent(), figure.bbox
    assert page.x0 <= box.x0 < box.x1 <= page.x1
    assert figure.texts[-1].get_window_extent().y1 <= box.y0
    assert box.y1 < axes[0].xaxis.get_tightbbox().y0


def test_curves_for_dvc(world_report: Layout):
    results = world_report.results
    roc = read_json(results / "scores" / "lgaf" / "7" / "lfw.json")["roc"]
    rows = records(results / "curves" / "roc" / "world-lfw.csv")
    assert list(rows[0]) == ["log10_far", "tar", "row"]
    assert list(dict.fromkeys(row["row"] for row in rows)) == ["LGAF", "ArcFace", "MagFace"]
    for row in rows[:41]:
        limit = 10 ** float(row["log10_far"]) * 1.0001
        best = max(t for f, t in zip(roc["far"], roc["tar"], strict=True) if f <= limit)
        assert float(row["tar"]) == pytest.approx(best, abs=1e-5)
    rows = records(results / "curves" / "histogram" / "world-lfw.csv")
    assert sum(float(row["share"]) for row in rows if row["row"] == "MagFace, mated") == pytest.approx(1, abs=1e-3)
    kinds = {path.name for path in (results / "curves").iterdir()}
    assert kinds == {"roc", "cmc", "histogram", "reject", "attention-hidden", "attention-deformation", "training"}
    assert {path.name for path in (results / "curves" / "cmc").iterdir()} == {
        "world-tinyface.csv",
        *(f"world-scface-d{distance}.csv" for distance in (1, 2, 3)),
    }
    assert {row["row"] for row in records(results / "curves" / "attention-hidden" / "world-lfw.csv")} == {"LGAF"}
    lines = (results / "curves" / "training" / "loss.csv").read_text().splitlines()
    assert lines[:2] == ["epoch,loss,row", "1,9.7,LGAF"]


def test_curves_are_the_mean_over_seeds(seeds_report: Layout):
    results = seeds_report.results
    found = [read_json(results / "scores" / "arcface" / str(seed) / "tinyface.json") for seed in (0, 1, 2)]
    cases = [("cmc", "rank", "rate", "cmc", "rate"), ("reject", "rejected", "error", "reject", "error")]
    for folder, x, y, block, key in cases:
        rows = [r for r in records(results / "curves" / folder / "world-tinyface.csv") if r["row"] == "ArcFace"]
        assert [float(row[y]) for row in rows] == pytest.approx(
            np.mean([s[block][key] for s in found], axis=0), abs=1e-5
        )
        assert len({row[x] for row in rows}) == len(rows)
    losses = [
        float(r["loss"]) for r in records(results / "curves" / "training" / "loss.csv") if r["row"] == "LGAF (sum)"
    ]
    assert losses == pytest.approx([9 / k + 1.1 for k in range(1, 13)], abs=1e-5)


def test_dvc_draws_the_curves_with_the_template(world_report: Layout):
    from dvc_render.vega import VegaRenderer

    rows = records(world_report.results / "curves" / "roc" / "world-lfw.csv")
    points = [{**row, "rev": rev} for rev in ("HEAD", "workspace") for row in rows]
    renderer = VegaRenderer(points, "roc.csv", template=str(TEMPLATE), x="log10_far", y="tar", x_label="x", y_label="y")
    text = renderer.partial_html()
    filled = json.loads(text)
    assert "DVC_METRIC" not in text
    assert filled["encoding"]["color"]["field"] == "row"
    assert filled["encoding"]["strokeDash"]["field"] == "rev"
    assert (filled["encoding"]["x"]["field"], filled["encoding"]["y"]["field"]) == ("log10_far", "tar")
    assert len(filled["data"]["values"]) == 2 * len(rows)

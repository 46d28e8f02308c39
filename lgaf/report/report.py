"""The report of a run: metrics, tables, plots and the curves behind them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lgaf.files import write_json, write_text
from lgaf.formats.thresholds import write_thresholds
from lgaf.paths import THRESHOLDS
from lgaf.report import render
from lgaf.report.cells import Results
from lgaf.report.columns import KINDS
from lgaf.report.curves import Curve, curves, write_curves
from lgaf.report.damage_plots import damage_curves, draw_damage
from lgaf.report.damage_tables import PRINTED, SUMMED, damage_metrics, damage_tables
from lgaf.report.drawing import draw
from lgaf.report.facts import run_of
from lgaf.report.groups import group_tables
from lgaf.report.laboratory import read_laboratory
from lgaf.report.measured import measure, metrics_of
from lgaf.report.metrics import Metrics, dump_metrics, summarise
from lgaf.report.paired import paired_tests
from lgaf.report.published import read_published
from lgaf.report.quality_table import quality_table
from lgaf.report.settings import ReportRun
from lgaf.report.sources import TRAIN, Layout, Model, Training, apart, read_alignment, read_models, versions_of
from lgaf.report.style import Look
from lgaf.report.tables import Table, build, table_names
from lgaf.report.thresholds import operating_points, threshold_tables

SUMMARY_TITLE = "# Results"
FOLDERS = ("tables", "plots", "curves", "summary")
BEST = 10
"""Published models of each table that stand on the page of all tables."""


@dataclass(frozen=True)
class Report:
    """What was written, for who shows it otherwise."""

    models: list[Model]
    results: Results
    tables: list[Table]
    curves: list[Curve]


def report(layout: Layout, settings: ReportRun, train_set: str, machine: str, now: Mapping[str, str]) -> Report:
    """Write the whole report under ``layout.results``; equal inputs give equal bytes.

    ``metrics.json``; ``thresholds.json``; ``summary/ROW.json`` for `dvc metrics show`; ``tables/NAME.md``, ``.csv`` and
    ``.tex`` and all of them in ``tables/README.md``; ``plots/*.png``; ``curves/KIND/*.csv`` for `dvc plots show`. The
    four folders are emptied first, so that nothing of an earlier run stays.

    Args:
        layout: where the run's files are.
        settings: rows, seeds and benchmarks in the order of rows and columns, and how the scores were made.
        train_set: what the tables call the training set.
        machine: where the report is made, in words.
        now: {benchmark, or ``damage``: its version as it lies there}.

    Raises:
        DataError: an input is missing or broken; then nothing is written.
    """
    evaluate = settings.evaluate
    models = read_models(layout, settings)
    counts = read_alignment(layout, [TRAIN, *settings.benchmarks])
    shown = {key: found.benchmark for key, found in zip(settings.benchmarks, models[0].replicates, strict=True)}
    estimates = measure(models, settings.seed)
    metrics = metrics_of(estimates, evaluate.confidence)
    versions, reference = versions_of(models, settings.benchmarks, now), settings.reference
    unpaired = apart(models, reference) | versions.apart(reference)
    results = Results(
        run=run_of(settings, models, train_set, machine),
        metrics=metrics,
        estimates=estimates,
        tests=paired_tests(estimates, reference, evaluate.confidence, unpaired),
        summaries=[summary for model in models for summary in model.summaries],
        alignment={shown.get(key, key): values for key, values in counts.items()},
        versions=versions,
    )
    tables = [*make_tables(results), *threshold_tables(results), *group_tables(results)]
    laboratory = read_laboratory(layout.laboratory, settings, now)
    printed, summed = metrics, metrics
    if laboratory:
        shown_there = results.run.of(laboratory.estimates)
        tables += [*damage_tables(laboratory, shown_there), quality_table(laboratory, shown_there)]
        printed, summed = (
            joined(metrics, damage_metrics(laboratory, evaluate.confidence, names)) for names in (PRINTED, SUMMED)
        )

    for folder in FOLDERS:
        shutil.rmtree(layout.results / folder, ignore_errors=True)
    write_json(layout.results / "metrics.json", dump_metrics(printed))
    points = operating_points(results.summaries)
    write_thresholds(layout.results / THRESHOLDS.name, points)
    for row, values in summarise(summed).items():
        write_json(layout.results / "summary" / f"{row}.json", values)
    write_tables(tables, layout.results / "tables")
    histories = [
        (model.row, model.origin.history)
        for model in models
        if isinstance(model.origin, Training) and model.of == model.row
    ]
    look = Look(results.run.labels, len(settings.seeds))
    drawn = [*curves(results.summaries, histories, look.labels)]
    draw(results.summaries, histories, look, layout.results / "plots")
    if laboratory:
        drawn += damage_curves(laboratory, look.labels)
        draw_damage(laboratory, look, layout.results / "plots", evaluate.confidence)
    write_curves(drawn, layout.results / "curves")
    return Report(models, results, tables, drawn)


def joined(first: Metrics, second: Metrics) -> Metrics:
    """The metrics of both, row by row."""
    return {row: benchmarks | second.get(row, {}) for row, benchmarks in first.items()}


def make_tables(results: Results) -> list[Table]:
    """Our tables, and those of all published numbers, which our rows join where the benchmark is the published one."""
    published, unread = read_published(), read_published("lgaf_published.csv")
    tables = []
    for name in table_names(results.metrics, [*unread, *published]):
        comparable = not name.startswith(tuple(f"{kind}-" for kind in KINDS if kind))
        tables.append(build(name, results, published if comparable else (), unread if comparable else ()))
    return tables


def write_tables(tables: Sequence[Table], folder: Path) -> None:
    """Write each table in three formats, and all as one page, those with our rows first."""
    for table in tables:
        write_text(folder / f"{table.name}.md", render.to_markdown(table))
        write_text(folder / f"{table.name}.csv", render.to_csv(table))
        write_text(folder / f"{table.name}.tex", render.to_latex(table))
    ordered = sorted(tables, key=lambda table: not table.rows)
    write_text(
        folder / "README.md", "\n".join([SUMMARY_TITLE + "\n", *(render.to_markdown(it, BEST) for it in ordered)])
    )

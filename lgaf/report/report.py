"""The report of a run: metrics, tables, plots and the curves behind them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lgaf.evaluate.settings import EvaluateSettings
from lgaf.files import write_json, write_text
from lgaf.report import plots, render
from lgaf.report.curves import write_curves
from lgaf.report.metrics import Metrics, collect, dump_metrics, summarise
from lgaf.report.notes import TRAIN, Run
from lgaf.report.paired import Tests, paired_tests
from lgaf.report.published import read_published
from lgaf.report.sources import Layout, read_alignment, read_history, read_summaries
from lgaf.report.tables import KINDS, Table, build, kind_and_name, table_names

SUMMARY_TITLE = "# Results"
FOLDERS = ("tables", "plots", "curves", "summary")


def report(
    layout: Layout,
    methods: Sequence[str],
    benchmarks: Sequence[str],
    run: Run,
    evaluate: EvaluateSettings = EvaluateSettings(),  # noqa: B008 - frozen
) -> Metrics:
    """Write the whole report under ``layout.results``; equal inputs give equal bytes.

    ``metrics.json``; ``summary/METHOD.json`` for `dvc metrics show`; ``tables/NAME.md``, ``.csv`` and ``.tex`` and all
    of them in ``tables/README.md``; ``plots/*.png``; ``curves/KIND/*.csv`` for `dvc plots show`. The four folders are
    emptied first, so that nothing of an earlier run stays.

    Args:
        methods, benchmarks: names as in params.yaml, in the order of rows and columns.
        run: what is said of our rows under the tables; its seed also draws the resamples of the paired tests.
        evaluate: the settings that the scores were made with; of the paired tests too.

    Raises:
        DataError: an input is missing or broken; then nothing is written.
    """
    summaries = read_summaries(layout, methods, benchmarks)
    alignment = read_alignment(layout, [TRAIN, *benchmarks])
    histories = {method: read_history(layout, method) for method in methods}
    metrics = collect(summaries, layout.results / "scores")
    display = {key: summaries[index]["benchmark"] for index, key in enumerate(benchmarks)}
    tests = paired_tests(layout.trials, methods, display, metrics, evaluate, run.seed)
    counts = {display.get(key, key): values for key, values in alignment.items()}
    tables = make_tables(metrics, summaries, counts, tests, run)

    for folder in FOLDERS:
        shutil.rmtree(layout.results / folder, ignore_errors=True)
    write_json(layout.results / "metrics.json", dump_metrics(metrics))
    for method, values in summarise(metrics).items():
        write_json(layout.results / "summary" / f"{method}.json", values)
    write_tables(tables, layout.results / "tables")
    write_curves(summaries, histories, layout.results / "curves")
    draw(summaries, layout.results / "plots")
    plots.plot_training(histories, layout.results / "plots" / "training.png")
    return metrics


def make_tables(
    metrics: Metrics,
    summaries: Sequence[Mapping[str, Any]],
    alignment: Mapping[str, Mapping[str, int]],
    tests: Tests,
    run: Run,
) -> list[Table]:
    """All tables that the run's benchmarks call for; published rows only with the published benchmarks."""
    tables = []
    for name in table_names(metrics):
        comparable = not name.startswith(tuple(f"{kind}-" for kind in KINDS if kind))
        published = read_published() if comparable else ()
        unread = read_published("lgaf_published.csv") if comparable else ()
        tables.append(build(name, metrics, summaries, alignment, tests, run, published, unread))
    return tables


def write_tables(tables: Sequence[Table], folder: Path) -> None:
    """Write each table in three formats, and all as one page."""
    for table in tables:
        write_text(folder / f"{table.name}.md", render.to_markdown(table))
        write_text(folder / f"{table.name}.csv", render.to_csv(table))
        write_text(folder / f"{table.name}.tex", render.to_latex(table))
    write_text(folder / "README.md", "\n".join([SUMMARY_TITLE + "\n", *map(render.to_markdown, tables)]))


def draw(summaries: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Draw every kind of plot that the scores have something for; each kind of benchmarks apart."""
    for kind in KINDS:
        group = [summary for summary in summaries if kind_and_name(summary["benchmark"])[0] == kind]
        prefix = f"{kind}-" if kind else ""
        for block, plot in (("roc", plots.plot_roc), ("cmc", plots.plot_cmc), ("reject", plots.plot_reject)):
            if plots.having(group, block):
                plot(group, folder / f"{prefix}{block}.png")
        for method in dict.fromkeys(summary["method"] for summary in group):
            own = [summary for summary in group if summary["method"] == method]
            if plots.having(own, "histogram"):
                plots.plot_histograms(own, folder / f"{prefix}histogram-{method}.png")
        for cause in plots.CAUSES:
            if plots.having(group, "attention", cause):
                plots.plot_attention(group, folder / f"{prefix}attention-{cause}.png", cause)

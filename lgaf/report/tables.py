"""Comparison tables: our rows with intervals and paired tests, published rows below them with their provenance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lgaf.evaluate.names import over_searches
from lgaf.report import notes
from lgaf.report.cells import Cell, Results, paired_rows, row_of
from lgaf.report.columns import (
    KINDS,
    Column,
    columns_of,
    family,
    gather,
    heading,
    kind_and_name,
    names_of,
    over_all_pairs,
    refuse_mixing,
    tables_of,
)
from lgaf.report.facts import TITLES
from lgaf.report.lines import AVERAGE_COLUMN, Line, best_first, cells_of, lines, published_notes
from lgaf.report.metrics import Metrics, main_metric
from lgaf.report.paired import tested
from lgaf.report.published import Published
from lgaf.report.records import Record, measured_records, published_records
from lgaf.report.versions import version_notes


@dataclass(frozen=True)
class Table:
    """A table, its paired tests and its notes, nothing escaped.

    published: rows of other papers, each with the number of its source in ``sources``, from 1; the LGAF paper's first.
    records: one flat record a number, for the CSV.
    """

    name: str
    title: str
    headers: list[str]
    rows: list[list[Cell]]
    published: list[tuple[list[str], int]] = field(default_factory=list)
    own: int = 0
    """How many of ``published`` are the LGAF paper's."""
    sources: list[str] = field(default_factory=list)
    paired_headers: list[str] = field(default_factory=list)
    paired_rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    facts: int = 0
    """How many columns stand between the name of a row of ours and its numbers."""


def build(table: str, results: Results, published: Sequence[Published], unread: Sequence[Published]) -> Table:
    """Build one table.

    published: rows of other papers; unread: rows of the LGAF paper. Both must be empty for benchmarks that are not the
    published ones.

    Raises:
        ValueError: numbers that cannot be compared would meet.
    """
    run, metrics = results.run, results.metrics
    ours = columns_of(names_of(metrics), table)
    quoted = [row for row in (*unread, *published) if family(row.benchmark, [row.metric]) == table]
    columns = columns_with(ours, quoted, table)
    refuse_mixing(columns, [*published, *unread])
    benchmarks = list(dict.fromkeys(benchmark for benchmark, _ in columns))
    kind, _ = kind_and_name(benchmarks[0])

    known = run.differing() if ours else []
    facts = [key for key in TITLES if key in known or (not kind and key in ("backbone", "train_set"))]
    rows = [row_of(row.id, results, facts, columns, kind) for row in run.rows if ours]
    first, others = lines(row for row in unread if row in quoted), lines(row for row in published if row in quoted)
    sources: list[str] = []
    shown = [*first, *best_first(others, main_column(columns))]
    below = [cells_of(line, facts, columns, sources) for line in shown]
    head_to_head = [column for column in ours if tested(column[1:])]
    paired = paired_rows(run, head_to_head, results.tests)
    parts = [name for name, there in (("our runs", rows), ("published numbers", quoted)) if there]
    says = KINDS[kind] if kind else ", and ".join(parts)
    return Table(
        name=table,
        title=f"{table}: {says}",
        headers=["method", *(TITLES[key] for key in facts), *(heading(column, benchmarks) for column in columns),
                 *([] if kind else ["year", "source"])],
        rows=rows,
        published=below,
        own=len(first),
        sources=sources,
        paired_headers=["percentage points", *(heading(column, benchmarks) for column in head_to_head)],
        paired_rows=paired,
        notes=notes_of(results, ours, head_to_head, facts) + quoting_notes(shown, columns, benchmarks),
        records=[*measured_records(metrics, benchmarks, table, results.tests, run, results.versions),
                 *published_records(quoted, shown)],
        facts=len(facts),
    )  # fmt: skip


def columns_with(ours: Sequence[Column], quoted: Iterable[Published], table: str) -> list[Column]:
    """Our columns and those of the published rows, with the average where accuracies are published."""
    published = [(row.benchmark, row.metric) for row in quoted]
    average = [AVERAGE_COLUMN] if any(metric == AVERAGE_COLUMN[1] for _, metric in published) else []
    return columns_of(gather([*ours, *published, *average]), table)


def main_column(columns: Sequence[Column]) -> Column:
    """The first column of the table's main metric."""
    main = main_metric(name for _, name in columns)
    return next(column for column in columns if column[1] == main)


def notes_of(results: Results, ours: Sequence[Column], paired: Sequence[Column], facts: Sequence[str]) -> list[str]:
    """How our rows came about; nothing where the table has none of them."""
    if not ours:
        return []
    run, benchmarks = results.run, {benchmark for benchmark, _ in ours}
    summaries = [summary for summary in results.summaries if summary["benchmark"] in benchmarks]
    if over_all_pairs(ours[0][1]):
        summaries = [{**summary, **summary["all_pairs"]} for summary in summaries if summary["all_pairs"]]
    if over_searches(ours[0][1]):
        summaries = [{**summary, **summary["searches"]} for summary in summaries if summary.get("searches")]
    compared = sum((row.id, *column) in results.tests for row in run.rows for column in paired)
    return [
        *notes.reading_notes(run, compared, facts),
        *notes.untested_notes(run, results.metrics, results.tests, paired, results.versions),
        *version_notes(results.versions, run.labels, (benchmark for benchmark, _ in ours)),
        *notes.error_notes(ours),
        *notes.spread_notes(run, results.estimates, ours),
        *notes.average_notes(ours),
        *notes.pairs_notes(ours, names_of(results.metrics)),
        *notes.protocol_notes(summaries, run.labels),
        *notes.image_notes(summaries, results.alignment, run.labels),
    ]


def quoting_notes(shown: Sequence[Line], columns: Sequence[Column], benchmarks: Sequence[str]) -> list[str]:
    """How to read the published rows; nothing where there are none."""
    if not shown:
        return []
    return published_notes(shown, columns, heading(main_column(columns), benchmarks))


def table_names(metrics: Metrics, published: Iterable[Published]) -> list[str]:
    """The tables that a run calls for: its own in the order of its benchmarks, then those of published numbers."""
    own = [table for benchmark, names in names_of(metrics).items() for table in tables_of(benchmark, names)]
    return list(dict.fromkeys([*own, *(family(row.benchmark, [row.metric]) for row in published)]))

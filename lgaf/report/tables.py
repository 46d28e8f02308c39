"""Comparison tables: our rows with intervals and paired tests, published rows below them with their provenance.

A benchmark of the generated world (``world/...``) or one that is not the published one (``part/...``: fewer images,
pairs of our own) never stands in a table with published numbers: it is easier or harder in ways nobody has measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lgaf.report.metrics import Metric, Metrics
from lgaf.report.notes import MARK, SIGNIFICANT, Run, display, image_notes, protocol_notes, reading_notes
from lgaf.report.paired import OURS, Tests, tested
from lgaf.report.published import NOT_AVAILABLE, Line, Published, about, choose, display_backbone, display_method, lines
from lgaf.report.records import records_of

KINDS = {
    "": "our runs, and published numbers",
    "world": "generated faces",
    "part": "other images or pairs than those of the benchmark's name; for comparison with each other only",
}
"""What stands before the ``/`` in a benchmark's name -> what its tables show."""
VERIFICATION = ("lfw", "cfp_fp", "cplfw", "agedb", "calfw")  # the order in which papers print them
NONE = "-"
Column = tuple[str, str]
"""(benchmark, metric)"""


@dataclass(frozen=True)
class Table:
    """A table, its paired tests and its notes. Cells are text; ``**x**`` marks the best of our rows.

    records: one flat record a number, for the CSV, with every published row of the table's benchmarks.
    """

    name: str
    title: str
    headers: list[str]
    rows: list[list[str]]
    paired_headers: list[str] = field(default_factory=list)
    paired_rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    records: list[dict[str, str]] = field(default_factory=list)


def kind_and_name(benchmark: str) -> tuple[str, str]:
    """Which of KINDS a benchmark is, and its name without that."""
    kind, _, name = benchmark.rpartition("/")
    return kind, name


def family(benchmark: str, metrics: Sequence[str]) -> str:
    """The table that a benchmark belongs to: verification benchmarks share one, others have one each."""
    kind, bare = kind_and_name(benchmark)
    name = "verification" if "accuracy" in metrics else bare
    return f"{kind}-{name}" if kind else name


def columns_of(metrics: Metrics, table: str) -> list[Column]:
    """The (benchmark, metric) columns of a table: accuracies; or each probe set's rank-1; or every metric."""
    found: dict[str, list[str]] = {}
    for benchmarks in metrics.values():
        for benchmark, values in benchmarks.items():
            if family(benchmark, list(values)) == table:
                names = found.setdefault(benchmark, [])
                names += [name for name in values if name not in names]
    columns = []
    for benchmark, names in found.items():
        if "accuracy" in names:
            shown = ["accuracy"]
        else:
            shown = sorted(name for name in names if name.endswith("_rank1")) or names
        columns += [(benchmark, name) for name in shown]

    def place(column: Column) -> int:
        _, bare = kind_and_name(column[0])
        return VERIFICATION.index(bare) if bare in VERIFICATION else len(VERIFICATION)

    return sorted(columns, key=place)


def label(column: Column, benchmarks: Sequence[str]) -> str:
    """A column's heading: the benchmark where it shows accuracy, the metric where the table has one benchmark."""
    benchmark, name = column
    if name == "accuracy":
        return benchmark
    return name if len(benchmarks) == 1 else f"{benchmark} {name}"


def per_cent(metric: Metric) -> str:
    """A value and its interval: "93.20 [91.00, 95.10]"."""
    return f"{100 * metric.value:.2f} [{100 * metric.low:.2f}, {100 * metric.high:.2f}]"


def points(difference: float) -> str:
    """A difference in percentage points with its sign; zero is "+0.00", never "-0.00"."""
    return f"{round(100 * difference, 2) + 0.0:+.2f}"


def measured_cells(method: str, metrics: Metrics, columns: Sequence[Column], tests: Tests) -> list[str]:
    """One method's cells: value [interval], bold where best, marked where it differs significantly from LGAF."""
    cells = []
    for benchmark, name in columns:
        metric = metrics.get(method, {}).get(benchmark, {}).get(name)
        if metric is None:
            cells.append(NONE)
            continue
        rivals = [row[benchmark][name].value for row in metrics.values() if name in row.get(benchmark, {})]
        text = per_cent(metric)
        # Means over folds of equal counts may differ in the last bit.
        if len(rivals) > 1 and metric.value > max(rivals) - 1e-9:
            text = f"**{text}**"
        test = tests.get((method, benchmark, name))
        cells.append(f"{text} {MARK}" if test and test.p < SIGNIFICANT else text)
    return cells


def paired_rows(metrics: Metrics, columns: Sequence[Column], tests: Tests) -> list[list[str]]:
    """LGAF minus each other method, in percentage points: difference [interval] p."""
    rows = []
    for method in metrics:
        cells = []
        for column in columns:
            test = tests.get((method, *column))
            if test is None:
                cells.append(NONE)
            else:
                cells.append(f"{points(test.difference)} [{points(test.low)}, {points(test.high)}] p={test.p:.3f}")
        if any(cell != NONE for cell in cells):
            rows.append([f"{display(OURS)} - {display(method)}", *cells])
    return rows


def published_rows(chosen: Sequence[Line], columns: Sequence[Column], notes: list[str]) -> list[list[str]]:
    """Published lines in the layout of our rows; their sources are numbered and appended to ``notes``."""
    sources: list[str] = []
    rows = []
    for line in chosen:
        at = f", {line.repository} at {line.commit}" if line.repository else ""
        if (source := f"{line.source}{at}") not in sources:
            sources.append(source)
        values = [line.values.get(column, NONE) or NOT_AVAILABLE for column in columns]
        remark = f"{line.provenance} [{sources.index(source) + 1}]" + (f"; {line.note}" if line.note else "")
        # "" is a field the source leaves empty; other text is shown as it was found, only its outer blanks removed.
        train_set = line.train_set.strip() or NONE
        backbone = display_backbone(line.backbone) or NONE
        rows.append([f"{display_method(line.method)}, published", backbone, train_set, *values, remark])
    notes += [f"[{number}] {source}" for number, source in enumerate(sources, start=1)]
    return rows


def refuse_mixing(columns: Sequence[Column], published: Sequence[Published]) -> None:
    """Raise if a table would hold benchmarks of several kinds, or published numbers beside other than their own.

    Raises:
        ValueError: it would.
    """
    kinds = {kind_and_name(benchmark)[0] for benchmark, _ in columns}
    if len(kinds) > 1 or (kinds != {""} and published):
        raise ValueError("generated or partial benchmarks never stand in a table with others or published numbers")


def build(
    table: str,
    metrics: Metrics,
    summaries: Sequence[Mapping[str, Any]],
    alignment: Mapping[str, Mapping[str, int]],
    tests: Tests,
    run: Run,
    published: Sequence[Published],
    unread: Sequence[Published],
) -> Table:
    """Build one table.

    metrics: {method: {benchmark: ...}} of the whole run; summaries: its score summaries; alignment: {benchmark:
    counts}, the training set's as "train"; published: rows of other papers; unread: rows of the LGAF paper. The last
    two must be empty for benchmarks that are not the published ones.

    Raises:
        ValueError: numbers that cannot be compared would meet.
    """
    columns = columns_of(metrics, table)
    benchmarks = list(dict.fromkeys(benchmark for benchmark, _ in columns))
    summaries = [summary for summary in summaries if summary["benchmark"] in benchmarks]
    refuse_mixing(columns, [*published, *unread])
    published, unread = about(published, benchmarks), about(unread, benchmarks)
    kind, _ = kind_and_name(benchmarks[0])

    shown = [label(column, benchmarks) for column in columns]
    headers = ["method", *shown] if kind else ["method", "backbone", "training set", *shown, "source"]
    rows = []
    for method in metrics:
        cells = measured_cells(method, metrics, columns, tests)
        if all(cell == NONE for cell in cells):
            continue
        ours = [display_backbone(run.backbone), run.train_set]
        rows.append([display(method), *cells] if kind else [display(method), *ours, *cells, "this run"])
    compared = sum((method, *column) in tests for method in metrics for column in columns)
    notes = [*reading_notes(run, compared), *protocol_notes(summaries), *image_notes(summaries, alignment)]
    if not kind:
        chosen = [*lines(unread), *choose(published, columns)]
        rows += published_rows(chosen, columns, notes)
    head_to_head = [column for column in columns if tested(column[1:])]
    return Table(
        name=table,
        title=f"{table}: {KINDS[kind]}",
        headers=headers,
        rows=rows,
        paired_headers=["percentage points", *(label(column, benchmarks) for column in head_to_head)],
        paired_rows=paired_rows(metrics, head_to_head, tests),
        notes=notes,
        records=records_of(metrics, benchmarks, tests, [*unread, *published], run),
    )


def table_names(metrics: Metrics) -> list[str]:
    """The tables that a run's benchmarks call for, in the order of the benchmarks."""
    names = [family(b, list(values)) for row in metrics.values() for b, values in row.items()]
    return list(dict.fromkeys(names))

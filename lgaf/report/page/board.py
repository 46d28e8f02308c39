"""The leaderboard: the tables of our rows as numbers that a page can draw and sort, and what they come to in a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from lgaf.evaluate.compare import Difference
from lgaf.evaluate.names import lower_is_better
from lgaf.report.cells import Results, Value, points, value_of
from lgaf.report.columns import AVERAGE, KINDS, Column, columns_of, heading, kind_and_name, names_of
from lgaf.report.notes import SIGNIFICANT
from lgaf.report.tables import Table


class Cell(NamedTuple):
    """A value with its interval, in per cent, and where they lie on the column's scale, in per cent of its width."""

    value: float
    low: float
    high: float
    best: bool
    marked: bool
    """Whether it differs significantly from the reference."""
    old: bool
    """Whether another version scored it than the report's."""
    at: float
    start: float
    width: float
    difference: str
    """This row minus the reference, with its p; "" where there is no test."""


class BoardRow(NamedTuple):
    """A row: its place among all, its name, what is not the same for all, and a cell a column, None without a value."""

    place: int
    label: str
    reference: bool
    facts: list[str]
    cells: list[Cell | None]


class Board(NamedTuple):
    """One table of our rows. ``reference``: a place on the scale for each column, None where it has no value."""

    name: str
    title: str
    facts: list[str]
    columns: list[str]
    rows: list[BoardRow]
    reference: list[float | None]
    notes: list[str]
    summary: str
    """Who is best, by how much and how sure, in a sentence."""


def boards(tables: Sequence[Table], results: Results) -> list[Board]:
    """A board of each table that compares our rows by metrics."""
    names = names_of(results.metrics)
    found = ((table, columns_of(names, table.name)) for table in tables)
    return [board(table, columns, results) for table, columns in found if columns and table.rows]


def board(table: Table, columns: Sequence[Column], results: Results) -> Board:
    """The board of a table."""
    run = results.run
    benchmarks = list(dict.fromkeys(benchmark for benchmark, _ in columns))
    headings = [heading(column, benchmarks) for column in columns]
    facts = slice(1, 1 + table.facts)
    drawn = [cells(column, results) for column in columns]
    rows = [
        BoardRow(
            place=place,
            label=row.label,
            reference=row.id == run.reference,
            facts=[str(fact) for fact in table.rows[place][facts]],
            cells=[column[place] for column in drawn],
        )
        for place, row in enumerate(run.rows)
    ]
    ours = next(row for row in rows if row.reference)
    return Board(
        name=table.name,
        title=title_of(table.name, columns),
        facts=table.headers[facts],
        columns=headings,
        rows=rows,
        reference=[cell.at if cell else None for cell in ours.cells],
        notes=table.notes,
        summary=summary(main_place(columns), headings, columns, results),
    )


def title_of(table: str, columns: Sequence[Column]) -> str:
    """A board's name in print: what is compared, on what."""
    kind, _ = kind_and_name(columns[0][0])
    what = table.removeprefix(f"{kind}-").replace("-", " ")
    return f"{what[0].upper()}{what[1:]}: {KINDS[kind]}"


def cells(column: Column, results: Results) -> list[Cell | None]:
    """A column, a cell a row."""
    benchmark, name = column
    found = [results.metrics[row.id].get(benchmark, {}).get(name) for row in results.run.rows]
    known = [metric for metric in found if metric]
    low = min((metric.low for metric in known), default=0)
    span = max((metric.high for metric in known), default=1) - low or 1
    shown: list[Cell | None] = []
    for row, metric in zip(results.run.rows, found, strict=True):
        value = value_of(row.id, column, results)
        if metric is None or not isinstance(value, Value):
            shown.append(None)
            continue
        at, start, end = (round(100 * (it - low) / span, 2) for it in (metric.value, metric.low, metric.high))
        told = difference(results.tests.get((row.id, benchmark, name)))
        shown.append(
            Cell(
                value=100 * metric.value,
                low=100 * metric.low,
                high=100 * metric.high,
                best=value.best,
                marked=value.marked,
                old=value.old,
                at=at,
                start=start,
                width=end - start,
                difference=told,
            )
        )
    return shown


def difference(test: Difference | None) -> str:
    """A row minus the reference, in percentage points, with its p."""
    return f"{points(-test.difference)} p={test.p:.3f}" if test else ""


def main_place(columns: Sequence[Column]) -> int:
    """The column that stands for a board: the average where there is one, else the first."""
    average = [place for place, (benchmark, _) in enumerate(columns) if kind_and_name(benchmark)[1] == AVERAGE]
    return average[0] if average else 0


def summary(place: int, headings: Sequence[str], columns: Sequence[Column], results: Results) -> str:
    """Who is best in a column, and which rows the reference is told apart from."""
    column = columns[place]
    benchmark, name = column
    run = results.run
    sign = -1 if lower_is_better(name) else 1
    values = results.rivals(column)
    if not values:
        return f"{headings[place]}: no two rows are of the same versions."
    best = max(values, key=lambda row: sign * values[row])
    said = f"{headings[place]}: {run.labels[best]} is best with {100 * values[best]:.2f}"
    tests = {row: test for row in values if (test := results.tests.get((row, benchmark, name)))}
    if not tests:
        return f"{said}."
    reference = run.labels[run.reference]
    if best in tests:
        test = tests[best]
        said += (
            f"; {reference} - {run.labels[best]} {points(test.difference)} [{points(test.low)}, {points(test.high)}]"
        )
    apart = [run.labels[row] for row, test in tests.items() if test.p < SIGNIFICANT]
    rest = [run.labels[row] for row, test in tests.items() if test.p >= SIGNIFICANT]
    told = [
        *([f"{reference} is told apart from {', '.join(apart)}"] if apart else []),
        *([f"{'not' if apart else f'{reference} is not told apart'} from {', '.join(rest)}"] if rest else []),
    ]
    return f"{said}. {', '.join(told)} (paired tests, p < {SIGNIFICANT:g}, not corrected)."


def damage_summary(table: Table) -> str:
    """Which row is best under how many kinds of damage."""
    cells = [cell for row in table.rows for cell in zip(table.headers[1:], row[1:], strict=True)]
    best = Counter(label for label, cell in cells if isinstance(cell, Value) and cell.best)
    counts = ", ".join(f"{label} {count}" for label, count in best.most_common())
    return f"Best in how many of {len(table.rows)} lines, clean faces and groups of damage among them: {counts or '-'}."

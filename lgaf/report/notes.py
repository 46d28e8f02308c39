"""The lines under a table: what a reader must know to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lgaf.evaluate.names import lower_is_better
from lgaf.report.columns import AVERAGE, AVERAGED, Column, heading, kind_and_name, over_all_pairs, tables_of
from lgaf.report.facts import TITLES, UNKNOWN, Run
from lgaf.report.measured import Estimates
from lgaf.report.metrics import Metrics
from lgaf.report.paired import Tests
from lgaf.report.sources import TRAIN
from lgaf.report.versions import Versions

SIGNIFICANT = 0.05
MARK = "†"


def reading_notes(run: Run, comparisons: int, apart: Sequence[str] = ()) -> list[str]:
    """How to read our rows.

    comparisons: number of paired tests in the table; apart: keys of TITLES that the table has columns of.
    """
    notes = [f"Our rows: per cent [interval], the best in bold. {interval_note(run)}"]
    if comparisons:
        resamples = "on the same resamples" + (" of people, the seeds of each row apart" if len(run.seeds) > 1 else "")
        notes.append(
            f"{MARK} differs from {run.labels[run.reference]}: paired test {resamples}, p < {SIGNIFICANT:g}, not "
            f"corrected for this table's {comparisons} tests; were all rows equal, chance would mark "
            f"{SIGNIFICANT * comparisons:.1f}."
        )
    common = [f"{title[0].upper()}{title[1:]}: {value}." for key, title in TITLES.items()
              if key not in (*apart, "seeds") and (value := getattr(run.rows[0], key)) != UNKNOWN]  # fmt: skip
    notes.append(" ".join([*common, f"Machine: {run.machine}."]))
    if given := [f"{row.label} ({row.origin})" for row in run.rows if row.origin]:
        notes.append(f"Trained elsewhere, on what may hold people of these benchmarks: {'; '.join(given)}.")
    return notes


def interval_note(run: Run) -> str:
    """What an interval covers."""
    seeds = ", ".join(map(str, run.seeds))
    if all(row.origin for row in run.rows):
        return "An interval covers the choice of test images."
    if len(run.seeds) == 1:
        others = "" if seeds == str(run.seed) else f", of training {seeds}"
        return (
            "An interval covers the choice of test images, not the luck of training: every row is one run, seed "
            f"{run.seed}{others}."
        )
    count = len(run.seeds)
    elsewhere = "; of a network trained elsewhere, that of its one file" if any(row.origin for row in run.rows) else ""
    return (
        f"A value is the mean over {count} trainings, seeds {seeds}{elsewhere}. An interval covers the choice of test "
        f"people and the luck of training: {run.replicates:,} times the people and, apart from them, {count - 1} of "
        f"the {count} seeds are drawn with replacement (pigeonhole bootstrap, Owen 2007; one seed fewer than there "
        "are, since as many would make the spread too small, Rao & Wu 1988)."
    )


def pairs_notes(columns: Sequence[Column], names: Mapping[str, Sequence[str]]) -> list[str]:
    """What to read from a table over drawn pairs, and what from one over all pairs; nothing where there is but one.

    names: {benchmark: names of its metrics}, of both tables.
    """
    tables = list(dict.fromkeys(table for benchmark, _ in columns for table in tables_of(benchmark, names[benchmark])))
    if not any(over_all_pairs(name) for benchmark, _ in columns for name in names[benchmark]) or len(tables) == 1:
        return []
    drawn, whole = tables
    if not over_all_pairs(columns[0][1]):
        return ["Accuracy over drawn pairs is what papers print: lead with it. "
                f"Which row is better is read from {whole}: all pairs show smaller differences."]  # fmt: skip
    return [
        "TAR: true accept rate at FAR 1e-2; AUC: area under the ROC curve; both over all pairs of the images. "
        "Which row is better is read here, from AUC first, which finds the smallest differences, then from TAR "
        "(docs/reading-results.md).",
        f"How good a row is, is read from {drawn}. The two do not compare: non-mated pairs are any two people here; "
        "those drawn for calfw and agedb share sex and origin.",
    ]


def error_notes(columns: Sequence[Column]) -> list[str]:
    """How to read rates of errors; nothing where there are none."""
    if not any(lower_is_better(name) for _, name in columns):
        return []
    return ["FNIR counts errors: lower is better, and a difference below zero speaks for the row that is named first."]


def spread_notes(run: Run, estimates: Estimates, columns: Sequence[Column]) -> list[str]:
    """How far a row's seeds lie apart; nothing where there is one seed."""
    if len(run.seeds) == 1 or not columns or all(row.origin for row in run.rows):
        return []
    benchmarks = {benchmark for benchmark, _ in columns}
    spreads = []
    for row in run.rows:
        if row.origin:
            continue
        found = [estimates[row.id][benchmark][name].seeds for benchmark, name in columns]
        spreads.append(f"{row.label} " + ", ".join(f"{100 * np.std(values, ddof=1):.2f}" for values in found))
    names = ", ".join(heading(column, benchmarks) for column in columns)
    return [f"Standard deviation over seeds, percentage points ({names}): {'; '.join(spreads)}."]


def average_notes(columns: Sequence[Column]) -> list[str]:
    """What the average is of."""
    if not any(kind_and_name(benchmark)[1] == AVERAGE for benchmark, _ in columns):
        return []
    return [f"average of 4: the mean of {', '.join(AVERAGED[:-1])} and {AVERAGED[-1]}, on which LGAF's paper claims "
            "to be best."]  # fmt: skip


def protocol_notes(summaries: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> list[str]:
    """Every protocol line once, with the benchmarks that it holds for, and the rows where it does not for all of them.

    labels: {row: name in print}.
    """
    said: dict[str, dict[tuple[str, str], None]] = {}
    for summary in summaries:
        for line in summary["protocol"]:
            said.setdefault(line, {})[summary["benchmark"], summary["method"]] = None
    everything = {(summary["benchmark"], summary["method"]) for summary in summaries}
    found = []
    for line, places in said.items():
        benchmarks, rows = (list(dict.fromkeys(place[k] for place in places)) for k in (0, 1))
        of_all = set(benchmarks) == {benchmark for benchmark, _ in everything}
        by_all = places.keys() == {place for place in everything if place[0] in benchmarks}
        by = "" if by_all else f" ({', '.join(labels[row] for row in rows)})"
        found.append(f"{'' if of_all else ', '.join(benchmarks) + ': '}{line}{by}")
    return found


def untested_notes(
    run: Run, metrics: Metrics, tests: Tests, columns: Sequence[Column], versions: Versions
) -> list[str]:
    """Which rows are not tested against the reference: not scored on the same trials, or not by the same version."""
    reference = metrics[run.reference]
    found: dict[str, list[str]] = {}
    for row in run.rows:
        names = [benchmark for benchmark, name in columns if row.id != run.reference
                 and name in metrics[row.id].get(benchmark, {}) and name in reference.get(benchmark, {})
                 and (row.id, benchmark, name) not in tests]  # fmt: skip
        reasons: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            alike = versions.alike(name, row.id, run.reference)
            reasons.setdefault("they lack images or pairs" if alike else "of other versions", []).append(name)
        for reason, without in reasons.items():
            found.setdefault(reason, []).append(f"{row.label} ({', '.join(without)})")
    label = run.labels[run.reference]
    return [f"Not tested against {label}, since {reason}: {'; '.join(rows)}." for reason, rows in found.items()]


def image_notes(
    summaries: Sequence[Mapping[str, Any]], alignment: Mapping[str, Mapping[str, int]], labels: Mapping[str, str]
) -> list[str]:
    """What became of images, from photo to score; a row is named where it differs from the rest.

    alignment: {benchmark, or "train": counts}.
    """
    scored: dict[str, list[str]] = {}
    for summary in summaries:
        text = f"{summary['benchmark']} {summary['images']['used']:,} of {summary['images']['asked']:,}"
        by = scored.setdefault(text, [])
        if (label := labels[summary["method"]]) not in by:
            by.append(label)
    everyone = {labels[summary["method"]] for summary in summaries}
    parts = [text if set(by) == everyone else f"{text} ({', '.join(by)})" for text, by in scored.items()]
    notes = ["Images scored: " + "; ".join(parts) + "."]
    parts = []
    for name in dict.fromkeys((TRAIN, *(summary["benchmark"] for summary in summaries))):
        counts = alignment[name]
        if not counts["images"]:  # of the training set where nothing is trained
            continue
        lost = "none"
        if counts["missed"] or counts["unreadable"]:
            lost = f"{counts['missed']:,} without a face found and {counts['unreadable']:,} unreadable"
        left_out = counts["images"] - counts["written"]
        parts.append(
            f"{name} {lost} of {counts['images']:,}" + (f", {left_out:,} of them left out" if left_out else "")
        )
    return [*notes, "Photos not aligned: " + "; ".join(parts) + "."]

"""Tables of the damage laboratory: rows against each other, and a row's branches against its fusion."""

from __future__ import annotations

from collections.abc import Iterator

from lgaf.damage.kinds import BY_NAME, CLEAN, GROUPS, KINDS, kinds_of
from lgaf.evaluate.compare import Difference
from lgaf.evaluate.laboratory.conditions import (
    AUC,
    CONSTANT,
    FUSED,
    GLOBAL,
    LOCAL,
    NAME,
    ORACLE,
    REJECT,
    SPEARMAN,
    TAR,
    WEIGHT,
)
from lgaf.report import notes
from lgaf.report.cells import Cell, Value, per_cent, points
from lgaf.report.claims import QUESTIONS, Claims, branch_claims, row_claims
from lgaf.report.facts import Run, listed
from lgaf.report.laboratory import Laboratory
from lgaf.report.measured import metric_of
from lgaf.report.metrics import Metric, Metrics
from lgaf.report.notes import SIGNIFICANT
from lgaf.report.records import Record, facts, record_of_difference, values
from lgaf.report.tables import Table
from lgaf.report.versions import record_of_made, version_notes

LINES = (CLEAN, *GROUPS, *(kind.name for kind in KINDS if kind.name not in GROUPS))
"""The lines of a table, without those of single levels, which only the CSV has."""
FEATURES = {"LGAF": FUSED, "f_local": LOCAL, "f_global": GLOBAL, "one weight": CONSTANT, "oracle": ORACLE}
"""Column of the table of branches -> whose TAR it shows."""


def damage_tables(laboratory: Laboratory, run: Run) -> list[Table]:
    """The table of rows, and where a row has branches, one of those."""
    tables = [rows_table(laboratory, run)]
    if laboratory.branched:
        tables.append(branches_table(laboratory, run))
    return tables


def rows_table(laboratory: Laboratory, run: Run) -> Table:
    """TAR of every row, a line a kind of damage."""
    claims = row_claims(laboratory, run.reference, TAR, run.confidence)
    others = [row.id for row in run.rows if (row.id, GROUPS[0]) in claims]
    return Table(
        name=NAME,
        title=f"{NAME}: {TAR} of clean against damaged faces",
        headers=["damage", *run.labels.values()],
        rows=[[f"{NAME}/{name}", *values_of(laboratory, run, name, claims)] for name in LINES],
        paired_headers=["percentage points", *(f"{run.labels[run.reference]} - {run.labels[row]}" for row in others)],
        paired_rows=[[f"{NAME}/{group}", *(said(claims[row, group]) for row in others)] for group in GROUPS if others],
        notes=[
            f"Per cent [interval], the best of a line in bold. {notes.interval_note(run)}",
            f"{notes.MARK} and the differences: paired test on the same resamples, p corrected for all "
            f"{len(claims)} tests of this table (Holm); {notes.MARK}: p < {SIGNIFICANT:g}. The smallest p that "
            f"{run.replicates:,} resamples can show here is {len(claims) * 2 / (run.replicates + 1):.3f}.",
            *common_notes(laboratory),
            *version_notes(laboratory.versions, run.labels, [NAME]),
        ],
        records=list(row_records(laboratory, run, claims)),
    )


def values_of(laboratory: Laboratory, run: Run, name: str, claims: Claims) -> list[Cell]:
    """A line's TAR of every row."""
    metrics = {row.id: metric_of(laboratory.estimates[row.id][name][TAR], run.confidence) for row in run.rows}
    rivals = laboratory.rivals(run.reference)
    return [
        Value(
            per_cent(metric),
            len(rivals) > 1 and row in rivals and metric.value == max(metrics[it].value for it in rivals),
            (row, name) in claims and claims[row, name].p < SIGNIFICANT,
            laboratory.old(row),
        )
        for row, metric in metrics.items()
    ]


def branches_table(laboratory: Laboratory, run: Run) -> Table:
    """Of each row with branches: its fusion against them, against one weight, and the oracle; a line a kind."""
    rows: list[list[Cell]] = []
    paired: list[list[str]] = []
    records: list[Record] = []
    titles = list(dict.fromkeys([*(question.title for question in QUESTIONS), SPEARMAN]))
    for row in laboratory.branched:
        claims, label = branch_claims(laboratory, row, run.confidence), run.labels[row]
        for name in LINES:
            found = laboratory.estimates[row][name]
            rates = [per_cent(metric_of(found[feature + TAR], run.confidence)) for feature in FEATURES.values()]
            known = (WEIGHT, SPEARMAN)
            weights = [decimal(metric_of(found[it], run.confidence)) if it in found else "-" for it in known]
            rows.append([Value(label, False, False, laboratory.old(row)), f"{NAME}/{name}", *rates, *weights])
        for group in GROUPS:
            paired.append(
                [label, f"{NAME}/{group}", *(said(claims.get((title, group)), title == SPEARMAN) for title in titles)]
            )
        records += branch_records(laboratory, run, row, claims)
    chosen = "; ".join(f"{run.labels[row]} {listed(f'{w:g}' for w in it)}" for row, it in laboratory.constants.items())
    return Table(
        name=f"{NAME}-branches",
        title=f"{NAME}-branches: {TAR} of the fused feature, of its parts, and of what the fusion could reach",
        headers=["method", "damage", *FEATURES, "local weight", "Spearman"],
        rows=rows,
        paired_headers=["method", "points", *(title if title != SPEARMAN else "Spearman" for title in titles)],
        paired_rows=paired,
        notes=[
            f"Per cent [interval]. {notes.interval_note(run)}",
            "p: paired tests on the same resamples, of a column corrected for its groups (Holm); Spearman against 0.",
            "one weight: a f_local + (1 - a) f_global with the one a of 0, 0.1 ... 1 whose mean TAR over all damage is "
            f"highest, chosen on these very faces, in its favour ({chosen}). oracle: for each damaged face the branch "
            "that serves it better, which nobody can know beforehand; it also picks luck.",
            "local weight: its mean. Spearman: of the local weight and the strength of the damage, undamaged faces "
            "included; of a group the mean over its kinds.",
            *common_notes(laboratory),
            *version_notes(laboratory.versions, {row: run.labels[row] for row in laboratory.branched}, [NAME]),
        ],
        records=records,
    )


def common_notes(laboratory: Laboratory) -> list[str]:
    """What is damaged how, for both tables."""
    ranges = "; ".join(f"{it.name} {it.mild:g} to {it.worst:g} {it.unit}" for it in KINDS)
    joined = "; ".join(f"{group} is {', '.join(kinds_of(group))}" for group in GROUPS if group not in BY_NAME)
    return [
        f"A line is the mean over {laboratory.levels} levels of a kind, from mild to bad ({ranges}), or over the kinds "
        f"of a group ({joined}). Every level, and AUC, in the CSV.",
        *laboratory.protocol,
    ]


def said(test: Difference | None, decimals: bool = False) -> str:
    """A difference with its interval and p: in percentage points, or of what is no rate in decimals."""
    if test is None:
        return "-"
    show = (lambda value: f"{round(value, 2) + 0.0:+.2f}") if decimals else points
    return f"{show(test.difference)} [{show(test.low)}, {show(test.high)}] p={test.p:.3f}"


def decimal(metric: Metric) -> str:
    """A value and its interval that are no rates."""
    return f"{metric.value:.2f} [{metric.low:.2f}, {metric.high:.2f}]"


def row_records(laboratory: Laboratory, run: Run, claims: Claims) -> Iterator[Record]:
    """TAR and AUC of every row and condition, kind and group, with the tests against the reference."""
    for row in run.rows:
        known = facts(row) | record_of_made(laboratory.versions.of(row.id, NAME))
        for name, found in laboratory.estimates[row.id].items():
            for metric in (TAR, AUC):
                record = {"kind": "measured", **known, "benchmark": f"{NAME}/{name}", "metric": metric,
                          **values(metric_of(found[metric], run.confidence))}  # fmt: skip
                if metric == TAR and (test := claims.get((row.id, name))):
                    record |= record_of_difference(run, test) | {"note": "p corrected (Holm)"}
                yield record


def branch_records(laboratory: Laboratory, run: Run, row: str, claims: Claims) -> Iterator[Record]:
    """Every number of the branches of a row, and each claim as a metric of its own."""
    known = facts(next(it for it in run.rows if it.id == row)) | record_of_made(laboratory.versions.of(row, NAME))
    for name, found in laboratory.estimates[row].items():
        for metric, measured in found.items():
            if metric not in (TAR, AUC) and not metric.endswith(REJECT):
                yield {"kind": "measured", **known, "benchmark": f"{NAME}/{name}", "metric": metric,
                       **values(metric_of(measured, run.confidence))}  # fmt: skip
    for (title, group), test in claims.items():
        shown = values(Metric(value=test.difference, low=test.low, high=test.high, n=0))
        yield {"kind": "measured", **known, "benchmark": f"{NAME}/{group}", "metric": title, **shown, "n": "",
               "p": f"{test.p:.4f}", "note": "p corrected (Holm)"}  # fmt: skip


def damage_metrics(laboratory: Laboratory, confidence: float, names: tuple[str, ...]) -> Metrics:
    """TAR and AUC of each row as ``metrics.json`` has them: of kinds, not of single levels, which would flood it."""
    return {
        row: {
            f"{NAME}/{name}": {metric: metric_of(found[name][metric], confidence) for metric in (TAR, AUC)}
            for name in names
        }
        for row, found in laboratory.estimates.items()
    }


PRINTED = (CLEAN, *(kind.name for kind in KINDS))
"""What of the laboratory ``metrics.json`` has."""
SUMMED = (CLEAN, *GROUPS)
"""What of the laboratory the one-page summary has."""

"""The table of quality measures: how well norms, energies and visibility tell which damaged faces will be refused."""

from __future__ import annotations

from collections.abc import Iterator

from lgaf.damage.kinds import GROUPS
from lgaf.evaluate.laboratory.conditions import GLOBAL_NORM, LOCAL_NORM, NAME, NORM, VISIBLE
from lgaf.report import notes
from lgaf.report.cells import Cell, Value
from lgaf.report.claims import Claims, measure_claims, row_claims
from lgaf.report.damage_tables import decimal, said
from lgaf.report.facts import Run
from lgaf.report.laboratory import Laboratory
from lgaf.report.measured import metric_of
from lgaf.report.records import Record, facts, record_of_difference, values
from lgaf.report.tables import Table
from lgaf.report.versions import record_of_made, version_notes

MEASURES = {
    NORM: "norm of the embedding",
    LOCAL_NORM: "norm of f_local",
    GLOBAL_NORM: "norm of f_global",
    VISIBLE: "visibility",
}
"""Metric -> what it judges, in print."""


def quality_table(laboratory: Laboratory, run: Run) -> Table:
    """Relative area of error versus reject, a line a row and measure."""
    lines: list[tuple[str, str]] = [
        (row, metric)
        for row, found in laboratory.estimates.items()
        for metric in MEASURES
        if metric in found[GROUPS[0]]
    ]
    metrics = {
        (row, metric, group): metric_of(laboratory.estimates[row][group][metric], run.confidence)
        for row, metric in lines
        for group in GROUPS
    }
    rivals = laboratory.rivals(run.reference)
    best = {
        group: min((metrics[row, metric, group].value for row, metric in lines if row in rivals), default=None)
        for group in GROUPS
    }
    rows: list[list[Cell]] = [
        [Value(run.labels[row], False, False, laboratory.old(row)), MEASURES[metric],
         *(Value(decimal(it := metrics[row, metric, group]), row in rivals and it.value == best[group], False)
           for group in GROUPS)]
        for row, metric in lines
    ]  # fmt: skip
    norms = row_claims(laboratory, run.reference, NORM, run.confidence)
    paired, reference = [], run.labels[run.reference]
    for row in laboratory.estimates:
        if (row, GROUPS[0]) in norms:
            title = f"norm: {reference} - {run.labels[row]}"
            paired.append([title, *(said(norms[row, group], decimals=True) for group in GROUPS)])
    own = {row: measure_claims(laboratory, row, run.confidence) for row in laboratory.branched}
    for row, claims in own.items():
        for metric in dict.fromkeys(metric for metric, _ in claims):
            title = f"{run.labels[row]}: {MEASURES[metric]} - norm"
            paired.append([title, *(said(claims[metric, group], decimals=True) for group in GROUPS)])
    return Table(
        name=f"{NAME}-quality",
        title=f"{NAME}-quality: area of error versus reject, as a share of rejecting at random",
        headers=["method", "quality", *GROUPS],
        rows=rows,
        paired_headers=["difference", *GROUPS],
        paired_rows=paired,
        notes=[
            f"Lower is better, 1: tells nothing; the best of a column in bold. {notes.interval_note(run)}",
            "p: paired tests on the same resamples, corrected (Holm) for all rows and groups, and of a row's own "
            "measures for all of these and groups.",
            "The faces of lowest quality are left out, 0 to 95 % of them, undamaged faces and all levels of a kind "
            "together; what is left is judged by the FNMR of mated pairs at the threshold that undamaged faces need "
            "for FAR 1e-2. Quality is that of the damaged face. Of a group: the mean over its kinds.",
            *version_notes(laboratory.versions, run.labels, [NAME]),
        ],
        records=list(records(laboratory, run, norms, own)),
    )


def records(laboratory: Laboratory, run: Run, norms: Claims, own: dict[str, Claims]) -> Iterator[Record]:
    """Every area of every kind and group, with the test of its line."""
    for row in run.rows:
        known = facts(row) | record_of_made(laboratory.versions.of(row.id, NAME))
        for name, found in laboratory.estimates[row.id].items():
            for metric in MEASURES:
                if metric not in found:
                    continue
                record = {"kind": "measured", **known, "benchmark": f"{NAME}/{name}", "metric": metric,
                          **values(metric_of(found[metric], run.confidence))}  # fmt: skip
                if metric == NORM and (test := norms.get((row.id, name))):
                    record |= record_of_difference(run, test) | {"note": "p corrected (Holm)"}
                elif test := own.get(row.id, {}).get((metric, name)):
                    record |= {"p": f"{test.p:.4f}", "note": "against the row's norm, p corrected (Holm)"}
                yield record

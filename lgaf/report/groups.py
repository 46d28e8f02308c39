"""Error rates of groups of people at the threshold of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lgaf.evaluate.names import short
from lgaf.evaluate.thresholds import FEWEST_ERRORS, FEWEST_PEOPLE
from lgaf.report.cells import Cell, Results, Value, per_cent
from lgaf.report.columns import KINDS, kind_and_name
from lgaf.report.facts import Run
from lgaf.report.lines import NONE
from lgaf.report.records import Record, values
from lgaf.report.tables import Table
from lgaf.report.thresholds import NAME as BLOCK
from lgaf.report.thresholds import Summary, facts_of, having_points, metric_of, model_name, model_note, old
from lgaf.report.versions import Versions, version_notes

NAME = "groups"
CAVEATS = {
    "world": "Generated people are no population: how they look was chosen, not sampled, and these rates say how a "
    "network does on them, nothing of any people.",
}
"""What must be said of a kind's groups."""


def group_tables(results: Results) -> list[Table]:
    """A table for each kind of benchmarks of whose people groups are known: a line a benchmark, model and group."""
    found = [it for it in having_points(results.summaries) if chosen(it)["groups"] or it[BLOCK]["few"]]
    kinds = ((kind, [it for it in found if kind_and_name(it["benchmark"])[0] == kind]) for kind in KINDS)
    return [build(kind, own, results.run, results.versions) for kind, own in kinds if own]


def chosen(summary: Summary) -> Mapping[str, Any]:
    """The point at which groups are printed: the lowest rate that all of them can show, else the highest."""
    points = summary[BLOCK]["points"]
    whole = [point for point in points if all(group["fmr"] for group in point["groups"])]
    return whole[-1] if whole else points[0]


def build(kind: str, summaries: Sequence[Summary], run: Run, versions: Versions) -> Table:
    """The table of one kind."""
    models = list(dict.fromkeys((it["method"], it["seed"]) for it in summaries))
    lines: dict[tuple[str, ...], dict[tuple[str, int], Cell]] = {}
    few: dict[str, None] = {}
    for it in summaries:
        point = chosen(it)
        for group in point["groups"]:
            line = it["benchmark"], f"{group['by']} {group['group']}", str(group["people"]), short(point["fmr"])
            lines.setdefault(line, {})[it["method"], it["seed"]] = Value(
                both_rates(group), False, False, old(it, versions)
            )
        few |= dict.fromkeys(
            f"{it['benchmark']} {group['by']} {group['group']} ({group['people']})" for group in it[BLOCK]["few"]
        )
    name = f"{kind}-{NAME}" if kind else NAME
    places = {benchmark: place for place, benchmark in enumerate(dict.fromkeys(it["benchmark"] for it in summaries))}
    return Table(
        name=name,
        title=f"{name}: {KINDS[kind]}",
        headers=["benchmark", "group", "people", "FMR of all", *(model_name(*model, run) for model in models)],
        rows=[
            [*line, *(lines[line].get(model, NONE) for model in models)]
            for line in sorted(lines, key=lambda line: places[line[0]])
        ],
        notes=[
            "FMR [interval] / FNMR [interval], per cent. All groups of a benchmark at one threshold of each model, at "
            "which the FMR of all its pairs is at most that of the fourth column. FMR: of the non-mated pairs of two "
            "images of the group; FNMR: of its mated pairs. Lower is better.",
            f"{NONE}: of the group's non-mated pairs fewer than {FEWEST_ERRORS} are expected above the threshold, or "
            "it has no mated pair. Every rate at every threshold is in the CSV.",
            *([f"Fewer than {FEWEST_PEOPLE} people with a pair in it, no number: {', '.join(few)}."] if few else []),
            *([CAVEATS[kind]] if kind in CAVEATS else []),
            model_note(run),
            *version_notes(versions, run.labels, (it["benchmark"] for it in summaries)),
        ],
        records=list(records(summaries, run, versions)),
    )


def both_rates(group: Mapping[str, Any]) -> str:
    """A cell: FMR and FNMR of a group."""
    return " / ".join(
        per_cent(metric_of(group[key], group[count])) if group[key] else NONE
        for key, count in (("fmr", "nonmated"), ("fnmr", "mated"))
    )


def records(summaries: Sequence[Summary], run: Run, versions: Versions) -> Iterator[Record]:
    """Every rate of every group at every threshold that is told."""
    rows = {row.id: row for row in run.rows}
    for it in summaries:
        told = facts_of(it, rows[it["method"]], versions)
        for point in it[BLOCK]["points"]:
            for group in point["groups"]:
                where = f"fmr={short(point['fmr'])} {group['by']}={group['group']}"
                for key, count in (("fmr", "nonmated"), ("fnmr", "mated")):
                    if group[key] is not None:
                        yield {**told, "metric": f"{key}@{where}", **values(metric_of(group[key], group[count]))}

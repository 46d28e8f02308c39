"""Thresholds to run each model at, as a table and as ``thresholds.json`` for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lgaf.evaluate.names import short
from lgaf.evaluate.thresholds import FEWEST_ERRORS, FMRS
from lgaf.formats.thresholds import OperatingPoint
from lgaf.report.cells import Cell, Results, Value, per_cent
from lgaf.report.columns import KINDS, kind_and_name
from lgaf.report.facts import Row, Run
from lgaf.report.lines import NONE
from lgaf.report.metrics import Metric
from lgaf.report.records import Record, facts, values
from lgaf.report.tables import Table
from lgaf.report.versions import Versions, record_of_made, version_notes

NAME = "thresholds"
Summary = Mapping[str, Any]


def operating_points(summaries: Sequence[Summary]) -> list[OperatingPoint]:
    """Every point of every model, in the order of the summaries."""
    found = []
    for summary in having_points(summaries):
        block = summary[NAME]
        told = {"row": summary["method"], "seed": summary["seed"], "benchmark": summary["benchmark"],
                **{key: block[key] for key in ("over", "mated", "nonmated")}}  # fmt: skip
        for point in block["points"]:
            rates = {
                name + end: point[name][key]
                for name in ("threshold", "fnmr")
                for end, key in (("", "value"), ("_low", "low"), ("_high", "high"))
            }
            found.append(OperatingPoint(**told, fmr=point["fmr"], **rates))
    return found


def having_points(summaries: Sequence[Summary]) -> list[Summary]:
    """The summaries that tell a threshold."""
    return [summary for summary in summaries if (summary.get(NAME) or {}).get("points")]


def threshold_tables(results: Results) -> list[Table]:
    """A table for each kind of benchmarks: a line a benchmark and model, two columns a false match rate."""
    return [
        build(kind, own, results.run, results.versions)
        for kind in KINDS
        if (own := [it for it in having_points(results.summaries) if kind_and_name(it["benchmark"])[0] == kind])
    ]


def build(kind: str, summaries: Sequence[Summary], run: Run, versions: Versions) -> Table:
    """The table of one kind."""
    fmrs = [fmr for fmr in FMRS if any(fmr == point["fmr"] for it in summaries for point in it[NAME]["points"])]
    ordered = sorted(summaries, key=lambda it: [other["benchmark"] for other in summaries].index(it["benchmark"]))
    name = f"{kind}-{NAME}" if kind else NAME
    heads = [f"{what} at FMR {short(fmr)}" for fmr in fmrs for what in ("threshold", "FNMR")]
    return Table(
        name=name,
        title=f"{name}: {KINDS[kind]}",
        headers=["benchmark", "method", "non-mated pairs", *heads],
        rows=[
            [
                it["benchmark"],
                Value(model_name(it["method"], it["seed"], run), False, False, old(it, versions)),
                f"{it[NAME]['nonmated']:,}",
                *(cell for fmr in fmrs for cell in cells(it, fmr, rivals_of(it, summaries, run, versions))),
            ]
            for it in ordered
        ],
        notes=[
            "threshold: cosine [interval]; two images are taken for one person above it. It is the lowest at which at "
            "most the given share of the non-mated pairs is accepted (FMR). FNMR: per cent [interval] of the mated "
            "pairs that are not accepted; lower is better, the best of a benchmark in bold.",
            f"A rate is told where it lets {FEWEST_ERRORS} non-mated pairs through or more.",
            "Pairs: " + "; ".join(dict.fromkeys(f"{it['benchmark']} {it[NAME]['over']}" for it in ordered)) + ".",
            model_note(run),
            *version_notes(versions, run.labels, (it["benchmark"] for it in ordered)),
        ],
        records=list(records(ordered, run, versions)),
    )


def old(summary: Summary, versions: Versions) -> bool:
    """Whether a model's numbers are of another version than there is now."""
    return versions.old(summary["method"], summary["benchmark"], summary["seed"])


def rivals_of(summary: Summary, summaries: Sequence[Summary], run: Run, versions: Versions) -> list[Summary]:
    """The models of its benchmark among which one may be the best: of the reference's versions, as it must be too."""
    name = summary["benchmark"]
    rivals = versions.rivals(name, run.reference)
    if summary["method"] not in rivals:
        return []
    return [it for it in summaries if it["benchmark"] == name and it["method"] in rivals]


def model_name(row: str, seed: int, run: Run) -> str:
    """A model in print: its row, and its seed where a row has several."""
    return f"{run.labels[row]}, seed {seed}" if len(run.seeds) > 1 else run.labels[row]


def model_note(run: Run) -> str:
    """What an interval of one model covers."""
    return (
        "A threshold is of one model; with several seeds each has its own. An interval covers the choice of test "
        f"people ({run.replicates:,} bootstrap resamples of identities, the threshold set anew in each), not the luck "
        "of training."
    )


def point_at(summary: Summary, fmr: float) -> Mapping[str, Any] | None:
    """A model's point at a rate, None where it has none."""
    return next((point for point in summary[NAME]["points"] if point["fmr"] == fmr), None)


def cells(summary: Summary, fmr: float, rivals: Sequence[Summary]) -> list[Cell]:
    """Threshold and FNMR of a model; rivals: the models among which it may be the best, none where it may not."""
    point = point_at(summary, fmr)
    if point is None:
        return [NONE, NONE]
    theirs = [found["fnmr"]["value"] for it in rivals if (found := point_at(it, fmr))]
    cosine = point["threshold"]
    best = len(theirs) > 1 and point["fnmr"]["value"] < min(theirs) + 1e-9
    return [
        f"{cosine['value']:.3f} [{cosine['low']:.3f}, {cosine['high']:.3f}]",
        Value(per_cent(metric_of(point["fnmr"], summary[NAME]["mated"])), best, marked=False),
    ]


def facts_of(summary: Summary, row: Row, versions: Versions) -> Record:
    """What stands with a model's every number in the CSV."""
    seed, name = summary["seed"], summary["benchmark"]
    made = record_of_made(versions.of(row.id, name, seed))
    return {"kind": "measured", **facts(row), "seeds": str(seed), "benchmark": name, **made}


def metric_of(rate: Mapping[str, float], n: int) -> Metric:
    """A rate as tables print it."""
    return Metric(**rate, n=n)


def records(summaries: Sequence[Summary], run: Run, versions: Versions) -> Iterator[Record]:
    """Every threshold, a cosine, and every FNMR, in per cent."""
    rows = {row.id: row for row in run.rows}
    for it in summaries:
        told = facts_of(it, rows[it["method"]], versions)
        for point in it[NAME]["points"]:
            at = f"fmr={short(point['fmr'])}"
            cosine = {key: f"{point['threshold'][key]:.4f}" for key in ("value", "low", "high")}
            yield {**told, "metric": f"threshold@{at}", **cosine, "n": str(it[NAME]["nonmated"]), "note": "cosine"}
            yield {**told, "metric": f"fnmr@{at}", **values(metric_of(point["fnmr"], it[NAME]["mated"]))}

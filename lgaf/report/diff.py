"""Two revisions, row by row: is this one really better?"""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from lgaf.errors import DataError
from lgaf.evaluate.compare import Difference, holm, paired_difference
from lgaf.report.metrics import main_metric
from lgaf.report.pooling import POOLS, Place, places, pooled
from lgaf.report.revisions import Models, Revision

SEED = 0
"""Seed of the draw of training seeds; the people's draws are in the files."""
SIGNIFICANT = 0.05
MARK = "*"


def diff_revisions(old: str, new: str | None) -> str:
    """The paired differences between two revisions, as text: new minus old, in percentage points.

    First each row pooled over the verification and over the identification benchmarks, then benchmark by benchmark.
    Trials that both revisions scored on the same people are compared on the same resamples. Where they are not at hand
    (not in DVC's cache, other benchmarks, other draws) the metrics of results/metrics.json are set side by side,
    without a test, and this is said.

    Raises:
        DataError: a revision is unknown, or has neither trials nor metrics.
    """
    before, after = Revision(old), Revision(new)
    title = f"{after.name} minus {before.name}, percentage points"
    try:
        one, other = before.rows, after.rows
    except DataError as error:
        return f"{title}\n{error}: metrics only, no test\n\n{metrics_side_by_side(before, after)}"
    rows = [row for row in other if row in one]
    lines = [title, *missing_rows(before, after), ""]
    by_pool = [compare(one, other, row, {pool: places(other[row], pool) for pool in POOLS}) for row in rows]
    lines += [grid("mean over benchmarks", rows, by_pool, full=True), ""]
    metrics = sorted({place for row in rows for pool in POOLS for place in places(other[row], pool)})
    names = {place: " ".join(part for part in place if part not in ("accuracy", "rank1")) for place in metrics}
    each = [compare(one, other, row, {names[place]: [place] for place in metrics}) for row in rows]
    lines += [grid("benchmark", rows, each, full=False), ""]
    lines += [
        "[95 % interval] over the test people and, with several seeds, over the seeds of training; p by a paired",
        f"bootstrap test, corrected in each table for all its tests (Holm); {MARK}: p < {SIGNIFICANT:g}.",
        "same: equal to the last bit; -: not compared, since the trials or the draws of the people are others.",
    ]
    return "\n".join(lines)


def missing_rows(before: Revision, after: Revision) -> list[str]:
    """Which rows only one of the two has."""
    lines = []
    for here, there in ((before, after), (after, before)):
        if only := [row for row in here.rows if row not in there.rows]:
            lines.append(f"only in {here.name}: {', '.join(only)}")
    return lines


def compare(
    one: dict[str, Models], other: dict[str, Models], row: str, columns: dict[str, list[Place]]
) -> dict[str, Difference | None]:
    """The difference of one row in each column, None where it cannot be paired."""
    old, new = one[row], other[row]
    found: dict[str, Difference | None] = {}
    for name, chosen in columns.items():
        paired = [place for place in chosen if all(same_trials(old, new, place))]
        found[name] = None
        if chosen and paired == chosen:
            found[name] = paired_difference(pooled(row, new, chosen, SEED), pooled(row, old, chosen, SEED))
    return found


def same_trials(old: Models, new: Models, place: Place) -> list[bool]:
    """Whether each model of both revisions was scored on the same trials and resamples."""
    benchmark, metric = place
    models = [*old.values(), *new.values()]
    first = next(iter(new.values()))[benchmark]
    return [benchmark in it and metric in it[benchmark].estimates and it[benchmark].paired_with(first) for it in models]


def grid(what: str, rows: Sequence[str], found: Sequence[dict[str, Difference | None]], full: bool) -> str:
    """A table, a column a row of the results; ``full`` shows interval and p, else whether p is small.

    What is equal to the last bit was not run again: it is no test, and is not counted as one.
    """
    names = list(dict.fromkeys(name for row in found for name in row))
    changed = {(row, name): it for row, own in zip(rows, found, strict=True) for name, it in own.items()
               if it is not None and any(it[:3])}  # fmt: skip
    corrected = dict(zip(changed, holm([it.p for it in changed.values()]), strict=True))

    def cell(row: str, name: str, difference: Difference | None) -> str:
        if difference is None:
            return "-"
        if (row, name) not in changed:
            return "same"
        p = corrected[row, name]
        mark = MARK if p < SIGNIFICANT else ""
        value, low, high = (f"{round(100 * part, 2) + 0.0:+.2f}" for part in difference[:3])
        return f"{value} [{low}, {high}] p={p:.3f}{mark}" if full else f"{value}{mark}"

    cells = {row: [cell(row, name, own.get(name)) for name in names] for row, own in zip(rows, found, strict=True)}
    if full:
        return tabulate([[row, *cells[row]] for row in rows], [what, *names], disable_numparse=True)
    return tabulate(
        [[name, *(cells[row][k] for row in rows)] for k, name in enumerate(names)],
        [what, *rows],
        disable_numparse=True,
        colalign=("left", *["right"] * len(rows)),
    )


def metrics_side_by_side(before: Revision, after: Revision) -> str:
    """The main metric of every row and benchmark that both revisions have."""
    old, new = before.metrics, after.metrics
    lines = []
    for row, benchmarks in new.items():
        for benchmark, metrics in benchmarks.items():
            name = main_metric(metrics)
            known = old.get(row, {}).get(benchmark, {}).get(name)
            if known is not None:
                values = 100 * known.value, 100 * metrics[name].value
                lines.append([row, benchmark, name, *(f"{value:.2f}" for value in values),
                              f"{values[1] - values[0]:+.2f}"])  # fmt: skip
    if not lines:
        raise DataError(f"{before.name} and {after.name} have no metric in common")
    return tabulate(lines, ["row", "benchmark", "metric", before.name, after.name, "change"], disable_numparse=True)

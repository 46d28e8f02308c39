"""Which benchmark stands in which table, and in which column.

A benchmark of the generated world (``world/...``), one of the user's own photos (``own/...``) or one that is not the
published one (``part/...``: fewer images, pairs of our own) never stands in a table with published numbers: it is
easier or harder in ways nobody has measured.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from lgaf.evaluate.names import (
    ALL_PAIRS,
    AUC,
    OF_CONDITION,
    lower_is_better,
    of_one_gallery,
    over_searches,
    tar_name,
)
from lgaf.report.metrics import Metrics

KINDS = {
    "": "photographs",
    "world": "generated faces",
    "own": "photographs and lists of one's own",
    "part": "other images or pairs than those of the benchmark's name; for comparison with each other only",
}
"""What stands before the ``/`` in a benchmark's name -> what its tables show."""
VERIFICATION = ("lfw", "cfp_fp", "cplfw", "agedb", "calfw")  # the order in which papers print them
AVERAGED = ("cfp_fp", "cplfw", "agedb", "calfw")
"""The benchmarks over which LGAF's paper claims the best average."""
AVERAGE = "average"
"""What stands in a benchmark's place for the mean over AVERAGED."""
PRINTED = {"accuracy": "", f"{ALL_PAIRS}{tar_name(1e-2)}": "TAR", AUC: "AUC"}
"""Metrics of which a table has one column a benchmark -> what its heading says beside the benchmark."""
Column = tuple[str, str]
"""(benchmark, metric)"""


def kind_and_name(benchmark: str) -> tuple[str, str]:
    """Which of KINDS a benchmark is, and its name without that."""
    kind, _, name = benchmark.rpartition("/")
    return kind, name


def of_kind(kind: str, name: str) -> str:
    """A benchmark's name with its kind."""
    return f"{kind}/{name}" if kind else name


def averages(benchmarks: Collection[str]) -> dict[str, list[str]]:
    """{average: the benchmarks that it is the mean of}: one for each kind that has all of AVERAGED."""
    found = {of_kind(kind, AVERAGE): [of_kind(kind, name) for name in AVERAGED] for kind in KINDS}
    return {name: parts for name, parts in found.items() if set(parts) <= set(benchmarks)}


def averaged(metric: str) -> bool:
    """Whether the average over benchmarks has a metric: accuracy, as papers do, and those over all pairs."""
    return metric == "accuracy" or over_all_pairs(metric)


def family(benchmark: str, metrics: Collection[str]) -> str:
    """The table of some metrics of a benchmark: verification benchmarks share one, and one over all pairs of images;
    searches of templates have one beside that of their pairs."""
    kind, bare = kind_and_name(benchmark)
    name = "verification" if "accuracy" in metrics else "all-pairs" if all(map(over_all_pairs, metrics)) else bare
    if all(map(over_searches, metrics)):
        name += "-search"
    return f"{kind}-{name}" if kind else name


def over_all_pairs(metric: str) -> bool:
    """Whether a metric is over all pairs of a benchmark's images, and not over the pairs that its protocol lists."""
    return metric.startswith(ALL_PAIRS)


def tables_of(benchmark: str, metrics: Sequence[str]) -> dict[str, list[str]]:
    """{table: those of a benchmark's metrics that stand in it}."""
    apart = (over_all_pairs, over_searches)
    parts = [[name for name in metrics if not any(holds(name) for holds in apart)]]
    parts += [[name for name in metrics if holds(name)] for holds in apart]
    return {family(benchmark, part): part for part in parts if part}


def names_of(metrics: Metrics) -> dict[str, list[str]]:
    """{benchmark: names of its metrics}, of all rows."""
    return gather((b, name) for benchmarks in metrics.values() for b, values in benchmarks.items() for name in values)


def gather(columns: Iterable[Column]) -> dict[str, list[str]]:
    """{benchmark: names of its metrics}, each once, in the order given."""
    found: dict[str, list[str]] = {}
    for benchmark, name in columns:
        names = found.setdefault(benchmark, [])
        if name not in names:
            names.append(name)
    return found


def columns_of(names: Mapping[str, Sequence[str]], table: str) -> list[Column]:
    """The columns of a table: each metric of PRINTED and each condition's accuracy, the average last; or each probe
    set's rank-1 and open set; or the means over the galleries; or every metric."""
    columns: list[Column] = []
    for benchmark, metrics in names.items():
        own = [name for name in tables_of(benchmark, metrics).get(table, []) if not of_one_gallery(name)]
        if any(map(over_searches, own)):
            columns += [(benchmark, name) for name in own]
            continue
        rank1 = sorted(name for name in own if name.endswith("_rank1"))
        errors = [name for name in own if lower_is_better(name)]
        printed = [name for name in own if name in PRINTED or name.endswith(OF_CONDITION)]
        shown = printed or (rank1 and rank1 + errors) or own
        columns += [(benchmark, name) for name in shown]

    def place(column: Column) -> tuple[int, int]:
        benchmark, metric = column
        _, bare = kind_and_name(benchmark)
        known = VERIFICATION.index(bare) if bare in VERIFICATION else len(VERIFICATION) + (bare == AVERAGE)
        return list(PRINTED).index(metric) if metric in PRINTED else 0, known

    return sorted(columns, key=place)


def heading(column: Column, benchmarks: Collection[str]) -> str:
    """A column's heading: the benchmark where it shows a metric of PRINTED; the metric where it has the table alone."""
    benchmark, name = column
    kind, bare = kind_and_name(benchmark)
    if bare == AVERAGE:
        benchmark = "average of 4" if kind else "average of 4, computed"
    if name in PRINTED:
        return f"{benchmark} {PRINTED[name]}".strip()
    return name if len(benchmarks) == 1 else f"{benchmark} {name}"


def refuse_mixing(columns: Iterable[Column], published: Collection[object]) -> None:
    """Raise if a table would hold benchmarks of several kinds, or published numbers beside other than their own.

    Raises:
        ValueError: it would.
    """
    kinds = {kind_and_name(benchmark)[0] for benchmark, _ in columns}
    if len(kinds) > 1 or (kinds != {""} and published):
        raise ValueError("generated or partial benchmarks never stand in a table with others or published numbers")

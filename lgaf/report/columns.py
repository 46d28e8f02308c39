"""Which benchmark stands in which table, and in which column.

A benchmark of the generated world (``world/...``) or one that is not the published one (``part/...``: fewer images,
pairs of our own) never stands in a table with published numbers: it is easier or harder in ways nobody has measured.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from lgaf.report.metrics import Metrics

KINDS = {
    "": "photographs",
    "world": "generated faces",
    "part": "other images or pairs than those of the benchmark's name; for comparison with each other only",
}
"""What stands before the ``/`` in a benchmark's name -> what its tables show."""
VERIFICATION = ("lfw", "cfp_fp", "cplfw", "agedb", "calfw")  # the order in which papers print them
AVERAGED = ("cfp_fp", "cplfw", "agedb", "calfw")
"""The benchmarks over which LGAF's paper claims the best average."""
AVERAGE = "average"
"""What stands in a benchmark's place for the mean over AVERAGED."""
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


def family(benchmark: str, metrics: Collection[str]) -> str:
    """The table that a benchmark belongs to: verification benchmarks share one, others have one each."""
    kind, bare = kind_and_name(benchmark)
    name = "verification" if "accuracy" in metrics else bare
    return f"{kind}-{name}" if kind else name


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
    """The columns of a table: accuracies, the average last; or each probe set's rank-1; or every metric."""
    columns: list[Column] = []
    for benchmark, metrics in names.items():
        if family(benchmark, metrics) == table:
            rank1 = sorted(name for name in metrics if name.endswith("_rank1"))
            shown = ["accuracy"] if "accuracy" in metrics else rank1 or metrics
            columns += [(benchmark, name) for name in shown]

    def place(column: Column) -> int:
        _, bare = kind_and_name(column[0])
        if bare == AVERAGE:
            return len(VERIFICATION) + 1
        return VERIFICATION.index(bare) if bare in VERIFICATION else len(VERIFICATION)

    return sorted(columns, key=place)


def heading(column: Column, benchmarks: Collection[str]) -> str:
    """A column's heading: the benchmark where it shows accuracy, the metric where the table has one benchmark."""
    benchmark, name = column
    if kind_and_name(benchmark)[1] == AVERAGE:
        return "average of 4" if kind_and_name(benchmark)[0] else "average of 4, computed"
    if name == "accuracy":
        return benchmark
    return name if len(benchmarks) == 1 else f"{benchmark} {name}"


def refuse_mixing(columns: Iterable[Column], published: Collection[object]) -> None:
    """Raise if a table would hold benchmarks of several kinds, or published numbers beside other than their own.

    Raises:
        ValueError: it would.
    """
    kinds = {kind_and_name(benchmark)[0] for benchmark, _ in columns}
    if len(kinds) > 1 or (kinds != {""} and published):
        raise ValueError("generated or partial benchmarks never stand in a table with others or published numbers")

"""The reference row against each other row, on the same trials and the same resamples of the identities."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from lgaf.evaluate.compare import Difference, paired_difference
from lgaf.evaluate.names import lower_is_better, of_one_gallery, over_searches
from lgaf.report.columns import averages, over_all_pairs
from lgaf.report.measured import Estimates
from lgaf.report.metrics import TEMPLATES_MAIN
from lgaf.report.pooling import POOLS

Tests = Mapping[tuple[str, str, str], Difference]
"""(row, benchmark, metric) -> the reference minus that row."""


def tested(names: Iterable[str]) -> list[str]:
    """The metrics that are tested: of drawn pairs and probes those of POOLS and the open set's, of all pairs every one,
    of templates the TAR that papers compare and, over the galleries, rank-1 and the open set's.

    More tests would find more by chance.
    """
    names = [name for name in names if not of_one_gallery(name)]
    chosen = (over_all_pairs, lower_is_better, *POOLS.values())
    main = [name for name in names if any(holds(name) for holds in chosen)]
    pairs = all(map(over_searches, main))
    return [name for name in names if name == TEMPLATES_MAIN and pairs] + main


def paired_tests(
    estimates: Estimates, reference: str, confidence: float, apart: Collection[tuple[str, str]] = ()
) -> dict[tuple[str, str, str], Difference]:
    """Test the row ``reference`` against every other row on every benchmark and average that both have.

    apart: (row, benchmark) that were not scored on the same trials; these are not tested, nor an average of them.
    """
    ours = estimates[reference]
    return {
        (row, benchmark, name): paired_difference(ours[benchmark][name].estimate, theirs[name].estimate, confidence)
        for row, benchmarks in estimates.items()
        if row != reference
        for benchmark, theirs in benchmarks.items()
        if not any((row, part) in apart for part in averages(benchmarks).get(benchmark, [benchmark]))
        for name in tested(ours.get(benchmark, {}))
        if name in theirs
    }

"""LGAF against each other method, on the same trials and the same resamples of the identities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from lgaf.errors import DataError
from lgaf.evaluate.compare import Difference, paired_difference
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.formats.pack import read_table
from lgaf.report.metrics import TEMPLATES_MAIN, Metrics

OURS = "lgaf"
Tests = Mapping[tuple[str, str, str], Difference]
"""(method, benchmark, metric) -> LGAF minus that method."""


def tested(names: Iterable[str]) -> list[str]:
    """The metrics that are tested: accuracy, or rank-1 of each probe set, or of templates the TAR that papers compare.

    More tests would find more by chance.
    """
    names = list(names)
    main = [name for name in names if name in ("accuracy", "rank1") or name.endswith("_rank1")]
    return main or [name for name in names if name == TEMPLATES_MAIN]


def paired_tests(
    trials: Path,
    methods: Sequence[str],
    benchmarks: Mapping[str, str],
    metrics: Metrics,
    settings: EvaluateSettings,
    seed: int,
) -> dict[tuple[str, str, str], Difference]:
    """Test LGAF against every other method on every benchmark; nothing where LGAF is not among the methods.

    trials: folder of ``METHOD/NAME.arrow``; benchmarks: {NAME: benchmark as ``metrics`` has it}.

    Raises:
        DataError: trials are missing, or differ between two methods.
    """
    if OURS not in methods:
        return {}
    found = {}
    for name, benchmark in tqdm(benchmarks.items(), "paired tests", unit="benchmark", delay=2):
        names = tested(metrics[OURS][benchmark])
        if not names:
            continue
        ours = read_table(trials / OURS / f"{name}.arrow", ())
        for method in methods:
            if method == OURS:
                continue
            path = trials / method / f"{name}.arrow"
            try:
                differences = paired_difference(
                    ours, read_table(path, ()), names, seed, settings.replicates, settings.confidence
                )
            except DataError as error:
                raise error if str(error).startswith(str(path)) else DataError(f"{path}: {error}") from None
            found.update({(method, benchmark, key): value for key, value in differences.items()})
    return found

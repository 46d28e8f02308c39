"""Stage ``photos``, beside any source: benchmarks of the user's own photos."""

from __future__ import annotations

from lgaf.data.benchmark import write_benchmark
from lgaf.data.own.read import read_own
from lgaf.data.settings import OwnBenchmark
from lgaf.paths import PHOTOS
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class OwnRun(Strict):
    """What is imported. The photos are not watched: after a change of one, ``dvc repro -f photos``."""

    benchmarks: dict[str, OwnBenchmark]
    lists: dict[str, str]
    """{list: SHA-256}, so that a change of one is seen."""


def run() -> None:
    """Import them; all lists are read before anything is written."""
    settings = read_settings("own", OwnRun)
    for benchmark in [read_own(name, own) for name, own in settings.benchmarks.items()]:
        write_benchmark(benchmark, PHOTOS)

"""Beside any source of photos: benchmarks of the user's own, which the stage ``photos`` writes too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lgaf.data.benchmark import write_benchmark
from lgaf.data.own.read import read_own
from lgaf.data.settings import OwnBenchmark
from lgaf.paths import PHOTOS
from lgaf.strict import Strict


class PhotosRun(Strict):
    """What every source is told."""

    own: dict[str, OwnBenchmark]
    """The benchmarks asked for. Their photos are not watched: after a change there, ``dvc repro -f photos``."""
    lists: dict[str, str]
    """{list: SHA-256}, so that a change of one is seen."""


@contextmanager
def own_benchmarks(run: PhotosRun) -> Iterator[None]:
    """Write them after what stands inside, which may take long; read their lists before it.

    Raises:
        DataError: a list or a photo is missing, or not what it should be.
    """
    benchmarks = [read_own(name, own) for name, own in run.own.items()]
    yield
    for benchmark in benchmarks:
        write_benchmark(benchmark, PHOTOS)

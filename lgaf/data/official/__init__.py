"""Benchmarks in the layout that their authors publish: one reader a data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lgaf.data.benchmark import Benchmark
from lgaf.data.settings import OfficialOptions

Reader = Callable[[str, Path, OfficialOptions], Benchmark]
"""(benchmark, data.root, options) -> what was read."""
READERS: dict[str, Reader] = {}

"""Benchmarks in the layout that their authors publish: one reader a data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lgaf.data.benchmark import Benchmark
from lgaf.data.official.agedb import read_agedb
from lgaf.data.official.calfw import read_calfw
from lgaf.data.official.cfp import read_cfp
from lgaf.data.official.cplfw import read_cplfw
from lgaf.data.official.ijb import read_ijb
from lgaf.data.official.lfw import read_lfw
from lgaf.data.official.scface import read_scface
from lgaf.data.official.tinyface import read_tinyface
from lgaf.data.settings import OfficialOptions


class Official(NamedTuple):
    """How a benchmark is found below ``data.root`` and read."""

    read: Callable[[str, Path, OfficialOptions], Benchmark]
    """(benchmark, the folder found, options) -> what was read."""
    folders: tuple[str, ...]
    """Names of its folder; the first that is there is read."""
    bins: tuple[str, ...] = ()
    """Names of its ``.bin`` file, in ``data.root`` or in a folder ``bin`` there."""


READERS = {
    "lfw": Official(read_lfw, ("lfw", "lfw_home"), ("lfw.bin",)),
    "cfp_fp": Official(read_cfp, ("cfp_fp", "cfp", "cfp-dataset"), ("cfp_fp.bin",)),
    "cfp_ff": Official(read_cfp, ("cfp_ff", "cfp", "cfp-dataset"), ("cfp_ff.bin",)),
    "cplfw": Official(read_cplfw, ("cplfw",), ("cplfw.bin",)),
    "calfw": Official(read_calfw, ("calfw",), ("calfw.bin",)),
    "agedb": Official(read_agedb, ("agedb", "AgeDB"), ("agedb_30.bin", "agedb.bin")),
    "tinyface": Official(read_tinyface, ("tinyface",)),
    "scface": Official(read_scface, ("scface", "SCface_database")),
    "ijbb": Official(read_ijb, ("ijbb", "IJBB", "IJB_release/IJBB")),
    "ijbc": Official(read_ijb, ("ijbc", "IJBC", "IJB_release/IJBC")),
}
"""Benchmark -> where and how it is read."""

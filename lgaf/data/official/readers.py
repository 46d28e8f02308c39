"""Any benchmark by name, from its official layout or its ``.bin`` file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from lgaf.data.benchmark import Benchmark
from lgaf.data.official.agedb import read_agedb
from lgaf.data.official.bins import read_bin
from lgaf.data.official.calfw import read_calfw
from lgaf.data.official.cfp import read_cfp
from lgaf.data.official.cplfw import read_cplfw
from lgaf.data.official.ijb import read_ijb
from lgaf.data.official.lfw import read_lfw
from lgaf.data.official.lfw_fetch import FOLDERS as LFW_FOLDERS
from lgaf.data.official.reading import first_filled
from lgaf.data.official.scface import TEST80, read_scface
from lgaf.data.official.tinyface import read_tinyface
from lgaf.data.settings import SCFACE, OfficialOptions
from lgaf.errors import DataError
from lgaf.files import unreadable
from lgaf.strict import checked

SEE = "see docs/datasets/README.md"


class Official(NamedTuple):
    """How a benchmark is found below ``data.root`` and read."""

    read: Callable[[str, Path, OfficialOptions], Benchmark]
    """(benchmark, the folder found, options) -> what was read."""
    folders: tuple[str, ...]
    """Names of its folder; the first that is there and not empty is read."""
    bins: tuple[str, ...] = ()
    """Names of its ``.bin`` file, in ``data.root`` or in a folder ``bin`` there."""


READERS = {
    "lfw": Official(read_lfw, LFW_FOLDERS, ("lfw.bin",)),
    "cfp_fp": Official(read_cfp, ("cfp_fp", "cfp", "cfp-dataset"), ("cfp_fp.bin",)),
    "cfp_ff": Official(read_cfp, ("cfp_ff", "cfp", "cfp-dataset"), ("cfp_ff.bin",)),
    "cplfw": Official(read_cplfw, ("cplfw",), ("cplfw.bin",)),
    "calfw": Official(read_calfw, ("calfw",), ("calfw.bin",)),
    "agedb": Official(read_agedb, ("agedb", "AgeDB"), ("agedb_30.bin", "agedb.bin")),
    "tinyface": Official(read_tinyface, ("tinyface",)),
    "scface": Official(read_scface, SCFACE),
    TEST80: Official(read_scface, SCFACE),
    "ijbb": Official(read_ijb, ("ijbb", "IJBB", "IJB_release/IJBB")),
    "ijbc": Official(read_ijb, ("ijbc", "IJBC", "IJB_release/IJBC")),
}
"""Benchmark -> where and how it is read."""


def open_benchmark(name: str, root: str | Path, **options: Any) -> Benchmark:
    """Read a benchmark's lists from its official layout below ``root``, or its ``.bin``, and check its counts.

    Images are not read, only named (those of a ``.bin`` are held in memory). options: the fields of
    :class:`lgaf.data.settings.OfficialOptions`.

    Raises:
        DataError: it is not there, a file is malformed or missing, or the counts are not the published ones.
        SettingsError: an unknown option.
    """
    settings = checked(OfficialOptions, options)
    if name not in READERS:
        raise DataError(f"{name!r} is no benchmark; known: {', '.join(READERS)}")
    layout, bin_file = locate(name, Path(root))
    # AgeDB's photos alone ask no question, so its .bin is read where no seed says to draw one.
    prefer_bin = settings.prefer == "bin" or (name == "agedb" and settings.agedb.draw is None)
    if bin_file and (prefer_bin or not layout):
        return read_bin(name, bin_file, settings)
    if not layout:
        raise not_there(name, Path(root))
    try:
        return READERS[name].read(name, layout, settings)
    except OSError as error:  # a folder in which nothing may be looked for
        raise unreadable(error.filename or layout, error, SEE) from None


def locate(name: str, root: Path) -> tuple[Path | None, Path | None]:
    """A benchmark's folder and its ``.bin`` file below ``root``, None where there is none.

    A folder with nothing but hidden files in it is none.

    Raises:
        DataError: in ``root`` nothing may be looked for.
    """
    files = (root / place / file for file in READERS[name].bins for place in (".", "bin"))
    try:
        return first_filled(root, READERS[name].folders), next(filter(Path.is_file, files), None)
    except OSError as error:
        raise unreadable(root, error, SEE) from None


def not_there(name: str, root: Path) -> DataError:
    """What is said of a benchmark of which :func:`locate` finds nothing."""
    places = [f"{folder}/" for folder in READERS[name].folders]
    places += [place for file in READERS[name].bins for place in (file, f"bin/{file}")]
    return DataError(f"{root}: has no {name}: looked for {', '.join(places)}; {SEE}")

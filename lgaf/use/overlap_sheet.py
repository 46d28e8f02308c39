"""The likely same people of two packs as a table, and as a sheet of their faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.tiles import write_tiles
from lgaf.use.overlap import SAME, Hit

TILE, MOST = 112, 200
"""Side of a face in pixels, and how many pairs a sheet has room for."""


def show(hits: Sequence[Hit], train: Pack, benchmark: Pack, allowed: float) -> str:
    """The hits in print, and the rule by which they are likely."""
    rule = (
        f"{len(hits):,} pairs of people of {benchmark.path} and {train.path} are likely the same: their similarity\n"
        f"stands out from the next strangers' so far that of {len(benchmark):,} images {allowed:g} would be listed by "
        f"chance; at most {SAME} people\nan image. Look at them: look-alikes and twins stand out too."
    )
    rows = [
        [benchmark.name(hit.image), train.name(hit.other), f"{hit.cosine:.3f}", str(hit.images), f"{hit.chance:.1g}"]
        for hit in hits
    ]
    headers = ["benchmark", "training set", "similarity", "images", "expected by chance"]
    return rule + ("\n\n" + tabulate(rows, headers, "github", disable_numparse=True) if rows else "")


def write_sheet(hits: Sequence[Hit], train: Pack, benchmark: Pack, path: Path) -> None:
    """Write a PNG: a row a hit, the benchmark's face and the training set's; the nearest ``MOST`` of them.

    Raises:
        DataError: there is no hit, or ``path`` cannot be written.
    """
    if not hits:
        raise DataError(f"{path}: not written, since nobody is listed; --chance lists more")
    rows = [
        (f"{hit.cosine:.3f} {benchmark.name(hit.image)}", [benchmark.image(hit.image), train.image(hit.other)])
        for hit in hits[:MOST]
    ]
    write_tiles(rows, path, TILE, 2)

"""Stage ``align``: photos to aligned faces, one pack."""

from __future__ import annotations

from lgaf.align.align import COUNTS, align_pack
from lgaf.align.settings import Alignment, OnMiss
from lgaf.files import write_json
from lgaf.formats.pack import write_pack
from lgaf.paths import ALIGNED, PHOTOS, RESULTS
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class AlignRun(Strict):
    """How the photos of one pack are aligned."""

    alignment: Alignment
    image_size: int
    on_miss: OnMiss
    wanted: bool
    """False for the training set where no row is trained: then an empty pack is written."""


def run(pack: str) -> None:
    """Detect, find five points and warp every photo of ``pack``: ``train``, or a benchmark."""
    settings = read_settings("align/train" if pack == "train" else "align/test", AlignRun)
    aligned, report = ALIGNED / f"{pack}.arrow", RESULTS / "align" / f"{pack}.json"
    if not settings.wanted:
        with write_pack(aligned):
            write_json(report, {"counts": dict.fromkeys(COUNTS, 0), "missed": [], "unreadable": []})
        return
    align_pack(
        PHOTOS / f"{pack}.arrow",
        aligned,
        report,
        settings.alignment,
        settings.image_size,
        settings.on_miss,
    )

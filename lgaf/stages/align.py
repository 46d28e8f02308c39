"""Stage ``align``: photos to aligned faces, one pack."""

from __future__ import annotations

from lgaf.align.align import align_pack
from lgaf.align.settings import Alignment, OnMiss
from lgaf.paths import ALIGNED, PHOTOS, RESULTS
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class AlignRun(Strict):
    """How the photos of one pack are aligned."""

    alignment: Alignment
    image_size: int
    on_miss: OnMiss


def run(pack: str) -> None:
    """Detect, find five points and warp every photo of ``pack``: ``train``, or a benchmark."""
    settings = read_settings("align/train" if pack == "train" else "align/test", AlignRun)
    align_pack(
        PHOTOS / f"{pack}.arrow",
        ALIGNED / f"{pack}.arrow",
        RESULTS / "align" / f"{pack}.json",
        settings.alignment,
        settings.image_size,
        settings.on_miss,
    )

"""Stage ``photos`` where data.source is ``lfw``: Labeled Faces in the Wild, to train and to test."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from lgaf.data.official.lfw import import_lfw
from lgaf.data.official.lfw_fetch import fetch_lfw
from lgaf.paths import PHOTOS, in_project
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class LfwRun(Strict):
    """Where the photos lie, and who of them is tested."""

    source: Literal["lfw"] = "lfw"
    root: Path
    fold: int | None


def run() -> None:
    """Import the photos; fetch them first where they are not there."""
    settings = read_settings("photos", LfwRun)
    import_lfw(fetch_lfw(in_project(settings.root)), PHOTOS, settings.fold)

"""Stage ``photos`` where data.source is ``official``: a training set and benchmarks in the form that they come in."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from lgaf.data.official.run import import_run
from lgaf.data.settings import OfficialOptions
from lgaf.paths import PHOTOS, in_project
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class OfficialRun(Strict):
    """What is imported. What lies under ``root`` is not watched: after a change there, ``dvc repro -f photos``."""

    source: Literal["official"] = "official"
    root: Path
    train: Path | None
    benchmarks: tuple[str, ...]
    options: OfficialOptions


def run() -> None:
    """Import them."""
    settings = read_settings("photos", OfficialRun)
    import_run(in_project(settings.root), settings.train, settings.benchmarks, settings.options.model_dump(), PHOTOS)

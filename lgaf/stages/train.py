"""Stage ``train``: one row, one seed."""

from __future__ import annotations

from lgaf.paths import ALIGNED, MODELS, STATE
from lgaf.processes.launch import launch
from lgaf.stages.inputs import read_settings, read_sources
from lgaf.train.loop import train
from lgaf.train.settings import TrainingRun


def run(row: str, seed: str) -> None:
    """Train ``row`` from ``seed``."""
    stage = f"train/{row}"
    settings, sources = read_settings(stage, TrainingRun), read_sources(stage)
    places = ALIGNED / "train.arrow", MODELS / row / seed, STATE / row / seed
    launch(settings.train.processes, settings.device, train, *places, settings, int(seed), sources)

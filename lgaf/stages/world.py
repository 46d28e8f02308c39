"""Stage ``photos`` where data.source is ``world``: render the generated faces."""

from __future__ import annotations

from typing import Literal

from lgaf.paths import BASIS, PHOTOS
from lgaf.stages.inputs import read_settings
from lgaf.stages.own import PhotosRun, own_benchmarks
from lgaf.world.render import render_world
from lgaf.world.settings import WorldSettings


class WorldRun(PhotosRun):
    """What is rendered. Which of its benchmarks are asked for is not said: the world is rendered whole."""

    source: Literal["world"] = "world"
    seed: int
    world: WorldSettings


def run() -> None:
    """Render the photos, with the training identities and the benchmarks' lists."""
    settings = read_settings("photos", WorldRun)
    with own_benchmarks(settings):
        render_world(BASIS, PHOTOS, settings.world, settings.seed)

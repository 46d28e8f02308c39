"""Stage ``photos`` where data.source is ``world``: render the generated faces."""

from __future__ import annotations

from typing import Literal

from lgaf.paths import BASIS, PHOTOS
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict
from lgaf.world.render import render_world
from lgaf.world.settings import WorldSettings


class WorldRun(Strict):
    """What is rendered. The benchmarks asked for are not said: the world is rendered whole, whatever they are."""

    source: Literal["world"] = "world"
    seed: int
    world: WorldSettings


def run() -> None:
    """Render the photos, with the training identities and the benchmarks' lists."""
    settings = read_settings("photos", WorldRun)
    render_world(BASIS, PHOTOS, settings.world, settings.seed)

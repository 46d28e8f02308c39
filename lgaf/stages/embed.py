"""Stage ``embed``: every benchmark's faces and the damage laboratory's, by one model."""

from __future__ import annotations

from lgaf.paths import ALIGNED, DAMAGE, EMBEDDINGS, MODELS
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class EmbedRun(Strict):
    """What is embedded, and how."""

    benchmarks: tuple[str, ...]
    device: str
    flip: bool | None
    laboratory: bool
    """Whether there is a damage laboratory."""


def run(row: str, seed: str) -> None:
    """Embed all benchmarks, and the damage laboratory, with the model of ``row`` and ``seed``."""
    from lgaf.embed import embed  # here, since the stage `settings` loads this module and needs no network

    settings = read_settings("embed", EmbedRun)
    packs = {ALIGNED / f"{name}.arrow": EMBEDDINGS / row / seed / f"{name}.arrow" for name in settings.benchmarks}
    laboratory = {DAMAGE: EMBEDDINGS / row / seed / DAMAGE.name} if settings.laboratory else {}
    embed(MODELS / row / seed / "model.safetensors", packs, settings.device, settings.flip, laboratory)

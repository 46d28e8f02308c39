"""Stage ``embed``: every benchmark's faces and the damage laboratory's, by one model that was trained here."""

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
    import torch  # all here, since the stage `settings` loads this module and needs no network

    from lgaf.device import choose_device
    from lgaf.embed import embed
    from lgaf.models import create_model

    settings = read_settings("embed", EmbedRun)
    folder, device = EMBEDDINGS / row / seed, choose_device(settings.device)
    packs = {ALIGNED / f"{name}.arrow": folder / f"{name}.arrow" for name in settings.benchmarks}
    laboratory = {DAMAGE: folder / DAMAGE.name} if settings.laboratory else {}
    network = create_model(checkpoint=MODELS / row / seed / "model.safetensors").to(device)
    embed(network.to(memory_format=torch.channels_last).eval(), packs, laboratory, device, settings.flip)

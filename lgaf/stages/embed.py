"""Stage ``embed``: every benchmark's faces, by one model that was trained here."""

from __future__ import annotations

from lgaf.paths import ALIGNED, EMBEDDINGS, MODELS
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class EmbedRun(Strict):
    """What is embedded, and how."""

    benchmarks: tuple[str, ...]
    device: str
    flip: bool | None


def run(row: str, seed: str) -> None:
    """Embed all benchmarks with the model of ``row`` and ``seed``."""
    import torch  # all here, since the stage `settings` loads this module and needs no network

    from lgaf.device import choose_device
    from lgaf.embed import embed
    from lgaf.models import create_model

    settings = read_settings("embed", EmbedRun)
    packs = {ALIGNED / f"{name}.arrow": EMBEDDINGS / row / seed / f"{name}.arrow" for name in settings.benchmarks}
    device = choose_device(settings.device)
    network = create_model(checkpoint=MODELS / row / seed / "model.safetensors").to(device)
    embed(network.to(memory_format=torch.channels_last).eval(), packs, device, settings.flip)

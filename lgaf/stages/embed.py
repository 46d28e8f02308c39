"""Stage ``embed``: every benchmark's faces and the damage laboratory's, by one model that was trained here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lgaf.paths import ALIGNED, DAMAGE, EMBEDDINGS, MODELS
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict

if TYPE_CHECKING:
    from lgaf.processes.team import Team


class EmbedRun(Strict):
    """What is embedded, and how."""

    benchmarks: tuple[str, ...]
    device: str
    flip: bool | None
    laboratory: bool
    """Whether there is a damage laboratory."""
    processes: int
    """How many share the packs out on this machine, as in training."""


def run(row: str, seed: str) -> None:
    """Embed all benchmarks, and the damage laboratory, with the model of ``row`` and ``seed``."""
    from lgaf.processes.launch import launch  # here, since the stage `settings` loads this module and needs no torch

    settings = read_settings("embed", EmbedRun)
    launch(settings.processes, settings.device, embed_row, row, seed, settings)


def embed_row(row: str, seed: str, settings: EmbedRun, team: Team) -> None:
    """This process's part of it.

    Raises:
        DataError: as :func:`lgaf.embed.embed_pack`. LostProcess: another process has ended.
    """
    import torch

    from lgaf.embed_packs import embed_packs
    from lgaf.models import create_model

    folder, device = EMBEDDINGS / row / seed, team.device(settings.device)
    packs = {ALIGNED / f"{name}.arrow": folder / f"{name}.arrow" for name in settings.benchmarks}
    laboratory = {DAMAGE: folder / DAMAGE.name} if settings.laboratory else {}
    network = create_model(checkpoint=MODELS / row / seed / "model.safetensors").to(device)
    with team.heard():
        embed_packs(
            network.to(memory_format=torch.channels_last).eval(), packs, laboratory, device, settings.flip, team
        )

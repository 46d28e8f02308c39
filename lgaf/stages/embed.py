"""Stage ``embed``: every benchmark's faces and the damage laboratory's, by one model that was trained here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lgaf.paths import EMBEDDINGS, MODELS
from lgaf.stages.embed_faces import EmbedRun, embed_faces
from lgaf.stages.inputs import read_settings

if TYPE_CHECKING:
    from lgaf.processes.team import Team


def run(row: str, seed: str) -> None:
    """Embed all benchmarks, and the damage laboratory, with the model of ``row`` and ``seed``."""
    from lgaf.processes.launch import launch  # here, since the stage `settings` loads this module and needs no torch

    settings = read_settings("embed", EmbedRun)
    launch(settings.processes, settings.device, embed_row, row, seed, settings)


def embed_row(row: str, seed: str, settings: EmbedRun, team: Team) -> None:
    """This process's part of it."""
    import torch

    from lgaf.models import create_model

    network = create_model(checkpoint=MODELS / row / seed / "model.safetensors").to(team.device(settings.device)).eval()
    embed_faces(network.to(memory_format=torch.channels_last), EMBEDDINGS / row / seed, settings, team)

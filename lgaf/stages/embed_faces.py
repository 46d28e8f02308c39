"""What the two stages that embed share: which faces, and where their embeddings go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lgaf.paths import ALIGNED, DAMAGE
from lgaf.strict import Strict

if TYPE_CHECKING:
    from lgaf.embed import Network
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


def embed_faces(network: Network, folder: Path, settings: EmbedRun, team: Team) -> None:
    """Write this process's part of the embeddings of all faces, by a network on its device, to ``folder``.

    Raises:
        DataError: as :func:`lgaf.embed.embed_pack`. LostProcess: another process has ended.
    """
    from lgaf.embed_packs import embed_packs  # here, since the stage `settings` loads this module and needs no torch

    packs = {ALIGNED / f"{name}.arrow": folder / f"{name}.arrow" for name in settings.benchmarks}
    laboratory = {DAMAGE: folder / DAMAGE.name} if settings.laboratory else {}
    with team.heard():
        embed_packs(network, packs, laboratory, team.device(settings.device), settings.flip, team)

"""Packs embedded and written, by one process or shared out over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from lgaf.embed import BATCH, Network, embed_pack, embed_records, told_apart
from lgaf.formats.embeddings import Embeddings, read_embeddings, write_embeddings
from lgaf.formats.pack import Pack
from lgaf.processes.team import ALONE, Team


def embed_packs(
    network: Network, packs: Mapping[Path, Path], laboratory: Mapping[Path, Path], device: torch.device,
    flip: bool | None, team: Team = ALONE,
) -> None:  # fmt: skip
    """Embed each pack (key) with one network, which is on the device, and write its embeddings (value).

    Each process of ``team`` embeds a share of each pack, whole batches as one process has them, and rank 0 writes.

    laboratory: packs that are embedded without the mirror image and with the branches, so that what is measured of
    them is the network's and the weights belong to the very features.
    """
    for source, target in tqdm(packs.items(), "embedding", unit="set", disable=team.rank > 0):
        embed_together(network, Pack(source), target, device, flip, False, team)
    for source, target in laboratory.items():
        embed_together(network, Pack(source), target, device, False, True, team)


def embed_together(
    network: Network, pack: Pack, target: Path, device: torch.device, flip: bool | None, branches: bool, team: Team
) -> None:
    """Embed a pack in all processes of a team, each its share, and write ``target``; shares lie beside it so long."""
    if team.size == 1:
        write_embeddings(target, embed_pack(network, pack, device, flip, branches))
        return
    records = team.share(len(pack), BATCH)
    if records:
        own = embed_records(network, pack, device, records, flip, branches)
        write_embeddings(share_of(target, team.rank), own)
    team.all(True)
    if team.rank == 0:
        ranks = [rank for rank in range(team.size) if replace(team, rank=rank).share(len(pack), BATCH)]
        parts = [share_of(target, rank) for rank in ranks]
        write_embeddings(target, told_apart(joined([read_embeddings(part) for part in parts]), pack))
        for part in parts:
            part.unlink()


def share_of(target: Path, rank: int) -> Path:
    """Where a process puts its share until all are joined."""
    return target.with_name(f"{target.stem}.rank-{rank:05}.arrow")


def joined(parts: Sequence[Embeddings]) -> Embeddings:
    """Embeddings of one pack, one after the other."""

    def together(name: str) -> Any:
        values = [getattr(part, name) for part in parts]
        return None if values[0] is None else np.concatenate(values)

    return replace(
        parts[0],
        names=[name for part in parts for name in part.names],
        truth={name: np.concatenate([part.truth[name] for part in parts]) for name in parts[0].truth},
        **{name: together(name) for name in ("labels", "vectors", "norms", "attention", "local", "global_", "visible")},
    )

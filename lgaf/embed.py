"""Aligned faces to embeddings, as the network's own preprocessing asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize
from tqdm import tqdm

from lgaf.errors import DataError
from lgaf.formats.embeddings import Embeddings, read_embeddings, write_embeddings
from lgaf.formats.pack import Pack
from lgaf.processes.team import ALONE, Team
from lgaf.workers import cores

BATCH = 128
ALIKE = 1e-6
"""Largest distance between embeddings of length 1 that are the same but for rounding."""


class Network(Protocol):
    """What embeds: one that was trained here (:mod:`lgaf.models`), or a given one (:mod:`lgaf.given`)."""

    @property
    def preprocessing(self) -> Any:
        """Turns (B, S, S, 3) uint8 RGB into the input; has ``image_size``, ``flip`` and ``flip_fusion``."""

    def __call__(self, images: Tensor) -> Any:
        """Of the input: ``embedding`` (B, D); ``attention`` (B, 2), ``local`` and ``global_`` (B, D), ``visibility``
        (B, h, w) logits, each or None."""


@torch.inference_mode()
def embed_batches(
    network: Network, pack: Pack, device: torch.device, flip: bool, records: range | None = None
) -> Iterator[tuple[Tensor, Any]]:
    """Embed a pack, ``BATCH`` images after the other: fused vectors, and what the network says, of each batch.

    records: those that are embedded; None: all.

    Raises:
        DataError: an image is unreadable or not of the size that the network expects, or its embedding is not finite.
    """
    size = network.preprocessing.image_size
    records = range(len(pack)) if records is None else records
    with ThreadPoolExecutor(cores()) as threads:  # decoders work outside Python's lock
        shown = records.start == 0  # of several processes' bars the first one's is enough
        for start in tqdm(records[::BATCH], pack.path.stem, unit="batch", leave=False, disable=not shown):
            pixels = list(threads.map(pack.image, range(start, min(start + BATCH, records.stop))))
            for offset, image in enumerate(pixels):
                if image.shape != (size, size, 3):
                    name = pack.name(start + offset)
                    raise DataError(
                        f"{pack.path}: {name}: {image.shape[1]}x{image.shape[0]}, not {size}x{size}; align again"
                    )
            vector, out = embed_batch(network, torch.from_numpy(np.stack(pixels)).to(device), flip)
            finite = torch.isfinite(vector).all(1)
            if not finite.all():
                raise DataError(
                    f"{pack.where(start + int(finite.int().argmin()))}: the network gives what is not finite; "
                    "look at its file, at its scaling and precision"
                )
            yield vector, out


def embed_pack(
    network: Network, pack: Pack, device: torch.device, flip: bool | None = None, branches: bool = False
) -> Embeddings:
    """:func:`embed_records` of a whole pack.

    Raises:
        DataError: as there, or all embeddings are the same.
    """
    return told_apart(embed_records(network, pack, device, range(len(pack)), flip, branches), pack)


def told_apart(found: Embeddings, pack: Pack) -> Embeddings:
    """The embeddings of a whole pack, as they are.

    Raises:
        DataError: they are all the same.
    """
    unit = normalize(torch.from_numpy(found.vectors))
    if len(unit) > 1 and (unit - unit[:1]).abs().max() < ALIKE:
        raise DataError(f"{pack.path}: the network gives one and the same embedding for all {len(unit)} faces; "
                        "look at its file and at its scaling")  # fmt: skip
    return found


@torch.inference_mode()
def embed_records(
    network: Network, pack: Pack, device: torch.device, records: range, flip: bool | None, branches: bool
) -> Embeddings:
    """Embed ``records`` of a pack, one at least, with their mirror images if ``flip``, by default as the network asks.

    branches: keep the local and the global feature too, where the network has both, and how much of each face it
    thinks visible.

    The fused vector is f(x) + f(mirrored x) on raw features (insightface ``eval/verification.py``), or where the
    network asks for it on features of length 1; norm and attention are those of the image as it is.

    Raises:
        DataError: as :func:`embed_batches`.
    """
    flip = network.preprocessing.flip if flip is None else flip
    vectors: list[Tensor] = []
    kept: dict[str, list[Tensor]] = {"attention": [], "local": [], "global_": [], "visible": []}
    norms = []
    for vector, out in embed_batches(network, pack, device, flip, records):
        norms.append(out.embedding.float().norm(dim=1).cpu())
        for name in ("attention", "local", "global_") if branches else ("attention",):
            if getattr(out, name) is not None:
                kept[name].append(getattr(out, name).float().cpu())
        if branches and out.visibility is not None:
            kept["visible"].append(torch.sigmoid(out.visibility).mean(dim=(1, 2)).cpu())
        vectors.append(vector)
    rows = slice(records.start, records.stop)
    return Embeddings(
        names=pack.names[rows],
        labels=pack.labels[rows],
        vectors=torch.cat(vectors).numpy(),
        norms=torch.cat(norms).numpy(),
        flip=flip,
        truth={name: values[rows] for name, values in pack.truth.items()},
        **{name: torch.cat(values).numpy() if values else None for name, values in kept.items()},
    )


@torch.inference_mode()
def embed_batch(network: Network, pixels: Tensor, flip: bool) -> tuple[Tensor, Any]:
    """Fused vectors (B, D), on the CPU, of (B, S, S, 3) uint8 RGB; and what the network says of the images alone."""
    images = network.preprocessing(pixels)
    out = network(images)
    vector = out.embedding.float()
    if flip:
        both = [vector, network(images.flip(3)).embedding.float()]
        vector = sum(map(normalize, both)) if network.preprocessing.flip_fusion == "unit_sum" else both[0] + both[1]
    return vector.cpu(), out


def embed(
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

"""Aligned faces to embeddings, as the network's own preprocessing asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize
from tqdm import tqdm

from lgaf.errors import DataError
from lgaf.formats.embeddings import Embeddings, write_embeddings
from lgaf.formats.pack import Pack
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
def embed_batches(network: Network, pack: Pack, device: torch.device, flip: bool) -> Iterator[tuple[Tensor, Any]]:
    """Embed a pack, ``BATCH`` images after the other: fused vectors, and what the network says, of each batch.

    Raises:
        DataError: an image is unreadable or not of the size that the network expects, or its embedding is not finite.
    """
    size = network.preprocessing.image_size
    with ThreadPoolExecutor(cores()) as threads:  # decoders work outside Python's lock
        for start in tqdm(range(0, len(pack), BATCH), pack.path.stem, unit="batch", leave=False):
            pixels = list(threads.map(pack.image, range(start, min(start + BATCH, len(pack)))))
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


@torch.inference_mode()
def embed_pack(
    network: Network, pack: Pack, device: torch.device, flip: bool | None = None, branches: bool = False
) -> Embeddings:
    """Embed every image of a pack, with its mirror image if ``flip``, by default as the network asks.

    branches: keep the local and the global feature too, where the network has both, and how much of each face it
    thinks visible.

    The fused vector is f(x) + f(mirrored x) on raw features (insightface ``eval/verification.py``), or where the
    network asks for it on features of length 1; norm and attention are those of the image as it is.

    Raises:
        DataError: as :func:`embed_batches`, or all embeddings are the same.
    """
    flip = network.preprocessing.flip if flip is None else flip
    vectors: list[Tensor] = []
    kept: dict[str, list[Tensor]] = {"attention": [], "local": [], "global_": [], "visible": []}
    norms = []
    for vector, out in embed_batches(network, pack, device, flip):
        norms.append(out.embedding.float().norm(dim=1).cpu())
        for name in ("attention", "local", "global_") if branches else ("attention",):
            if getattr(out, name) is not None:
                kept[name].append(getattr(out, name).float().cpu())
        if branches and out.visibility is not None:
            kept["visible"].append(torch.sigmoid(out.visibility).mean(dim=(1, 2)).cpu())
        vectors.append(vector)
    found = torch.cat(vectors)
    if len(found) > 1 and (normalize(found) - normalize(found[:1])).abs().max() < ALIKE:
        raise DataError(f"{pack.path}: the network gives one and the same embedding for all {len(found)} faces; "
                        "look at its file and at its scaling")  # fmt: skip
    return Embeddings(
        names=pack.names,
        labels=pack.labels,
        vectors=found.numpy(),
        norms=torch.cat(norms).numpy(),
        flip=flip,
        truth=pack.truth,
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
    flip: bool | None,
) -> None:  # fmt: skip
    """Embed each pack (key) with one network, which is on the device, and write its embeddings (value).

    laboratory: packs that are embedded without the mirror image and with the branches, so that what is measured of
    them is the network's and the weights belong to the very features.
    """
    for source, target in tqdm(packs.items(), "embedding", unit="set"):
        write_embeddings(target, embed_pack(network, Pack(source), device, flip))
    for source, target in laboratory.items():
        write_embeddings(target, embed_pack(network, Pack(source), device, flip=False, branches=True))

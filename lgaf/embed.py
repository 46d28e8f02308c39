"""Aligned faces to embeddings, as the network's own preprocessing asks."""

from __future__ import annotations

from collections.abc import Mapping
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

BATCH = 128
ALIKE = 1e-6
"""Largest distance between embeddings of length 1 that are the same but for rounding."""


class Network(Protocol):
    """What embeds: one that was trained here (:mod:`lgaf.models`), or a given one (:mod:`lgaf.given`)."""

    @property
    def preprocessing(self) -> Any:
        """Turns (B, S, S, 3) uint8 RGB into the input; has ``image_size``, ``flip`` and ``flip_fusion``."""

    def __call__(self, images: Tensor) -> Any:
        """Of the input: ``embedding`` (B, D), and ``attention`` (B, 2) or None."""


@torch.inference_mode()
def embed_pack(network: Network, pack: Pack, device: torch.device, flip: bool | None = None) -> Embeddings:
    """Embed every image of a pack, with its mirror image if ``flip``, by default as the network asks.

    The fused vector is f(x) + f(mirrored x) on raw features (insightface ``eval/verification.py``), or where the
    network asks for it on features of length 1; norm and attention are those of the image as it is.

    Raises:
        DataError: an image is unreadable or not of the size that the network expects, its embedding is not finite, or
            all embeddings are the same.
    """
    preprocessing = network.preprocessing
    size = preprocessing.image_size
    flip = preprocessing.flip if flip is None else flip
    vectors, norms, attention = [], [], []
    for start in tqdm(range(0, len(pack), BATCH), pack.path.stem, unit="batch", leave=False):
        pixels = [pack.image(index) for index in range(start, min(start + BATCH, len(pack)))]
        for offset, image in enumerate(pixels):
            if image.shape != (size, size, 3):
                name = pack.names[start + offset]
                raise DataError(
                    f"{pack.path}: {name}: {image.shape[1]}x{image.shape[0]}, not {size}x{size}; align again"
                )
        vector, norm, weights = embed_batch(network, torch.from_numpy(np.stack(pixels)).to(device), flip)
        finite = torch.isfinite(vector).all(1)
        if not finite.all():
            raise DataError(f"{pack.where(start + int(finite.int().argmin()))}: the network gives what is not finite; "
                            "look at its file, at its scaling and precision")  # fmt: skip
        vectors.append(vector)
        norms.append(norm)
        if weights is not None:
            attention.append(weights)
    found = torch.cat(vectors)
    if len(found) > 1 and (normalize(found) - normalize(found[:1])).abs().max() < ALIKE:
        raise DataError(f"{pack.path}: the network gives one and the same embedding for all {len(found)} faces; "
                        "look at its file and at its scaling")  # fmt: skip
    return Embeddings(
        names=pack.names,
        labels=pack.labels,
        vectors=found.numpy(),
        norms=torch.cat(norms).numpy(),
        attention=torch.cat(attention).numpy() if attention else None,
        flip=flip,
        truth=pack.truth,
    )


@torch.inference_mode()
def embed_batch(network: Network, pixels: Tensor, flip: bool) -> tuple[Tensor, Tensor, Tensor | None]:
    """Fused vectors (B, D), norms (B,) and attention (B, 2) or None of (B, S, S, 3) uint8 RGB, on the CPU."""
    images = network.preprocessing(pixels)
    out = network(images)
    vector = out.embedding.float()
    norm = vector.norm(dim=1)
    if flip:
        both = [vector, network(images.flip(3)).embedding.float()]
        vector = sum(map(normalize, both)) if network.preprocessing.flip_fusion == "unit_sum" else sum(both)
    return vector.cpu(), norm.cpu(), None if out.attention is None else out.attention.float().cpu()


def embed(network: Network, packs: Mapping[Path, Path], device: torch.device, flip: bool | None) -> None:
    """Embed each pack (key) with one network, which is on the device, and write its embeddings (value)."""
    for source, target in tqdm(packs.items(), "embedding", unit="set"):
        write_embeddings(target, embed_pack(network, Pack(source), device, flip))

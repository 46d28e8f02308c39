"""Aligned faces to embeddings, as the checkpoint's own preprocessing asks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from lgaf.device import choose_device
from lgaf.errors import DataError
from lgaf.formats.embeddings import Embeddings, write_embeddings
from lgaf.formats.pack import Pack
from lgaf.models import LGAF, Plain, create_model

BATCH = 128


@torch.inference_mode()
def embed_pack(model: LGAF | Plain, pack: Pack, device: torch.device, flip: bool | None = None) -> Embeddings:
    """Embed every image of a pack, with its mirror image if ``flip``, by default as the checkpoint asks.

    The fused vector is f(x) + f(mirrored x) on raw features (insightface ``eval/verification.py``); norm and attention
    are those of the image as it is.

    Raises:
        DataError: an image is unreadable or not of the size that the checkpoint expects.
    """
    preprocessing = model.preprocessing
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
        images = preprocessing(torch.from_numpy(np.stack(pixels)).to(device))
        out = model(images)
        vector = out.embedding.float()
        norms.append(vector.norm(dim=1).cpu())
        if out.attention is not None:
            attention.append(out.attention.float().cpu())
        if flip:
            vector = vector + model(images.flip(3)).embedding.float()
        vectors.append(vector.cpu())
    return Embeddings(
        names=pack.names,
        labels=pack.labels,
        vectors=torch.cat(vectors).numpy(),
        norms=torch.cat(norms).numpy(),
        attention=torch.cat(attention).numpy() if attention else None,
        flip=flip,
        truth=pack.truth,
    )


def embed(checkpoint: Path, packs: Mapping[Path, Path], device: str, flip: bool | None) -> None:
    """Embed each pack (key) with one checkpoint and write its embeddings (value)."""
    place = choose_device(device)
    model = create_model(checkpoint=checkpoint).to(place).to(memory_format=torch.channels_last).eval()
    for source, target in tqdm(packs.items(), "embedding", unit="set"):
        write_embeddings(target, embed_pack(model, Pack(source), place, flip))

"""Aligned faces to embeddings, as the checkpoint's own preprocessing asks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

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
def embed_pack(
    model: LGAF | Plain, pack: Pack, device: torch.device, flip: bool | None = None, branches: bool = False
) -> Embeddings:
    """Embed every image of a pack, with its mirror image if ``flip``, by default as the checkpoint asks.

    branches: keep the local and the global feature too, where the network has both.

    The fused vector is f(x) + f(mirrored x) on raw features (insightface ``eval/verification.py``); norm and attention
    are those of the image as it is.

    Raises:
        DataError: an image is unreadable or not of the size that the checkpoint expects.
    """
    preprocessing = model.preprocessing
    size = preprocessing.image_size
    flip = preprocessing.flip if flip is None else flip
    vectors, norms, attention = [], [], []
    local: list[torch.Tensor] = []
    global_: list[torch.Tensor] = []
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
        if branches and out.local is not None and out.global_ is not None:
            local.append(out.local.float().cpu())
            global_.append(out.global_.float().cpu())
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
        local=torch.cat(local).numpy() if local else None,
        global_=torch.cat(global_).numpy() if global_ else None,
    )


def embed(
    checkpoint: Path,
    packs: Mapping[Path, Path],
    device: str,
    flip: bool | None,
    laboratory: Mapping[Path, Path] = MappingProxyType({}),
) -> None:
    """Embed each pack (key) with one checkpoint and write its embeddings (value).

    laboratory: packs that are embedded without the mirror image and with the branches, so that what is measured of
    them is the network's and the weights belong to the very features.
    """
    place = choose_device(device)
    model = create_model(checkpoint=checkpoint).to(place).to(memory_format=torch.channels_last).eval()
    for source, target in tqdm(packs.items(), "embedding", unit="set"):
        write_embeddings(target, embed_pack(model, Pack(source), place, flip))
    for source, target in laboratory.items():
        write_embeddings(target, embed_pack(model, Pack(source), place, flip=False, branches=True))

"""Aligned faces to embeddings, as the network's own preprocessing asks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize
from tqdm import tqdm

from lgaf.errors import DataError
from lgaf.formats.embeddings import Embeddings
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
    shown = records.start == 0  # of several processes' bars the first one's is enough
    bar = tqdm(read_ahead(pack, records), pack.path.stem, len(records[::BATCH]), unit="batch", leave=False,
               disable=not shown)  # fmt: skip
    for start, pixels in bar:
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


def read_ahead(pack: Pack, records: range) -> Iterator[tuple[int, list[np.ndarray]]]:
    """First record and images of each batch; the next one's are decoded while this one is embedded."""
    with ThreadPoolExecutor(cores()) as threads:  # decoders work outside Python's lock
        batches = (records[first : first + BATCH] for first in range(0, len(records), BATCH))
        reading = ((batch.start, threads.map(pack.image, batch)) for batch in batches)
        for now, _ in pairwise(chain(reading, (None,))):
            assert now is not None  # which alone the last is
            yield now[0], list(now[1])


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

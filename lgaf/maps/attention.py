"""Where a network looks: what its local branch lays over the map that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import torch

from lgaf.models import LGAF, Plain
from lgaf.models.mhms import AttentionHead


class Attention(NamedTuple):
    """What the local branch makes of B images."""

    weights: np.ndarray
    """(B,) weight of the local feature, in [0, 1]."""
    visibility: np.ndarray
    """(B, h, w) in (0, 1): how surely a cell shows the face."""
    heads: dict[str, np.ndarray]
    """{head in print: (B, h, w) of its attention, at least 0 and 1 on average over a map}; where the heads have no
    gates all look alike, and stand here as one."""


@torch.inference_mode()
def attention_of(model: LGAF | Plain, pixels: np.ndarray) -> Attention:
    """What ``model``, which has a local branch, makes of (B, S, S, 3) uint8 RGB images."""
    assert isinstance(model, LGAF)
    assert model.mhms is not None
    images = model.preprocessing(torch.from_numpy(pixels))
    out = model(images)
    visible = torch.sigmoid(out.visibility)
    mixed = model.mhms.mix(model.backbone(images)[0])
    heads = cast("Sequence[AttentionHead]", model.mhms.heads)
    maps = [head.attention(mixed, visible.unsqueeze(1)).squeeze(1).numpy() for head in heads]
    kernels = model.architecture.kernels
    titles = [f"head {1 + i}, kernel {kernels[i % len(kernels)]}" for i in range(len(maps))]
    if not model.architecture.gates:
        titles = ["all heads, no gates"]
    return Attention(out.attention[:, 0].numpy(), visible.numpy(), dict(zip(titles, maps, strict=False)))

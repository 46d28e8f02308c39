"""MHMS: Multi-Head Multi-Scale local feature extraction.

The order spatial, then channel, and both gates are those of LS-CNN's dual face attention; heads of different kernels
are what is told of LGAF's paper; how they are joined is ours (docs/method.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lgaf.models.gfe import Projection


class SpatialGate(nn.Sequential):
    """Where to look: a map in (0, 1) from a k x k neighbourhood, (B, C, h, w) to (B, 1, h, w).

    LANet with its second convolution widened from 1x1 to ``kernel``: the scale of the head.
    """

    def __init__(self, channels: int, kernel: int, reduction: int):
        hidden = max(1, channels // reduction)
        super().__init__(
            nn.Conv2d(channels, hidden, kernel_size=1),
            nn.ReLU(),
            nn.Conv2d(hidden, 1, kernel, padding=kernel // 2),
            nn.Sigmoid(),
        )


class ChannelGate(nn.Sequential):
    """What to keep: squeeze and excitation, (B, C, h, w) to (B, C, 1, 1) in (0, 1)."""

    def __init__(self, channels: int, reduction: int):
        hidden = max(1, channels // reduction)
        super().__init__(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, hidden, kernel_size=1, bias=False),
            nn.ReLU(),
            nn.Conv2d(hidden, channels, kernel_size=1, bias=False),
            nn.Sigmoid(),
        )


class AttentionHead(nn.Module):
    """One head: spatial gate, channel gate, then its own mixture of channels: (B, C, h, w) to (B, outputs, h, w)."""

    def __init__(self, channels: int, outputs: int, kernel: int, reduction: int):
        super().__init__()
        self.spatial = SpatialGate(channels, kernel, reduction)
        self.channel = ChannelGate(channels, reduction)
        self.mix = nn.Conv2d(channels, outputs, kernel_size=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = x * self.spatial(x)
        x = x * self.channel(x)
        return self.mix(x)


class LocalFeature(nn.Module):
    """BN - heads - concatenate - flatten - dropout - linear - BN without affine: (B, C, h, w) to (B, D).

    Each of H heads keeps C/H channels, as in multi-head attention. The maps are flattened, not averaged: a mean forgets
    where on the face a thing was seen (docs/method.md has the measurement). The frame is that of
    :class:`lgaf.models.gfe.GlobalFeature`, so that the two energies have the same meaning.
    """

    def __init__(
        self,
        map_shape: tuple[int, int, int],
        embedding_dim: int,
        heads: int = 4,
        kernels: Sequence[int] = (1, 3, 5, 7),
        reduction: int = 16,
        dropout: float = 0.0,
    ):
        super().__init__()
        channels, height, width = map_shape
        kept = max(1, channels // heads)
        self.norm = nn.BatchNorm2d(channels)
        self.heads = nn.ModuleList(
            AttentionHead(channels, kept, kernels[i % len(kernels)], reduction) for i in range(heads)
        )
        self.project = Projection(heads * kept * height * width, embedding_dim, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self.norm(x)
        return self.project(torch.flatten(torch.cat([head(x) for head in self.heads], dim=1), 1))

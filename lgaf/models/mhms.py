"""MHMS: Multi-Head Multi-Scale local feature extraction.

Both gates are those of LS-CNN's dual face attention; heads of different kernels are what is told of LGAF's paper; the
finer map, the visibility and how the heads are joined are ours (docs/method.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lgaf.models.gfe import Projection

FLOOR = 0.02
"""Added to the mean of a gate that it is divided by: a face that is covered all over is silent, not noise."""
VISIBILITY_CHANNELS = 16


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
    """One head: its own mixture of channels where it looks and where there is a face to be seen.

    (B, C, h, w) and visibility (B, 1, h, w) in (0, 1) to (B, outputs, h, w). The product of spatial gate and visibility
    is divided by its mean over the map, so a covered cell falls silent and the others speak up for it.
    """

    def __init__(self, channels: int, outputs: int, kernel: int, reduction: int, gates: bool = True):
        super().__init__()
        self.spatial = SpatialGate(channels, kernel, reduction) if gates else None
        self.channel = ChannelGate(channels, reduction) if gates else None
        self.mix = nn.Conv2d(channels, outputs, kernel_size=1, bias=False)

    def attention(self, x: Tensor, visible: Tensor) -> Tensor:
        """Where the head looks, (B, 1, h, w), 1 on average."""
        gate = visible if self.spatial is None else self.spatial(x) * visible
        return gate / (gate.mean(dim=(2, 3), keepdim=True) + FLOOR)

    def forward(self, x: Tensor, visible: Tensor) -> Tensor:
        """See the class."""
        kept = x if self.channel is None else x * self.channel(x)
        return self.attention(x, visible) * self.mix(kept)


class LocalFeature(nn.Module):
    """Mixing, visibility, heads, and their projection: (B, C, h, w) to (B, D) and the visibility's logits (B, h, w).

    Each of H heads keeps C / 2H channels. The maps are flattened, not averaged: a mean forgets where on the face a
    thing was seen (docs/method.md has the measurement). The end is that of :class:`lgaf.models.gfe.GlobalFeature`, so
    that the two energies have the same meaning.
    """

    def __init__(
        self,
        map_shape: tuple[int, int, int],
        embedding_dim: int,
        heads: int = 4,
        kernels: Sequence[int] = (1, 3, 5, 7),
        reduction: int = 16,
        dropout: float = 0.0,
        gates: bool = True,
    ):
        super().__init__()
        channels, height, width = map_shape
        kept = max(1, channels // (2 * heads))
        self.mix = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.BatchNorm2d(channels),
        )
        self.visibility = nn.Sequential(
            nn.Conv2d(channels, VISIBILITY_CHANNELS, kernel_size=1),
            nn.ReLU(),
            nn.Conv2d(VISIBILITY_CHANNELS, 1, kernel_size=3, padding=1),
        )
        self.heads = nn.ModuleList(
            AttentionHead(channels, kept, kernels[i % len(kernels)], reduction, gates) for i in range(heads)
        )
        self.project = Projection(heads * kept * height * width, embedding_dim, dropout)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        x = self.mix(x)
        logits = self.visibility(x)
        visible = torch.sigmoid(logits)
        maps = torch.cat([head(x, visible) for head in self.heads], dim=1)
        return self.project(torch.flatten(maps, 1)), logits.squeeze(1).float()

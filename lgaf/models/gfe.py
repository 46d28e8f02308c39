"""GFE: Global Feature Extraction, the whole feature map condensed into one vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Projection(nn.Module):
    """Dropout - linear - BN without affine, (B, F) to (B, D), in float32 whatever autocast says.

    The last normalisation gives every dimension mean 0 and variance 1 over the images, so |f|^2 averages D whatever the
    branch, and the norm of one image's feature is its distance from the average face: the energy that LGF reads.
    """

    def __init__(self, inputs: int, embedding_dim: int, dropout: float):
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(inputs, embedding_dim)
        self.standardise = nn.BatchNorm1d(embedding_dim, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        with torch.autocast(x.device.type, enabled=False):
            return self.standardise(self.linear(self.dropout(x.to(self.linear.weight.dtype))))


class GlobalFeature(nn.Module):
    """BN - flatten - dropout - linear - BN without affine: (B, C, h, w) to (B, D).

    The embedding layer of arcface_torch and AdaFace (``bn2, dropout, fc, features`` and ``output_layer`` there).
    """

    def __init__(self, map_shape: tuple[int, int, int], embedding_dim: int, dropout: float = 0.0):
        super().__init__()
        channels, height, width = map_shape
        self.norm = nn.BatchNorm2d(channels)
        self.project = Projection(channels * height * width, embedding_dim, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return self.project(torch.flatten(self.norm(x), 1))

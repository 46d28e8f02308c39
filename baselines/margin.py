"""What the margin heads share: class weights, cosines, and logits in which only the target's is changed."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

SMALLEST_NORM = 1e-6
"""Vectors shorter than this are divided by it: a zero embedding gets cosine 0 and a finite gradient, not NaN."""


class Margin(NamedTuple):
    """A head's output: the training loss is ``cross_entropy(logits, labels, ignore_index=-1) + regulariser``."""

    logits: Tensor
    """(B, C) float32, scaled, margin applied to the target of each row."""
    regulariser: Tensor
    """Scalar, its weight included; 0 but for MagFace."""


class MarginHead(nn.Module):
    """Class weights, (C, D), and the frame of every head: float32 whatever autocast says.

    Rows start at unit length, as AdaFace's and MagFace's do (arcface_torch: N(0, 0.01)). Only the direction of a row
    counts, so its length merely sets how fast it turns; one start for all heads keeps that out of a comparison.
    """

    def __init__(self, embedding_dim: int, num_classes: int):
        super().__init__()
        self.weight = nn.Parameter(normalize(torch.randn(num_classes, embedding_dim)))

    def forward(self, embedding: Tensor, labels: Tensor) -> Margin:
        """Logits of un-normalised embeddings.

        Args:
            embedding: (B, D), any floating type.
            labels: (B,) int64 in [0, C); -1 marks "no target here": that row gets plain cosines.
        """
        with torch.autocast(embedding.device.type, enabled=False):
            return self.apply_margin(embedding.to(self.weight.dtype), labels)

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """The head's own formula."""
        raise NotImplementedError

    def cosine(self, embedding: Tensor) -> Tensor:
        """(B, C) cosines of embeddings and classes, in [-1, 1]."""
        unit, classes = (normalize(vectors, eps=SMALLEST_NORM) for vectors in (embedding, self.weight))
        return linear(unit, classes).clamp(-1, 1)

    def target_angle(self, embedding: Tensor, labels: Tensor) -> Tensor:
        """(B,) angle to the target class in [0, pi]; for label -1 some angle.

        2 atan2(|u - v|, |u + v|) of the unit vectors (Kahan). Unlike arccos it is exact in float32 and has a finite
        gradient at 0 and pi too.
        """
        unit = normalize(embedding, eps=SMALLEST_NORM)
        target = normalize(self.weight[labels.clamp(min=0)], eps=SMALLEST_NORM)
        return 2 * torch.atan2((unit - target).norm(dim=1), (unit + target).norm(dim=1))


def replace_target(cosine: Tensor, target: Tensor, labels: Tensor) -> Tensor:
    """``cosine`` (B, C) with entry (i, labels[i]) replaced by ``target[i]``, rows of label -1 unchanged."""
    column = labels.clamp(min=0).unsqueeze(1)
    value = torch.where(labels.unsqueeze(1) >= 0, target.unsqueeze(1), cosine.gather(1, column))
    return cosine.scatter(1, column, value)

"""AdaFace: Kim, Jain and Liu, CVPR 2022 (arXiv 2204.00964); code read: mk-minchul/AdaFace ``head.py``."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from baselines.margin import Margin, MarginHead, replace_target
from baselines.options import AdaFaceOptions

EPSILON = 1e-3
SHORTEST, LONGEST = 1e-3, 100.0


class AdaFace(MarginHead):
    """A margin that adapts to the norm of the embedding, taken as its quality.

    n = clip(|z|, 0.001, 100), no gradient; mu and sigma = running mean and (unbiased) standard deviation of n, started
    at 20 and 100; q = clip(h (n - mu) / (sigma + 1e-3), -1, 1). All cosines are clipped to +-(1 - 1e-3).
    Target logit ``s (cos(clip(theta - m q, 1e-3, pi - 1e-3)) - (m + m q))``, others ``s cos(theta)``.

    The statistics are buffers, so they travel with the state, and they move in training only; the present batch is
    counted before it is used. Some ports drop the clip of the angle: this follows the original, whose class default
    t_alpha = 1.0 is overridden by its training script's 0.01.

    Authors' recipe: batch 512, 26 epochs, SGD, lr 0.1 divided by ten at 12, 20 and 24, momentum 0.9, weight decay 1e-4;
    low-resolution, crop and photometric augmentation, each with probability 0.2.
    """

    norm_mean: Tensor
    norm_std: Tensor

    def __init__(self, embedding_dim: int, num_classes: int, options: AdaFaceOptions):
        super().__init__(embedding_dim, num_classes)
        self.options = options
        self.register_buffer("norm_mean", torch.tensor(20.0))
        self.register_buffer("norm_std", torch.tensor(100.0))

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """See the class."""
        margin = self.options.margin
        quality = self.quality(embedding.detach().norm(dim=1).clamp(SHORTEST, LONGEST))
        cosine = self.cosine(embedding).clamp(-1 + EPSILON, 1 - EPSILON)
        angle = cosine.gather(1, labels.clamp(min=0).unsqueeze(1)).squeeze(1).acos()
        target = (angle - margin * quality).clamp(EPSILON, math.pi - EPSILON).cos() - (margin + margin * quality)
        logits = self.options.scale * replace_target(cosine, target, labels)
        return Margin(logits, logits.new_zeros(()))

    def quality(self, norms: Tensor) -> Tensor:
        """(B,) norms to the margin scaler in [-1, 1]; in training the running statistics are moved first."""
        if self.training and len(norms) > 1:  # one norm has no deviation
            self.norm_mean.lerp_(norms.mean(), self.options.t_alpha)
            self.norm_std.lerp_(norms.std(), self.options.t_alpha)
        return (self.options.h * (norms - self.norm_mean) / (self.norm_std + EPSILON)).clamp(-1, 1)

"""AdaFace: Kim, Jain and Liu, CVPR 2022 (arXiv 2204.00964); code read: mk-minchul/AdaFace ``head.py`` @c60eaa7."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field
from torch import Tensor

from baselines.margin import CosineMargin, HeadOptions, Margin, MarginHead, Momentum, RunningScaler, Scale


class AdaFace(MarginHead):
    """A margin that adapts to the norm of the embedding, taken as its quality.

    n = clip(|z|, 0.001, 100), no gradient; mu and sigma = running mean and (unbiased) standard deviation of n, started
    at 20 and 100; q = clip(h (n - mu) / (sigma + 1e-3), -1, 1). All cosines are clipped to +-(1 - 1e-3).
    Target logit ``s (cos(clip(theta - m q, 1e-3, pi - 1e-3)) - (m + m q))``, others ``s cos(theta)``.

    The statistics move in training only; the present batch is counted before it is used, all its rows, with a target
    or without. Some ports drop the clip of the angle: this follows the original, whose class default t_alpha = 1.0 is
    overridden by its training script's 0.01.

    Authors' recipe: batch 512, 26 epochs, SGD, lr 0.1 divided by ten at 12, 20 and 24, momentum 0.9, weight decay 1e-4;
    low-resolution, crop and photometric augmentation, each with probability 0.2.
    """

    class Options(HeadOptions):
        """Defaults: those of the authors' training script."""

        margin: CosineMargin = 0.4
        """m, shared out between angle and cosine by the norm."""
        h: float = Field(0.333, gt=0, le=100)
        """Unit of the margin scaler: 1 / h deviations from the mean, and all beyond, give the scaler 1."""
        t_alpha: Momentum = 0.01
        """Weight of the present batch in the running mean and deviation."""
        scale: Scale = 64.0
        """s, of all logits."""

    epsilon: ClassVar[float] = 1e-3
    options: Options

    def __init__(self, embedding_dim: int, num_classes: int, options: Options):
        super().__init__(embedding_dim, num_classes, options)
        self.norms = RunningScaler(20.0, 100.0, h=options.h, t_alpha=options.t_alpha, epsilon=self.epsilon)

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """See the class."""
        cosine = self.cosine(embedding).clamp(-1 + self.epsilon, 1 - self.epsilon)
        share = self.options.margin * self.quality(embedding.detach(), cosine.detach(), labels)
        smallest = math.acos(1 - self.epsilon)  # the angle of a clipped cosine
        angle = self.target_angle(embedding, labels).clamp(smallest, math.pi - smallest)
        target = (angle - share).clamp(self.epsilon, math.pi - self.epsilon).cos() - (self.options.margin + share)
        return self.scaled(cosine, target, labels)

    def quality(self, embedding: Tensor, cosine: Tensor, labels: Tensor) -> Tensor:
        """(B,) margin scaler in [-1, 1] of each row: q; in training the running statistics are moved first."""
        norms = embedding.norm(dim=1).clamp(1e-3, 100)
        self.norms.count(norms)
        return self.norms(norms)

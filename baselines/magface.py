"""MagFace: Meng et al., CVPR 2021 (arXiv 2103.06627); code read: IrvingMeng/MagFace ``models/magface.py``."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.margin import Margin, MarginHead, replace_target
from baselines.options import MagFaceOptions


class MagFace(MarginHead):
    """An angular margin that grows with the norm, and a regulariser that rewards a large norm.

    a = clamp(|z|, l_a, u_a); m(a) = (u_m - l_m) / (u_a - l_a) (a - l_a) + l_m; g(a) = a / u_a^2 + 1 / a.
    Target logit ``s cos(theta + m(a))``, others ``s cos(theta)``; regulariser ``lambda_g mean(g(a))``. Gradients flow
    through m(a). With ``easy_margin``, the authors' default, the margin applies only where cos(theta) > 0; without,
    where cos(theta) > cos(pi - m), elsewhere the target is ``s (cos(theta) - m sin(pi - m))``.

    Authors' recipe: batch 512, 25 epochs, SGD, lr 0.1 divided by ten at 10, 18 and 22, momentum 0.9, weight decay 5e-4.
    """

    def __init__(self, embedding_dim: int, num_classes: int, options: MagFaceOptions):
        super().__init__(embedding_dim, num_classes)
        self.options = options

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """See the class."""
        options = self.options
        norm = embedding.norm(dim=1).clamp(options.l_a, options.u_a)
        slope = (options.u_margin - options.l_margin) / (options.u_a - options.l_a)
        margin = slope * (norm - options.l_a) + options.l_margin

        angle = self.target_angle(embedding, labels)
        plain = angle.cos()
        if options.easy_margin:
            target = torch.where(plain > 0, (angle + margin).cos(), plain)
        else:
            beyond = plain - margin * margin.sin()  # sin(pi - m) = sin m
            target = torch.where(plain > -margin.cos(), (angle + margin).cos(), beyond)

        logits = options.scale * replace_target(self.cosine(embedding), target, labels)
        return Margin(logits, options.lambda_g * (norm / options.u_a**2 + 1 / norm).mean())

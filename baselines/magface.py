"""MagFace: Meng et al., CVPR 2021 (arXiv 2103.06627); code read: IrvingMeng/MagFace ``models/magface.py``."""

from __future__ import annotations

import torch
from pydantic import Field, model_validator
from torch import Tensor

from baselines.margin import AngularMargin, HeadOptions, Margin, MarginHead, Scale, guarded_target


class MagFace(MarginHead):
    """An angular margin that grows with the norm, and a regulariser that rewards a large norm.

    a = clamp(|z|, l_a, u_a); m(a) = (u_m - l_m) / (u_a - l_a) (a - l_a) + l_m; g(a) = a / u_a^2 + 1 / a.
    Target logit ``s cos(theta + m(a))``, others ``s cos(theta)``; regulariser ``lambda_g mean(g(a))``. Gradients flow
    through m(a). With ``easy_margin``, the authors' default, the margin applies only where cos(theta) > 0; without,
    where cos(theta) > cos(pi - m), elsewhere the target is ``s (cos(theta) - m sin(pi - m))``.

    Authors' recipe: batch 512, 25 epochs, SGD, lr 0.1 divided by ten at 10, 18 and 22, momentum 0.9, weight decay 5e-4.
    """

    class Options(HeadOptions):
        """Defaults: those of the authors' ``run/run.sh``."""

        l_margin: AngularMargin = 0.45
        """Margin at norm ``l_a``, radians."""
        u_margin: AngularMargin = 0.8
        """Margin at norm ``u_a``, radians."""
        l_a: float = Field(10.0, gt=0, le=10_000)
        """Norms below count as this."""
        u_a: float = Field(110.0, gt=0, le=10_000)
        """Norms above count as this."""
        lambda_g: float = Field(35.0, ge=0, le=1000)
        """Weight of the regulariser."""
        scale: Scale = 64.0
        """s, of all logits."""
        easy_margin: bool = True
        """Apply the margin only where the cosine is positive."""

        @model_validator(mode="after")
        def in_order(self) -> MagFace.Options:
            """Upper ends lie above lower ones."""
            if self.l_a >= self.u_a:
                raise ValueError(f"l_a {self.l_a} must be below u_a {self.u_a}")
            if self.l_margin > self.u_margin:
                raise ValueError(f"l_margin {self.l_margin} must not be above u_margin {self.u_margin}")
            return self

    options: Options

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """See the class."""
        options = self.options
        norm = embedding.norm(dim=1).clamp(options.l_a, options.u_a)
        slope = (options.u_margin - options.l_margin) / (options.u_a - options.l_a)
        margin = slope * (norm - options.l_a) + options.l_margin

        angle = self.target_angle(embedding, labels)
        if options.easy_margin:
            plain = angle.cos()
            target = torch.where(plain > 0, (angle + margin).cos(), plain)
        else:
            target = guarded_target(angle, margin)

        logits = self.scaled(self.cosine(embedding), target, labels).logits
        return Margin(logits, options.lambda_g * (norm / options.u_a**2 + 1 / norm).mean())

"""CurricularFace: Huang et al., CVPR 2020 (arXiv 2004.00288).

Code read: HuangYG123/CurricularFace ``head/metrics.py`` @d380265.
"""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.margin import AngularMargin, HeadOptions, Margin, MarginHead, Momentum, Scale, guarded_target


class CurricularFace(MarginHead):
    """ArcFace that weighs hard negatives the more, the further training has come.

    Target logit ``s cos(theta + m)`` where cos(theta) > cos(pi - m), else ``s (cos(theta) - m sin(pi - m))``. Other
    classes with cos(theta_j) > cos(theta + m), the hard ones, get ``s cos(theta_j) (t + cos(theta_j))``, the rest
    ``s cos(theta_j)``. "Hard" is always measured by cos(theta + m), even where the target takes the other form.

    t, a buffer, is the running mean of the target cosines, started at 0; no gradient flows through it, and the present
    batch is counted before it is used. It moves in training only (the authors' moves in evaluation too) and by rows
    with a target only; a row of label -1 has nothing to measure hardness by and gets plain cosines.

    Authors' recipe (``config.py``): IR-101, MS1M, batch 512, 24 epochs, SGD, lr 0.1 divided by ten at 10, 18 and 22,
    momentum 0.9, weight decay 5e-4, none on batch normalisation.
    """

    class Options(HeadOptions):
        """Defaults: those of the authors' class, which their training uses."""

        margin: AngularMargin = 0.5
        """m, added to the angle, radians."""
        t_alpha: Momentum = 0.01
        """Weight of the present batch in t."""
        scale: Scale = 64.0
        """s, of all logits."""

    options: Options
    t: Tensor

    def __init__(self, embedding_dim: int, num_classes: int, options: Options):
        super().__init__(embedding_dim, num_classes, options)
        self.register_buffer("t", torch.tensor(0.0))

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """See the class."""
        cosine, angle = self.cosine(embedding), self.target_angle(embedding, labels)
        present, measured = self.shards.present(labels), self.shards.targets(angle, labels)
        counted = measured.cos()[present]
        if self.training and len(counted):
            self.t.lerp_(counted.mean(), self.options.t_alpha)

        hard = (cosine > (measured + self.options.margin).cos().unsqueeze(1)) & present.unsqueeze(1)
        cosine = torch.where(hard, cosine * (self.t + cosine), cosine)
        return self.scaled(cosine, guarded_target(angle, angle.new_tensor(self.options.margin)), labels)

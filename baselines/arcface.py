"""ArcFace: Deng et al., CVPR 2019 (arXiv 1801.07698), equation 3; code read: ``losses.py`` of arcface_torch."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.margin import AngularMargin, HeadOptions, Margin, MarginHead, Scale


class ArcFace(MarginHead):
    """Additive angular margin: target logit ``s cos(theta + m)``, others ``s cos(theta)``.

    No guard where ``theta + m`` exceeds pi, as at arcface_torch's head (its older versions had one). That code computes
    the target outside autograd, so its gradient is the plain cosine's; this one differentiates the paper's formula.

    Authors' recipe (arcface_torch, ``configs/ms1mv3_r50.py``; values differ between its versions): SGD, momentum 0.9,
    weight decay 5e-4, 128 images a GPU, lr 0.2 after 2 epochs of warm-up, 25 epochs.
    """

    class Options(HeadOptions):
        """Defaults: the paper's, section 3.1."""

        margin: AngularMargin = 0.5
        """m, added to the angle, radians."""
        scale: Scale = 64.0
        """s, of all logits."""

    options: Options

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """See the class."""
        target = torch.cos(self.target_angle(embedding, labels) + self.options.margin)
        return self.scaled(self.cosine(embedding), target, labels)

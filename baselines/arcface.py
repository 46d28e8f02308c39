"""ArcFace: Deng et al., CVPR 2019 (arXiv 1801.07698), equation 3; code read: ``losses.py`` of arcface_torch."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.margin import Margin, MarginHead, replace_target
from baselines.options import ArcFaceOptions


class ArcFace(MarginHead):
    """Additive angular margin: target logit ``s cos(theta + m)``, others ``s cos(theta)``.

    No guard where ``theta + m`` exceeds pi, as at arcface_torch's head (its older versions had one). That code computes
    the target outside autograd, so its gradient is the plain cosine's; this one differentiates the paper's formula.

    Authors' recipe (arcface_torch, ``configs/ms1mv3_r50.py``; values differ between its versions): SGD, momentum 0.9,
    weight decay 5e-4, 128 images a GPU, lr 0.2 after 2 epochs of warm-up, 25 epochs.
    """

    def __init__(self, embedding_dim: int, num_classes: int, options: ArcFaceOptions):
        super().__init__(embedding_dim, num_classes)
        self.options = options

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """See the class."""
        target = torch.cos(self.target_angle(embedding, labels) + self.options.margin)
        logits = self.options.scale * replace_target(self.cosine(embedding), target, labels)
        return Margin(logits, logits.new_zeros(()))

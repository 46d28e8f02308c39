"""CosFace: Wang et al., CVPR 2018 (arXiv 1801.09414), equation 4; code read: ``losses.py`` of arcface_torch."""

from __future__ import annotations

from torch import Tensor

from baselines.margin import Margin, MarginHead, replace_target
from baselines.options import CosFaceOptions


class CosFace(MarginHead):
    """Additive cosine margin: target logit ``s (cos(theta) - m)``, others ``s cos(theta)``.

    Recipe: arcface_torch's, as for ArcFace, there with margin 0.4.
    """

    def __init__(self, embedding_dim: int, num_classes: int, options: CosFaceOptions):
        super().__init__(embedding_dim, num_classes)
        self.options = options

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """See the class."""
        cosine = self.cosine(embedding)
        target = cosine.gather(1, labels.clamp(min=0).unsqueeze(1)).squeeze(1) - self.options.margin
        logits = self.options.scale * replace_target(cosine, target, labels)
        return Margin(logits, logits.new_zeros(()))

"""CosFace: Wang et al., CVPR 2018 (arXiv 1801.09414), equation 4; code read: ``losses.py`` of arcface_torch."""

from __future__ import annotations

from torch import Tensor

from baselines.margin import CosineMargin, HeadOptions, Margin, MarginHead, Scale


class CosFace(MarginHead):
    """Additive cosine margin: target logit ``s (cos(theta) - m)``, others ``s cos(theta)``.

    Recipe: arcface_torch's, as for ArcFace, there with margin 0.4.
    """

    class Options(HeadOptions):
        """Defaults: the paper's."""

        margin: CosineMargin = 0.35
        """m, subtracted from the cosine (0.4 in arcface_torch's configurations)."""
        scale: Scale = 64.0
        """s, of all logits."""

    options: Options

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """See the class."""
        cosine = self.cosine(embedding)
        target = cosine.gather(1, labels.clamp(min=0).unsqueeze(1)).squeeze(1) - self.options.margin
        return self.scaled(cosine, target, labels)

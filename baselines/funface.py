"""FunFace: Babnik et al., FG 2026 (arXiv 2604.26598), built on AdaFace.

Code read: LSIbabnikz/FunFace ``src/loss/funface.py`` @5e3b006.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from torch import Tensor

from baselines.adaface import AdaFace
from baselines.margin import RunningScaler, replace_target


class FunFace(AdaFace):
    """AdaFace whose margin also adapts to the certainty ratio, an estimate of how useful the image is.

    r = clip(cos(theta_y), 0, 1) / (clip(max over j != y of cos(theta_j), 0, 1) + 1e-5), no gradient; its running mean
    and (unbiased) deviation start at 2 and 10; c = clip(h (r - mean) / (std + 1e-5), -1, 1). In AdaFace's formula, with
    1e-5 in place of 1e-3 throughout, the scaler q is replaced by ``w c + (1 - w) q``.

    Rows of label -1, which the authors' code does not take, have no ratio and are not counted in its statistics; they
    are counted in the norm's. Where no other class has a cosine above 0 the ratio reaches 1e5: with few classes such
    rows rule its deviation, and all c come to lie near 0.

    Authors' recipe (``train_default_webface4m.yaml``, ``train.py``): IR-101, WebFace4M, batch 512 a GPU, 24 epochs, two
    more with augmentation, SGD, lr 0.1 divided by ten at 12, 20 and 24, momentum 0.9, weight decay 5e-4; colour jitter,
    affine, noise, erasing, low resolution and crop with probability 0.2 each, greyscale with 0.05.
    """

    class Options(AdaFace.Options):
        """AdaFace's and one more; defaults: those of the authors' class, which their training uses."""

        mixing_factor: float = Field(0.1, ge=0, le=1)
        """w, share of the certainty ratio in the margin scaler; the norm has the rest."""

    epsilon: ClassVar[float] = 1e-5
    options: Options

    def __init__(self, embedding_dim: int, num_classes: int, options: Options):
        super().__init__(embedding_dim, num_classes, options)
        self.ratios = RunningScaler(2.0, 10.0, h=options.h, t_alpha=options.t_alpha, epsilon=self.epsilon)

    def quality(self, embedding: Tensor, cosine: Tensor, labels: Tensor) -> Tensor:
        """See :meth:`AdaFace.quality`."""
        # 0 in the target's place is what a maximum below 0 is clipped to anyway
        other = self.shards.largest(replace_target(cosine, cosine.new_zeros(len(labels)), labels).amax(dim=1))
        own = self.shards.targets(cosine.gather(1, labels.clamp(min=0).unsqueeze(1)).squeeze(1), labels)
        ratios = own.clamp(0, 1) / (other.clamp(0, 1) + self.epsilon)
        self.ratios.count(ratios[self.shards.present(labels)])
        mix = self.options.mixing_factor
        return mix * self.ratios(ratios) + (1 - mix) * super().quality(embedding, cosine, labels)

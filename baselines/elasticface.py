"""ElasticFace-Arc: Boutros et al., CVPR workshops 2022 (arXiv 2109.09416).

Code read: fdbtrs/ElasticFace ``utils/losses.py`` @ea2c5af, class ElasticArcFace.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from baselines.margin import AngularMargin, HeadOptions, Margin, MarginHead, Scale


class ElasticFace(MarginHead):
    """ArcFace with a margin drawn anew for each row: target logit ``s cos(theta + e)``, e from N(m, std).

    Drawn from torch's global generator of the embedding's device, for the rows with a target only, so a seeded training
    stays one; nothing clips e. In evaluation mode e = m.

    ``plus`` (ElasticFace-Arc+): the drawn margins are sorted, and in the paper the row with the largest target cosine
    gets the smallest margin, and so on. The authors' code, and this one with it, gives row i the margin whose place in
    that order is the *index* of the row with the i-th largest cosine: the inverse permutation, the paper's order only
    where the two agree.

    Authors' recipe (``config/config.py``, ``train.py``): ResNet-100, MS1MV2, batch 512, 26 epochs, SGD, lr 0.1 divided
    by ten from epochs 8, 14, 20 and 25 on, momentum 0.9, weight decay 5e-4, the backbone's gradient clipped to norm 5.
    """

    title = "ElasticFace-Arc"

    class Options(HeadOptions):
        """Defaults: those of the authors' training configuration."""

        margin: AngularMargin = 0.5
        """m, mean of the margins, radians."""
        std: float = Field(0.05, ge=0, le=1)
        """Standard deviation of the margins, radians. The authors' class has 0.0125, their training 0.05 and, with
        ``plus``, 0.0175."""
        plus: bool = False
        """Hand the margins out by the target cosines of the batch."""
        scale: Scale = 64.0
        """s, of all logits."""

    options: Options

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """See the class."""
        angle = self.target_angle(embedding, labels)
        margin = torch.full_like(angle, self.options.margin)
        if self.training:
            present = self.shards.present(labels)
            margin[present] = self.draw(self.shards.targets(angle, labels)[present])
        return self.scaled(self.cosine(embedding), (angle + margin).cos(), labels)

    def draw(self, angle: Tensor) -> Tensor:
        """(N,) margins for rows with these angles to their targets."""
        options = self.options
        margin = torch.normal(options.margin, options.std, angle.shape, dtype=angle.dtype, device=angle.device)
        margin = self.shards.drawn(margin)
        if options.plus:
            margin = margin.sort().values[angle.argsort()]  # largest cosine = smallest angle
        return margin

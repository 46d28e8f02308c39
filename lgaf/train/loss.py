"""What is trained against: margin heads and, for LGAF, the truth of what augmentation covered."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, binary_cross_entropy_with_logits

from baselines import create_head
from baselines.margin import MarginHead
from lgaf.processes.team import ALONE, Team
from lgaf.train.settings import TrainingRun
from lgaf.train.sharded import margin_loss, shard


def build_heads(run: TrainingRun, num_classes: int, team: Team = ALONE) -> nn.ModuleList:
    """The margin head of the embedding and, for LGAF with a branch loss, one of each branch, all with one weight.

    One set of class weights keeps local and global features in one space, where adding them means something, and gives
    each feature's energy its meaning: how sure that branch is. Statistics, such as AdaFace's, are each head's own.

    Several processes draw the same weights as one and keep a shard each; none holds more than one head of all classes.

    Raises:
        TrainingError: as :func:`lgaf.train.sharded.shard`.
    """
    heads: list[MarginHead] = []
    for _ in range(3 if run.branch_weight > 0 else 1):
        heads.append(create_head(run.head, run.model["embedding_dim"], num_classes, **run.head_options))
        if team.size > 1 or run.train.sample_rate < 1:
            shard(heads[-1], team)
        heads[-1].weight, heads[-1].shards = heads[0].weight, heads[0].shards
    return nn.ModuleList(heads)


def training_loss(
    model: nn.Module,
    heads: nn.ModuleList,
    images: torch.Tensor,
    visible: torch.Tensor,
    labels: torch.Tensor,
    run: TrainingRun,
    precision: torch.dtype,
) -> torch.Tensor:
    """Margin loss of the embedding, plus ``branch_weight`` times that of each branch alone, plus ``visibility_weight``
    times the cross-entropy of the visibility with the share of each cell that augmentation left uncovered."""
    with torch.autocast(images.device.type, precision, enabled=precision != torch.float32):
        out = model(images)
    loss = torch.zeros((), device=images.device)
    for index, (head, feature) in enumerate(zip(heads, (out.embedding, *out.branches), strict=False)):
        weight = 1.0 if index == 0 else run.branch_weight
        loss = loss + weight * margin_loss(cast(MarginHead, head), feature, labels)
    if run.visibility_weight > 0 and out.visibility is not None:
        share = adaptive_avg_pool2d(visible.float(), out.visibility.shape[1:])
        loss = loss + run.visibility_weight * binary_cross_entropy_with_logits(out.visibility, share)
    return loss

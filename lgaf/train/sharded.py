"""Classes spread over processes: each holds the weights of a range of them and sees the rows of all.

The loss is that of one process exactly, softmax over all classes and statistics over all rows. Code read:
``partial_fc_v2.py`` of arcface_torch, whose heads have no statistics. A step costs embeddings gathered and their
gradient summed, B x D values each, and a few collectives of B values. A step may look at a sample of the classes only
(:mod:`lgaf.train.sampled`); then those are meant by "all", and by "held".

One convention, DDP's: what is trained is the mean of the processes' losses, which here are all the same. Collectives
have their true transposes as gradients, and what they sum up is divided by the number of processes: by DDP in the
network, by a hook in the class weights.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from baselines.margin import MarginHead, Shards
from lgaf.errors import TrainingError
from lgaf.processes.team import Team


def margin_loss(head: MarginHead, embedding: Tensor, labels: Tensor) -> Tensor:
    """The loss of a head: cross-entropy of its logits, and its regulariser.

    Args:
        embedding: (B, D); on a shard those of this process's share of the batch.
        labels: (B,) int64 in [0, C), as many; on a shard they too number all classes.
    """
    if isinstance(head.shards, Shard):
        embedding = Gather.apply(embedding.to(head.weight.dtype), head.shards.team)
        labels = head.shards.gather(labels)
        made = head(embedding, head.shards.local(labels))
        return head.shards.cross_entropy(made.logits, labels) + made.regulariser
    made = head(embedding, labels)
    return cross_entropy(made.logits, labels) + made.regulariser


def shard(head: MarginHead, team: Team) -> None:
    """Leave ``head``, which holds all classes, those of this process.

    Raises:
        TrainingError: there are fewer classes than processes, or the head keeps something of each class, or trains
            something, beside the class weights.
    """
    classes = len(head.weight)
    if classes < team.size:
        raise TrainingError(f"{classes} identities cannot be shared out over {team.size} processes; use fewer")
    others = [name for name, _ in head.named_parameters() if name != "weight"]
    others += [name for name, value in head.named_buffers() if value.ndim and len(value) == classes]
    if others:
        raise TrainingError(
            f"head {head.title}: {others[0]!r} is kept beside the class weights, which can neither be shared out nor "
            "sampled then; set train.processes to 1 and train.sample_rate to 1.0"
        )
    head.shards = Shard(team, classes)
    head.weight = head.shards.trainable(head.weight[head.shards.start : head.shards.stop])


def bounds(classes: int, shards: int, index: int) -> tuple[int, int]:
    """First class of shard ``index``, and the first after it; sizes differ by one at most."""
    return classes * index // shards, classes * (index + 1) // shards


def clip_heads(heads: nn.ModuleList, largest: float, team: Team) -> None:
    """Clip the gradient of heads that share one weight by its norm, on all shards the same."""
    if team.size == 1:
        nn.utils.clip_grad_norm_(heads.parameters(), largest)
        return
    (weight,) = heads.parameters()
    assert weight.grad is not None
    norm = team.sum(weight.grad.norm().square()).sqrt()
    weight.grad.mul_((largest / (norm + 1e-6)).clamp(max=1))  # as torch's function does


class Shard(Shards):
    """The classes of one process, and what it asks the others."""

    sample: Tensor | None = None
    """(S,) classes of the shard that the present step looks at, by their places on it, rising; None: all."""

    def __init__(self, team: Team, classes: int):
        self.team = team
        self.start, self.stop = bounds(classes, team.size, team.rank)

    def trainable(self, rows: Tensor) -> nn.Parameter:
        """Rows of the class weights, copied, as what is trained."""
        weight = nn.Parameter(rows.detach().clone())
        weight.register_post_accumulate_grad_hook(self.share_gradient)
        return weight

    def share_gradient(self, weight: Tensor) -> None:
        """Divide the gradient by the number of processes, in its place, since it is as large as the weights."""
        assert weight.grad is not None
        weight.grad.div_(self.team.size)

    def gather(self, labels: Tensor) -> Tensor:
        """(B,) labels of all processes' rows."""
        return self.team.gather(labels).flatten()

    def held(self, labels: Tensor) -> Tensor:
        """(B,) bool: rows whose class is held here."""
        return (labels >= self.start) & (labels < self.stop)

    def local(self, labels: Tensor) -> Tensor:
        """(B,) the classes' places on this shard, or in its sample; -1 where they are on another shard."""
        places = labels - self.start
        if self.sample is not None:
            places = torch.searchsorted(self.sample, places)
        return torch.where(self.held(labels), places, -1)

    def cross_entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The mean cross-entropy over all classes.

        Args:
            logits: (B, classes held here).
            labels: (B,) in [0, C), a class on some shard in each row.
        """
        total = logits.logsumexp(dim=1)  # of this shard; exp(total - largest) over shards is summed below
        largest = self.largest(total)
        target = logits.gather(1, self.local(labels).clamp(min=0).unsqueeze(1)).squeeze(1)
        shares = torch.stack([(total - largest).exp(), torch.where(self.held(labels), target, 0)])
        everyone, target = Sum.apply(shares, self.team)
        return (everyone.log() + largest - target).mean()

    @torch.no_grad()
    def present(self, labels: Tensor) -> Tensor:
        """See :class:`Shards`."""
        return self.team.sum((labels >= 0).int()) > 0

    @torch.no_grad()
    def targets(self, values: Tensor, labels: Tensor) -> Tensor:
        """See :class:`Shards`."""
        return self.team.sum(torch.where(labels >= 0, values, 0))

    @torch.no_grad()
    def largest(self, values: Tensor) -> Tensor:
        """See :class:`Shards`."""
        return self.team.sum(values, dist.ReduceOp.MAX)

    def drawn(self, values: Tensor) -> Tensor:
        """See :class:`Shards`."""
        return self.team.first(values)


class Gather(torch.autograd.Function):
    """(B, ...) rows of all processes, from (B / processes, ...) of each in the order of their ranks."""

    @staticmethod
    def forward(context: Any, rows: Tensor, team: Team) -> Tensor:
        """See the class."""
        context.team, context.rows = team, len(rows)
        return team.gather(rows).flatten(0, 1)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        """The sum of the gradients that the processes have for this one's rows."""
        start = context.rows * context.team.rank
        return context.team.sum(gradient)[start : start + context.rows], None


class Sum(torch.autograd.Function):
    """The sum over processes."""

    @staticmethod
    def forward(context: Any, values: Tensor, team: Team) -> Tensor:
        """See the class."""
        context.team = team
        return team.sum(values)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        """The sum of the gradients that the processes have for it."""
        return context.team.sum(gradient), None

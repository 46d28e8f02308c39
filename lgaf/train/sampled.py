"""A sample of the classes in each step: Partial FC (An et al., CVPR 2022, arXiv 2203.15565).

A step's softmax is over the classes of its batch and others drawn at random, so that the logits of millions of classes
fit. Every process draws of its own shard.

Code read: arcface_torch's ``partial_fc.py`` (deepinsight/insightface @cc4d662), followed here. Only the rows that are
drawn are what the optimiser knows in that step, their momentum with them; the others do not move: no gradient, no
momentum, no decay. In its ``partial_fc_v2.py`` (@531cb1e) the whole weight is the optimiser's with zeros for gradient,
so that with SGD classes that are not drawn go on along their momentum and decay; that is not followed.

A head sees the sample as all classes there are. A row's own class is among them, so margins, the statistics of AdaFace
and MagFace and CurricularFace's t are what they are without sampling; what looks at other classes (the hard ones of
CurricularFace, the nearest one of FunFace's certainty) sees the drawn ones.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from baselines.margin import MarginHead
from lgaf.train.sharded import Shard


class Centres:
    """The class weights, of which a step may look at a sample.

    Between :meth:`draw` and :meth:`put_back` heads and optimiser have the drawn rows in the place of the class weights;
    all other time they have all.

    Args:
        heads: heads that share one weight, and one :class:`Shard` where ``rate`` is below 1.
        rate: share of the classes that a step looks at, in (0, 1]; at 1 nothing is drawn and nothing replaced.
        seed: with the step's number and the shard it decides what is drawn, so that a run that goes on draws the same.
    """

    def __init__(self, heads: nn.ModuleList, optimiser: torch.optim.Optimizer, rate: float, seed: int):
        self.heads = [cast(MarginHead, head) for head in heads]
        self.optimiser, self.rate, self.seed = optimiser, rate, seed
        self.whole = self.heads[0].weight

    def draw(self, labels: Tensor, step: int) -> None:
        """Let step ``step`` look at the classes of its batch, (B,) labels of this process's share of it, and others.

        Those of the batch are in, be they more than ``rate`` asks for; the rest is drawn without replacement.
        """
        if self.rate == 1:
            return
        shard = cast(Shard, self.heads[0].shards)
        places = shard.local(shard.gather(labels)).cpu()
        order = np.random.default_rng([self.seed, step, shard.start, 1]).random(len(self.whole))
        order[places[places >= 0].numpy()] = -1
        count = max(1, round(self.rate * len(order)), int((order < 0).sum()))
        shard.sample = torch.from_numpy(np.sort(np.argpartition(order, count - 1)[:count])).to(labels.device)
        part = shard.trainable(self.whole[shard.sample])
        for name, value in self.optimiser.state.get(self.whole, {}).items():
            self.optimiser.state[part][name] = value[shard.sample] if is_of(value, self.whole) else value
        self.replace(self.whole, part)

    @torch.no_grad()
    def put_back(self) -> None:
        """Take what the step made of the drawn rows, and of what the optimiser keeps of them, into the whole."""
        if self.rate == 1:
            return
        part, shard = self.heads[0].weight, cast(Shard, self.heads[0].shards)
        self.whole[shard.sample] = part
        for name, value in self.optimiser.state.pop(part, {}).items():
            if is_of(value, part):
                kept = self.optimiser.state[self.whole]
                kept.setdefault(name, torch.zeros_like(self.whole))[shard.sample] = value
            else:
                self.optimiser.state[self.whole][name] = value
        self.replace(part, self.whole)
        shard.sample = None

    def replace(self, old: nn.Parameter, new: nn.Parameter) -> None:
        """Put ``new`` in the place of ``old``, for the heads and for the optimiser."""
        for head in self.heads:
            head.weight = new
        for group in self.optimiser.param_groups:
            group["params"] = [new if parameter is old else parameter for parameter in group["params"]]


def is_of(value: object, weight: Tensor) -> bool:
    """Whether what the optimiser keeps has a row for each of the weight's, as momentum; not so a count of steps."""
    return isinstance(value, Tensor) and value.shape == weight.shape

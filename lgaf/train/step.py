"""One training step of every row: nothing in it waits for the device."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lgaf.models import LGAF, Plain
from lgaf.processes.team import ALONE, Team
from lgaf.train.dataset import Batch
from lgaf.train.loss import build_heads, training_loss
from lgaf.train.optim import build_optimiser
from lgaf.train.parts import in_parts
from lgaf.train.sampled import Centres
from lgaf.train.settings import TrainingRun
from lgaf.train.sharded import clip_heads


class TrainingStep:
    """A network, its margin heads and their optimiser, and the step that trains them.

    Args:
        run: the row's settings.
        model: on its device, in training mode when a step is taken.
        num_classes: C, identities in the training set.
        seed: of what Partial FC draws.
        team: this process among those that train together; each gives its share of a batch.
    """

    def __init__(self, run: TrainingRun, model: LGAF | Plain, num_classes: int, seed: int, team: Team = ALONE):
        self.run, self.model, self.team = run, model, team
        self.device = next(model.parameters()).device
        self.heads = build_heads(run, num_classes, team).to(self.device)
        self.optimiser = build_optimiser(model, self.heads, run.train)
        self.network = team.distributed(in_parts(model, run.train.accumulate))
        self.centres = Centres(self.heads, self.optimiser, run.train.sample_rate, seed)

    def __call__(self, batch: Batch, rate: float, number: int, precision: torch.dtype) -> Tensor:
        """Train by one batch.

        Args:
            rate: learning rate; where the backbone has a factor, there times it.
            number: of the step in all of training, from 1; Partial FC's draw follows from it.
            precision: what the network is computed in; heads are float32.

        Returns:
            The loss, a scalar on the device, that the batch had before the step.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        pixels, visible, labels = (values.to(self.device, non_blocking=True) for values in batch)
        self.centres.draw(labels, number)
        images = self.model.preprocessing(pixels)
        loss = training_loss(self.network, self.heads, images, visible, labels, self.run, precision)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if (largest := self.run.train.clip_norm) is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), largest)
            clip_heads(self.heads, largest, self.team)
        self.optimiser.step()
        self.centres.put_back()
        return loss.detach()

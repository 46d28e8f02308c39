"""Optimiser and learning rate schedule."""

from __future__ import annotations

import math

import torch
from torch import nn

from lgaf.train.settings import Recipe


def build_optimiser(model: nn.Module, head: nn.Module, settings: Recipe) -> torch.optim.Optimizer:
    """SGD or AdamW; weight decay on weight matrices, kernels and class weights only."""
    parameters = [p for p in (*model.parameters(), *head.parameters()) if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if settings.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=settings.lr, momentum=settings.momentum)
    return torch.optim.AdamW(groups, lr=settings.lr, betas=(settings.momentum, 0.999))


def learning_rate(settings: Recipe, epoch: float) -> float:
    """The rate at a point of training.

    Args:
        epoch: passes done, with a fraction (2.5: half of the third), in [0, epochs].
    """
    if epoch < settings.warmup_epochs:
        return settings.lr * epoch / settings.warmup_epochs
    if settings.schedule == "step":
        return settings.lr * 0.1 ** sum(epoch >= milestone for milestone in settings.milestones)
    share = (epoch - settings.warmup_epochs) / (settings.epochs - settings.warmup_epochs)
    if settings.schedule == "polynomial":
        return settings.lr * (1 - share) ** 2
    return settings.lr * 0.5 * (1 + math.cos(math.pi * share))

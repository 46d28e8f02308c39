"""Random batches, and what every head's own test does with them: the formula anew in float64, scalar by scalar."""

import math
from typing import NamedTuple

import numpy as np
import torch

SEEDS = range(20)


class Batch(NamedTuple):
    embedding: np.ndarray
    weight: np.ndarray
    labels: list[int]

    def angles(self):
        """(B, C) by arccos."""
        unit, classes = (v.astype(float) / np.linalg.norm(v.astype(float), axis=1)[:, None] for v in self[:2])
        return [[math.acos(clip(float(u @ v), -1, 1)) for v in classes] for u in unit]

    def norms(self):
        return [math.sqrt(sum(float(x) ** 2 for x in row)) for row in self.embedding]


def random_batches(seed, count=3):
    """Batches of one shape and one weight; some rows without a target, norms from 0.1 to 300."""
    rng = np.random.default_rng(seed)
    rows, classes, dim = rng.integers(2, 8), rng.integers(2, 8), rng.integers(3, 10)
    weight = rng.normal(size=(classes, dim)).astype(np.float32)
    for _ in range(count):
        lengths = 10 ** rng.uniform(-1, 2.5, (rows, 1)) / math.sqrt(dim)
        embedding = (lengths * rng.normal(size=(rows, dim))).astype(np.float32)
        yield Batch(embedding, weight, [int(label) for label in rng.integers(-1, classes, rows)])


def outputs(head, batch):
    """The head's output for a batch, with the batch's weight."""
    head.weight.data = torch.from_numpy(batch.weight)
    return head(torch.from_numpy(batch.embedding), torch.tensor(batch.labels))


def assert_logits(made, cosines, scale):
    np.testing.assert_allclose(made.logits.detach() / scale, cosines, rtol=0, atol=2e-6)


def assert_gradient(head):
    """Autograd's gradient in evaluation mode is the slope of the output."""
    torch.manual_seed(1)
    head.double().eval()
    head.weight.data = torch.randn_like(head.weight)
    labels = torch.tensor([0, 1, 2, 3, -1, 2])
    embedding = (torch.randn(6, head.weight.shape[1], dtype=torch.float64) * 8).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: tuple(head(z, labels)), embedding)


def clip(value, lowest, highest):
    return min(max(value, lowest), highest)


class Running:
    """A running mean and unbiased deviation, and the scaler made of them."""

    def __init__(self, mean, std, options, epsilon):
        self.mean, self.std, self.options, self.epsilon = mean, std, options, epsilon

    def count(self, values):
        if len(values) > 1:
            weight, mean = self.options.t_alpha, sum(values) / len(values)
            std = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
            self.mean = weight * mean + (1 - weight) * self.mean
            self.std = weight * std + (1 - weight) * self.std

    def scaler(self, value):
        return clip(self.options.h * (value - self.mean) / (self.std + self.epsilon), -1, 1)

    def assert_is(self, scaler):
        np.testing.assert_allclose([scaler.mean.item(), scaler.std.item()], [self.mean, self.std], rtol=1e-5)

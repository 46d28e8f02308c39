"""What the margin heads share: options, class weights, cosines, and logits in which the target's is changed."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn.functional import normalize

SMALLEST_NORM = 1e-6
"""Vectors shorter than this are divided by it: a zero embedding gets cosine 0 and a finite gradient, not NaN."""

AngularMargin = Annotated[float, Field(ge=0, le=math.pi)]
"""A margin added to an angle, radians."""
CosineMargin = Annotated[float, Field(ge=0, le=2)]
"""A margin subtracted from a cosine."""
Scale = Annotated[float, Field(gt=0, le=1000)]
"""Factor of all logits."""
Momentum = Annotated[float, Field(gt=0, le=1)]
"""Weight of the present batch in a running statistic."""


class HeadOptions(BaseModel):
    """The base of every head's ``Options``: unknown names, NaN and infinity are errors; values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Margin(NamedTuple):
    """A head's output: the training loss is ``cross_entropy(logits, labels, ignore_index=-1) + regulariser``."""

    logits: Tensor
    """(B, C) float32, scaled, margin applied to the target of each row."""
    regulariser: Tensor
    """Scalar, its weight included; 0 but for MagFace."""


class Shards:
    """What a head is told of classes that it does not hold: nothing, since it holds all of them.

    Where the classes are spread over processes, each with a shard of them and all with the same rows, ``lgaf.train``
    gives a head another that asks the others. A formula needs it where a row's target matters to other classes than the
    target, or to other rows. No gradient flows through it.
    """

    def present(self, labels: Tensor) -> Tensor:
        """(B,) bool: rows that have a target on any shard."""
        return labels >= 0

    def targets(self, values: Tensor, labels: Tensor) -> Tensor:
        """(B,) values of the rows' targets, each from the shard that holds it; ``values`` has those held here."""
        return values.detach()

    def largest(self, values: Tensor) -> Tensor:
        """(B,) largest of the shards' values."""
        return values.detach()

    def drawn(self, values: Tensor) -> Tensor:
        """Random values that are to be the same on all shards: those of the first."""
        return values


class MarginHead(nn.Module):
    """Class weights, (C, D), and the frame of every head: float32 whatever autocast says.

    A head is a subclass with :meth:`apply_margin`; its nested class ``Options`` says what can be set, and is given to
    it as ``self.options``. Rows of the weight start at unit length, as AdaFace's and MagFace's do (arcface_torch:
    N(0, 0.01)). Only the direction of a row counts, so its length merely sets how fast it turns; one start for all
    heads keeps that out of a comparison.

    A head may hold a shard of the classes. A formula in which rows and classes do not meddle with each other need not
    know; others ask ``self.shards``.
    """

    shards = Shards()
    """What is known of other shards."""
    title: ClassVar[str]
    """The head's name in print; the class's own name where a head does not set it."""

    class Options(HeadOptions):
        """Nothing to set."""

    options: Any

    def __init_subclass__(cls, **arguments: Any):
        super().__init_subclass__(**arguments)
        cls.title = cls.__dict__.get("title", cls.__name__)
        if not issubclass(cls.Options, HeadOptions):
            raise TypeError(f"{cls.__name__}.Options is not a subclass of baselines.margin.HeadOptions")

    def __init__(self, embedding_dim: int, num_classes: int, options: HeadOptions):
        super().__init__()
        self.options = options
        self.weight = nn.Parameter(normalize(torch.randn(num_classes, embedding_dim)))

    def forward(self, embedding: Tensor, labels: Tensor) -> Margin:
        """Logits of un-normalised embeddings.

        Args:
            embedding: (B, D), any floating type.
            labels: (B,) int64 in [0, C); -1 marks "no target here": that row gets plain cosines.
        """
        with torch.autocast(embedding.device.type, enabled=False):
            return self.apply_margin(embedding.to(self.weight.dtype), labels)

    def apply_margin(self, embedding: Tensor, labels: Tensor) -> Margin:
        """The head's own formula."""
        raise NotImplementedError

    def scaled(self, cosine: Tensor, target: Tensor, labels: Tensor) -> Margin:
        """The output of a head without a regulariser: ``s`` times ``cosine`` (B, C) with the ``target`` (B,) put in."""
        logits = self.options.scale * replace_target(cosine, target, labels)
        return Margin(logits, logits.new_zeros(()))

    def cosine(self, embedding: Tensor) -> Tensor:
        """(B, C) cosines of embeddings and classes, in [-1, 1]."""
        return Cosines.apply(normalize(embedding, eps=SMALLEST_NORM), self.weight).clamp(-1, 1)

    def target_angle(self, embedding: Tensor, labels: Tensor) -> Tensor:
        """(B,) angle to the target class in [0, pi]; for label -1 some angle.

        2 atan2(|u - v|, |u + v|) of the unit vectors (Kahan). Unlike arccos it is exact in float32 and has a finite
        gradient at 0 and pi too.
        """
        unit = normalize(embedding, eps=SMALLEST_NORM)
        # sparse: its gradient is of these rows, where that of indexing would be as large as all weights
        rows = nn.functional.embedding(labels.clamp(min=0), self.weight, sparse=True)
        target = normalize(rows, eps=SMALLEST_NORM)
        return 2 * torch.atan2((unit - target).norm(dim=1), (unit + target).norm(dim=1))


class Cosines(torch.autograd.Function):
    """Cosines (B, C) of unit vectors (B, D) and class weights (C, D) of any length.

    The lengths divide the products, not the weights, and the gradient is written out, so that no second tensor of the
    weights' size is made but their gradient: with millions of classes these are what fills the memory.
    """

    @staticmethod
    def forward(context: Any, unit: Tensor, weight: Tensor) -> Tensor:
        """See the class."""
        lengths = weight.norm(dim=1)
        divisors = lengths.clamp(min=SMALLEST_NORM)
        cosine = (unit @ weight.T).div_(divisors)
        context.save_for_backward(unit, weight, lengths, divisors, cosine)
        return cosine

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:  # type: ignore[override]
        """Of u and w, with g the gradient: (g / |w|) w, and (g / |w|) u less its part along w."""
        unit, weight, lengths, divisors, cosine = context.saved_tensors
        along = (gradient * cosine).sum(0).div_(divisors.square()).where(lengths > SMALLEST_NORM, 0)
        gradient = gradient / divisors
        return gradient @ weight, (gradient.T @ unit).addcmul_(weight, along.unsqueeze(1), value=-1)


class RunningScaler(nn.Module):
    """Values set against their running mean and (unbiased) deviation: clip(h (v - mean) / (std + epsilon), -1, 1).

    The statistics are buffers, so they travel with the state, and they move in training only.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: float, std: float, *, h: float, t_alpha: float, epsilon: float):
        super().__init__()
        self.h, self.t_alpha, self.epsilon = h, t_alpha, epsilon
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("std", torch.tensor(std))

    def count(self, values: Tensor) -> None:
        """Move the statistics by a batch of values (N,)."""
        if self.training and len(values) > 1:  # one value has no deviation
            self.mean.lerp_(values.mean(), self.t_alpha)
            self.std.lerp_(values.std(), self.t_alpha)

    def forward(self, values: Tensor) -> Tensor:
        """Any shape of values to scalers in [-1, 1]."""
        return (self.h * (values - self.mean) / (self.std + self.epsilon)).clamp(-1, 1)


def guarded_target(angle: Tensor, margin: Tensor) -> Tensor:
    """cos(theta + m) up to theta = pi - m, beyond it cos(theta) - m sin(pi - m), which falls with theta too."""
    plain = angle.cos()
    return torch.where(plain > -margin.cos(), (angle + margin).cos(), plain - margin * margin.sin())


def replace_target(cosine: Tensor, target: Tensor, labels: Tensor) -> Tensor:
    """``cosine`` (B, C) with entry (i, labels[i]) replaced by ``target[i]``, rows of label -1 unchanged."""
    column = labels.clamp(min=0).unsqueeze(1)
    value = torch.where(labels.unsqueeze(1) >= 0, target.unsqueeze(1), cosine.gather(1, column))
    return cosine.scatter(1, column, value)

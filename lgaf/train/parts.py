"""A batch through the network in parts, so that one part's activations lie in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lgaf.errors import TrainingError
from lgaf.processes.team import Team
from lgaf.train.settings import Recipe


class InParts(nn.Module):
    """A network's output for a batch, computed and differentiated in ``parts`` of it, one after the other.

    What comes out is the whole batch's, so a loss of it is the large batch's exactly, and one call of ``backward`` the
    whole gradient: for all that is computed after the network there is no difference. Summing the losses of parts, as
    gradient accumulation usually does, is not that loss: AdaFace sets a norm against the mean and deviation of the
    batch that it is in, CurricularFace weighs by a mean over it, and such statistics would move once a part.

    The parts run without a graph, and each anew with one when the gradient comes to it (GradCache: Gao et al., Scaling
    Deep Contrastive Learning Batch Size under Memory Limited Setup, RepL4NLP 2021), which is gradient checkpointing of
    torch's with a part of the batch for a segment: one more forward pass is the price. Random numbers are those of the
    first time, and the running statistics of batch norm move then only, once a part. Batch norm's means are a part's.

    The network runs in one call, so that DistributedDataParallel around this is asked for gradients once a step; with
    ``no_sync`` it cannot have a static graph (pytorch/pytorch pull request 187732).
    """

    def __init__(self, network: nn.Module, parts: int):
        super().__init__()
        self.network, self.parts = network, parts

    def forward(self, images: Tensor) -> Any:
        """Of (B, ...) images, B a multiple of the parts, the tuple that the network gives, of B rows."""
        made = [
            checkpoint(self.network, part, use_reentrant=False, context_fn=lambda: (nullcontext(), still(self.network)))
            for part in images.chunk(self.parts)
        ]
        return type(made[0])(*(None if of[0] is None else torch.cat(of) for of in zip(*made, strict=True)))


def in_parts(network: nn.Module, parts: int) -> nn.Module:
    """``network`` as :class:`InParts`; itself where one part is the whole."""
    return network if parts == 1 else InParts(network, parts)


def check_share(settings: Recipe, team: Team) -> None:
    """Check that a batch can be shared out over processes and parts.

    Raises:
        TrainingError: not evenly, or a part has no two images, which batch norm needs.
    """
    images, left = divmod(settings.batch_size, team.size * settings.accumulate)
    who = f"{team.size} process{'es' if team.size > 1 else ''}"
    who += f" in {settings.accumulate} parts" if settings.accumulate > 1 else ""
    if left:
        raise TrainingError(f"train.batch_size: {settings.batch_size} images cannot be shared evenly by {who}")
    if images < 2:
        raise TrainingError(f"train.batch_size: {settings.batch_size} images shared by {who} are one at a time; batch "
                            "norm needs two")  # fmt: skip


@contextmanager
def still(network: nn.Module) -> Iterator[None]:
    """Let whatever moves a buffer of ``network`` move a copy of it."""
    buffers = [(each, name, value) for each in network.modules() for name, value in each.named_buffers(recurse=False)]
    for each, name, value in buffers:
        setattr(each, name, value.clone())
    try:
        yield
    finally:
        for each, name, value in buffers:
            setattr(each, name, value)

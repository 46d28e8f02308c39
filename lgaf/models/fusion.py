"""LGF: Local and Global Feature fusion, by name.

Each fusion takes the local and the global feature, un-normalised, and the logits of visibility (B, h, w), and returns
the embedding (B, D) and the attention (B, 2): the weights of local and global, rows summing to 1. ``energy`` is our
reading of the paper's abstract, ``quality`` our own; docs/method.md says why, and what the others are for.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

FAINT = 0.02
"""Share of a face below which no cover is told from none."""


def weighted_sum(local: Tensor, global_: Tensor, attention: Tensor) -> Tensor:
    """``a_l f_l + a_g f_g``."""
    return attention[:, :1] * local + attention[:, 1:] * global_


class StandardisedFusion(nn.Module):
    """A fusion by two qualities: each standardised by its own mean and deviation over images, then a softmax.

    The standardisation is a batch norm without affine: the batch's mean and deviation in training, running ones after.
    """

    def __init__(self, temperature: float):
        super().__init__()
        self.standardise = nn.BatchNorm1d(2, affine=False)
        self.temperature = temperature

    def weights(self, local: Tensor, global_: Tensor) -> Tensor:
        """(B,) qualities of the local and of the global feature to (B, 2) attention."""
        return torch.softmax(self.standardise(torch.stack([local, global_], dim=1)) / self.temperature, dim=1)


class QualityFusion(StandardisedFusion):
    """The branch of the better quality leads: the local feature's is its energy, the global one's is the visibility.

    q = (|f_l|, -log(1 - mean visibility + 0.02)). Covers do not shorten f_l, loss of detail does, so the first falls
    when detail is lost and the second when regions are. No gradient flows into either: they say what there is, not what
    would lower the loss.
    """

    def forward(self, local: Tensor, global_: Tensor, visibility: Tensor) -> tuple[Tensor, Tensor]:
        """See the module."""
        hidden = torch.sigmoid(-visibility.detach()).mean(dim=(1, 2))
        attention = self.weights(local.detach().norm(dim=1), -torch.log(hidden + FAINT))
        return weighted_sum(local, global_, attention), attention


class EnergyFusion(StandardisedFusion):
    """The branch with more energy than it usually has leads.

    The qualities are the energies (|f_l|, |f_g|). The embedding is a sum of un-normalised features, so that its norm
    stays a quality proxy. Gradients flow through the energies.
    """

    def forward(self, local: Tensor, global_: Tensor, visibility: Tensor) -> tuple[Tensor, Tensor]:
        """See the module."""
        attention = self.weights(local.norm(dim=1), global_.norm(dim=1))
        return weighted_sum(local, global_, attention), attention


class GateFusion(nn.Module):
    """Weights learned from the features themselves: a = softmax(W [f_l, f_g] + b), halves at the start."""

    def __init__(self, embedding_dim: int):
        super().__init__()
        self.gate = nn.Linear(2 * embedding_dim, 2)
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    def forward(self, local: Tensor, global_: Tensor, visibility: Tensor) -> tuple[Tensor, Tensor]:
        """See the module."""
        attention = torch.softmax(self.gate(torch.cat([local, global_], dim=1)), dim=1)
        return weighted_sum(local, global_, attention), attention


class SumFusion(nn.Module):
    """Halves for every image."""

    def forward(self, local: Tensor, global_: Tensor, visibility: Tensor) -> tuple[Tensor, Tensor]:
        """See the module."""
        attention = local.new_full((len(local), 2), 0.5)
        return weighted_sum(local, global_, attention), attention


class ConcatFusion(nn.Module):
    """[f_l, f_g], each of D/2 so that the embedding has D; the attention is each one's share of the squared norm."""

    def forward(self, local: Tensor, global_: Tensor, visibility: Tensor) -> tuple[Tensor, Tensor]:
        """See the module."""
        energies = torch.stack([local.square().sum(dim=1), global_.square().sum(dim=1)], dim=1)
        shares = energies / energies.sum(dim=1, keepdim=True)
        return torch.cat([local, global_], dim=1), shares.nan_to_num(0.5)  # 0 / 0: no energy at all


class LocalAlone(nn.Module):
    """The local feature; the model builds no global branch."""

    def forward(self, local: Tensor, global_: None, visibility: Tensor) -> tuple[Tensor, Tensor]:
        """See the module."""
        return local, local.new_tensor([1.0, 0.0]).expand(len(local), 2)


class GlobalAlone(nn.Module):
    """The global feature; the model builds no local branch."""

    def forward(self, local: None, global_: Tensor, visibility: None) -> tuple[Tensor, Tensor]:
        """See the module."""
        return global_, global_.new_tensor([0.0, 1.0]).expand(len(global_), 2)


def create_fusion(name: str, embedding_dim: int, temperature: float) -> nn.Module:
    """The fusion ``name``, one of :data:`lgaf.model_settings.FUSIONS`."""
    fusions: dict[str, Callable[[], nn.Module]] = {
        "quality": lambda: QualityFusion(temperature),
        "energy": lambda: EnergyFusion(temperature),
        "sum": SumFusion,
        "concat": ConcatFusion,
        "gate": lambda: GateFusion(embedding_dim),
        "local": LocalAlone,
        "global": GlobalAlone,
    }
    return fusions[name]()

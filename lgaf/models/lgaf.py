"""LGAF, and the plain network that the baselines train."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lgaf.model_settings import Architecture
from lgaf.models.backbone import Backbone
from lgaf.models.fusion import create_fusion
from lgaf.models.gfe import GlobalFeature
from lgaf.models.mhms import LocalFeature
from lgaf.models.preprocessing import ours


class Output(NamedTuple):
    """What a network says of B images, float32."""

    embedding: Tensor
    """(B, D) un-normalised; its L2 norm is the quality proxy."""
    attention: Tensor | None = None
    """(B, 2) weights of local and global, rows sum to 1; None for a plain network."""
    local: Tensor | None = None
    """(B, D), or (B, D/2) under concat; None where there is no local branch."""
    global_: Tensor | None = None
    """(B, D), or (B, D/2) under concat; None for a plain network and where there is no global branch."""

    @property
    def branches(self) -> tuple[Tensor, ...]:
        """The features that a loss of their own can train against the embedding's class weights.

        Both, where both have the embedding's length; none where there is only one, which is the embedding, or none.
        """
        if self.local is None or self.global_ is None or self.local.shape != self.embedding.shape:
            return ()
        return self.local, self.global_


class Plain(nn.Module):
    """Backbone and GFE: what ArcFace, AdaFace and MagFace train."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        self.preprocessing = ours(architecture.image_size)
        self.backbone = Backbone(architecture.backbone, architecture.image_size)
        self.gfe = GlobalFeature(self.backbone.map_shape, architecture.embedding_dim, architecture.dropout)

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, S, S) float images, as ``preprocessing`` makes them."""
        return Output(self.gfe(self.backbone(images)))


class LGAF(nn.Module):
    """One backbone, a local and a global branch on its last feature map, fused by their energies.

    images -> backbone -> feature map -> MHMS -> f_l -\\
                                      -> GFE  -> f_g --> LGF -> embedding, attention
    """

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        self.preprocessing = ours(architecture.image_size)
        self.backbone = Backbone(architecture.backbone, architecture.image_size)
        branch_dim = architecture.embedding_dim // 2 if architecture.fusion == "concat" else architecture.embedding_dim
        shape = self.backbone.map_shape
        self.mhms = self.gfe = None
        if architecture.fusion != "global":
            self.mhms = LocalFeature(
                shape,
                branch_dim,
                architecture.heads,
                architecture.kernels,
                architecture.reduction,
                architecture.dropout,
            )
        if architecture.fusion != "local":
            self.gfe = GlobalFeature(shape, branch_dim, architecture.dropout)
        self.lgf = create_fusion(architecture.fusion, architecture.embedding_dim, architecture.temperature)

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, S, S) float images, as ``preprocessing`` makes them."""
        features = self.backbone(images)
        local = self.mhms(features) if self.mhms is not None else None
        global_ = self.gfe(features) if self.gfe is not None else None
        with torch.autocast(images.device.type, enabled=False):
            embedding, attention = self.lgf(local, global_)
        return Output(embedding, attention, local, global_)

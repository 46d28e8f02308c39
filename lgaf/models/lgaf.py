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
    visibility: Tensor | None = None
    """(B, h, w) logits that a cell of the local branch's map shows the face; None where there is no local branch."""

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
        self.gfe = GlobalFeature(self.backbone.map_shapes[-1], architecture.embedding_dim, architecture.dropout)

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, S, S) float images, as ``preprocessing`` makes them."""
        return Output(self.gfe(self.backbone(images)[-1]))


class LGAF(nn.Module):
    """One backbone, a local branch on an earlier, finer map, a global one on the last, and their fusion.

    images -> backbone -+-> finer map -> MHMS -> f_l, visibility -+-> LGF -> embedding, attention
                        +-> last map  -> GFE  -> f_g -------------+
    """

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        self.preprocessing = ours(architecture.image_size)
        needed = {"local": {architecture.local_stage}, "global": {-1}}
        stages = needed.get(architecture.fusion, {architecture.local_stage, -1})
        self.backbone = Backbone(architecture.backbone, architecture.image_size, tuple(sorted(stages)))
        branch_dim = architecture.embedding_dim // 2 if architecture.fusion == "concat" else architecture.embedding_dim
        self.mhms = self.gfe = None
        if architecture.fusion != "global":
            self.mhms = LocalFeature(
                self.backbone.map_shapes[0],
                branch_dim,
                architecture.heads,
                architecture.kernels,
                architecture.reduction,
                architecture.dropout,
                architecture.gates,
            )
        if architecture.fusion != "local":
            self.gfe = GlobalFeature(self.backbone.map_shapes[-1], branch_dim, architecture.dropout)
        self.lgf = create_fusion(architecture.fusion, architecture.embedding_dim, architecture.temperature)

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, S, S) float images, as ``preprocessing`` makes them."""
        maps = self.backbone(images)
        local, visibility = self.mhms(maps[0]) if self.mhms is not None else (None, None)
        global_ = self.gfe(maps[-1]) if self.gfe is not None else None
        with torch.autocast(images.device.type, enabled=False):
            embedding, attention = self.lgf(local, global_, visibility)
        return Output(embedding, attention, local, global_, visibility)

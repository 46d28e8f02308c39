"""CVLface's vision transformers, with KP-RPE and without (``models/vit``, ``models/vit_kprpe``), by their names.

Against timm's: no class token, ReLU6, no bias in the projections to queries, keys and values; all patches, not their
mean, go through linear - BN - linear - BN to the embedding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from lgaf.models.kprpe import KeypointBias

SIDE, PATCH, WIDTH = 112, 8, 512
"""Pixels of an image, pixels of a patch, and numbers a patch, of all that were published."""


class Size(NamedTuple):
    """What the number of blocks says of the rest."""

    name: str
    heads: int
    widening: int
    """Of a block's two linear layers."""


SIZES = {12: Size("small", 8, 5), 24: Size("base", 16, 3)}
"""Blocks -> the size of that many."""


class Attention(nn.Module):
    """Scaled dot products between patches, plus a bias: (B, N, WIDTH) to the same."""

    def __init__(self, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """``bias`` is (B, heads, N, N), added to the logits."""
        query, key, value = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    """Linear - ReLU6 - linear."""

    def __init__(self, widening: int):
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, widening * WIDTH)
        self.fc2 = nn.Linear(widening * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, WIDTH) to the same."""
        return self.fc2(functional.relu6(self.fc1(x)))


class Block(nn.Module):
    """Attention and MLP, each on normalised patches and added to them."""

    def __init__(self, size: Size):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.attn = Attention(size.heads)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.mlp = MLP(size.widening)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """(B, N, WIDTH) to the same."""
        x = x + self.attn(self.norm1(x), bias)
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    """(B, 3, SIDE, SIDE) images to (B, N, WIDTH), patches in rows."""

    def __init__(self) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, WIDTH, kernel_size=PATCH, stride=PATCH)

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return self.proj(images).flatten(2).transpose(1, 2)


class ViT(nn.Module):
    """(B, 3, 112, 112) images to embeddings (B, D), before normalisation.

    Args:
        depth: number of blocks, one of :data:`SIZES`.
        embedding_dim: D.
        keypoints: with KP-RPE.
        masked: keeps the token that stands for a masked patch in training; evaluation never uses it.
    """

    def __init__(self, depth: int, embedding_dim: int, keypoints: bool, masked: bool):
        super().__init__()
        size = SIZES[depth]
        side = SIDE // PATCH
        self.patch_embed = PatchEmbed()
        self.pos_embed = nn.Parameter(torch.zeros(1, side**2, WIDTH))
        self.blocks = nn.ModuleList(Block(size) for _ in range(depth))
        self.norm = nn.LayerNorm(WIDTH)
        self.feature = nn.Sequential(
            nn.Linear(side**2 * WIDTH, WIDTH, bias=False),
            nn.BatchNorm1d(WIDTH, eps=2e-5),
            nn.Linear(WIDTH, embedding_dim, bias=False),
            nn.BatchNorm1d(embedding_dim, eps=2e-5),
        )
        if masked:
            self.mask_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.keypoint_linear = KeypointBias(side, depth, size.heads) if keypoints else None

    def forward(self, images: Tensor, points: Tensor | None = None) -> Tensor:
        """See the class.

        points: (B, 5, 2) for KP-RPE, as :class:`lgaf.models.kprpe.KeypointBias` takes them; by default those of the
            template, to which an aligned face was warped.
        """
        biases: Iterable[Tensor | None] = [None] * len(self.blocks)
        if self.keypoint_linear is not None:
            biases = self.keypoint_linear(self.keypoint_linear.template if points is None else points)
        x = self.patch_embed(images) + self.pos_embed
        for block, bias in zip(self.blocks, biases, strict=True):
            x = block(x, bias)
        return self.feature(self.norm(x).flatten(1))


def vit_of(weights: Mapping[str, Tensor], embedding_dim: int) -> tuple[str, ViT]:
    """Name and network of the size that the names say.

    Raises:
        ValueError: the number of blocks is that of none that was published.
    """
    depth = len({name.split(".")[1] for name in weights if name.startswith("blocks.")})
    if depth not in SIZES:
        raise ValueError(f"has {depth} blocks, and CVLface's published ViTs {' or '.join(map(str, SIZES))}")
    keypoints = any(name.startswith("keypoint_linear.") for name in weights)
    name = f"ViT-{SIZES[depth].name}" + (" with KP-RPE" if keypoints else "")
    return name, ViT(depth, embedding_dim, keypoints, "mask_token" in weights)

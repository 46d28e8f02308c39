"""KP-RPE: attention between two patches is raised or lowered by where they lie to each other and to the five points.

Kim et al., "KeyPoint Relative Position Encoding for Face Recognition", CVPR 2024; CVLface ``models/vit_kprpe``, of
whose variants the published one is here: ``rel_keypoint_splithead_unshared``, method ``product``, ratio 1.9.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

TEMPLATE = (
    (38.29459953, 51.69630051),
    (73.53179932, 51.50139999),
    (56.02519989, 71.73660278),
    (41.54930115, 92.3655014),
    (70.72990036, 92.20410156),
)
"""Eyes, nose and mouth corners of an aligned face, (x, y) in pixels of 112 (CVLface ``reference_landmark``). The same
points as the aligner's, which is not asked for them: every training would depend on its sources."""
RATIO = 1.9
"""Offsets up to this many patches have a bucket each; further ones share, on a scale of logarithms."""
MOST = 3
"""Largest number of a bucket, whatever the offset; the whole part of twice the ratio."""
BUCKETS = (2 * MOST + 1) ** 2
"""One for each pair of a row's and a column's number, -3 to 3 each."""


def bucket(offset: int) -> int:
    """Number, -3 to 3, of an offset in patches along one axis."""
    if abs(offset) <= RATIO:
        return offset
    alpha, beta, gamma = RATIO, 2 * RATIO, 8 * RATIO
    far = round(alpha + math.log(abs(offset) / alpha) / math.log(gamma / alpha) * (beta - alpha))
    return int(math.copysign(min(far, MOST), offset))


class KeypointBias(nn.Module):
    """What KP-RPE adds to the attention's logits: points (B, 5, 2) to (B, heads, N, N) a block, N = side * side.

    The linear layer sees, for each patch, the offsets of its centre to the points, and gives one number a bucket, head
    and block.
    """

    table: Tensor
    centres: Tensor
    template: Tensor

    def __init__(self, side: int, depth: int, heads: int):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(BUCKETS * heads * depth, 2 * len(TEMPLATE)))
        self.bias = nn.Parameter(torch.zeros(BUCKETS * heads * depth))
        self.depth, self.heads = depth, heads
        number = torch.tensor([[bucket(i - j) + MOST for j in range(side)] for i in range(side)], device="cpu")
        rows, columns = number[:, None, :, None], number[None, :, None, :]
        self.register_buffer("table", (rows * (2 * MOST + 1) + columns).flatten(2).flatten(0, 1), persistent=False)
        middles = (torch.arange(side, device="cpu") + 0.5) / side
        row, column = torch.meshgrid(middles, middles, indexing="ij")
        self.register_buffer("centres", torch.stack([column, row], dim=-1).reshape(1, -1, 1, 2), persistent=False)
        self.register_buffer("template", torch.tensor([TEMPLATE], device="cpu") / 112, persistent=False)

    def forward(self, points: Tensor) -> Iterator[Tensor]:
        """Points are (x, y) as shares of the image's side, in the template's order; block by block, 2.5 MB an image."""
        offsets = (self.centres - points[:, None]).flatten(2)
        values = functional.linear(offsets, self.weight, self.bias).unflatten(2, (self.depth, self.heads, BUCKETS))
        for block in values.permute(2, 0, 3, 1, 4):
            yield block.gather(3, self.table.expand(*block.shape[:3], -1))

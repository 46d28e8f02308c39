"""IR, the network of AdaFace (``net.py``) and of CVLface (``models/iresnet/model.py``), by their parameter names.

Against insightface's IResNet: where a block strides and keeps its number of channels, as the first one does, its
shortcut takes every other pixel instead of a convolution and a batch norm; and the last batch norm has neither scale
nor shift. Order of layers, strides and the flattened map are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from lgaf.models.iresnet import conv3x3


class IRBlock(nn.Module):
    """BN - conv3x3 - BN - PReLU - conv3x3 (stride) - BN, plus the input, strided and projected as its shape asks."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.shortcut_layer: nn.Module
        if inputs == outputs:
            self.shortcut_layer = nn.MaxPool2d(1, stride)  # of single pixels: nothing but the stride
        else:
            projection = nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False)
            self.shortcut_layer = nn.Sequential(projection, nn.BatchNorm2d(outputs))
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(inputs),
            conv3x3(inputs, outputs),
            nn.BatchNorm2d(outputs),
            nn.PReLU(outputs),
            conv3x3(outputs, outputs, stride),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) to (B, outputs, h / stride, w / stride)."""
        return self.res_layer(x) + self.shortcut_layer(x)


class IR(nn.Module):
    """(B, 3, 112, 112) images to embeddings (B, D), before normalisation.

    Args:
        layers: blocks of each of the four stages.
        embedding_dim: D.
    """

    def __init__(self, layers: Sequence[int], embedding_dim: int):
        super().__init__()
        self.input_layer = nn.Sequential(conv3x3(3, 64), nn.BatchNorm2d(64), nn.PReLU(64))
        blocks, inputs = [], 64
        for count, outputs in zip(layers, (64, 128, 256, 512), strict=True):
            for index in range(count):
                blocks.append(IRBlock(inputs, outputs, 1 if index else 2))
                inputs = outputs
        self.body = nn.Sequential(*blocks)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(512),
            nn.Dropout(0.4),
            nn.Flatten(),
            nn.Linear(512 * 7 * 7, embedding_dim),
            nn.BatchNorm1d(embedding_dim, affine=False),
        )

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return self.output_layer(self.body(self.input_layer(images)))


SIZES: dict[int, tuple[str, Sequence[int]]] = {
    8: ("IR-18", (2, 2, 2, 2)),
    16: ("IR-34", (3, 4, 6, 3)),
    24: ("IR-50", (3, 4, 14, 3)),
    49: ("IR-101", (3, 13, 30, 3)),
}
"""Blocks in all -> name, and blocks of each stage."""


def ir_of(weights: Iterable[str], embedding_dim: int) -> tuple[str, IR]:
    """Name and network of the size that the weights' names say.

    Raises:
        ValueError: the number of blocks is that of none that is known.
    """
    blocks = len({name.split(".")[1] for name in weights if name.startswith("body.")})
    if blocks not in SIZES:
        known = ", ".join(f"{name} {count}" for count, (name, _) in SIZES.items())
        raise ValueError(f"has {blocks} blocks in its body, and {known}")
    name, layers = SIZES[blocks]
    return name, IR(layers, embedding_dim)

"""IResNet, the face-recognition ResNet, registered with timm: ``timm.create_model("iresnet50")``.

Blocks, strides, initialisation and parameter names follow ``recognition/arcface_torch/backbones/iresnet.py`` of
deepinsight/insightface, so that the weights published in that layout fit by name. Against torchvision's ResNet: the
stem keeps the resolution (3x3, stride 1, no pooling), a block is BN-conv-BN-PReLU-conv-BN with the stride in its
second convolution, nothing follows the addition, and the feature map is flattened, not averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from timm.models import build_model_with_cfg, register_model
from torch import Tensor, nn

Activation = Callable[[int], nn.Module]
"""Makes the activation of a number of channels."""


def conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size, or divides it by the stride."""
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)


class IBasicBlock(nn.Module):
    """BN - conv3x3 - BN - PReLU - conv3x3 (stride) - BN, plus the input, projected where its shape changes.

    pick: whether a stride alone takes every other pixel instead.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int = 1, act_layer: Activation = nn.PReLU, pick: bool = False
    ):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = conv3x3(inputs, outputs)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.prelu = act_layer(outputs)
        self.conv2 = conv3x3(outputs, outputs, stride)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if pick and inputs == outputs:
            self.downsample = nn.MaxPool2d(1, stride) if stride != 1 else self.downsample  # of single pixels
        elif stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) to (B, outputs, h / stride, w / stride)."""
        residual = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        return self.bn3(self.conv2(residual)) + self.downsample(x)


class IResNet(nn.Module):
    """A stem, stages that each halve the map, and the embedding head ``bn2, dropout, fc, features``.

    Args:
        layers: blocks of each stage.
        channels: channels of each stage.
        stem: (channels, stride) of the first convolution.
        num_classes: size of the embedding (timm's name for the output size); 0 leaves the head out and pools.
        img_size: side of the input in pixels; the head's size depends on it, ``forward_features`` does not.
        drop_rate: dropout before the head's linear layer.
        in_chans: channels of the input; RGB is 3.
        act_layer: activation of the stem and of each block.
        pick: whether a shortcut that keeps its number of channels takes every other pixel, as in AdaFace's IR.
    """

    def __init__(
        self,
        layers: Sequence[int],
        channels: Sequence[int] = (64, 128, 256, 512),
        stem: tuple[int, int] = (64, 1),
        num_classes: int = 512,
        img_size: int = 112,
        drop_rate: float = 0.0,
        in_chans: int = 3,
        act_layer: Activation = nn.PReLU,
        pick: bool = False,
    ):
        super().__init__()
        self.conv1 = conv3x3(in_chans, *stem)
        self.bn1 = nn.BatchNorm2d(stem[0])
        self.prelu = act_layer(stem[0])
        inputs, reduction = stem
        self.feature_info: list[dict[str, Any]] = []
        for index, (blocks, outputs) in enumerate(zip(layers, channels, strict=True), start=1):
            widths = [inputs] + [outputs] * blocks
            stage = [IBasicBlock(widths[i], outputs, 2 if i == 0 else 1, act_layer, pick) for i in range(blocks)]
            self.add_module(f"layer{index}", nn.Sequential(*stage))
            inputs, reduction = outputs, reduction * 2
            self.feature_info.append({"num_chs": outputs, "reduction": reduction, "module": f"layer{index}"})
        self.num_features = self.head_hidden_size = inputs
        self.map_size = -(-img_size // reduction)
        self.drop_rate = drop_rate
        self.reset_classifier(num_classes)
        self.init_weights()

    def init_weights(self) -> None:
        """Convolutions N(0, 0.1), as arcface_torch does; batch normalisation follows each, so only the step scales."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, 0.1)

    def reset_classifier(self, num_classes: int) -> None:
        """Give the network a fresh head of ``num_classes`` outputs, or none for 0."""
        self.num_classes = num_classes
        self.bn2 = nn.BatchNorm2d(self.num_features) if num_classes else nn.Identity()
        self.dropout = nn.Dropout(self.drop_rate)
        self.fc = nn.Linear(self.num_features * self.map_size**2, num_classes) if num_classes else nn.Identity()
        self.features = nn.BatchNorm1d(num_classes) if num_classes else nn.Identity()
        if num_classes:
            self.features.weight.requires_grad = False  # stays 1: the norm of the embedding is left to the network

    def get_classifier(self) -> nn.Module:
        """The layer that makes the embedding."""
        return self.fc

    def forward_features(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) images to the feature map (B, C, h, w): 512x7x7 at S = 112."""
        x = self.prelu(self.bn1(self.conv1(x)))
        for stage in self.feature_info:
            x = getattr(self, stage["module"])(x)
        return x

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """(B, C, h, w) to the embedding (B, num_classes); without a head, or ``pre_logits``, the mean over the map."""
        if pre_logits or not self.num_classes:
            return x.mean(dim=(2, 3))
        return self.features(self.fc(torch.flatten(self.dropout(self.bn2(x)), 1)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) images to embeddings (B, num_classes)."""
        return self.forward_head(self.forward_features(x))


LAYERS: dict[str, Sequence[int]] = {
    "iresnet18": (2, 2, 2, 2),
    "iresnet34": (3, 4, 6, 3),
    "iresnet50": (3, 4, 14, 3),
    "iresnet100": (3, 13, 30, 3),
    "iresnet200": (6, 26, 60, 6),
}
"""Blocks of each stage of arcface_torch's networks."""


def _build(name: str, layers: Sequence[int], pretrained: bool = False, **options: Any) -> IResNet:
    for unused in ("pretrained_cfg", "pretrained_cfg_overlay", "cache_dir"):
        options.pop(unused, None)
    return build_model_with_cfg(
        IResNet,
        name,
        pretrained,
        pretrained_cfg={
            "input_size": (3, 112, 112),
            "num_classes": 512,
            "mean": (0.5, 0.5, 0.5),
            "std": (0.5, 0.5, 0.5),
            "first_conv": "conv1",
            "classifier": "fc",
        },
        feature_cfg={"out_indices": tuple(range(len(layers))), "flatten_sequential": False},
        layers=layers,
        **options,
    )


@register_model
def iresnet18(pretrained: bool = False, **options: Any) -> IResNet:
    """IResNet-18."""
    return _build("iresnet18", LAYERS["iresnet18"], pretrained, **options)


@register_model
def iresnet34(pretrained: bool = False, **options: Any) -> IResNet:
    """IResNet-34."""
    return _build("iresnet34", LAYERS["iresnet34"], pretrained, **options)


@register_model
def iresnet50(pretrained: bool = False, **options: Any) -> IResNet:
    """IResNet-50."""
    return _build("iresnet50", LAYERS["iresnet50"], pretrained, **options)


@register_model
def iresnet100(pretrained: bool = False, **options: Any) -> IResNet:
    """IResNet-100."""
    return _build("iresnet100", LAYERS["iresnet100"], pretrained, **options)


@register_model
def iresnet200(pretrained: bool = False, **options: Any) -> IResNet:
    """IResNet-200."""
    return _build("iresnet200", LAYERS["iresnet200"], pretrained, **options)


@register_model
def ir18(pretrained: bool = False, **options: Any) -> IResNet:
    """AdaFace's IR-18."""
    return _build("ir18", LAYERS["iresnet18"], pretrained, **{"pick": True, **options})


@register_model
def ir34(pretrained: bool = False, **options: Any) -> IResNet:
    """AdaFace's IR-34."""
    return _build("ir34", LAYERS["iresnet34"], pretrained, **{"pick": True, **options})


@register_model
def ir50(pretrained: bool = False, **options: Any) -> IResNet:
    """AdaFace's IR-50."""
    return _build("ir50", LAYERS["iresnet50"], pretrained, **{"pick": True, **options})


@register_model
def ir101(pretrained: bool = False, **options: Any) -> IResNet:
    """AdaFace's IR-101."""
    return _build("ir101", LAYERS["iresnet100"], pretrained, **{"pick": True, **options})


@register_model
def iresnet_mini(pretrained: bool = False, **options: Any) -> IResNet:
    """Ours, for two CPU cores: three stages of one block, a strided stem; 192x4x4 at 64x64, 192x7x7 at 112x112.

    ReLU, since PReLU's backward pass takes a fifth of a training step on a CPU.
    """
    return _build("iresnet_mini", (1, 1, 1), pretrained, **{**small(32, 96, 192), **options})


@register_model
def iresnet_mini_wide(pretrained: bool = False, **options: Any) -> IResNet:
    """Ours: iresnet_mini widened until the plain network has LGAF's parameters; 232x4x4 at 64x64."""
    return _build("iresnet_mini_wide", (1, 1, 1), pretrained, **{**small(40, 120, 232), **options})


@register_model
def iresnet_small(pretrained: bool = False, **options: Any) -> IResNet:
    """Ours: iresnet_mini of twice the depth, two blocks a stage, for 112 pixels on two CPU cores."""
    return _build("iresnet_small", (2, 2, 2), pretrained, **{**small(32, 96, 192), **options})


@register_model
def iresnet_small_wide(pretrained: bool = False, **options: Any) -> IResNet:
    """Ours: iresnet_small widened until the plain network has LGAF's parameters at 112x112."""
    return _build("iresnet_small_wide", (2, 2, 2), pretrained, **{**small(40, 120, 244), **options})


def small(*channels: int) -> dict[str, Any]:
    """What the small networks share, with the channels of their stages."""
    return {"channels": channels, "stem": (channels[0], 2), "act_layer": lambda outputs: nn.ReLU()}

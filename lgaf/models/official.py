"""Networks that others published, with their weights: arcface_torch, AdaFace, MagFace and CVLface.

Depth and length of the embedding follow from the names and shapes in the file. Every weight of the network must be
there, and nothing else but what is known to belong to training: class weights, statistics of the norms, optimiser.
docs/models.md says where each layout was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import timm
import torch
from torch import Tensor, nn

from lgaf.errors import DataError, SettingsError
from lgaf.models.checkpoint import give_weights
from lgaf.models.cvlface import channel_order
from lgaf.models.ir import ir_of
from lgaf.models.iresnet import LAYERS
from lgaf.models.lgaf import Output
from lgaf.models.preprocessing import Preprocessing
from lgaf.models.torch_file import AGAIN, read_file, tensors_in
from lgaf.models.vit import vit_of

Weights = Mapping[str, Tensor]
Made = tuple[str, nn.Module]
"""What the network is called in an error, and the network."""


class Official(nn.Module):
    """A published network: ``model(images)`` gives an :class:`Output` of the embedding alone.

    Args:
        network: (B, 3, 112, 112) images to embeddings (B, D), before normalisation.
        preprocessing: how its authors feed it.
    """

    def __init__(self, network: nn.Module, preprocessing: Preprocessing):
        super().__init__()
        self.network = network
        self.preprocessing = preprocessing

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, 112, 112) float images, as ``preprocessing`` makes them."""
        return Output(self.network(images))


class Format(NamedTuple):
    """How one project's files are laid out, and how its networks are fed."""

    network: Callable[[Weights], Made]
    """Makes the network from the weights' names and shapes; ValueError says why it cannot."""
    prefixes: tuple[str, ...]
    """What stands before the network's own names: one of these in a file."""
    rest: str
    """Pattern of the names that are not the network's."""
    channels: Literal["RGB", "BGR"]
    scaling: Literal["symmetric", "unit"]
    flip: bool


def iresnet(weights: Weights) -> Made:
    """The IResNet of insightface whose stages have the blocks that are named."""
    blocks = tuple(
        len({name.split(".")[1] for name in weights if name.startswith(f"layer{stage}.")}) for stage in (1, 2, 3, 4)
    )
    for name, layers in LAYERS.items():
        if blocks == layers:
            return name, timm.create_model(name, num_classes=rows(weights, "fc.weight"))
    raise ValueError(f"has {blocks} blocks in layer1 to layer4, as no IResNet of 18, 34, 50, 100 or 200 layers has")


def magface(weights: Weights) -> Made:
    """The same network; its batch norms add 2e-5 to the variance, where insightface's add 1e-5."""
    name, network = iresnet(weights)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.eps = 2e-5
    return f"MagFace's {name}", network


def ir(weights: Weights) -> Made:
    """The IR whose body has the blocks that are named."""
    return ir_of(weights, rows(weights, "output_layer.3.weight"))


def cvlface(weights: Weights) -> Made:
    """An IR, an IResNet or a vision transformer, by what it has that the others have not."""
    if "input_layer.0.weight" in weights:
        return ir(weights)
    if "patch_embed.proj.weight" in weights:
        return vit_of(weights, rows(weights, "feature.2.weight"))
    if "prelu.weight" in weights:
        return iresnet(weights)
    raise ValueError(f"begins with {next(iter(weights))!r}, which is no IR, no IResNet and no ViT of CVLface's")


def rows(weights: Weights, name: str) -> int:
    """Outputs of the linear layer ``name``."""
    if name not in weights or weights[name].ndim != 2:
        raise ValueError(f"has no linear layer {name!r}")
    return weights[name].shape[0]


FORMATS = {
    "arcface_torch": Format(iresnet, ("",), r"(?!)", "RGB", "symmetric", True),
    "adaface": Format(ir, ("model.",), r"head\.(kernel|t|batch_mean|batch_std)", "BGR", "symmetric", True),
    "magface": Format(
        magface, ("features.module.", "module.features."), r"(module\.)?(parallel_)?fc\.weight", "BGR", "unit", False
    ),
    "cvlface": Format(cvlface, ("net.", "model.net."), r"(?!)", "RGB", "symmetric", True),
}


def load_official(path: str | Path, name: str) -> Official:
    """The published network in a file, on the CPU, in evaluation mode.

    Args:
        path: ``.safetensors``, or a file of ``torch.save``; a dictionary with a ``state_dict`` or the weights alone.
        name: one of :data:`FORMATS`.

    Raises:
        SettingsError: ``name`` is none of them.
        DataError: the file is missing, broken, unsafe, or its weights are not those of a network of that format; the
            first that does not fit is named.
    """
    if name not in FORMATS:
        raise SettingsError(f"format: {name!r} is none of {', '.join(FORMATS)}")
    form = FORMATS[name]
    values = read_file(path)
    if isinstance(values, dict) and "state_dict" in values:
        values = values["state_dict"]
    prefix, weights = own(path, form, tensors_in(path, values))
    try:
        with torch.device("meta"):
            called, network = form.network(weights)
    except ValueError as error:
        raise DataError(f"{path}: {error}; {other_format(name)}") from None
    give_weights(path, network, weights, called, other_format(name), prefix)
    preprocessing = Preprocessing(
        channels=channel_order(path) if name == "cvlface" else form.channels,
        scaling=form.scaling,
        flip=form.flip,
        flip_fusion="sum" if form.flip else "none",
        alignment="arcface",
        image_size=112,
    )
    return Official(network, preprocessing).eval()


def own(path: str | Path, form: Format, weights: Weights) -> tuple[str, Weights]:
    """The prefix that the file has, and the network's weights without it."""
    for prefix in form.prefixes:
        if any(name.startswith(prefix) for name in weights):
            break
    else:
        raise DataError(f"{path}: no weight's name begins with {' or '.join(form.prefixes)}; name its true format")
    kept = {}
    for name, value in weights.items():
        if name.startswith(prefix):
            kept[name.removeprefix(prefix)] = value
        elif not re.fullmatch(form.rest, name):
            raise DataError(f"{path}: weight {name!r} is neither the network's nor its training's; {AGAIN}")
    return prefix, kept


def other_format(name: str) -> str:
    """What to do about a file that is no network of format ``name``."""
    return f"if it is whole, its format may be {' or '.join(other for other in FORMATS if other != name)}"

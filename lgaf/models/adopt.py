"""Weights of an official network by the names that a plain network of ours has, so that it can be trained on.

A plain network is a backbone and GFE; an official IResNet or IR has the same layers under other names. Two things more
go into the statistics of batch norm, so that an image's embedding is the same:

- MagFace's batch norms add 2e-5 to a variance, ours 1e-5: the difference is added to the variance that is kept;
- the last batch norm of an IResNet has a scale and a shift: mean and variance that are kept are moved by them. In
  training, the batch's own statistics count and the shift is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from lgaf.errors import DataError
from lgaf.models.ir import IR
from lgaf.models.iresnet import IResNet
from lgaf.models.official import Official

BACKBONE = "backbone.network."
"""How the names of a backbone's weights begin."""
EPS = 1e-5
"""What our batch norms add to a variance."""
OF_IR = {"input_layer": ("conv1", "bn1", "prelu"), "output_layer": ("bn2", "", "", "fc", "features"),
         "res_layer": ("bn1", "conv1", "bn2", "prelu", "conv2", "bn3")}  # fmt: skip
"""Parts of an IR -> the names that an IResNet has for their layers, in order."""
EMBEDDING = {"bn2": "gfe.norm", "fc": "gfe.project.linear", "features": "gfe.project.standardise"}
"""Layers of an IResNet's end -> the plain network's names."""


def adopt(path: Path, official: Official) -> dict[str, Tensor]:
    """Weights and statistics of ``official`` by the names of a plain network.

    Raises:
        DataError: it is a vision transformer, which is no backbone of ours.
    """
    network = official.network
    if not isinstance(network, IResNet | IR):
        raise DataError(f"{path}: holds a {type(network).__name__}; of published networks only IResNets and IRs can be "
                        "trained on")  # fmt: skip
    as_iresnet = namer_of_ir(network) if isinstance(network, IR) else str
    found: dict[str, Tensor] = {}
    for name, module in network.named_modules():
        own = {**dict(module.named_parameters(recurse=False)), **dict(module.named_buffers(recurse=False))}
        if own:
            layer = as_iresnet(name)
            kept = normalised(module, own, affine=layer != "features") if "running_var" in own else own
            layer = EMBEDDING.get(layer, BACKBONE + layer)
            found |= {f"{layer}.{key}": value.detach() for key, value in kept.items()}
    return found


def namer_of_ir(network: IR) -> Callable[[str], str]:
    """Gives an IResNet's name for the name of a layer of an IR, whose blocks are not parted into stages."""
    places: list[tuple[int, int]] = []
    stage = block = 0
    for part in network.body:
        strided = part.res_layer[4].stride != (1, 1)  # type: ignore[index, union-attr]
        stage, block = (stage + 1, 0) if strided else (stage, block + 1)
        places.append((stage, block))

    def name(old: str) -> str:
        *above, part, number = old.split(".")
        inside = f"downsample.{number}" if part == "shortcut_layer" else OF_IR[part][int(number)]
        return "layer{}.{}.".format(*places[int(above[1])]) + inside if above else inside

    return name


def normalised(norm: nn.Module, own: dict[str, Tensor], affine: bool) -> dict[str, Tensor]:
    """What a batch norm that adds :data:`EPS` must have to do what ``norm`` does in evaluation.

    affine: whether it has a scale and a shift; else they go into mean and variance.
    """
    assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
    own = {**own, "running_var": own["running_var"] + (norm.eps - EPS)}
    if affine or not norm.affine:
        return own
    scale, shift, added = own.pop("weight"), own.pop("bias"), own["running_var"] + EPS
    mean = own["running_mean"] - shift * added.sqrt() / scale
    return {**own, "running_mean": mean, "running_var": added / scale**2 - EPS}

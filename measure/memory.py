"""What a training step keeps for its backward pass, an image: ``python measure/memory.py [iresnet50 iresnet100]``.

Counted, not timed: the bytes of all tensors that autograd saves in the network's forward pass, each storage once,
weights left out. They are the same on every device; a GPU's convolutions want working space besides.
"""

from __future__ import annotations

import argparse
from typing import Any

import torch
from tabulate import tabulate
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from lgaf.models import create_model
from lgaf.train.fastest import DTYPES

MIB = 2**20


def of_step(name: str, backbone: str, image_size: int, precision: torch.dtype, batch: int) -> tuple[int, int, int]:
    """Weights; bytes kept, and operations forward and backward, of a batch."""
    model = create_model(name, backbone=backbone, embedding_dim=512, image_size=image_size)
    model = model.to(memory_format=torch.channels_last).train()
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    saved: dict[int, int] = {}
    alive = []  # or a storage that is given back would be counted again at its address

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            saved[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    images = torch.randn(batch, 3, image_size, image_size).contiguous(memory_format=torch.channels_last)
    hooks = saved_tensors_hooks(keep, lambda tensor: tensor)
    with FlopCounterMode(display=False) as counter:
        with hooks, torch.autocast("cpu", precision, enabled=precision != torch.float32):
            out = model(images)
        sum(feature.float().square().sum() for feature in (out.embedding, *out.branches)).backward()
    return sum(weight.numel() for weight in model.parameters()), sum(saved.values()), counter.get_total_flops()


def of_image(*network: Any) -> tuple[float, float, float]:
    """Millions of weights; MiB and GFLOP that one image more takes, so that weights cast to bfloat16 do not count."""
    (weights, *small), (_, *large) = (of_step(*network, batch) for batch in (2, 4))
    kept, flops = ((more - less) / 2 for less, more in zip(small, large, strict=True))
    return weights / 1e6, kept / MIB, flops / 1e9


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backbones", nargs="*", default=["iresnet50", "iresnet100"])
    parser.add_argument("--image-size", type=int, default=112)
    options = parser.parse_args()
    rows = [
        [backbone, name, precision, *of_image(name, backbone, options.image_size, DTYPES[precision])]
        for backbone in options.backbones
        for name in ("plain", "lgaf")
        for precision in ("float32", "bfloat16")
    ]
    headers = ["backbone", "network", "precision", "weights (M)", "MiB an image", "GFLOP an image"]
    print(tabulate(rows, headers, floatfmt=(None, None, None, ".1f", ".1f", ".1f"), tablefmt="github"))


if __name__ == "__main__":
    main()

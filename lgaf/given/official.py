"""Checkpoints as ArcFace, AdaFace, MagFace and CVLface publish them; docs/models.md lists the files."""

from __future__ import annotations

import torch
from torch import Tensor

from lgaf.errors import DataError
from lgaf.given.manifest import Manifest, path_of
from lgaf.given.network import Run
from lgaf.models import create_model

SCALINGS = {"symmetric": 127.5, "unit": 0.0}, {"symmetric": 127.5, "unit": 255.0}
"""What a checkpoint's preprocessing calls a scaling -> mean, and scale."""


def open_network(content: bytes, manifest: Manifest, device: torch.device) -> Run:
    """The network, on the device.

    Raises:
        DataError: it is none of its format, or its authors feed it in another way than the manifest says.
    """
    network = create_model(checkpoint=path_of(manifest.file), format=manifest.format).to(device).eval()
    asked = network.preprocessing
    mean, scale = (table[asked.scaling] for table in SCALINGS)
    for name, ours, theirs in (
        ("channels", manifest.channels, asked.channels),
        ("mean", manifest.mean, (mean,) * 3),
        ("scale", manifest.scale, (scale,) * 3),
    ):
        if ours != theirs:
            raise DataError(
                f"{manifest.file}: {name} {ours}: the authors of {manifest.format} feed {theirs}; set it so"
            )

    def run(images: Tensor) -> Tensor:
        return network(images).embedding

    return run

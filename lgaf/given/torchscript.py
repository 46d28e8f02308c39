"""TorchScript files: code in torch's own restricted language and weights; no Python in them runs."""

from __future__ import annotations

import io

import torch

from lgaf.given.manifest import Manifest
from lgaf.given.network import Run


def open_network(content: bytes, manifest: Manifest, device: torch.device) -> Run:
    """The network, in evaluation mode."""
    return torch.jit.load(io.BytesIO(content), map_location=device).eval()

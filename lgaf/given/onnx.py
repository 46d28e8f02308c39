"""ONNX files, by onnxruntime on the processor; images (B, 3, S, S)."""

from __future__ import annotations

import torch
from torch import Tensor

from lgaf.given.manifest import Manifest
from lgaf.given.network import Run, need
from lgaf.given.steps import in_steps


def check(manifest: Manifest) -> None:
    """Check that onnxruntime is installed."""
    need("onnxruntime", manifest.format)


def open_network(content: bytes, manifest: Manifest, device: torch.device) -> Run:
    """The network; a file that keeps its weights in others is refused, since no hash covers those."""
    check(manifest)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4  # what goes wrong is said by the error
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    first = session.get_inputs()[0]
    batch = first.shape[0] if first.shape and isinstance(first.shape[0], int) else None

    def run(images: Tensor) -> list[Tensor]:
        found = in_steps(lambda part: session.run(None, {first.name: part}), images.cpu().numpy(), batch or len(images))
        return [torch.from_numpy(it) for it in found]

    return run

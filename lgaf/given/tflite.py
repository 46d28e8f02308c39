"""TFLite files, by ai-edge-litert on the processor; images (B, S, S, 3) of float32."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lgaf.errors import DataError
from lgaf.given.manifest import Manifest
from lgaf.given.network import Run, need
from lgaf.given.steps import in_steps


def check(manifest: Manifest) -> None:
    """Check that ai-edge-litert is installed."""
    need("ai_edge_litert", manifest.format)


def open_network(content: bytes, manifest: Manifest, device: torch.device) -> Run:
    """The network, fed as many images at a time as it was made for."""
    check(manifest)
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=torch.get_num_threads())
    interpreter.allocate_tensors()
    into, out = interpreter.get_input_details()[0], interpreter.get_output_details()
    if into["dtype"] != np.float32:
        raise DataError(f"{manifest.file}: takes {np.dtype(into['dtype'])}, and only float32 is fed; "
                        "convert it again with float32 input and output")  # fmt: skip

    def once(pixels: np.ndarray) -> list[np.ndarray]:
        interpreter.set_tensor(into["index"], pixels)
        interpreter.invoke()
        return [interpreter.get_tensor(it["index"]) for it in out]

    def run(images: Tensor) -> list[Tensor]:
        pixels = np.ascontiguousarray(images.cpu().numpy().transpose(0, 2, 3, 1))
        return [torch.from_numpy(it) for it in in_steps(once, pixels, int(into["shape"][0]))]

    return run

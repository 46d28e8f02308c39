"""A network as ONNX, checked against torch before the file is there."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from lgaf.errors import DataError, SettingsError
from lgaf.files import atomic
from lgaf.formats.pack import Pack
from lgaf.models import create_model
from lgaf.models.checkpoint import file_of

OPSET = 18
"""Version of ONNX's operators; ONNX Runtime reads it since 1.14."""
TOLERANCE = 1e-4
"""Largest difference to torch that a file may have, as a share of the largest number of that output, or of 1."""
CROPS = 33
"""Faces that it is tried on."""
OUTPUTS = ("embedding", "attention")


class Exported(NamedTuple):
    """What was written, and how near to torch it is."""

    outputs: tuple[str, ...]
    difference: float
    """Largest over the outputs, as in :data:`TOLERANCE`."""
    crops: int
    """Faces that it was tried on."""


class Outputs(nn.Module):
    """The outputs that a network has, as ONNX wants them: a tuple of tensors."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(B, 3, S, S) to embedding (B, D) and, where there is one, attention (B, 2)."""
        out = self.model(images)
        return tuple(value for value in (out.embedding, out.attention) if value is not None)


def export_onnx(checkpoint: Path, target: Path, crops: Path | None = None, format: str | None = None) -> Exported:
    """Write the network of a checkpoint as ONNX, weights within, the batch of any length.

    Input ``images`` (B, 3, S, S) float32, outputs ``embedding`` (B, D) before normalisation and, of LGAF,
    ``attention`` (B, 2). Metadata: ``preprocessing``, the JSON of :class:`lgaf.models.preprocessing.Preprocessing`, and
    ``checkpoint_sha256``. Mirror images and their fusion are the caller's, as ``preprocessing`` says.

    Args:
        checkpoint: ours, or one of ``format``.
        target: the file to write.
        crops: pack of aligned faces to compare on; by default made-up images.
        format: as :func:`lgaf.models.create_model` takes it.

    Raises:
        SettingsError: a package that this needs is not there.
        DataError: the checkpoint or the pack is broken, or the file would differ from torch.
    """
    onnx, runtime = packages()
    model: Any = create_model(checkpoint=checkpoint, format=format) if format else create_model(checkpoint=checkpoint)
    images = model.preprocessing(faces(crops, model.preprocessing.image_size))
    network = Outputs(model).eval()
    with torch.inference_mode():
        expected = network(images)
    names = OUTPUTS[: len(expected)]
    file = traced(network, images, names)
    digest = hashlib.sha256(file_of(checkpoint).read_bytes()).hexdigest()
    described = {"preprocessing": json.dumps(model.preprocessing.model_dump()), "checkpoint_sha256": digest}
    onnx.helper.set_model_props(file, described)
    content = file.SerializeToString()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = [session.run(None, {"images": part.numpy()}) for part in images.split([1, len(images) - 1])]
    difference = max(
        float(np.abs(np.concatenate(parts) - value.numpy()).max()) / max(1.0, float(value.abs().max()))
        for *parts, value in zip(*found, expected, strict=True)
    )
    if not difference <= TOLERANCE:
        raise DataError(f"{target}: not written: ONNX Runtime differs from torch by {difference:.1e} of the output")
    with atomic(target) as temporary:
        temporary.write_bytes(content)
    return Exported(names, difference, len(images))


def traced(network: nn.Module, images: Tensor, names: tuple[str, ...]) -> Any:
    """The ONNX model of a network that takes images of the size of these, in batches of any length.

    Raises:
        DataError: torch's exporter cannot write one of its operations.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own future
        try:
            program: Any = torch.onnx.export(
                network,
                (torch.zeros(2, *images.shape[1:]),),
                dynamo=True,
                opset_version=OPSET,
                input_names=["images"],
                output_names=list(names),
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                verbose=False,
            )
        except Exception as error:  # the exporter fails in as many ways as networks can be written
            reason = next(filter(None, str(error.__cause__ or error).splitlines()), type(error).__name__)
            raise DataError(
                f"torch {torch.__version__} cannot write this network as ONNX: {reason[:200]}; take another backbone"
            ) from error
    return program.model_proto


def packages() -> tuple[Any, Any]:
    """The modules onnx and onnxruntime.

    Raises:
        SettingsError: one of them, or what torch's exporter needs besides, is not installed.
    """
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401  torch's exporter asks for it late and at length
    except ImportError as error:
        raise SettingsError(f"export to ONNX needs {error.name}: pip install 'lgaf[onnx]'") from None
    return onnx, onnxruntime


def faces(crops: Path | None, size: int) -> Tensor:
    """(B, S, S, 3) uint8: the first faces of a pack, two at least, or images of soft random blots.

    Raises:
        DataError: the pack is unreadable, has fewer than two images, or images of another size.
    """
    if crops is None:
        coarse = torch.rand(CROPS, 3, 8, 8, generator=torch.Generator().manual_seed(0))
        made = nn.functional.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False)
        return (made.clamp(0, 1) * 255).byte().permute(0, 2, 3, 1)
    pack = Pack(crops)
    if len(pack) < 2:
        raise DataError(f"{crops}: holds {len(pack)} images; to compare on, two are needed")
    images = [pack.image(index) for index in range(min(CROPS, len(pack)))]
    for index, image in enumerate(images):
        if image.shape != (size, size, 3):
            raise DataError(f"{pack.where(index)}: {image.shape[1]}x{image.shape[0]}, not {size}x{size}; align again")
    return torch.from_numpy(np.stack(images))

"""Weights as others publish them, ``torch.save``'s files and safetensors, read without running anything in them."""

from __future__ import annotations

import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from lgaf.errors import DataError
from lgaf.files import regular_file

AGAIN = "fetch it again, from where its authors publish it"
WANTED = re.compile(r"(?:GLOBAL|Unsupported class|unsupported class|function) ([\w.]+)")
"""Where torch's restricted unpickler says what a file asked for."""
STAND_INS: list[Any] = [type("ModelCheckpoint", (), {"__module__": "pytorch_lightning.callbacks.model_checkpoint"})]
"""Empty classes under names that a pickle may have, never the real ones: older Lightning keeps the state of a callback
under its class, and AdaFace's files have one."""


def read_file(path: str | Path) -> Any:
    """What a ``.safetensors`` file or, under any other name, a file of ``torch.save`` holds, on the CPU.

    Raises:
        DataError: it is missing or broken, or wants more than tensors and plain values; what, is named.
    """
    regular_file(path, "give the file of an official checkpoint")
    try:
        if Path(path).suffix == ".safetensors":
            return load_file(path)
        with torch.serialization.safe_globals(STAND_INS), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of the pickle's protocol; what fails by it is said below
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a broken file fails in as many ways as zip, pickle, torch and safetensors have
        reason = str(error)
        if isinstance(error, pickle.UnpicklingError):
            if wanted := WANTED.search(reason):
                raise DataError(
                    f"{path}: asks for {wanted[1]}, which no weights need; nothing was run; "
                    "fetch it from a source that you trust, or let its owner save the state dict alone"
                ) from None
            reason = reason.partition("WeightsUnpickler error:")[2]
        said = (reason.strip() or type(error).__name__).splitlines()[0][:200]
        raise DataError(f"{path}: not a whole file of weights: {said}; {AGAIN}") from None


def tensors_in(path: str | Path, values: Any) -> dict[str, torch.Tensor]:
    """``values``, checked to be weights by name.

    Raises:
        DataError: they are not, or one is no dense array of finite numbers.
    """
    if not isinstance(values, dict) or not values:
        raise DataError(f"{path}: holds no weights by name; {AGAIN}")
    weights = {}
    for name, value in values.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            kind = type(value).__name__
            raise DataError(f"{path}: {str(name)[:80]!r} is a {kind}, where a tensor by name must stand; {AGAIN}")
        if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized or value.is_complex():
            raise DataError(f"{path}: weight {name!r} is no dense array of real numbers; {AGAIN}")
        if not value.isfinite().all():
            raise DataError(f"{path}: weight {name!r} has values that are not finite; {AGAIN}")
        weights[name] = value.detach()
    return weights

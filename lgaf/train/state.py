"""Where training stands, in one safetensors file, so that a killed run goes on from its last whole epoch.

The file lies outside the DVC stage's outs, since DVC deletes those before a stage runs. Data order, augmentation and
dropout follow from seed and epoch alone, so nothing else is needed to go on exactly.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from lgaf.models.checkpoint import write_tensors


def save_state(
    path: Path, model: nn.Module, head: nn.Module, optimiser: torch.optim.Optimizer, epochs: int, fingerprint: str
) -> None:
    """Write network, head and optimiser after ``epochs`` whole epochs, atomically."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    for index, values in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": tensor for name, tensor in values.items() if tensor is not None}
    write_tensors(path, tensors, {"epochs": json.dumps(epochs), "fingerprint": fingerprint})


def load_state(
    path: Path, model: nn.Module, head: nn.Module, optimiser: torch.optim.Optimizer, fingerprint: str
) -> int:
    """Load what :func:`save_state` wrote, on any device.

    Returns:
        Whole epochs done; 0, with nothing changed, where there is no state of this very run (``fingerprint``).
    """
    try:
        with safe_open(str(path), "pt") as file:
            metadata = file.metadata()
            if metadata.get("fingerprint") != fingerprint:
                return 0
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    except (FileNotFoundError, SafetensorError):
        return 0
    parts: dict[str, dict[str, torch.Tensor]] = {"model": {}, "head": {}, "optimiser": {}}
    for name, tensor in tensors.items():
        part, key = name.split(".", 1)
        parts[part][key] = tensor
    model.load_state_dict(parts["model"])
    head.load_state_dict(parts["head"])
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in parts["optimiser"].items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    return json.loads(metadata["epochs"])

"""Where training stands, in one safetensors file, so that a killed run goes on from its last whole epoch.

The file lies outside the DVC stage's outs, since DVC deletes those before a stage runs. Data order, augmentation and
dropout follow from seed and epoch alone, so nothing else is needed to go on exactly. It is of one run only: the
fingerprint says which.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from lgaf.models.checkpoint import METADATA, write_tensors
from lgaf.train.settings import TrainingRun


class Progress(NamedTuple):
    """How far training has come, and what of it is not in the weights."""

    history: list[dict[str, float]]
    """The curves: one entry a whole epoch."""
    precision: str
    """What the network is computed in, decided when training began."""


def fingerprint(run: TrainingRun, seed: int, faces: str, sources: Mapping[str, str]) -> str:
    """Hash of all that decides what training gives: settings, seed, data, sources and torch's version.

    The device and the number of workers are left out: they may change between a kill and going on.

    Args:
        faces: hash of the pack (:meth:`lgaf.formats.pack.Pack.content_hash`).
        sources: {path: hash} of what the stage runs.
    """
    settings = run.model_dump(mode="json", exclude={"device": True, "train": {"workers"}})
    parts = [settings, seed, faces, dict(sources), torch.__version__]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def tensors_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """Every parameter and buffer by name; one that has several names, as a shared class weight, by the first only."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def save_state(
    path: Path, parts: Mapping[str, nn.Module], optimiser: torch.optim.Optimizer, progress: Progress, fingerprint: str
) -> None:
    """Write the modules ``parts`` and the optimiser after ``len(progress.history)`` whole epochs, atomically."""
    tensors = {
        f"{part}/{name}": tensor for part, module in parts.items() for name, tensor in tensors_of(module).items()
    }
    for index, values in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{index}/{name}": tensor for name, tensor in values.items() if tensor is not None}
    write_tensors(path, tensors, {"fingerprint": fingerprint, "progress": progress._asdict()})


def load_state(
    path: Path, parts: Mapping[str, nn.Module], optimiser: torch.optim.Optimizer, fingerprint: str
) -> Progress | None:
    """Load what :func:`save_state` wrote into ``parts`` and ``optimiser``, on any device.

    Returns:
        None, with nothing changed, where there is no state, a broken one or one of another run; the last is said.
    """
    try:
        with safe_open(str(path), "pt") as file:
            facts: dict[str, Any] = json.loads((file.metadata() or {})[METADATA])
            if facts["fingerprint"] != fingerprint:
                print(f"{path}: of a training with other settings, data or sources; starting anew")
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    except FileNotFoundError:
        return None
    except (SafetensorError, OSError, KeyError, ValueError):
        print(f"{path}: not a whole state of training; starting anew")
        return None
    with torch.no_grad():
        for part, module in parts.items():
            for name, tensor in tensors_of(module).items():
                tensor.copy_(tensors[f"{part}/{name}"])
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser/"):
            _, index, key = name.split("/", 2)
            state.setdefault(int(index), {})[key] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    return Progress(**facts["progress"])

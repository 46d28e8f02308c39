"""What changes in training: weights, statistics, the optimiser's memory, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

SHARED_OUT = "heads/0.weight"
"""What processes share out by rows: the class weights, under the first of their names, and what the optimiser has."""


@dataclass
class Progress:
    """How far training has come, and what of it is not in the weights."""

    history: list[dict[str, float]]
    """The curves: one entry a whole epoch."""
    precision: str
    """What the network is computed in, decided when training began."""
    step: int = 0
    """Steps of the epoch after those."""
    loss: float = 0.0
    """The sum of these steps' losses."""
    seconds: float = 0.0
    """What they took."""
    random: dict[str, Tensor] = field(default_factory=dict, repr=False)
    """The random state after them, where it is known: not with another number of processes."""


def tensors_of(module: nn.Module) -> dict[str, Tensor]:
    """Every parameter and buffer by name; one that has several names, as a shared class weight, by the first only."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


@dataclass
class Trained:
    """What changes in training: modules by name, and their optimiser."""

    parts: Mapping[str, nn.Module]
    optimiser: torch.optim.Optimizer

    def tensors(self) -> dict[str, Tensor]:
        """All of it that this process has, by name; the optimiser's by the number of the parameter."""
        named = {f"{part}/{name}": tensor for part, module in self.parts.items() for name, tensor in
                 tensors_of(module).items()}  # fmt: skip
        for index, values in self.optimiser.state_dict()["state"].items():
            named |= {f"optimiser/{index}/{name}": tensor for name, tensor in values.items() if tensor is not None}
        return named

    def parameters(self) -> list[Tensor]:
        """Those of the optimiser, by its numbers."""
        return [parameter for group in self.optimiser.param_groups for parameter in group["params"]]

    def shared_out(self, name: str) -> bool:
        """Whether processes share out the tensor ``name``, matrices of the class weights' optimiser included."""
        weights = dict(self.parts["heads"].named_parameters())["0.weight"]
        place = next(index for index, parameter in enumerate(self.parameters()) if parameter is weights)
        return name == SHARED_OUT or (name.startswith(f"optimiser/{place}/") and not name.endswith("/step"))

    @torch.no_grad()
    def give(self, tensors: Mapping[str, Tensor]) -> None:
        """Take the values of ``tensors``, named as by :meth:`tensors`."""
        for part, module in self.parts.items():
            for name, tensor in tensors_of(module).items():
                tensor.copy_(tensors[f"{part}/{name}"])
        parameters = self.parameters()
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith("optimiser/"):
                _, index, key = name.split("/", 2)
                weight = parameters[int(index)]
                if tensor.shape == weight.shape:  # a fused optimiser goes by the order in memory, here channels last
                    tensor = torch.empty_like(weight).copy_(tensor)
                state.setdefault(int(index), {})[key] = tensor
        self.optimiser.load_state_dict({"state": state, "param_groups": self.optimiser.state_dict()["param_groups"]})

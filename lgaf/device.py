"""Which device runs a network."""

from __future__ import annotations

import torch

from lgaf.errors import SettingsError


def choose_device(name: str) -> torch.device:
    """``auto`` is the GPU where there is one.

    Raises:
        SettingsError: ``cuda`` is asked for and absent.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise SettingsError("device: cuda is asked for and torch sees no GPU; set device to auto or cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)

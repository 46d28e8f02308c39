"""Networks that Python code of the user's own makes: ``module:function`` takes the file's path."""

from __future__ import annotations

from importlib import import_module

import torch
from torch import nn

from lgaf.errors import DataError
from lgaf.given.manifest import Manifest, path_of
from lgaf.given.network import Run, one_line


def check(manifest: Manifest) -> None:
    """Import the function.

    Raises:
        DataError: it cannot be.
    """
    module, _, name = manifest.format.partition(":")
    try:
        found = getattr(import_module(module), name, None)
    except Exception as error:  # what a module raises while it is imported is its own
        raise DataError(f"format {manifest.format}: {module} cannot be imported: {one_line(error)}; it must lie in the "
                        "folder of the run or be installed") from None  # fmt: skip
    if not callable(found):
        raise DataError(f"format {manifest.format}: {module} has no function {name}")


def open_network(content: bytes, manifest: Manifest, device: torch.device) -> Run:
    """What the function gives: a module, moved to the device and in evaluation mode, or any other callable."""
    check(manifest)
    module, _, name = manifest.format.partition(":")
    network = getattr(import_module(module), name)(path_of(manifest.file))
    if not callable(network):
        raise DataError(f"format {manifest.format}: gives {type(network).__name__}, not a network")
    return network.to(device).eval() if isinstance(network, nn.Module) else network

"""Networks. Importing this registers ``iresnet18`` to ``iresnet100`` and ``iresnet_mini`` with timm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lgaf.errors import SettingsError
from lgaf.model_settings import Architecture
from lgaf.models.checkpoint import build, load_model
from lgaf.models.lgaf import LGAF, Output, Plain
from lgaf.strict import checked

__all__ = ["LGAF", "Output", "Plain", "create_model"]


def create_model(name: str | None = None, *, checkpoint: str | Path | None = None, **options: Any) -> LGAF | Plain:
    """Make a network: ``model(images)`` gives an :class:`Output`.

    Args:
        name: ``lgaf``, or ``plain`` for backbone and GFE alone.
        checkpoint: instead of a name and options: a file that :func:`lgaf.models.checkpoint.save_model` wrote.
        options: fields of :class:`lgaf.model_settings.Architecture` (backbone, fusion, embedding_dim, image_size,
            heads, kernels, reduction, temperature, dropout); ``plain`` does not look at LGAF's own.

    Returns:
        A network on the CPU: in training mode with random weights, or in evaluation mode from a checkpoint.

    Raises:
        SettingsError: an unknown name or option, or a value out of range.
        DataError: the checkpoint is missing, broken or incomplete.
    """
    if checkpoint is not None:
        if name is not None or options:
            raise SettingsError(f"create_model: {checkpoint} carries its own architecture; give no other argument")
        return load_model(checkpoint)
    if name is None:
        raise SettingsError("create_model: give a name (lgaf or plain) or a checkpoint")
    return build(checked(Architecture, {"name": name, **options}, "create_model"))

"""Networks. Importing this registers ``iresnet18`` to ``iresnet200``, ``ir18`` to ``ir101`` and small ones of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any, overload

from lgaf.errors import SettingsError
from lgaf.model_settings import Architecture
from lgaf.models.checkpoint import build, load_model
from lgaf.models.lgaf import LGAF, Output, Plain
from lgaf.models.official import Official, load_official
from lgaf.strict import checked

__all__ = ["LGAF", "Official", "Output", "Plain", "create_model"]


@overload
def create_model(name: str, **options: Any) -> LGAF | Plain: ...


@overload
def create_model(*, checkpoint: str | Path, format: None = None) -> LGAF | Plain: ...


@overload
def create_model(*, checkpoint: str | Path, format: str) -> Official: ...


def create_model(
    name: str | None = None, *, checkpoint: str | Path | None = None, format: str | None = None, **options: Any
) -> LGAF | Plain | Official:
    """Make a network: ``model(images)`` gives an :class:`Output`.

    Args:
        name: ``lgaf``, or ``plain`` for backbone and GFE alone.
        checkpoint: instead of a name and options: a file that :func:`lgaf.models.checkpoint.save_model` wrote, the
            folder of its ``model.safetensors``, or a file of ``format``.
        format: of a checkpoint that others published: ``arcface_torch``, ``adaface``, ``magface`` or ``cvlface``.
        options: fields of :class:`lgaf.model_settings.Architecture` (backbone, fusion, embedding_dim, image_size,
            heads, kernels, reduction, gates, local_stage, temperature, dropout); ``plain`` does not look at LGAF's own.

    Returns:
        A network on the CPU: in training mode with random weights, or in evaluation mode from a checkpoint. Its
        ``preprocessing`` says how it is to be fed.

    Raises:
        SettingsError: an unknown name, option or format, or a value out of range.
        DataError: the checkpoint is missing, broken or incomplete, or asks to run something.
    """
    if checkpoint is not None:
        if name is not None or options:
            raise SettingsError(f"create_model: {checkpoint} carries its own architecture; give no other argument")
        return load_model(checkpoint) if format is None else load_official(checkpoint, format)
    if format is not None:
        raise SettingsError(f"create_model: format {format!r} is that of a checkpoint; give its file")
    if name is None:
        raise SettingsError("create_model: give a name (lgaf or plain) or a checkpoint")
    return build(checked(Architecture, {"name": name, **options}, "create_model"))

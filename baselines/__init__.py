"""Margin heads: ArcFace, CosFace, AdaFace, MagFace. One file each holds the formula, its source and its recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baselines.options import HEADS, head_options
from lgaf.strict import checked

if TYPE_CHECKING:
    from baselines.margin import MarginHead

__all__ = ["HEADS", "create_head", "head_options"]


def create_head(name: str, embedding_dim: int, num_classes: int, **options: Any) -> MarginHead:
    """Make the margin head ``name``; ``head(embedding, labels)`` gives a :class:`baselines.margin.Margin`.

    Args:
        name: one of :data:`HEADS`.
        embedding_dim: D, length of an embedding.
        num_classes: C, identities of the training set (or of this shard of it).
        options: fields of ``head_options(name)``; each has the authors' value as its default.

    Raises:
        SettingsError: an unknown head or option, or a value out of range.
    """
    settings: Any = checked(head_options(name), options, name)

    from baselines.adaface import AdaFace
    from baselines.arcface import ArcFace
    from baselines.cosface import CosFace
    from baselines.magface import MagFace

    heads = {"arcface": ArcFace, "cosface": CosFace, "adaface": AdaFace, "magface": MagFace}
    return heads[name](embedding_dim, num_classes, settings)

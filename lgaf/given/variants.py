"""What else a manifest might have said, one change at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from lgaf.align.warp import warp
from lgaf.given.manifest import Manifest

Three = tuple[float, float, float]
SCALINGS: dict[str, tuple[Three, Three]] = {
    "(x - 127.5)/127.5": ((127.5,) * 3, (127.5,) * 3),
    "x/255": ((0.0,) * 3, (255.0,) * 3),
    "x": ((0.0,) * 3, (1.0,) * 3),
    "ImageNet's mean and deviation": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
}
"""Scalings in use -> mean and scale, RGB. (x - 127.5)/128, which is another habit, makes no difference that shows."""
ALIKE = 0.02
"""Share by which mean (of 255) and scale of two scalings may differ that are taken for one."""
CUTS: dict[str, tuple[float, float]] = {
    "a tenth tighter": (1.1, 0.0), "a fifth tighter": (1.2, 0.0), "a tenth wider": (0.9, 0.0),
    "a fifth wider": (0.8, 0.0), "5 % higher": (1.0, -0.05), "5 % lower": (1.0, 0.05),
}  # fmt: skip
"""Cuts out of the suite's crop -> enlargement, and how far down in sides; what is not in the crop is black."""
Cut = Callable[[np.ndarray], np.ndarray]


class Variant(NamedTuple):
    """Another way to feed a network."""

    change: str
    """What differs from the manifest, as the table prints it."""
    manifest: Manifest
    cut: Cut | None = None
    """Changes the aligned face (S, S, 3)."""


def variants(manifest: Manifest) -> list[Variant]:
    """All that are tried."""
    found = []

    def changed(change: str, **values: object) -> None:
        found.append(Variant(change, manifest.model_copy(update=values)))

    other = {"RGB": "BGR", "BGR": "RGB"}[manifest.channels]
    changed(f"channels: {other}", channels=other)
    if manifest.format != "dlib":  # it takes pixels, and scales them itself
        for name, (mean, scale) in SCALINGS.items():
            if manifest.channels == "BGR":
                mean, scale = mean[::-1], scale[::-1]
            if not same_scaling(manifest, mean, scale):
                changed(f"scaling: {name}", mean=mean, scale=scale)
    changed(f"flip: {str(not manifest.flip).lower()}", flip=not manifest.flip)
    found += [Variant(f"alignment: {name}", manifest, partial(recut, *how)) for name, how in CUTS.items()]
    return found


def same_scaling(manifest: Manifest, mean: Three, scale: Three) -> bool:
    """Whether a scaling is as good as the manifest's."""
    means = np.abs(np.subtract(manifest.mean, mean)).max()
    scales = np.abs(np.divide(manifest.scale, scale) - 1).max()
    return bool(means <= ALIKE * 255 and scales <= ALIKE)


def recut(enlarge: float, down: float, face: np.ndarray) -> np.ndarray:
    """The face (S, S, 3) enlarged about its centre, cut ``down`` sides lower; the same size."""
    size = len(face)
    centre = (size - 1) / 2
    shift = np.array([centre * (1 - enlarge), centre * (1 - enlarge) - down * size])
    return warp(face, np.column_stack([np.eye(2) * enlarge, shift]), size)

"""Kind of damage -> how it is made; and the mixtures, which are made of the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lgaf.damage import detail, missing
from lgaf.damage.face import Face
from lgaf.damage.kinds import KINDS
from lgaf.damage.layout import warp

Make = Callable[[Face, float, np.random.Generator], tuple[np.ndarray, float]]
"""A face, the strength asked for and random numbers -> the damaged image (S, S, 3) uint8, the strength measured."""


def one_of(group: str, face: Face, place: float, rng: np.random.Generator) -> Face:
    """A face damaged in a kind of a group, each as likely, at ``place`` in its range."""
    kinds = [kind for kind in KINDS if kind.group == group]
    kind = kinds[rng.integers(len(kinds))]
    return Face(MAKE[kind.name](face, kind.strength(place), rng)[0], face.points)


def mix2(face: Face, place: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Layout deformed, then regions missing."""
    return one_of("missing", one_of("layout", face, place, rng), place, rng).image, place


def mix_all(face: Face, place: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """As :func:`mix2`, then detail lost in one way, since the camera comes last."""
    both = Face(mix2(face, place, rng)[0], face.points)
    return one_of("detail", both, place, rng).image, place


MAKE: dict[str, Make] = {
    "rectangles": missing.rectangles,
    "shapes": missing.shapes,
    "mask": missing.mask,
    "sunglasses": missing.sunglasses,
    "hand": missing.hand,
    "crop": missing.crop,
    "warp": warp,
    "low_resolution": detail.low_resolution,
    "blur": detail.blur,
    "motion": detail.motion,
    "jpeg": detail.jpeg,
    "noise": detail.noise,
    "contrast": detail.contrast,
    "mix2": mix2,
    "mix_all": mix_all,
}

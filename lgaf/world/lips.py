"""Mouths: the colour and form of lips, the skin about them, teeth and tongue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lgaf.world.canvas import SIZE, at, both, enlarge, soften, spot, strokes
from lgaf.world.shade import to_linear

TOOTH = 0.082
"""Width of an upper front tooth in decimetres."""


@dataclass(frozen=True)
class Mouth:
    """What a person's lips and teeth look like."""

    tint: np.ndarray
    """(3,) factor on the skin's colour."""
    strength: float
    """How far the lips differ from the skin, 0..1."""
    shade: float
    """How much darker the upper lip is than the lower."""
    teeth: np.ndarray
    """(3,) linear."""
    gaps: float
    """How far gaps between the teeth show."""


def draw_mouth(random: np.random.Generator, male: bool) -> Mouth:
    """A person's lips and teeth."""
    red = random.uniform(0.38, 0.68)
    return Mouth(
        tint=np.array([random.uniform(0.6, 0.95), red, red * random.uniform(1.0, 1.4)], np.float32),
        strength=random.uniform(0.3, 0.9) if male else random.uniform(0.5, 1.0),
        shade=random.uniform(0.2, 0.75),
        teeth=to_linear(np.array([0.90, 0.87, 0.80]) * random.uniform(0.86, 1.0)),
        gaps=random.uniform(0.1, 0.5),
    )


def tooth_colour(mouth: Mouth, rest: np.ndarray) -> np.ndarray:
    """Albedo (n, 3) of teeth at points (n, 3) of the base mesh: gaps, and darker towards the corners and the gums."""
    x = rest[:, 0]
    gap = np.abs(np.mod(x / TOOTH, 1) - 0.5)  # 0 in the middle of a tooth, 0.5 between two
    between = np.clip((gap - 0.42) / 0.08, 0, 1) * mouth.gaps
    corner = np.clip((np.abs(x) - 0.10) / 0.20, 0, 1)
    return mouth.teeth * ((1 - between) * (1 - 0.75 * corner))[:, None]


def about_lips(random: np.random.Generator, male: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Brightness, relief and redness (SIZE, SIZE) about the mouth: philtrum, corners, the shadow under the lip."""
    soft = -random.uniform(0.05, 0.45) * spot(0, 6.455, random.uniform(4, 9), 0.035)  # under the lower lip
    soft -= random.uniform(0.0, 0.30) * both(14.6, 6.60, 1.8, 0.05)  # corners
    soft -= random.uniform(0.02, 0.25) * spot(0, 6.785, 4.5, 0.03)  # under the nose
    soft += random.normal(-0.2, 0.17) * spot(0, 6.725, 12, 0.045)  # the upper lip
    soft += random.normal(0.0, 0.10) * spot(0, 6.33, 8, 0.07)  # the chin
    groove = random.uniform(0, 1)
    ridge = np.zeros((SIZE, SIZE), np.uint8)
    wide = random.uniform(1.8, 3.6)
    for side in (-1, 1):
        strokes(ridge, [at(side * np.array([0.6 * wide, wide]), np.array([6.78, 6.715]))], 255, 2)
    line = np.zeros((SIZE, SIZE), np.uint8)
    a = np.linspace(-13, 13, 30)
    bow = random.uniform(0, 0.014)
    strokes(line, [at(a, 6.605 + bow * np.cos(a / 13 * np.pi * 1.5) * (np.abs(a) < 9))], 255, 2)
    tone = enlarge(soft) - random.uniform(0.4, 1.1) * soften(line, 1.0) + 0.05 * groove * soften(ridge, 1.6)
    cleft = random.random() < 0.2
    relief = 0.012 * groove * soften(ridge, 2.0)
    if cleft:
        dent = enlarge(spot(0, 6.30, 1.5, 0.06))
        relief -= 0.02 * random.random() * dent
        tone -= 0.18 * random.random() * dent
    return tone, relief, enlarge(0.3 * spot(0, 6.45, 10, 0.06) * random.random())

"""Eyes: the eyeball's colours, the shadow of the upper lid, and the skin of lids and sockets."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lgaf.world.canvas import SIZE, at, both, enlarge, soften, strokes
from lgaf.world.shade import to_linear

IRISES = np.array(
    [[34, 22, 16], [52, 32, 20], [78, 50, 30], [98, 78, 46], [84, 88, 64], [92, 104, 112], [84, 100, 122]]
)
"""Eye colours, sRGB, from dark brown over hazel and green to grey and blue."""
PALENESS = {"african": 1.1, "asian": 1.6, "caucasian": 6.0}
"""How far along IRISES the people of an origin reach."""
INNER, OUTER = 10.0, 25.5
"""Angles of an eye's corners on the base mesh."""


@dataclass(frozen=True)
class Eye:
    """What a person's eyeballs look like."""

    iris: np.ndarray
    """(3,) linear."""
    ring: float
    """Darkness of the rim about the iris, 0..1."""
    rays: int
    """Seed of the fibres."""
    radius: float
    """Of the iris, in radians about the eyeball's centre."""
    white: np.ndarray
    """(3,) linear."""
    lashes: float
    """Darkness of the lash line."""


def draw_eye(random: np.random.Generator, origin: str, male: bool, skin: float) -> Eye:
    """A person's eyes; ``skin`` is how bright the skin is, linear: light eyes go with light skin."""
    place = 0.2 + PALENESS[origin] * np.clip((skin - 0.18) / 0.25, 0.1, 1) * random.random() ** 1.2
    iris = np.array([np.interp(place, np.arange(len(IRISES)), IRISES[:, k]) for k in range(3)]) / 255
    return Eye(
        iris=to_linear(np.clip(iris * random.uniform(0.8, 1.1), 0, 1)),
        ring=random.uniform(0.2, 0.8),
        rays=int(random.integers(2**31)),
        radius=random.normal(0.405, 0.018),
        white=to_linear(np.array([0.72, 0.67, 0.64]) * (1 - random.uniform(0, 0.12) * np.array([0.4, 1, 1.5]))),
        lashes=random.uniform(0.05, 0.6) if male else random.uniform(0.15, 1.0),
    )


def eye_colour(eye: Eye, gaze: tuple[float, float], dim: float, away: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Albedo (N, 3) and gloss (N,) of an eyeball, at points (N, 3) from its centre.

    Args:
        eye: the person's.
        gaze: where it looks, degrees.
        dim: factor on the iris, and in part on the white; dark skin goes with dark eyes.
        away: the points.
    """
    away = away / (np.linalg.norm(away, axis=1, keepdims=True) + 1e-6)
    a, b = np.radians(gaze)
    forward = np.array([np.sin(a) * np.cos(b), -np.sin(b), np.cos(a) * np.cos(b)], np.float32)
    angle = np.arccos(np.clip(away @ forward, -1, 1)) / eye.radius  # 1 at the iris's edge
    turn = np.arctan2(away[:, 1] - forward[1], away[:, 0] - forward[0])
    fibres = np.random.default_rng(eye.rays).normal(0, 0.22, 48)
    fibre = fibres[np.clip((turn / np.pi + 1) * 24, 0, 47).astype(int)] * np.clip(1.6 - angle, 0, 1)
    shine = (1 + fibre + 0.35 * np.exp(-(((angle - 0.5) / 0.12) ** 2))) * (1 - eye.ring * np.clip(angle * 4 - 3, 0, 1))
    iris = eye.iris * dim * shine[:, None]
    veins = 1 - np.clip((angle - 1.3) / 1.6, 0, 0.45)[:, None] * np.array([0.5, 0.9, 0.9], np.float32)
    blend = np.clip((angle - 0.96) / 0.14, 0, 1)[:, None]
    white = eye.white * (0.6 + 0.4 * dim)
    albedo = iris * (1 - blend) + white * veins * blend
    albedo = albedo * np.clip((angle - 0.36) / 0.10, 0.04, 1)[:, None]
    return albedo.astype(np.float32), np.where(angle < 1.2, 0.20, 0.05).astype(np.float32)


def lid_shadow(pixel: np.ndarray, size: int, scale: float) -> np.ndarray:
    """(n,) 0..1, light that the upper lid lets through to an eyeball's pixels of a picture ``size`` wide.

    Worked out in the picture, since the lids of every shape and expression fall differently.

    Args:
        pixel: (n,) flat indices.
        size: width of the picture.
        scale: pixels between the eyes.
    """
    if not len(pixel):
        return np.zeros(0, np.float32)
    row, column = np.divmod(pixel, size)
    drop, pad = max(1, round(0.03 * scale)), max(2, round(0.1 * scale))
    top, left = row.min() - pad, column.min() - pad
    seen = np.zeros((row.max() - top + pad + 1, column.max() - left + pad + 1), np.float32)
    seen[row - top, column - left] = 1
    soft = cv2.GaussianBlur(seen, (0, 0), max(0.6, 0.028 * scale))
    return np.clip(1.6 * soft[row - top - drop, column - left] + 0.15, 0, 1)


def lids(random: np.random.Generator, origin: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Brightness and relief of the skin about the eyes, (SIZE, SIZE) each, and its redness.

    A person has a crease at a height of their own, or none; deep or flat sockets; a tear trough; bags.
    """
    deep, hood = random.normal(0.05, 0.30), random.uniform(-0.15, 0.35)  # sockets deep, flat, or full and light
    trough, bags, tired = random.gamma(1.3, 0.11), random.gamma(1.2, 0.10), random.gamma(1.5, 0.09)
    soft = -0.55 * deep * both(12.0, 7.375, 5.0, 0.05, -0.004)  # above the inner corner, where sockets are deepest
    soft -= 0.9 * deep * both(21.0, 7.375, 9.0, 0.045)
    soft -= 0.2 * deep * both(9.3, 7.27, 2.6, 0.07)
    soft += random.uniform(0, 0.15) * both(22.5, 7.42, 6, 0.03)  # light on the brow's bone
    soft -= hood * both(24.5, 7.355, 5.0, 0.045)
    soft -= (tired - 0.06) * both(18.5, 7.20, 9.5, 0.04, -0.001)
    soft -= random.uniform(0.0, 0.5) * both(20.5, 7.23, 6.5, 0.02, 0.001)  # the lower lashes
    soft -= trough * both(12.5, 7.15, 4.5, 0.045, -0.012)
    soft += 0.5 * bags * both(17, 7.155, 7, 0.03)
    soft -= bags * both(17.5, 7.095, 9, 0.028)
    soft -= random.uniform(0, 0.14) * both(27.5, 7.25, 4, 0.05)
    u = np.linspace(0, 1, 20)
    upper = 7.258 + 0.078 * np.sin(np.pi * u) ** 0.75
    canvas, fold = np.zeros((SIZE, SIZE), np.uint8), np.zeros((SIZE, SIZE), np.uint8)
    monolid = random.random() < (0.55 if origin == "asian" else 0.06)
    height, slant = random.uniform(0.012, 0.07), random.normal(0, 0.014)
    strength = random.uniform(0, 50) if monolid else random.uniform(40, 250)
    reach = slice(random.integers(0, 4), 20 - random.integers(0, 3))
    under, droop = random.uniform(20, 170), random.uniform(0.02, 0.05)
    for side in (-1, 1):
        a = side * (INNER - 0.6 + (OUTER - INNER + 2.6) * u)
        crease = upper + height * np.sin(np.pi * (0.15 + 0.8 * u)) + slant * (u - 0.5) + random.normal(0, 0.004)
        strokes(canvas, [at(a, crease)[reach]], strength, 2)
        strokes(fold, [at(a, 7.24 - (0.012 + droop) * np.sin(np.pi * (0.1 + 0.85 * u)) - 0.012 * u)], under, 1)
    line, faint = soften(canvas, 1.0), soften(fold, 1.2)
    red = 0.6 * random.random() * both(17, 7.20, 9, 0.05) + 0.5 * both(9.8, 7.255, 1.6, 0.03)
    tone = enlarge(soft) - 0.6 * line - 0.2 * faint - 0.15 * soften(canvas, 3.0)
    return tone, -0.020 * line - 0.006 * faint, enlarge(red)

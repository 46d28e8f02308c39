"""What covers are made of: cloth and clouds of colour; training has flat colour, noise, gradients and other faces."""

from __future__ import annotations

import cv2
import numpy as np

LIGHT = (25.0, 230.0)
"""Darkest and lightest channel of a drawn colour."""


def colour(rng: np.random.Generator) -> np.ndarray:
    """A colour, (3,) float32."""
    return rng.uniform(*LIGHT, 3).astype(np.float32)


def skin(rng: np.random.Generator) -> np.ndarray:
    """A colour of skin, (3,) float32: from light to dark, always redder than green, greener than blue."""
    red = rng.uniform(75, 230)
    return np.array([red, red * rng.uniform(0.68, 0.8), red * rng.uniform(0.5, 0.66)], np.float32)


def cloth(size: int, rng: np.random.Generator) -> np.ndarray:
    """Cloth with stripes, checks or dots in two colours at any angle, (size, size, 3) float32."""
    angle, period = rng.uniform(0, np.pi), size * rng.uniform(0.06, 0.2)
    row, column = np.mgrid[:size, :size] * (2 * np.pi / period)
    along = np.sin(column * np.cos(angle) + row * np.sin(angle))
    across = np.sin(row * np.cos(angle) - column * np.sin(angle))
    pattern = (along, np.maximum(along, across), along * across)[rng.integers(3)]
    share = np.clip(0.5 + 3 * pattern, 0, 1)[..., None]
    return share * colour(rng) + (1 - share) * colour(rng)


def clouds(size: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth patches of three colours in three sizes, as foliage or a blurred thing in front, (size, size, 3)."""
    found = np.zeros((size, size), np.float32)
    for step, cells in enumerate((3, 6, 12)):
        patches = rng.standard_normal((cells, cells)).astype(np.float32)
        found += cv2.resize(patches, (size, size), interpolation=cv2.INTER_CUBIC) / 2**step
    low, middle, high = (colour(rng) for _ in range(3))
    place = np.clip(found, -1, 1)[..., None]
    return np.where(place < 0, middle + place * (middle - low), middle + place * (high - middle))


def folded(size: int, rng: np.random.Generator) -> np.ndarray:
    """Cloth of one colour with soft folds across, as a mask has, (size, size, 3) float32."""
    row = np.arange(size)[:, None] / size
    folds = 1 + 0.12 * np.sin(2 * np.pi * (row * rng.uniform(7, 11) + rng.random()))
    return np.broadcast_to((folds * rng.uniform(0.7, 1.05))[..., None] * colour(rng), (size, size, 3))

"""What is behind the person: studio paper, rooms, streets, lights out of focus."""

from __future__ import annotations

import cv2
import numpy as np

from lgaf.world.canvas import value_noise


def muted(random: np.random.Generator) -> np.ndarray:
    """(3,) sRGB, a colour as things about people have: seldom vivid."""
    vivid = 0.06 + 0.5 * random.random() ** 4
    return np.clip(random.uniform(0.05, 0.92) + vivid * random.normal(0, 1, 3) * np.array([1, 0.6, 1]), 0.02, 0.98)


def draw_background(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """(height, width, 3) float32 sRGB 0..1; painted small and enlarged, as behind a lens focused on the face."""
    small = 96
    y, x = np.mgrid[:small, :small].astype(np.float32) / small
    colour = np.stack([muted(random), muted(random)])
    turn = random.uniform(0, 2 * np.pi)
    ramp = np.clip((x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn) + 0.5, 0, 1)[..., None]
    image = (colour[0] * (1 - ramp) + colour[1] * ramp).astype(np.float32)
    kind = random.choice(["paper", "room", "street", "lights", "leaves"])
    if kind == "room":
        for _ in range(random.integers(3, 10)):
            box(image, random, muted(random))
    elif kind == "street":
        horizon = int(small * random.uniform(0.3, 0.7))
        image[:horizon] = np.array([0.6, 0.72, 0.88]) * random.uniform(0.6, 1.1)
        image[horizon:] = np.array([0.42, 0.42, 0.36]) * random.uniform(0.5, 1.3)
        for _ in range(random.integers(2, 8)):
            box(image, random, random.uniform(0.15, 0.8) * (1 + random.normal(0, 0.12, 3)), tall=True)
    elif kind == "lights":
        image *= 0.35
        for _ in range(random.integers(8, 40)):
            where = tuple(int(v) for v in random.uniform(0, small * 8, 2))
            layer = image.copy()
            cv2.circle(layer, where, int(8 * random.uniform(1.5, 7)), random.uniform(0.2, 1, 3).tolist(), -1, 8, 3)
            image = image + 0.5 * (layer - image)
    elif kind == "leaves":
        green = np.array([0.25, 0.38, 0.14]) * random.uniform(0.6, 1.6)
        image = green * np.clip(0.7 + 0.28 * value_noise(random, small, small, 18)[..., None], 0.05, 2)
    image = image * (1 + 0.06 * value_noise(random, small, small, 8)[..., None])
    image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), random.uniform(0.4, 3.0))
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(image, 0, 1, out=image)


def box(image: np.ndarray, random: np.random.Generator, colour: np.ndarray, tall: bool = False) -> None:
    """A filled rectangle somewhere: a door, a shelf, a picture, a building."""
    size = len(image)
    corner = random.uniform(-0.2, 0.9, 2) * size
    extent = random.uniform(0.08, 0.5, 2) * size * ([0.7, 2.0] if tall else [1, 1])
    a, b = (tuple(int(v) for v in p) for p in (corner, corner + extent))
    cv2.rectangle(image, a, b, np.clip(colour, 0, 1).tolist(), -1)
    if random.random() < 0.4:
        cv2.rectangle(image, a, b, np.clip(colour * 0.5, 0, 1).tolist(), 1)

"""Augmentation of aligned faces: mirror, AdaFace's low resolution, crop and photometric change, and damage of our own.

Source of AdaFace's three: its ``dataset/augmenter.py`` (mk-minchul/AdaFace) at c60eaa7, each with its own probability.
Cover, warp and noise are made in other ways than those of the laboratory (lgaf/damage), which would else test what was
trained.
"""

from __future__ import annotations

import cv2
import numpy as np

from lgaf.train.settings import AugmentSettings

INTERPOLATIONS = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA, cv2.INTER_LANCZOS4)
GREY = np.array([0.299, 0.587, 0.114], np.float32)


def low_resolution(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shrink to 0.2 to 1 of the side and enlarge again."""
    height, width = image.shape[:2]
    share = rng.uniform(0.2, 1.0)
    shrink, enlarge = rng.choice(INTERPOLATIONS, 2)
    small = cv2.resize(image, (max(1, int(width * share)), max(1, int(height * share))), interpolation=int(shrink))
    return cv2.resize(small, (width, height), interpolation=int(enlarge))


def crop(image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Keep a random rectangle (area 0.2 to 1, aspect 3/4 to 4/3) in its place, black elsewhere; and which it is."""
    height, width = image.shape[:2]
    area, aspect = rng.uniform(0.2, 1.0), np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
    high = min(height, max(1, round(height * np.sqrt(area / aspect))))
    wide = min(width, max(1, round(width * np.sqrt(area * aspect))))
    top, left = rng.integers(0, height - high + 1), rng.integers(0, width - wide + 1)
    kept = np.zeros((height, width), bool)
    kept[top : top + high, left : left + wide] = True
    return image * kept[..., None], kept


def field(shape: tuple[int, ...], cells: int, rng: np.random.Generator) -> np.ndarray:
    """A smooth field (H, W, C) of standard deviation about 1, as fine as ``cells`` across the image."""
    height, width, channels = shape
    coarse = rng.standard_normal((cells, cells, channels)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).reshape(shape)


def cover(image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Lay one or two upright rectangles or ellipses over it, together 4 to 60 % of its area where they lie inside; and
    what is left. They are of one colour, some of them shaded or grained."""
    height, width = image.shape[:2]
    count = int(rng.integers(1, 3))
    share = rng.uniform(0.04, 0.6) / count
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)
    visible = np.ones((height, width), bool)
    for _ in range(count):
        aspect, ellipse = np.exp(rng.uniform(-1, 1)), rng.random() < 0.5
        area = share * 4 / np.pi if ellipse else share
        high, wide = np.sqrt(area * aspect) / 2, np.sqrt(area / aspect) / 2
        down, across = np.abs(y - rng.random()) / high, np.abs(x - rng.random()) / wide
        visible &= (down**2 + across**2 > 1) if ellipse else ((down > 1) | (across > 1))
    over: np.ndarray = np.broadcast_to(rng.uniform(0, 255, 3).astype(np.float32), image.shape)
    if rng.random() < 0.6:
        over = over + rng.uniform(0, 60) * field(image.shape, 3, rng)
    if rng.random() < 0.6:
        over = over + rng.uniform(0, 60) * rng.standard_normal(image.shape, np.float32)
    return np.where(visible[..., None], image, np.clip(over, 0, 255).astype(np.uint8)), visible


def warp(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move every place by a smooth random field, by up to 4 % of the side on average."""
    height, width = image.shape[:2]
    cells, strength = int(rng.integers(3, 7)), np.float32(rng.uniform(0, 0.04))
    moves = strength * np.array([width, height], np.float32) * field((height, width, 2), cells, rng)
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(image, x + moves[..., 0], y + moves[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def noise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add noise of up to 50 grey levels, the same to all channels in half of the cases, as fine as a pixel or two."""
    height, width, channels = image.shape
    sigma, grey, coarse = rng.uniform(2, 50), rng.random() < 0.5, int(rng.integers(1, 3))
    shape = -(-height // coarse), -(-width // coarse), 1 if grey else channels
    grain = (rng.random(shape, np.float32) - 0.5) * np.float32(sigma * np.sqrt(12))
    grain = grain.repeat(coarse, axis=0).repeat(coarse, axis=1)[:height, :width]
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def photometric(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale brightness, contrast and saturation by 0.5 to 1.5 each."""
    brightness, contrast, saturation = rng.uniform(0.5, 1.5, 3).astype(np.float32)
    pixels = image.astype(np.float32) * brightness
    mean = np.float32((pixels @ GREY).mean())
    pixels = (pixels - mean) * contrast + mean
    grey = (pixels @ GREY)[..., None]
    return np.clip((pixels - grey) * saturation + grey, 0, 255).astype(np.uint8)


def augment(image: np.ndarray, settings: AugmentSettings, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Augment one aligned face.

    Args:
        image: (H, W, 3) uint8 RGB.
        rng: drawn from in the same order whatever happens, so that one choice does not shift the others.

    Returns:
        (H, W, 3) uint8 RGB, and (H, W) bool: what neither crop nor cover hides.
    """
    chances = rng.random(7)
    visible = np.ones(image.shape[:2], bool)
    if chances[0] < settings.flip:
        image = image[:, ::-1]
    if chances[1] < settings.warp:
        image = warp(image, rng)
    if chances[2] < settings.crop:
        image, visible = crop(image, rng)
    if chances[3] < settings.cover:
        image, uncovered = cover(image, rng)
        visible &= uncovered
    if chances[4] < settings.low_resolution:
        image = low_resolution(image, rng)
    if chances[5] < settings.photometric:
        image = photometric(image, rng)
    if chances[6] < settings.noise:
        image = noise(image, rng)
    return np.ascontiguousarray(image), visible

"""Augmentation of aligned faces: mirror, and AdaFace's low resolution, crop and photometric change.

Source of the last three: mk-minchul/AdaFace ``dataset/augmenter.py`` at c60eaa7, each with its own probability.
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


def crop(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keep a random rectangle (area 0.2 to 1, aspect 3/4 to 4/3) in its place, black elsewhere."""
    height, width = image.shape[:2]
    area, aspect = rng.uniform(0.2, 1.0), np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
    high = min(height, max(1, round(height * np.sqrt(area / aspect))))
    wide = min(width, max(1, round(width * np.sqrt(area * aspect))))
    top, left = rng.integers(0, height - high + 1), rng.integers(0, width - wide + 1)
    kept = np.zeros_like(image)
    kept[top : top + high, left : left + wide] = image[top : top + high, left : left + wide]
    return kept


def photometric(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale brightness, contrast and saturation by 0.5 to 1.5 each."""
    brightness, contrast, saturation = rng.uniform(0.5, 1.5, 3).astype(np.float32)
    pixels = image.astype(np.float32) * brightness
    mean = np.float32((pixels @ GREY).mean())
    pixels = (pixels - mean) * contrast + mean
    grey = (pixels @ GREY)[..., None]
    return np.clip((pixels - grey) * saturation + grey, 0, 255).astype(np.uint8)


def augment(image: np.ndarray, settings: AugmentSettings, rng: np.random.Generator) -> np.ndarray:
    """Augment one aligned face.

    Args:
        image: (H, W, 3) uint8 RGB.
        rng: drawn from in the same order whatever happens, so that one choice does not shift the others.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    chances = rng.random(4)
    if chances[0] < settings.flip:
        image = image[:, ::-1]
    if chances[1] < settings.crop:
        image = crop(image, rng)
    if chances[2] < settings.low_resolution:
        image = low_resolution(image, rng)
    if chances[3] < settings.photometric:
        image = photometric(image, rng)
    return np.ascontiguousarray(image)

"""From light to JPEG: lens, sensor, tone curve, resolution, noise."""

from __future__ import annotations

import cv2
import numpy as np

from lgaf.errors import DataError
from lgaf.world.scene import Scene

GREY = np.repeat(np.array([[0.299], [0.587], [0.114]], np.float32), 3, 1)
"""(3, 3) luma (ITU-R BT.601) in every channel."""


def take(image: np.ndarray, scene: Scene, frame: int, random: np.random.Generator) -> np.ndarray:
    """Photograph a rendered image (H, W, 3), sRGB 0..1 float32, as (frame, frame, 3) uint8 RGB.

    The image is blurred and reduced to the sensor's resolution, toned, made noisy, and enlarged to the frame where
    the sensor has fewer pixels.
    """
    pixels = max(16, round(frame * scene.capture))
    if image.shape[0] != pixels:
        image = cv2.resize(image, (pixels, pixels), interpolation=cv2.INTER_AREA)
    if scene.motion > 1:
        image = cv2.filter2D(image, -1, streak(scene.motion, random.uniform(0, np.pi)))
    if scene.blur > 0.25:
        image = cv2.GaussianBlur(image, (0, 0), scene.blur)
    gain = np.array([1 + scene.warmth, 1, 1 - scene.warmth], np.float32)
    image = (image * gain - 0.5) * np.float32(scene.contrast) + np.float32(0.5)
    if scene.grey:
        image = np.clip(image, 0, 1) @ GREY
    grain = random.standard_normal((pixels, pixels), np.float32)[..., None]
    coarse = random.standard_normal((pixels // 2 + 1, pixels // 2 + 1, 3), np.float32)
    colour = cv2.resize(coarse, (pixels, pixels), interpolation=cv2.INTER_LINEAR)
    shot = np.float32(scene.noise) * (0.6 + 0.8 * np.clip(image, 0, 1))
    image = image + shot * (grain + (0 if scene.grey else 0.4 * colour))
    shown = np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)
    if pixels != frame:
        way = cv2.INTER_CUBIC if random.random() < 0.6 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(shown, (frame, frame), interpolation=way))
    return shown


def streak(length: float, turn: float) -> np.ndarray:
    """A motion blur's kernel: a line of a length in pixels at an angle."""
    size = int(np.ceil(length)) // 2 * 2 + 3
    kernel = np.zeros((size, size), np.float32)
    middle, reach = size // 2, np.array([np.cos(turn), np.sin(turn)]) * length / 2
    ends = [tuple(round((middle + sign * r) * 16) for r in reach) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_8, 4)
    return kernel / kernel.sum()


def encode(image: np.ndarray, quality: int) -> bytes:
    """JPEG bytes of (H, W, 3) uint8 RGB."""
    done, buffer = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise DataError("an image could not be encoded as JPEG; install another version of opencv-python")
    return buffer.tobytes()

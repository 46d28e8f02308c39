"""Loss of local detail: the layout stays, what is fine is lost. Lengths in eye distances, OpenCV's operations.

Each generator takes a face, the strength in its own unit and random numbers, and returns the image and the strength.
"""

from __future__ import annotations

import cv2
import numpy as np

from lgaf.damage.face import Face
from lgaf.formats.image import decode

Damaged = tuple[np.ndarray, float]
FINE = 8
"""Steps to a pixel in which kernels are drawn."""


def low_resolution(face: Face, eyes: float, rng: np.random.Generator) -> Damaged:
    """Captured with ``eyes`` pixels between the eyes: a lens's blur, a coarse grid anywhere, enlarged smoothly.

    Training's (AdaFace's) shrinks with the interpolation of chance and a grid that begins at the corner.
    """
    scale = min(1.0, eyes / face.eyes)
    side = int(np.ceil(face.size * scale)) + 1
    there = np.array([[scale, 0, rng.random()], [0, scale, rng.random()]])
    soft = cv2.GaussianBlur(face.image.astype(np.float32), (0, 0), max(0.5 / scale, 0.3), borderType=cv2.BORDER_REFLECT)
    small = cv2.warpAffine(soft, there, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    small = np.round(np.clip(small, 0, 255))
    back = cv2.warpAffine(small, there, (face.size, face.size), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
                          borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    return whole(back), eyes


def filtered(face: Face, kernel: np.ndarray) -> np.ndarray:
    """The image under a kernel drawn FINE times too large."""
    side = kernel.shape[0] // FINE
    kernel = cv2.resize(kernel, (side, side), interpolation=cv2.INTER_AREA)
    return whole(cv2.filter2D(face.image.astype(np.float32), -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT))


def canvas(reach: float) -> tuple[np.ndarray, float]:
    """An empty kernel that holds ``reach`` pixels on all sides of its middle, and the middle."""
    side = (2 * int(np.ceil(reach + 0.5)) + 1) * FINE
    return np.zeros((side, side), np.float32), (side - 1) / 2


def blur(face: Face, radius: float, rng: np.random.Generator) -> Damaged:
    """Out of focus: a disc of ``radius`` eye distances."""
    kernel, middle = canvas(radius * face.eyes)
    row, column = np.mgrid[: kernel.shape[0], : kernel.shape[0]] - middle
    kernel[row**2 + column**2 <= (radius * face.eyes * FINE) ** 2 + 1] = 1
    return filtered(face, kernel), radius


def motion(face: Face, length: float, rng: np.random.Generator) -> Damaged:
    """Moved by ``length`` eye distances while the shutter was open, in any direction, on a slight curve."""
    kernel, middle = canvas(length * face.eyes / 2)
    angle, curve = rng.uniform(0, np.pi), rng.normal(0, 0.15)
    along = np.linspace(-0.5, 0.5, 30) * length * face.eyes * FINE
    aside = curve * along**2 / max(length * face.eyes * FINE, 1)
    x = middle + along * np.cos(angle) - aside * np.sin(angle)
    y = middle + along * np.sin(angle) + aside * np.cos(angle)
    line = np.round(np.column_stack([x, y])).astype(np.int32)
    cv2.polylines(kernel, [line], False, 1.0, FINE)
    return filtered(face, kernel), length


def jpeg(face: Face, quality: float, rng: np.random.Generator) -> Damaged:
    """Stored as JPEG of that ``quality``, 1 to 100, the grid of blocks begun anywhere."""
    top, left = rng.integers(0, 8, 2)
    padded = cv2.copyMakeBorder(face.image, int(top), 8 - int(top), int(left), 8 - int(left), cv2.BORDER_REPLICATE)
    quality = float(round(quality))
    _, stored = cv2.imencode(".jpg", cv2.cvtColor(padded, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    back = decode(stored.tobytes())
    return np.ascontiguousarray(back[top : top + face.size, left : left + face.size]), quality


def noise(face: Face, sigma: float, rng: np.random.Generator) -> Damaged:
    """A sensor's noise of standard deviation ``sigma`` grey levels at mid grey, more where it is light (photons)."""
    light = face.image.astype(np.float32)
    grain = rng.standard_normal(light.shape).astype(np.float32)
    return whole(light + grain * np.float32(sigma) * np.sqrt(0.5 + light / 255)), sigma


def contrast(face: Face, left: float, rng: np.random.Generator) -> Damaged:
    """Haze: of the contrast a share ``left`` remains, the rest is light of one colour; whole grey levels, faint noise.

    Training's (AdaFace's) keeps half of the contrast or more, about the image's own mean.
    """
    haze = rng.uniform(60, 200) + rng.normal(0, 12, 3)
    grain = rng.standard_normal(face.image.shape)
    return whole(face.image * left + haze * (1 - left) + grain), left


def whole(image: np.ndarray) -> np.ndarray:
    """Rounded to uint8."""
    return np.clip(np.round(image), 0, 255).astype(np.uint8)

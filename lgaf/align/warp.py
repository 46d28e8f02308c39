"""The five-point similarity warp to the field's template."""

from __future__ import annotations

import cv2
import numpy as np

TEMPLATE_SIZE = 112
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)
"""(5, 2) left eye, right eye, nose, left and right mouth corner in a 112x112 crop (insightface ``face_align.py``)."""


def template(image_size: int) -> np.ndarray:
    """The template (5, 2) scaled to a square crop of ``image_size`` pixels."""
    return TEMPLATE * (image_size / TEMPLATE_SIZE)


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Least-squares similarity (rotation, one scale, shift; never a mirror image) from ``source`` to ``target``.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI 1991, eq. 40-42.
    Both are (N, 2); returned is the (2, 3) matrix A with target ~ A[:, :2] @ source + A[:, 2].

    Raises:
        ValueError: the source's points are not finite or all the same, or fit no size above zero.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if not np.isfinite(source).all():
        raise ValueError("points are not finite")
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    variance = ((source - source_mean) ** 2).sum(axis=1).mean()
    if variance < 1e-6:
        raise ValueError("points are all the same")
    covariance = (target - target_mean).T @ (source - source_mean) / len(source)
    left, singular, right = np.linalg.svd(covariance)
    sign = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    scale = (singular * sign).sum() / variance
    if scale <= 1e-9:
        raise ValueError("points fit the template at no size")
    linear = scale * (left * sign) @ right
    return np.column_stack([linear, target_mean - linear @ source_mean])


def warp(image: np.ndarray, matrix: np.ndarray, image_size: int) -> np.ndarray:
    """Apply a similarity (2, 3) to an image (H, W, 3) uint8; returned is (image_size, image_size, 3) uint8.

    Bilinear, black outside the image, as insightface's ``norm_crop``. An image that shrinks by two or more is first
    reduced by that whole number (mean of the pixels), since bilinear sampling would skip pixels and alias.
    """
    factor = int(1 / np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    factor = min(factor, *image.shape[:2])
    if factor >= 2:
        height, width = image.shape[0] // factor, image.shape[1] // factor
        image = cv2.resize(image[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA)
        back = np.array([[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2], [0, 0, 1]])
        matrix = matrix @ back
    return cv2.warpAffine(image, matrix, (image_size, image_size), flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0))


def align(image: np.ndarray, points: np.ndarray, image_size: int) -> np.ndarray:
    """The face with five points (5, 2) in an image, warped to the template: (image_size, image_size, 3) uint8.

    Raises:
        ValueError: the points fit the template at no size.
    """
    return warp(image, similarity(points, template(image_size)), image_size)


def move(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (N, 2) under a similarity (2, 3)."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def centre_crop(height: int, width: int, share: float, image_size: int) -> np.ndarray:
    """The similarity (2, 3) that takes the central square, ``share`` of the shorter side, to the whole crop."""
    scale = image_size / (share * min(height, width))
    return np.array(
        [
            [scale, 0, (image_size - 1) / 2 - scale * (width - 1) / 2],
            [0, scale, (image_size - 1) / 2 - scale * (height - 1) / 2],
        ]
    )

"""A face as the generators of damage see it: pixels, five points, its eye distance and which pixels are face."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from lgaf.align.warp import TEMPLATE_SIZE

OVAL = (56.0, 70.0, 40.0, 52.0)
"""Centre and half axes of the face in an aligned crop of 112 pixels: hair line to chin, ear to ear."""


@dataclass(frozen=True)
class Face:
    """An aligned face: (S, S, 3) uint8 RGB, and its five points (5, 2) in pixels."""

    image: np.ndarray
    points: np.ndarray

    @property
    def size(self) -> int:
        """Side in pixels."""
        return self.image.shape[0]

    @cached_property
    def eyes(self) -> float:
        """Distance of the eyes in pixels: the unit of lengths, so that damage does not depend on the resolution."""
        return float(np.linalg.norm(self.points[1] - self.points[0]))

    @cached_property
    def oval(self) -> np.ndarray:
        """(S, S) uint8, 1 at the pixels of the face."""
        x, y, wide, high = np.array(OVAL) * self.size / TEMPLATE_SIZE
        row, column = np.mgrid[: self.size, : self.size]
        return (((column - x) / wide) ** 2 + ((row - y) / high) ** 2 <= 1).astype(np.uint8)

    def hidden(self, cover: np.ndarray) -> float:
        """Share of the face that a cover, (S, S) uint8, 255 where it hides all, hides."""
        return cv2.mean(cover, self.oval)[0] / 255


def filled(size: int, *outlines: np.ndarray) -> np.ndarray:
    """(size, size) uint8 cover: polygons of (N, 2) corners in pixels filled, 255 inside, edges smooth."""
    cover = np.zeros((size, size), np.uint8)
    for outline in outlines:
        corners = np.round(np.clip(outline, -8 * size, 8 * size) * 16).astype(np.int32)
        cv2.fillPoly(cover, [corners], 255, cv2.LINE_AA, shift=4)
    return cover


def paste(image: np.ndarray, cover: np.ndarray, over: np.ndarray) -> np.ndarray:
    """``over``, (S, S, 3) or (3,), laid on an image where a cover says so."""
    mixed = image + (cover[..., None] / np.float32(255)) * (over - image.astype(np.float32))
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)

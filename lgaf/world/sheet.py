"""Sheets laid over a head, grids of points that follow its shape: what hair, headwear and masks are made of."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lgaf.world.basis import Basis

CENTRE = np.array([0, 7.45, 0.35], np.float32)
"""Rays to the skull start here; the crown is straight above."""
TURNS, TILTS = 72, 40
"""The skull's table: angles about the vertical (0 at the nose) and from the crown (0) down to REACH degrees."""
REACH = 140.0


@dataclass(frozen=True)
class Sheet:
    """A grid of points and what the renderer paints it with."""

    vertices: np.ndarray
    """(V, 3) float32, in the head's frame before pose."""
    triangles: np.ndarray
    """(T, 3), both sides."""
    along: np.ndarray
    """(V, 2) float32: position across and along the sheet, 0..1."""


class Skull:
    """The skull's table for a basis: which vertex lies in a direction, and how far the base mesh is there."""

    def __init__(self, basis: Basis):
        skin = np.flatnonzero((basis.part == 0) & (basis.masks[:, 2] < 0.2) & (basis.vertices[:, 1] > 6.2))
        skin = skin[basis.openness[skin] > 0.3]
        away = basis.vertices[skin] - CENTRE
        distance = np.linalg.norm(away, axis=1)
        rays = self.rays(*np.meshgrid(np.linspace(-180, 180, TURNS), np.linspace(0, REACH, TILTS)))
        near = rays @ (away / distance[:, None]).T
        self.vertex = skin[near.argmax(-1)]
        weight = np.exp((near - 1) / 0.004)
        self.distance = ((weight @ distance) / weight.sum(-1)).astype(np.float32)

    @staticmethod
    def rays(turn: np.ndarray, tilt: np.ndarray) -> np.ndarray:
        """Unit vectors (..., 3) at degrees about the vertical and from the crown."""
        a, b = np.radians(turn), np.radians(tilt)
        return np.stack([np.sin(a) * np.sin(b), np.cos(b), np.cos(a) * np.sin(b)], -1).astype(np.float32)

    def surface(self, moved: np.ndarray, turn: np.ndarray, tilt: np.ndarray, above: np.ndarray) -> np.ndarray:
        """Points (R, C, 3) at a height above the skin, in directions (R, C), given the head's displacement (V, 3)."""
        table = np.dstack([self.distance, cv2.blur(moved[self.vertex].astype(np.float32), (5, 5))])
        column = ((turn + 180) / 360 * (TURNS - 1)).astype(np.float32)
        row = (tilt / REACH * (TILTS - 1)).astype(np.float32)
        found = cv2.remap(table, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return CENTRE + self.rays(turn, tilt) * (found[..., :1] + above[..., None]) + found[..., 1:]


def grid(points: np.ndarray) -> Sheet:
    """A sheet from a grid (R, C, 3) of points, triangles on both sides."""
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (x.ravel() for x in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    front = np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)])
    across, along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    return Sheet(
        points.reshape(-1, 3).astype(np.float32),
        np.concatenate([front, front[:, ::-1]]).astype(np.int32),
        np.stack([across, along], -1).reshape(-1, 2).astype(np.float32),
    )


def face_mask(basis: Basis, vertices: np.ndarray, top: float, bottom: float, wide: float) -> Sheet:
    """A surgical mask: cloth over nose, mouth and chin between two heights (y) and ``wide`` degrees either side."""
    turn, height = np.meshgrid(np.linspace(-wide, wide, 25), np.linspace(top, bottom, 15))
    height = height - 0.2 * (np.abs(turn) / wide) ** 2 * np.linspace(1, -0.8, 15)[:, None]
    x, y, z = basis.vertices.T
    skin = np.flatnonzero((basis.part == 0) & (basis.openness > 0.35) & (z > 0) & (y > 5.9))
    angle = np.degrees(np.arctan2(x[skin], z[skin] - CENTRE[2])) / 57
    far = (turn.ravel()[:, None] / 57 - angle) ** 2 + (height.ravel()[:, None] - y[skin]) ** 2
    points = vertices[skin[far.argmin(1)]].reshape(*turn.shape, 3)
    points = points.copy()
    points[..., 2] = cv2.dilate(points[..., 2].copy(), np.ones((3, 3)))  # cloth spans hollows
    for _ in range(2):
        points = cv2.blur(points, (3, 3), borderType=cv2.BORDER_REPLICATE)
    away = points - (CENTRE - np.array([0, 0.6, 0]))
    points += 0.10 * away / np.linalg.norm(away, axis=-1, keepdims=True)
    return grid(points.astype(np.float32))

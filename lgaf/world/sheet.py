"""Sheets laid over a head: hair, caps, headscarves and masks, all grids of points that follow the head's shape."""

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
SCALP_ROWS, HANGING_ROWS = 16, 8
HAIRLINE = np.array(
    [[0, 58], [22, 57], [40, 64], [58, 74], [70, 88], [78, 97], [88, 94], [108, 104], [140, 124], [180, 130]]
)
"""Angle about the vertical -> angle from the crown at which hair ends."""


@dataclass(frozen=True)
class Sheet:
    """A grid of points and what the renderer paints it with."""

    vertices: np.ndarray
    """(V, 3) float32, in the head's frame before pose."""
    triangles: np.ndarray
    """(T, 3), both sides."""
    along: np.ndarray
    """(V, 2) float32: position across and along the sheet, 0..1."""


@dataclass(frozen=True)
class Style:
    """A way to wear hair, or something on the head."""

    volume: float
    """Thickness in decimetres."""
    front: float
    """Degrees by which the front hangs below the hairline (a fringe) or, negative, recedes."""
    sides: float
    """Decimetres hanging at the sides."""
    back: float
    """Decimetres hanging at the back."""
    curl: float
    """0 straight .. 1 curly."""
    ragged: float
    """Share of the sheet's length over which strands end."""
    cloth: bool = False
    """A cap or scarf: smooth, with a clean edge."""
    lift: float = 0.0
    """Degrees by which the whole edge is raised."""


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


def outline(turn: np.ndarray, style: Style) -> np.ndarray:
    """Degrees from the crown at which hair of a style leaves the skin, at degrees about the vertical."""
    frontal = np.exp(-((turn / 42) ** 4))
    return np.interp(np.abs(turn), *HAIRLINE.T) - style.lift + frontal * style.front


def scalp(rest: np.ndarray, style: Style) -> np.ndarray:
    """(N,) degrees by which points (N, 3) of the base mesh lie within the hair of a style; negative outside."""
    x, y, z = (rest - CENTRE).T
    turn = np.degrees(np.arctan2(x, z))
    tilt = np.degrees(np.arctan2(np.hypot(x, z), y))
    return np.minimum(outline(turn, style), np.interp(np.abs(turn), *HAIRLINE.T)) - tilt


def hair(skull: Skull, moved: np.ndarray, style: Style, random: np.random.Generator) -> Sheet:
    """Hair or headwear of a style on a head displaced by ``moved`` (V, 3) from the base mesh."""
    turn = np.linspace(-180, 180, TURNS)
    line = outline(turn, style)
    s = np.linspace(0.01, 1, SCALP_ROWS)[:, None]
    tilt = np.clip(s * line, 0, REACH - 1)
    bumps = cv2.resize(random.standard_normal((6, 10)).astype(np.float32), (TURNS, SCALP_ROWS))
    bumps[:, -1] = bumps[:, 0]
    to_side = np.clip((np.abs(turn) - 62) / 25, 0, 1)
    to_back = np.clip((np.abs(turn) - 95) / 35, 0, 1)
    length = style.sides * to_side * (1 - to_back) + style.back * to_back
    thin = 1 - (0.3 if style.cloth else 0.9) * s**3 * np.clip(1 - length * 4, 0, 1)
    above = 0.015 + style.volume * thin * (1 + (0.12 + 0.25 * style.curl) * bumps * (not style.cloth))
    above[-1] -= 0 if style.cloth else 0.02  # roots go into the skin
    points = skull.surface(moved, np.broadcast_to(turn, tilt.shape), tilt, above.astype(np.float32))
    if style.sides <= 0 and style.back <= 0:
        return grid(points)
    u = np.linspace(0, 1, HANGING_ROWS + 1)[1:, None]
    hanging = np.repeat(points[-1:], HANGING_ROWS, 0)
    hanging[..., 1] -= u * length
    wave = style.curl * 0.06 * np.sin(u * 9 + turn / 9)
    flare = (0.10 * np.sin(u * np.pi * 0.8) + wave) * to_side
    hanging[..., 0] += flare * np.sin(np.radians(turn))
    hanging[..., 2] += flare * np.cos(np.radians(turn)) - 0.15 * u * to_side * (1 - to_back)
    return grid(np.concatenate([points, hanging]))


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

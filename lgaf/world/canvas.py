"""The cylinder about the head on which skin is painted: its angles and heights, and brushes for it."""

from __future__ import annotations

import cv2
import numpy as np

from lgaf.world.basis import Basis

SIZE = 448
"""Columns and rows of the maps."""
AXIS = 0.35
"""Depth (z) of the cylinder's axis."""
SWEEP = 110.0
"""The maps end at this angle on either side of the nose, in degrees."""
TOP, BOTTOM = 8.4, 6.2
"""Heights (y) of the maps' first and last row, in decimetres as on the base mesh."""
COARSE = 112
"""Columns and rows of the grid on which soft patches are painted; a quarter of the maps, a sixteenth of the work."""
ROW, COLUMN = (TOP - BOTTOM) / (SIZE - 1), 2 * SWEEP / (SIZE - 1) * np.pi / 180 * 1.08
"""Height and width of a map's pixel on the front of the face, in decimetres."""


def unroll(basis: Basis) -> tuple[np.ndarray, np.ndarray]:
    """Angle in degrees (0 at the nose, towards the person's left positive) and height of every vertex, (V,) each."""
    x, y, z = basis.vertices.T
    return np.degrees(np.arctan2(x, z - AXIS)), y


def at(angle: np.ndarray | float, height: np.ndarray | float) -> np.ndarray:
    """Column and row of the maps, (..., 2), of an angle and a height."""
    column = (np.asarray(angle) / SWEEP + 1) / 2 * (SIZE - 1)
    row = (TOP - np.asarray(height)) / (TOP - BOTTOM) * (SIZE - 1)
    return np.stack([column, row], -1)


def coarse() -> tuple[np.ndarray, np.ndarray]:
    """Angle (1, COARSE) and height (COARSE, 1) of the coarse grid."""
    angle = np.linspace(-SWEEP, SWEEP, COARSE, dtype=np.float32)[None]
    return angle, np.linspace(TOP, BOTTOM, COARSE, dtype=np.float32)[:, None]


def spot(angle: float, height: float, wide: float, tall: float, lean: float = 0.0) -> np.ndarray:
    """(COARSE, COARSE) a soft patch, 1 in its middle; ``lean`` decimetres upwards per degree to the left."""
    a, h = coarse()
    return np.exp(-(((a - angle) / wide) ** 2) - ((h - height - lean * (a - angle)) / tall) ** 2)


def both(angle: float, height: float, wide: float, tall: float, lean: float = 0.0) -> np.ndarray:
    """Two mirrored spots."""
    one = spot(angle, height, wide, tall, lean)
    return one + one[:, ::-1]


def enlarge(patch: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE) of a coarse patch."""
    return cv2.resize(patch.astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)


def value_noise(random: np.random.Generator, height: int, width: int, cells: float) -> np.ndarray:
    """(height, width) smooth noise in about -1..1 with ``cells`` bumps along the longer side."""
    scale = cells / max(height, width)
    small = random.standard_normal((max(2, round(height * scale) + 1), max(2, round(width * scale) + 1)))
    return cv2.resize(small.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)


def strokes(canvas: np.ndarray, lines: list[np.ndarray] | np.ndarray, value: float, thickness: int = 1) -> None:
    """Draw anti-aliased poly-lines (n, 2) onto a uint8 canvas."""
    points = [np.rint(line * 16).astype(np.int32) for line in lines]
    cv2.polylines(canvas, points, False, value, thickness, cv2.LINE_AA, 4)


def soften(canvas: np.ndarray, width: float) -> np.ndarray:
    """A uint8 canvas as float32 0..1, blurred by ``width`` pixels."""
    return cv2.GaussianBlur(canvas, (0, 0), width).astype(np.float32) / 255

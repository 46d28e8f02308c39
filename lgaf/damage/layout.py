"""Deformation of the layout: the face's parts moved against each other, each part as sharp as before.

A thin-plate spline (Bookstein, "Principal warps", PAMI 11 (1989); SciPy's) through twenty places on the face that are
moved at random, the crop's border held. What alignment could undo, a shift, turn and scale of all, is taken out, so
that the strength is all deformation. Training warps by smooth random fields and knows no places.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

from lgaf.align.warp import similarity
from lgaf.damage.face import Face

GRID = (4, 5)
"""Places that move, across and down the face."""
BORDER = 4
"""Places held on each side of the crop."""
COARSE = 20
"""Side of the grid on which the spline is evaluated; it is smooth, and at every pixel it takes six times as long."""


def warp(face: Face, strength: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """The face with its places moved by ``strength`` eye distances, root mean square; returns the image and that."""
    left, right, top, bottom = (bound * face.size for bound in (0.22, 0.78, 0.28, 0.95))
    x, y = np.meshgrid(np.linspace(left, right, GRID[0]), np.linspace(top, bottom, GRID[1]))
    places = np.column_stack([x.ravel(), y.ravel()])
    places = places + rng.normal(0, 0.03 * face.size, places.shape)
    moves = rng.standard_normal(places.shape)
    moves *= face.size / 10 / np.abs(moves).max()
    matrix = similarity(places, places + moves)
    moves -= places @ matrix[:, :2].T + matrix[:, 2] - places
    moves *= strength * face.eyes / np.sqrt((moves**2).sum(axis=1).mean())
    side = np.linspace(0, face.size - 1, BORDER + 1)
    ends = np.zeros_like(side), np.full_like(side, face.size - 1)
    border = np.concatenate([np.column_stack(pair) for end in ends for pair in ((side, end), (end, side))])
    border = np.unique(border, axis=0)
    known = np.concatenate([places, border])
    spline = RBFInterpolator(known, np.concatenate([moves, np.zeros_like(border)]), kernel="thin_plate_spline")
    step = face.size / COARSE
    coarse = np.stack(np.meshgrid(*[(np.arange(COARSE) + 0.5) * step - 0.5] * 2), axis=-1)
    moved = spline(coarse.reshape(-1, 2)).reshape(coarse.shape).astype(np.float32)
    back = cv2.resize(moved, (face.size, face.size), interpolation=cv2.INTER_CUBIC)
    row, column = np.mgrid[: face.size, : face.size].astype(np.float32)
    warped = cv2.remap(
        face.image, column - back[..., 0], row - back[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return warped, strength

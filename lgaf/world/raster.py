"""A z-buffer without a loop over triangles: which point of which triangle does each pixel see?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Fragments:
    """The N pixels that see a mesh, and what they see of it."""

    pixel: np.ndarray
    """(N,) int, row * width + column."""
    corners: np.ndarray
    """(N, 3) vertices of the triangle seen."""
    weights: np.ndarray
    """(N, 3) float32 barycentric weights of the corners."""
    depth: np.ndarray
    """(N,) float32 distance from the camera."""

    def __getitem__(self, chosen: np.ndarray) -> Fragments:
        return Fragments(self.pixel[chosen], self.corners[chosen], self.weights[chosen], self.depth[chosen])

    def __len__(self) -> int:
        return len(self.pixel)

    def interpolate(self, values: np.ndarray) -> np.ndarray:
        """Values (V, C) at the vertices to (N, C) at the pixels."""
        a, b, c = self.corners.T
        u, v, w = self.weights.T
        return values[a] * u[:, None] + values[b] * v[:, None] + values[c] * w[:, None]


def rasterise(points: np.ndarray, triangles: np.ndarray, height: int, width: int) -> Fragments:
    """Find the nearest front-facing triangle at every pixel centre (at whole coordinates).

    Triangles are grouped by the size of their bounding box; every pixel of the boxes of a group is tried at once, and
    the hits are written far to near, so that the nearest stays.

    Args:
        points: (V, 3) float32: column, row, depth (larger is farther) of each vertex.
        triangles: (T, 3) indices of vertices, counter-clockwise seen from the front.
        height: rows of the image.
        width: columns of the image.
    """
    corner = points[triangles]
    low = np.ceil(corner[..., :2].min(1)).astype(np.int32)
    high = np.floor(corner[..., :2].max(1)).astype(np.int32)
    np.clip(low, 0, None, out=low)
    high[:, 0] = np.minimum(high[:, 0], width - 1)
    high[:, 1] = np.minimum(high[:, 1], height - 1)
    span = high - low + 1
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (corner[:, k].T for k in range(3))
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    seen = np.flatnonzero((area < -1e-6) & (span.min(1) > 0))
    if not len(seen):
        return Fragments(np.zeros(0, np.int64), np.zeros((0, 3), triangles.dtype), *np.zeros((2, 0, 3), np.float32))
    inverse = 1 / area[seen]
    # The weight of corner b and of corner c, as affine functions of column and row from the box's first pixel.
    dx, dy = low[seen, 0] - ax[seen], low[seen, 1] - ay[seen]
    abx, aby, acx, acy = (v[seen] for v in (bx - ax, by - ay, cx - ax, cy - ay))
    wb = np.stack([acy, -acx, dx * acy - dy * acx], 1) * inverse[:, None]
    wc = np.stack([-aby, abx, dy * abx - dx * aby], 1) * inverse[:, None]
    zb, zc = (bz - az)[seen], (cz - az)[seen]
    first = low[seen, 1] * width + low[seen, 0]
    span = span[seen]
    size = np.ceil(np.log2(np.maximum(span, 1))).astype(int) + 1

    hits = []
    for group in np.unique(size, axis=0):
        members = np.flatnonzero((size == group).all(1))
        columns, rows = 1 << (group - 1)
        x = np.tile(np.arange(columns, dtype=np.float32), rows)
        y = np.repeat(np.arange(rows, dtype=np.float32), columns)
        b = wb[members, 0, None] * x + wb[members, 1, None] * y + wb[members, 2, None]
        c = wc[members, 0, None] * x + wc[members, 1, None] * y + wc[members, 2, None]
        inside = (b >= 0) & (c >= 0) & (b + c <= 1)
        inside &= (x < span[members, 0, None]) & (y < span[members, 1, None])
        which, where = np.nonzero(inside)
        triangle = members[which]
        b, c = b[which, where], c[which, where]
        depth = az[seen[triangle]] + b * zb[triangle] + c * zc[triangle]
        pixel = first[triangle] + (y[where] * width + x[where]).astype(np.int64)
        hits.append((pixel, triangle, b, c, depth))
    pixel, triangle, b, c, depth = (np.concatenate(column) for column in zip(*hits, strict=True))

    order = np.argsort(-depth, kind="stable")
    nearest = np.full(height * width, -1)
    nearest[pixel[order]] = order
    nearest = nearest[nearest >= 0]
    b, c = b[nearest], c[nearest]
    return Fragments(
        pixel[nearest],
        triangles[seen[triangle[nearest]]],
        np.stack([1 - b - c, b, c], 1).astype(np.float32),
        depth[nearest].astype(np.float32),
    )

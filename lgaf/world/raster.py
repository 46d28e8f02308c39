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
    x, y, z = (np.ascontiguousarray(points[:, k]) for k in range(3))
    a, b, c = (np.ascontiguousarray(triangles[:, k]) for k in range(3))
    area = (x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a])
    seen = np.flatnonzero(area < -1e-6)
    a, b, c = a[seen], b[seen], c[seen]
    left, right = whole_between(x[a], x[b], x[c], width)
    top, bottom = whole_between(y[a], y[b], y[c], height)
    inside = np.flatnonzero((right >= left) & (bottom >= top))
    if not len(inside):
        return Fragments(np.zeros(0, np.int64), np.zeros((0, 3), np.int32), np.zeros((0, 3), np.float32),
                         np.zeros(0, np.float32))  # fmt: skip
    seen, a, b, c = seen[inside], a[inside], b[inside], c[inside]
    left, top = left[inside], top[inside]
    wide, tall = right[inside] - left + 1, bottom[inside] - top + 1
    # The weight of corner b and of corner c, as affine functions of column and row from the box's first pixel.
    inverse = 1 / area[seen]
    dx, dy = left - x[a], top - y[a]
    abx, aby, acx, acy = (v * inverse for v in (x[b] - x[a], y[b] - y[a], x[c] - x[a], y[c] - y[a]))
    wb = np.stack([acy, -acx, dx * acy - dy * acx], 1).astype(np.float32)
    wc = np.stack([-aby, abx, dy * abx - dx * aby], 1).astype(np.float32)
    za, zb, zc = z[a], z[b] - z[a], z[c] - z[a]
    first = top * width + left
    size = np.frexp(wide - 0.5)[1] * 16 + np.frexp(tall - 0.5)[1]  # both rounded up to powers of two

    hits = []
    for group in np.unique(size):
        members = np.flatnonzero(size == group)
        columns, rows = 1 << (group // 16), 1 << (group % 16)
        u = np.tile(np.arange(columns, dtype=np.float32), rows)
        v = np.repeat(np.arange(rows, dtype=np.float32), columns)
        of_b, of_c = (w[members, :1] * u + w[members, 1:2] * v + w[members, 2:] for w in (wb, wc))
        hit = (of_b >= 0) & (of_c >= 0) & (of_b + of_c <= 1)
        if group:
            hit &= (u < wide[members, None]) & (v < tall[members, None])
        which, where = np.nonzero(hit)
        triangle = members[which]
        of_b, of_c = of_b[which, where], of_c[which, where]
        depth = za[triangle] + of_b * zb[triangle] + of_c * zc[triangle]
        pixel = first[triangle] + (v[where] * width + u[where]).astype(np.int32)
        hits.append((pixel, triangle, of_b, of_c, depth))
    pixel, triangle, of_b, of_c, depth = (np.concatenate(column) for column in zip(*hits, strict=True))

    order = np.argsort(-depth)
    nearest = np.full(height * width, -1)
    nearest[pixel[order]] = order
    nearest = nearest[nearest >= 0]
    of_b, of_c = of_b[nearest], of_c[nearest]
    return Fragments(
        pixel[nearest],
        triangles[seen[triangle[nearest]]],
        np.stack([1 - of_b - of_c, of_b, of_c], 1).astype(np.float32),
        depth[nearest].astype(np.float32),
    )


def whole_between(a: np.ndarray, b: np.ndarray, c: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The first and last whole coordinate between the least and the greatest of three, within 0 .. size - 1."""
    low = np.ceil(np.minimum(np.minimum(a, b), c))
    high = np.floor(np.maximum(np.maximum(a, b), c))
    return np.clip(low, 0, size).astype(np.int32), np.clip(high, -1, size - 1).astype(np.int32)

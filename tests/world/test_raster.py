"""The z-buffer against a loop over pixels and triangles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgaf.world.raster import rasterise


def brute_force(points: np.ndarray, triangles: np.ndarray, height: int, width: int) -> dict[int, tuple[int, float]]:
    """Pixel -> (triangle, depth), by solving for the weights of each triangle at each pixel, in float64."""
    nearest: dict[int, tuple[int, float]] = {}
    for row in range(height):
        for column in range(width):
            for k, triangle in enumerate(triangles):
                corner = points[triangle].astype(float)
                system = np.vstack([corner[:, :2].T, np.ones(3)])
                if np.linalg.det(system) > -1e-6:  # seen from behind, or edge on
                    continue
                weight = np.linalg.solve(system, [column, row, 1])
                depth = weight @ corner[:, 2]
                pixel = row * width + column
                if weight.min() >= 0 and depth < nearest.get(pixel, (0, np.inf))[1]:
                    nearest[pixel] = (k, depth)
    return nearest


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_nearest_triangle_wins(seed: int) -> None:
    random = np.random.default_rng(seed)
    height, width = 13, 17
    points = np.column_stack([random.uniform(-8, 25, 15), random.uniform(-8, 21, 15), random.uniform(1, 9, 15)]).astype(
        np.float32
    )
    triangles = np.array([random.choice(15, 3, replace=False) for _ in range(12)], np.int32)
    expected = brute_force(points, triangles, height, width)
    seen = rasterise(points, triangles, height, width)
    found = dict(zip(seen.pixel.tolist(), seen.depth.tolist(), strict=True))
    edge = expected.keys() ^ found.keys()
    assert len(edge) <= 1  # a pixel centre within rounding of an edge
    for pixel in expected.keys() & found.keys() - edge:
        assert found[pixel] == pytest.approx(expected[pixel][1], abs=1e-3)
    assert np.allclose(seen.weights.sum(1), 1, atol=1e-5)
    assert np.allclose(seen.interpolate(points)[:, 2], seen.depth, atol=1e-3)
    at = seen.interpolate(points)[:, :2]
    assert np.allclose(at, np.stack([seen.pixel % width, seen.pixel // width], 1), atol=1e-3)


def test_a_hidden_and_a_turned_triangle_are_not_seen() -> None:
    square = np.array([[0, 0, 2], [0, 9, 2], [9, 9, 2], [0, 0, 1], [0, 9, 1], [9, 9, 1]], np.float32)
    both = rasterise(square, np.array([[0, 1, 2], [3, 4, 5]], np.int32), 10, 10)
    assert set(both.corners.ravel().tolist()) == {3, 4, 5}
    assert set(both.depth.tolist()) == {1.0}
    assert len(both) == 55  # the pixels on and below the diagonal
    assert len(rasterise(square, np.array([[0, 2, 1]], np.int32), 10, 10)) == 0


def test_nothing_in_view_is_no_fragments() -> None:
    away = np.array([[50, 50, 1], [50, 60, 1], [60, 60, 1]], np.float32)
    seen = rasterise(away, np.array([[0, 1, 2]], np.int32), 10, 10)
    assert len(seen) == 0
    assert seen.interpolate(away).shape == (0, 3)

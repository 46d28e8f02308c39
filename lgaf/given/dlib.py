"""dlib's recogniser: its chip of 150 pixels is cut out of the suite's crop.

dlib cuts its chip by the corners of the eyes and the root of the nose, which its own predictor finds in the photo. Here
they are taken to lie where they lie on average in the suite's crop. Of 150 photos of 50 people of LFW, d' between mates
and strangers was 4.18 so, 4.02 with the predictor on the crop, and 4.14 with the predictor on the photo.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from lgaf.align.warp import TEMPLATE_SIZE, similarity
from lgaf.errors import DataError
from lgaf.given.manifest import Manifest, path_of
from lgaf.given.network import Run, need

SIDE, PADDING = 150, 0.25
IN_CROP = np.array([[79.68, 52.91], [66.25, 53.29], [31.78, 53.16], [45.36, 53.38], [56.14, 79.85]])
"""(5, 2) dlib's points in a crop of 112 pixels, the mean over 359 photos of 90 people of LFW."""
IN_CHIP = np.array([
    [0.8595674595992, 0.2134981538014], [0.6460604764104, 0.2289674387677], [0.1205750620789, 0.2137274526848],
    [0.3340850613712, 0.2290642403242], [0.4901123135679, 0.6277975316475],
])  # fmt: skip
"""(5, 2) the same in a chip without its padding, as a share of its side (dlib ``image_transforms/interpolation.h``)."""


def check(manifest: Manifest) -> None:
    """Check that dlib is installed, and is given pixels.

    Raises:
        DataError: it is not so.
    """
    need("dlib", "dlib")
    if (manifest.channels, manifest.mean, manifest.scale) != ("RGB", (0, 0, 0), (1, 1, 1)):
        raise DataError("format dlib: takes pixels and scales them itself; set channels RGB, mean 0, scale 1")


def open_network(content: bytes, manifest: Manifest, device: torch.device) -> Run:
    """The network, on the processor."""
    check(manifest)
    import dlib

    network = dlib.face_recognition_model_v1(str(path_of(manifest.file)))

    def run(images: Tensor) -> Tensor:
        faces = images.cpu().round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        found = network.compute_face_descriptor([chip_of(face) for face in faces])
        return torch.from_numpy(np.array(found, np.float32))

    return run


def chip_of(face: np.ndarray) -> np.ndarray:
    """dlib's chip (150, 150, 3) of the suite's crop (S, S, 3), both uint8; below the crop its last line goes on."""
    to = SIDE * (IN_CHIP + PADDING) / (1 + 2 * PADDING)
    matrix = similarity(IN_CROP * (len(face) / TEMPLATE_SIZE), to)
    return cv2.warpAffine(np.ascontiguousarray(face), matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
